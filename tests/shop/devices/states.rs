//! What devices are to be like, over MQTT.

use contracts::device::{GetState, SetDesired, wire};
use serde_json::json;

use super::doors::open;
use super::mqtt::Device;

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_told_what_is_to_become_different_and_says_when_it_is() {
    let (shop, counter) = open().await;
    let credential = counter.registers_device().await;
    let topic = |pattern: &str| wire::of(pattern, credential.device).replace('.', "/");
    let device = Device::with(&shop, &credential).await.unwrap();
    for pattern in [wire::STATE_DELTA, wire::STATE_ACCEPTED, wire::STATE_REJECTED] {
        assert!(device.listens(&topic(pattern)).await, "{pattern}");
    }
    let desired = json!({"interval_s": 60}).as_object().cloned().unwrap();
    let asked = SetDesired { device: credential.device, desired, version: Some(0) };
    counter.client().ask(&asked).await.unwrap();
    let delta = device.hears(&topic(wire::STATE_DELTA)).await;
    assert_eq!((&delta["version"], &delta["delta"]), (&json!(1), &json!({"interval_s": 60})));

    let report = json!({"reported": {"interval_s": 60}, "version": 1, "token": "t1"});
    device.says(&topic(wire::STATE_REPORTED), &report.to_string()).await;
    let accepted = device.hears(&topic(wire::STATE_ACCEPTED)).await;
    assert_eq!((&accepted["version"], &accepted["token"]), (&json!(2), &json!("t1")));
    device.says(&topic(wire::STATE_REPORTED), &report.to_string()).await;
    let rejected = device.hears(&topic(wire::STATE_REJECTED)).await;
    assert_eq!(rejected["reason"], "version_differs");
    let state = counter.client().ask(&GetState { device: credential.device }).await.unwrap();
    assert!(state.delta.is_empty() && state.version == 2, "{state:?}");
    shop.close().await;
}
