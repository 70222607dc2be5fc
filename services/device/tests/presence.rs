//! Whether a device is there.

use contracts::DeviceId;
use contracts::device::{ActivateDevice, DeviceOffline, DeviceOnline, Gone, PutProfile, SuspendDevice, wire};
use contracts::ingest::{ReadingsRecorded, RecordedSeries};
use contracts::readings::Reading;
use device::look::{CONNECTING, EVERY};
use device::presence::{GRACE, GRACE_MAX};
use kit::Example;
use serde_json::json;

use super::{House, PROFILE, SILENCE_S, seconds};

impl House {
    fn hears_of(&self, device: DeviceId) {
        let series = RecordedSeries { device, ..ReadingsRecorded::example().series.remove(0) };
        self.hear(&ReadingsRecorded { series: vec![series], ..ReadingsRecorded::example() });
    }

    fn says_measured_at(&self, device: DeviceId, time: i64) {
        let readings = vec![Reading { time, value: 4.2 }];
        let series = RecordedSeries { device, readings, ..ReadingsRecorded::example().series.remove(0) };
        self.hear(&ReadingsRecorded { series: vec![series], ..ReadingsRecorded::example() });
    }

    fn ups(&self) -> usize {
        self.scratch.told_of::<DeviceOnline>().len()
    }

    fn downs(&self) -> Vec<Gone> {
        self.scratch.told_of::<DeviceOffline>().into_iter().map(|event| event.why).collect()
    }
}

#[tokio::test]
async fn a_device_that_connects_is_there_and_one_that_stays_away_is_gone() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    let connection = house.comes(&credential).await;
    assert!(house.shows(credential.device).await.online);
    house.goes(credential.device, &connection).await;
    let left_at = house.now();
    assert!(house.shows(credential.device).await.online);
    house.advance(GRACE).await;
    assert!(!house.shows(credential.device).await.online);
    let told = house.scratch.told_of::<DeviceOffline>();
    assert_eq!((told[0].why, told[0].since), (Gone::Disconnected, left_at));
}

#[tokio::test]
async fn a_device_that_comes_back_soon_was_never_gone_and_is_given_ever_more_time() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    let mut connection = house.comes(&credential).await;
    for _ in 0..4 {
        house.goes(credential.device, &connection).await;
        house.advance(GRACE / 2).await;
        connection = house.comes(&credential).await;
    }
    assert_eq!((house.ups(), house.downs()), (1, vec![]));
    house.goes(credential.device, &connection).await;
    house.advance(GRACE * 2).await;
    assert_eq!(house.downs(), []);
    house.advance(GRACE_MAX).await;
    assert_eq!(house.downs(), [Gone::Disconnected]);
}

#[tokio::test]
async fn a_device_with_two_connections_is_gone_when_both_have_ended() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    house.comes(&credential).await;
    house.comes(&credential).await;
    let both = house.connections(credential.device);
    house.goes(credential.device, &both[0]).await;
    house.advance(GRACE).await;
    assert_eq!(house.downs(), []);
    house.goes(credential.device, &both[1]).await;
    house.advance(GRACE).await;
    assert_eq!(house.downs(), [Gone::Disconnected]);
}

#[tokio::test]
async fn a_device_that_says_nothing_for_too_long_is_gone_and_back_when_it_speaks() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    house.comes(&credential).await;
    house.advance(seconds(u64::from(SILENCE_S) - 1)).await;
    house.hears_of(credential.device);
    assert_eq!(house.shows(credential.device).await.last_seen, Some(house.now()));
    house.advance(seconds(u64::from(SILENCE_S) - 1)).await;
    assert_eq!(house.downs(), []);
    house.advance(seconds(1)).await;
    assert_eq!(house.downs(), [Gone::Silent]);
    house.hears_of(credential.device);
    assert_eq!((house.ups(), house.shows(credential.device).await.online), (2, true));
}

#[tokio::test]
async fn what_was_told_long_ago_does_not_bring_a_device_back() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    let connection = house.comes(&credential).await;
    let before = house.now();
    house.goes(credential.device, &connection).await;
    house.advance(GRACE * 2).await;
    let series = RecordedSeries { device: credential.device, ..ReadingsRecorded::example().series.remove(0) };
    let event = ReadingsRecorded { series: vec![series], ..ReadingsRecorded::example() };
    house.hear_told_at(before, &event);
    assert!(!house.shows(credential.device).await.online);
}

#[tokio::test]
async fn what_was_measured_before_a_device_left_does_not_bring_it_back_however_late_it_is_recorded() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    let connection = house.comes(&credential).await;
    let measured = house.now().as_millisecond();
    house.goes(credential.device, &connection).await;
    house.advance(GRACE * 2).await;
    house.says_measured_at(credential.device, measured);
    assert!(!house.shows(credential.device).await.online);
    house.says_measured_at(credential.device, house.now().as_millisecond());
    assert!(house.shows(credential.device).await.online, "it speaks by whoever may speak for it");
}

#[tokio::test]
async fn readings_of_a_device_that_nobody_knows_are_no_fault() {
    let house = House::open().await;
    house.hears_of(DeviceId::example());
    assert!(house.dead_letters().is_empty());
}

impl House {
    /// What the broker says when it is looked at.
    fn broker_has(&self, (server, number): &(String, u64)) {
        let data = json!({ "total": 1, "connections": [{ "cid": number }] });
        self.answers_outside(json!({ "server": { "id": server }, "data": data }).to_string());
    }
}

#[tokio::test]
async fn a_silent_device_that_is_connected_stays_silent_however_often_the_broker_is_looked_at() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    let connection = house.comes(&credential).await;
    house.set_periods().await;
    house.broker_has(&connection);
    for _ in 0..=SILENCE_S / 60 + 2 {
        house.advance(EVERY).await;
        house.work().await;
    }
    assert_eq!((house.ups(), house.downs()), (1, vec![Gone::Silent]));
    house.hears_of(credential.device);
    assert_eq!(house.ups(), 2);
}

#[tokio::test]
async fn a_device_whose_coming_was_not_told_comes_when_the_broker_is_looked_at() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    house.connects(&credential.device.to_string(), &credential.secret).await.unwrap();
    let connection = house.connections(credential.device).remove(0);
    house.set_periods().await;
    house.broker_has(&connection);
    house.advance(EVERY).await;
    house.work().await;
    assert_eq!(house.ups(), 1);
}

#[tokio::test]
async fn who_came_just_before_and_went_while_nobody_heard_it_is_gone_soon() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    let (server, number) = house.comes(&credential).await;
    house.set_periods().await;
    house.broker_has(&(server, number + 1));
    house.work().await;
    assert_eq!(house.connections(credential.device).len(), 1, "the broker may not show it yet");
    house.advance(CONNECTING).await;
    house.work().await;
    house.advance(GRACE).await;
    assert_eq!(house.downs(), [Gone::Disconnected]);
}

#[tokio::test]
async fn who_is_shut_out_is_gone_at_once_and_what_it_said_before_does_not_bring_it_back() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    let device = credential.device;
    let connection = house.comes(&credential).await;
    house.ask(&SuspendDevice { device }).await.unwrap();
    assert_eq!(house.downs(), [Gone::ShutOut]);
    house.advance(seconds(2)).await;
    house.hears_of(device);
    house.told_of(wire::CONNECTED, device, &connection.0, connection.1).await;
    house.work().await;
    house.advance(GRACE_MAX).await;
    assert_eq!((house.ups(), house.downs().len()), (1, 1));
    house.ask(&ActivateDevice { device }).await.unwrap();
    house.comes(&credential).await;
    assert_eq!((house.ups(), house.shows(device).await.online), (2, true));
}

#[tokio::test]
async fn a_silence_that_is_changed_counts_for_who_is_there_already() {
    let house = House::open().await;
    let kind = PutProfile { name: PROFILE.to_owned(), silence_s: 0, ..PutProfile::example() };
    house.ask(&kind).await.unwrap();
    for _ in 0..3 {
        let credential = house.registers(None).await.unwrap();
        house.comes(&credential).await;
    }
    house.ask(&PutProfile { silence_s: 60, ..kind.clone() }).await.unwrap();
    house.advance(seconds(59)).await;
    assert_eq!(house.downs(), []);
    house.ask(&PutProfile { silence_s: 0, ..kind.clone() }).await.unwrap();
    house.advance(seconds(600)).await;
    assert_eq!(house.downs(), []);
    house.ask(&PutProfile { silence_s: 300, ..kind }).await.unwrap();
    house.advance(seconds(1)).await;
    assert_eq!(house.downs(), [Gone::Silent; 3]);
}

#[tokio::test]
async fn who_is_noted_as_connected_and_is_not_is_found_by_looking() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    let (server, number) = house.comes(&credential).await;
    house.set_periods().await;
    let says = |server: &str, connections: serde_json::Value| {
        let data = json!({ "total": 1, "connections": connections });
        house.answers_outside(json!({ "server": { "id": server }, "data": data }).to_string());
    };
    says(&server, json!([{ "cid": number }]));
    house.advance(EVERY).await;
    assert_eq!(house.work().await, 1);
    assert_eq!(house.connections(credential.device).len(), 1);
    // The broker was started anew, and nobody is there.
    says("ANOTHER", serde_json::Value::Null);
    house.advance(EVERY).await;
    assert_eq!(house.work().await, 1);
    assert!(house.connections(credential.device).is_empty());
    house.advance(GRACE).await;
    assert_eq!(house.downs(), [Gone::Disconnected]);
}
