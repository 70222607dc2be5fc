//! Ingest dies and fails at each crash point of draining, and telemetry where it hears, while devices speak.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use kit::Client;
use kit::crash::{POINTS, VARIABLE};
use kit::drain::MQTT_STREAM;
use kit::limits::{MQTT_ACK_WAIT, MQTT_SURE_AFTER};
use kit::testing::eventually;
use tests::processes::ProcessShop;

use super::house::{House, id};
use super::speaker::{ByMqtt, Speaker, Way};

/// The program in which crash points can be armed.
const PROGRAM: &str = "shopd-with-crash-points";

const SERVICES: [&str; 3] = ["device", "ingest", "telemetry"];

/// Where telemetry dies, one after the other.
const HEARING: [&str; 4] = [
    "hear.before_commit",
    "hear.in_transaction",
    "hear.after_commit_before_ack",
    "writer.before_commit/event",
];

/// Every place where a batch is drained.
fn places() -> Vec<String> {
    let points = POINTS.iter().map(|point| point.name).filter(|name| name.starts_with("drain."));
    points
        .flat_map(|point| ["READINGS", MQTT_STREAM].map(|stream| format!("{point}/{stream}")))
        .chain(["writer.before_commit/event".to_owned(), "writer.after_commit/event".to_owned()])
        .collect()
}

/// Arms a place of a service so that it is killed there, waits until it is dead, and starts it again.
async fn dies_at(house: &mut House, service: &'static str, place: &str) {
    house.shop.kill(service);
    house.shop.start_with(service, &[(VARIABLE, &format!("{place}=kill@2"))]);
    let status = house.shop.ends(service).await;
    assert_eq!(status.signal(), Some(9), "{service} at {place}: {}", house.shop.log(service));
    house.shop.start(service);
}

/// Arms every place so that it fails once, one so that it acknowledges too late, and waits until each has.
async fn fails_everywhere(house: &mut House, places: &[String]) {
    let mut arms: Vec<String> = places.iter().map(|place| format!("{place}=error@3")).collect();
    // Before that the broker hands out once more what is committed already.
    let late = (MQTT_ACK_WAIT + Duration::from_secs(1)).as_millis();
    arms.push(format!("drain.after_commit_before_ack/{MQTT_STREAM}=delay:{late}@1"));
    house.shop.kill("ingest");
    house.shop.start_with("ingest", &[(VARIABLE, &arms.join(","))]);
    eventually("every place fails once", || async {
        let fired = house.shop.log("ingest").matches("A crash point fires: Error").count();
        (fired >= places.len()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_recorded_once_wherever_ingest_and_telemetry_die() {
    let mut house = House::open_on(ProcessShop::closed_with_mqtt(PROGRAM), 1, &SERVICES).await;
    let began = (Client::now() - Duration::from_secs(10 * 86_400)).as_second() * 1000;
    let mut speakers = vec![Speaker::start(id(1), Way::Nats(house.device(1).await), began)];
    for _ in 0..2 {
        let credential = house.counter.registers_device().await;
        let device = credential.device;
        speakers.push(Speaker::start(device, Way::Mqtt(ByMqtt::with(&house, credential)), began));
    }
    // Until then copies of what comes by MQTT are taken too.
    let opened = Client::now();
    eventually("only the stream that keeps it is drained of what comes by MQTT", || async {
        (Client::now() > opened + MQTT_SURE_AFTER).then_some(())
    })
    .await;
    let places = places();
    for (round, place) in places.iter().enumerate() {
        dies_at(&mut house, "ingest", place).await;
        if let Some(place) = HEARING.get(round) {
            dies_at(&mut house, "telemetry", place).await;
        }
    }
    fails_everywhere(&mut house, &places).await;
    for speaker in speakers {
        let (device, expected) = speaker.stops().await;
        assert!(expected.len() > places.len(), "{device} spoke all the time: {}", expected.len());
        house.has_exactly(device, &expected).await;
    }
    let counts = house.counts().await.unwrap();
    assert_eq!((counts.total.refused, counts.total.conflicting, counts.missed_messages), (0, 0, 0));
    assert!(counts.total.repeated > 0, "what was handed out again is known");
}
