//! A device that speaks MQTT.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use contracts::device::Credential;
use kit::testing::eventually;
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, Packet, QoS, SubscribeReasonCode,
};
use tests::Shop;

/// A device on MQTT. It is gone when this is dropped.
pub(crate) struct Device {
    client: AsyncClient,
    said: Arc<Mutex<Vec<Packet>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Device {
    /// Connects as somebody; an error is the broker's refusal.
    pub(super) async fn connect(shop: &Shop, user: &str, password: &str) -> Result<Self, ConnectionError> {
        Self::connect_as(shop, user, user, password).await
    }

    /// The same under a client id.
    pub(super) async fn connect_as(
        shop: &Shop,
        id: &str,
        user: &str,
        password: &str,
    ) -> Result<Self, ConnectionError> {
        Self::open(shop.lent_broker().mqtt_port(), id, user, password).await
    }

    /// Connects with what a device was given.
    pub(super) async fn with(shop: &Shop, credential: &Credential) -> Result<Self, ConnectionError> {
        Self::connect(shop, &credential.device.to_string(), &credential.secret).await
    }

    /// Connects at a port of a broker that is not a [`Shop`]'s.
    pub(crate) async fn connect_at(port: u16, user: &str, password: &str) -> Result<Self, ConnectionError> {
        Self::open(port, user, user, password).await
    }

    async fn open(port: u16, id: &str, user: &str, password: &str) -> Result<Self, ConnectionError> {
        let mut options = MqttOptions::new(id, "127.0.0.1", port);
        options.set_credentials(user, password).set_keep_alive(Duration::from_secs(30));
        let (client, mut events) = AsyncClient::new(options, 100);
        while !matches!(events.poll().await?, Event::Incoming(Packet::ConnAck(_))) {}
        let said = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(listen(events, Arc::clone(&said)));
        Ok(Self { client, said, task })
    }

    /// Says something, and waits until the broker has acknowledged it.
    pub(super) async fn says(&self, topic: &str, body: &str) {
        let before = self.acknowledged();
        self.client.publish(topic, QoS::AtLeastOnce, false, body).await.unwrap();
        eventually("an acknowledgement", || async { (self.acknowledged() > before).then_some(()) }).await;
    }

    /// Says something. Answers whether the broker acknowledged it before the connection ended.
    pub(crate) async fn tries(&self, topic: &str, body: &str) -> bool {
        let before = self.acknowledged();
        if self.client.publish(topic, QoS::AtLeastOnce, false, body).await.is_err() {
            return false;
        }
        eventually("an acknowledgement, or an end", || async {
            let acknowledged = self.acknowledged() > before;
            (acknowledged || self.is_cut_off()).then_some(acknowledged)
        })
        .await
    }

    /// Listens to a topic, if the broker lets it.
    pub(super) async fn listens(&self, topic: &str) -> bool {
        let answers = || {
            let said = self.said.lock().unwrap();
            said.iter()
                .filter_map(|packet| match packet {
                    Packet::SubAck(answer) => Some(answer.return_codes[0] != SubscribeReasonCode::Failure),
                    _ => None,
                })
                .collect::<Vec<_>>()
        };
        let before = answers().len();
        self.client.subscribe(topic, QoS::AtLeastOnce).await.unwrap();
        eventually("an answer", || async { answers().get(before).copied() }).await
    }

    /// What it has heard at a topic, once it has heard something there.
    pub(super) async fn hears(&self, topic: &str) -> serde_json::Value {
        eventually(topic, || async { self.heard(topic).into_iter().next_back() }).await
    }

    fn heard(&self, topic: &str) -> Vec<serde_json::Value> {
        let said = self.said.lock().unwrap();
        said.iter()
            .filter_map(|packet| match packet {
                Packet::Publish(publish) if publish.topic == topic => {
                    Some(serde_json::from_slice(&publish.payload).unwrap())
                }
                _ => None,
            })
            .collect()
    }

    fn acknowledged(&self) -> usize {
        self.said.lock().unwrap().iter().filter(|packet| matches!(packet, Packet::PubAck(_))).count()
    }

    /// Whether the broker has ended the connection.
    pub(super) fn is_cut_off(&self) -> bool {
        self.task.is_finished()
    }

    /// Waits until it has.
    pub(super) async fn is_sent_away(&self) {
        eventually("it is disconnected", || async { self.is_cut_off().then_some(()) }).await;
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(mut events: EventLoop, said: Arc<Mutex<Vec<Packet>>>) {
    while let Ok(event) = events.poll().await {
        if let Event::Incoming(packet) = event {
            said.lock().unwrap().push(packet);
        }
    }
}
