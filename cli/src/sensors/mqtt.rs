//! Devices that speak MQTT: each a connection of its own, each message acknowledged (QoS 1).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contracts::DeviceId;
use kit::text::printable;
use rumqttc::{AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, MqttOptions, Packet, QoS};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::failure::{Failure, exit};

/// Messages of one device that the broker has not acknowledged yet.
const UNDER_WAY_OF_ONE: u16 = 100;

/// Messages of one device that wait to be sent. Whoever tells more waits.
const WAITING_OF_ONE: usize = 16;

/// How long a device waits before it connects again.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Connections that are being made at once.
const CONNECTING_AT_ONCE: usize = 50;

/// How long a connection may take that only shows whether anybody is there.
const PROBE_TIME: Duration = Duration::from_secs(3);

/// Whether anybody listens there at all: what comes then is tried again and again, as devices do.
///
/// # Errors
/// 11 if nobody does.
pub(crate) async fn probe((host, port): (&str, u16)) -> Result<(), Failure> {
    let why = match tokio::time::timeout(PROBE_TIME, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", PROBE_TIME.as_secs()),
    };
    let what = format!("no reading was told: nobody speaks MQTT at {}:{port}", printable(host));
    Err(Failure::new(exit::BROKER_UNREACHABLE, "broker_unreachable", what)
        .why(why)
        .mend("shopctl status      says whether the shop of this machine is open")
        .mend("--mqtt HOST:PORT    names another broker"))
}

/// What all connections tell together.
#[derive(Debug, Default)]
struct Told {
    connected: AtomicU64,
    acknowledged: AtomicU64,
    /// Something of this has changed.
    changed: Notify,
    /// Why one of them is refused for good.
    refused: Mutex<Option<Refused>>,
}

/// A device that may not connect.
#[derive(Debug, Clone)]
struct Refused {
    device: String,
    why: ConnectReturnCode,
}

/// The devices, connected.
pub(crate) struct Fleet {
    clients: Vec<AsyncClient>,
    told: Arc<Told>,
    sent: u64,
    time: Duration,
    _tasks: JoinSet<()>,
}

impl Fleet {
    /// Connects them all to a broker.
    ///
    /// # Errors
    /// 11 if they are not connected in the time, 5 if the broker refuses one.
    pub(crate) async fn connect(
        (host, port): (&str, u16),
        devices: &[(DeviceId, String)],
        time: Duration,
    ) -> Result<Self, Failure> {
        let told = Arc::new(Told::default());
        let mut fleet =
            Self { clients: Vec::new(), told: Arc::clone(&told), sent: 0, time, _tasks: JoinSet::new() };
        for (number, (device, secret)) in devices.iter().enumerate() {
            let name = device.to_string();
            let mut options = MqttOptions::new(&name, host, port);
            options.set_credentials(&name, secret).set_inflight(UNDER_WAY_OF_ONE);
            options.set_clean_session(true).set_keep_alive(Duration::from_secs(60));
            let (client, events) = AsyncClient::new(options, WAITING_OF_ONE);
            fleet.clients.push(client);
            fleet._tasks.spawn(listen(events, name, Arc::clone(&told)));
            let begun = number as u64 + 1;
            fleet
                .until(|told| begun - told.connected.load(Ordering::Relaxed) < CONNECTING_AT_ONCE as u64)
                .await?;
        }
        let all = devices.len() as u64;
        fleet.until(|told| told.connected.load(Ordering::Relaxed) >= all).await?;
        Ok(fleet)
    }

    /// Hands a message of one device over. Waits while that device has too many under way.
    ///
    /// # Errors
    /// If the broker has refused a device, or takes nothing for too long.
    pub(crate) async fn tell(&mut self, place: usize, topic: String, body: String) -> Result<(), Failure> {
        self.check()?;
        let sent = self.clients[place].publish(topic, QoS::AtLeastOnce, false, body);
        match tokio::time::timeout(self.time, sent).await {
            Ok(Ok(())) => self.sent += 1,
            Ok(Err(_)) | Err(_) => return Err(self.too_slow()),
        }
        Ok(())
    }

    /// Messages that the broker has acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.told.acknowledged.load(Ordering::Relaxed)
    }

    /// Waits until everything that was handed over is acknowledged.
    ///
    /// # Errors
    /// As [`Self::tell`].
    pub(crate) async fn end(&mut self) -> Result<(), Failure> {
        let sent = self.sent;
        self.until(|told| told.acknowledged.load(Ordering::Relaxed) >= sent).await
    }

    /// Whether the broker has refused a device.
    ///
    /// # Errors
    /// 5 if it has.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match &*self.told.refused.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(Refused { device, why }) => {
                let what = format!("the broker refuses the device {device}: {why:?}");
                Err(Failure::new(exit::FORBIDDEN, "device_refused", what)
                    .mend(format!("shopctl device get {device}      shows what has become of it")))
            }
        }
    }

    /// Waits for something, as long as anything goes on.
    async fn until(&self, is_so: impl Fn(&Told) -> bool) -> Result<(), Failure> {
        let mut seen = (0, 0);
        let mut moved = Instant::now();
        while !is_so(&self.told) {
            self.check()?;
            let now = (self.told.connected.load(Ordering::Relaxed), self.acknowledged());
            if now != seen {
                (seen, moved) = (now, Instant::now());
            } else if moved.elapsed() > self.time {
                return Err(self.too_slow());
            }
            let _ = tokio::time::timeout(AGAIN_AFTER, self.told.changed.notified()).await;
        }
        Ok(())
    }

    fn too_slow(&self) -> Failure {
        let connected = self.told.connected.load(Ordering::Relaxed);
        let (acknowledged, sent) = (self.acknowledged(), self.sent);
        Failure::new(
            exit::BROKER_UNREACHABLE,
            "broker_unreachable",
            format!("the broker has not acknowledged everything: {acknowledged} of {sent} messages"),
        )
        .why(format!("{connected} of {} devices are connected", self.clients.len()))
    }
}

/// Counts what the broker says to one device, and connects it again, as a device does.
async fn listen(mut events: EventLoop, name: String, told: Arc<Told>) {
    let mut connected = false;
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                connected = true;
                told.connected.fetch_add(1, Ordering::Relaxed);
                told.changed.notify_waiters();
            }
            Ok(Event::Incoming(Packet::PubAck(_))) => {
                told.acknowledged.fetch_add(1, Ordering::Relaxed);
                told.changed.notify_waiters();
            }
            Ok(_) => {}
            Err(error) => {
                if std::mem::take(&mut connected) {
                    told.connected.fetch_sub(1, Ordering::Relaxed);
                }
                if let ConnectionError::ConnectionRefused(why) = error {
                    let refused = Refused { device: name, why };
                    *told.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(refused);
                    told.changed.notify_waiters();
                    return;
                }
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
}
