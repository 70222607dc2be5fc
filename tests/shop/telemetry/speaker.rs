//! Devices that go on saying readings until they are told to stop, each message until it is acknowledged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use contracts::DeviceId;
use contracts::device::Credential;
use kit::testing::eventually;
use tokio::task::JoinHandle;

use super::house::{self, House};
use crate::devices::mqtt;

/// Readings of one message.
const READINGS_EACH: i64 = 3;

/// Time between two messages: a device may say 2000 readings a second.
const PACE: Duration = Duration::from_millis(5);

/// A device that speaks in the background.
pub(crate) struct Speaker {
    /// Who it is.
    pub(crate) device: DeviceId,
    /// How many messages were acknowledged.
    acknowledged: Arc<AtomicI64>,
    stop: Arc<AtomicBool>,
    task: JoinHandle<()>,
    began: i64,
}

/// One device by MQTT, whoever ends its connections.
pub(crate) struct ByMqtt {
    port: u16,
    credential: Credential,
    topic: String,
    connection: Option<mqtt::Device>,
}

/// How a device reaches the broker.
pub(crate) enum Way {
    /// By NATS: the answer of the stream is the acknowledgement.
    Nats(house::Device),
    /// By MQTT with QoS 1.
    Mqtt(ByMqtt),
}

impl ByMqtt {
    /// A device that was given a secret.
    pub(crate) fn with(house: &House, credential: Credential) -> Self {
        let topic = format!("telemetry/{}/{}", credential.site, credential.device);
        Self { port: house.shop.lent_broker().mqtt_port(), credential, topic, connection: None }
    }

    /// Says something again and again until it is acknowledged.
    pub(crate) async fn says(&mut self, body: &str) {
        loop {
            let connection = match self.connection.take() {
                Some(connection) => connection,
                None => self.connects().await,
            };
            if connection.tries(&self.topic, body).await {
                self.connection = Some(connection);
                return;
            }
        }
    }

    async fn connects(&self) -> mqtt::Device {
        let (user, port) = (self.credential.device.to_string(), self.port);
        eventually("a device is let in", || async {
            mqtt::Device::connect_at(port, &user, &self.credential.secret).await.ok()
        })
        .await
    }
}

impl Way {
    async fn says(&mut self, body: &str) {
        match self {
            Self::Nats(device) => device.says(body).await,
            Self::Mqtt(device) => device.says(body).await,
        }
    }
}

impl Speaker {
    /// Speaks from now on: readings a second apart by the device's clock, the first of a moment in milliseconds.
    pub(crate) fn start(device: DeviceId, mut way: Way, began: i64) -> Self {
        let (acknowledged, stop) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, stopped) = (Arc::clone(&acknowledged), Arc::clone(&stop));
        let mut pace = tokio::time::interval(PACE);
        let task = tokio::spawn(async move {
            for message in 0.. {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                pace.tick().await;
                way.says(&pack(began, message)).await;
                counted.store(message + 1, Ordering::Relaxed);
            }
        });
        Self { device, acknowledged, stop, task, began }
    }

    /// How many messages were acknowledged by now.
    pub(crate) fn acknowledged(&self) -> i64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Stops, and answers the readings of all messages: each was acknowledged.
    pub(crate) async fn stops(self) -> (DeviceId, BTreeMap<i64, f64>) {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
        let messages = self.acknowledged.load(Ordering::Relaxed);
        (self.device, (0..messages).flat_map(|message| readings(self.began, message)).collect())
    }
}

fn readings(began: i64, message: i64) -> Vec<(i64, f64)> {
    let nths = (0..READINGS_EACH).map(|at| message * READINGS_EACH + at);
    nths.map(|nth| (began + nth * 1000, nth as f64 / 8.0)).collect()
}

fn pack(began: i64, message: i64) -> String {
    let readings = readings(began, message);
    let records: Vec<String> = readings
        .iter()
        .map(|(time, value)| format!(r#"{{"n":"t","t":{}.{:03},"v":{value}}}"#, time / 1000, time % 1000))
        .collect();
    format!("[{}]", records.join(","))
}
