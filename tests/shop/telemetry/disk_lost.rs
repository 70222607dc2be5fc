//! The broker's disk is deleted while devices go on: what was recorded stays, and what is acknowledged from then on is
//! recorded, each once.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::DeviceId;
use contracts::device::Credential;
use contracts::ingest::GetLatest;
use kit::testing::{PATIENCE, eventually};
use kit::{Client, Timestamp};
use tests::processes::ProcessShop;

use super::house::{House, id};
use super::speaker::{ByMqtt, Speaker, Way};

const SERVICES: [&str; 3] = ["device", "ingest", "telemetry"];

/// Messages that each device says before the disk is lost, and after it.
const MESSAGES: i64 = 100;

/// Both devices speak from a moment on, and stop.
async fn speak(house: &House, credential: &Credential, began: i64) -> BTreeMap<DeviceId, BTreeMap<i64, f64>> {
    let by_mqtt = Way::Mqtt(ByMqtt::with(house, credential.clone()));
    let speakers = [
        Speaker::start(id(1), Way::Nats(house.device(1).await), began),
        Speaker::start(credential.device, by_mqtt, began),
    ];
    let mut all = BTreeMap::new();
    for speaker in speakers {
        eventually("a device has spoken", || async { (speaker.acknowledged() >= MESSAGES).then_some(()) })
            .await;
        let (device, said) = speaker.stops().await;
        all.insert(device, said);
    }
    all
}

/// Whether something of a device was received and recorded after a time.
async fn was_heard(house: &House, credential: &Credential, since: Timestamp) -> bool {
    let asked = GetLatest { device: credential.device, metric: Some("z".parse().unwrap()) };
    house.counter.client().ask(&asked).await.is_ok_and(|latest| latest.received >= since)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_go_on_after_the_broker_has_lost_its_disk_and_nothing_counts_twice() {
    let mut house = House::open_on(ProcessShop::closed_with_mqtt("shopd"), 1, &SERVICES).await;
    let credential = house.counter.registers_device().await;
    let ago = |days: u64| (Client::now() - Duration::from_secs(days * 86_400)).as_second() * 1000;
    let mut expected = speak(&house, &credential, ago(10)).await;
    for days in [8, 6] {
        for (device, said) in &expected {
            house.has_exactly(*device, said).await;
        }
        let broker = house.shop.broker();
        broker.kill();
        std::fs::remove_dir_all(broker.store()).unwrap();
        broker.restart();
        // What is said by MQTT before ingest has come back is acknowledged, for nobody: so it says something until it is
        // recorded. That need not have come from the stream that keeps it.
        let since = Client::now();
        let mut by_mqtt = ByMqtt::with(&house, credential.clone());
        let recorded = async {
            loop {
                by_mqtt.says(r#"{"z":1}"#).await;
                if was_heard(&house, &credential, since).await {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, recorded).await.expect("what is said by MQTT is recorded");
        for (device, said) in speak(&house, &credential, ago(days)).await {
            expected.entry(device).or_default().extend(said);
        }
    }
    for (device, said) in &expected {
        house.has_exactly(*device, said).await;
    }
    let counts = house.counts().await.unwrap();
    assert_eq!((counts.total.refused, counts.total.conflicting), (0, 0));
}
