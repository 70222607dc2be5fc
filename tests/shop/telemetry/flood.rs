//! Whatever is killed in the middle of a flood: what the broker acknowledged is recorded, once, and counted, once.

use std::collections::BTreeMap;
use std::time::Duration;

use kit::Client;
use kit::testing::eventually;

use super::house::{House, id};

const DEVICES: u128 = 4;
const MESSAGES: i64 = 240;
const READINGS_EACH: i64 = 10;

/// A pack of a device, and what is in it. Every tenth message is one that was said before.
fn pack(began: i64, device: u128, message: i64) -> (String, Vec<(i64, f64)>) {
    let message = if message % 10 == 9 { message - 3 } else { message };
    let readings: Vec<(i64, f64)> = (0..READINGS_EACH)
        .map(|at| {
            let nth = message * READINGS_EACH + at;
            (began + nth * 1000, f64::from(u32::try_from(device).unwrap()) + nth as f64 / 10.0)
        })
        .collect();
    let records: Vec<String> = readings
        .iter()
        .map(|(time, value)| format!(r#"{{"n":"t","t":{}.{:03},"v":{value}}}"#, time / 1000, time % 1000))
        .collect();
    (format!("[{}]", records.join(",")), readings)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_that_were_acknowledged_survive_the_killing_of_each_process_in_a_flood() {
    let mut house = House::open(DEVICES).await;
    // An hour and a bit ago, so that none is ahead of its time.
    let began = (Client::now() - Duration::from_secs(3 * 3600)).as_second() * 1000;
    let mut expected: BTreeMap<u128, BTreeMap<i64, f64>> = BTreeMap::new();
    let mut floods = Vec::new();
    for device in 1..=DEVICES {
        let own = expected.entry(device).or_default();
        (0..MESSAGES).for_each(|message| own.extend(pack(began, device, message).1));
        let speaker = house.device(device).await;
        floods.push(tokio::spawn(async move {
            for message in 0..MESSAGES {
                speaker.says(&pack(began, device, message).0).await;
            }
        }));
    }
    let all: u64 = expected.values().map(|own| own.len() as u64).sum();
    for (part, victim) in ["ingest", "telemetry", "broker", "ingest"].into_iter().enumerate() {
        // In the middle, and not when all is over.
        let some = all * (part as u64 + 1) / 8;
        eventually("some readings are accepted", || async {
            house.counts().await.filter(|counts| counts.total.accepted >= some)
        })
        .await;
        match victim {
            "broker" => house.shop.broker().restart(),
            service => house.shop.kill_and_restart(service),
        }
        house.until_open().await;
    }
    for flood in floods {
        flood.await.unwrap();
    }
    let counts = house.until_accepted(all).await;
    assert_eq!((counts.total.accepted, counts.total.refused, counts.total.conflicting), (all, 0, 0));
    assert_eq!(counts.missed_messages, 0);
    assert!(counts.total.repeated > 0, "some were said again");
    for (device, own) in &expected {
        house.has_exactly(id(*device), own).await;
    }
}
