//! What a device is to be like, and says it is like.

use contracts::DeviceId;
use contracts::device::wire::{self, Accepted, Delta, Rejected};
use contracts::device::{GetState, SAID_MAX, SetDesired};
use kit::Example;
use serde_json::{Map, Value, json};

use super::{House, seconds};

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

impl House {
    async fn reports(&self, device: DeviceId, body: Value) -> Result<Accepted, Rejected> {
        let told = self.say(&wire::of(wire::STATE_REPORTED, device), body.to_string()).await.unwrap();
        let (subject, body) = &told[0];
        if *subject == wire::of(wire::STATE_ACCEPTED, device) {
            return Ok(serde_json::from_slice(body).unwrap());
        }
        assert_eq!(*subject, wire::of(wire::STATE_REJECTED, device));
        Err(serde_json::from_slice(body).unwrap())
    }

    async fn desires(&self, device: DeviceId, desired: Value, version: Option<u64>) -> kit::Result<u64> {
        let asked = SetDesired { device, desired: object(desired), version };
        Ok(self.ask(&asked).await?.version)
    }
}

#[tokio::test]
async fn what_is_desired_and_not_reported_is_told_to_the_device() {
    let house = House::open().await;
    let device = house.registers(None).await.unwrap().device;
    house.reports(device, json!({"reported": {"interval_s": 30, "battery": 87}})).await.unwrap();
    assert_eq!(house.desires(device, json!({"interval_s": 60}), Some(1)).await.unwrap(), 2);
    assert_eq!(house.work().await, 1);
    let told = house.told_outside();
    assert_eq!(told[0].0, wire::of(wire::STATE_DELTA, device));
    let delta: Delta = serde_json::from_slice(&told[0].1).unwrap();
    assert_eq!((delta.version, delta.delta), (2, object(json!({"interval_s": 60}))));

    let done = house.reports(device, json!({"reported": {"interval_s": 60}, "token": "t1"})).await.unwrap();
    assert_eq!((done.version, done.delta, done.token.as_deref()), (3, Map::new(), Some("t1")));
    let state = house.ask(&GetState { device }).await.unwrap();
    assert_eq!(state.reported, object(json!({"interval_s": 60, "battery": 87})));
    let now = house.now().as_millisecond();
    assert_eq!(state.reported_at, object(json!({"interval_s": now, "battery": now})));
}

#[tokio::test]
async fn a_change_of_another_version_is_refused_and_changes_nothing() {
    let house = House::open().await;
    let device = house.registers(None).await.unwrap().device;
    house.desires(device, json!({"a": 1}), Some(0)).await.unwrap();
    let refused = house.desires(device, json!({"a": 2}), Some(0)).await.unwrap_err();
    assert_eq!(refused.reason, "version_differs");
    let rejected = house.reports(device, json!({"reported": {"a": 2}, "version": 9, "token": "t"})).await;
    let rejected = rejected.unwrap_err();
    assert_eq!((rejected.reason.as_str(), rejected.token.as_deref()), ("version_differs", Some("t")));
    let state = house.ask(&GetState { device }).await.unwrap();
    assert_eq!((state.version, state.delta, state.reported), (1, object(json!({"a": 1})), Map::new()));
}

#[tokio::test]
async fn a_device_asks_for_its_state_when_it_comes() {
    let house = House::open().await;
    let device = house.registers(None).await.unwrap().device;
    house.desires(device, json!({"a": 1}), None).await.unwrap();
    let told = house.say(&wire::of(wire::STATE_GET, device), "").await.unwrap();
    let state: Accepted = serde_json::from_slice(&told[0].1).unwrap();
    assert_eq!((state.version, state.reported), (1, Some(Map::new())));
    assert_eq!(state.delta, object(json!({"a": 1})));
}

#[tokio::test]
async fn a_device_is_answered_in_its_own_inbox_and_in_no_other_place() {
    let house = House::open().await;
    let device = house.registers(None).await.unwrap().device;
    let subject = wire::of(wire::STATE_GET, device);
    let own = format!("devices.{device}.inbox.x1");
    let told = house.say_and_wait(&subject, Some(&own), "{}").await.unwrap();
    assert_eq!(told[0].0, own);
    let foreign = DeviceId::example();
    for reply in [
        format!("telemetry.seattle.{foreign}"),
        format!("devices.{foreign}.inbox.x1"),
        format!("devices.{device}.inbox.>"),
        format!("devices.{device}.inbox."),
        format!("devices.{device}.inbox.*"),
        "_INBOX.order.x".to_owned(),
    ] {
        let told = house.say_and_wait(&subject, Some(&reply), "{}").await.unwrap();
        assert_eq!(told[0].0, wire::of(wire::STATE_ACCEPTED, device), "{reply}");
    }
}

#[tokio::test]
async fn what_is_no_state_is_rejected() {
    let house = House::open().await;
    let device = house.registers(None).await.unwrap().device;
    for body in [
        json!({"reported": []}),
        json!({"reported": {}, "desired": {}}),
        json!([1]),
        json!({"reported": {"a": "x".repeat(9000)}}),
        json!({"reported": {}, "token": "x".repeat(100)}),
    ] {
        assert_eq!(house.reports(device, body).await.unwrap_err().reason, "invalid_state");
    }
    let nobody = DeviceId::example();
    let unknown = house.reports(nobody, json!({"reported": {}})).await.unwrap_err();
    assert_eq!(unknown.reason, "unknown_device");
}

#[tokio::test]
async fn a_device_that_floods_is_refused_once_and_not_heard_for_the_rest_of_the_second() {
    let house = House::open().await;
    let (noisy, other) =
        (house.registers(None).await.unwrap().device, house.registers(None).await.unwrap().device);
    for _ in 0..SAID_MAX {
        house.reports(noisy, json!({"reported": {"a": 1}})).await.unwrap();
    }
    let refused = house.reports(noisy, json!({"reported": {"a": 1}})).await.unwrap_err();
    assert_eq!(refused.reason, "device_says_too_much");
    assert!(house.say(&wire::of(wire::STATE_GET, noisy), "").await.unwrap().is_empty());
    house.reports(other, json!({"reported": {"a": 1}})).await.unwrap();
    house.advance(seconds(1)).await;
    assert!(house.reports(noisy, json!({"reported": {"a": 1}})).await.is_ok());
}
