//! Devices that register themselves over MQTT.

use contracts::device::wire::{self, Provisioned, Rejected};
use contracts::device::{HardwareId, ListDevices, OpenProvisioning, PutProfile};
use kit::Example;
use tests::Shop;
use tests::devices::PROFILE;

use super::doors::open;
use super::mqtt::Device;

async fn asks(shop: &Shop, hardware: &HardwareId, secret: &str) -> serde_json::Value {
    let topic = |pattern: &str| wire::provision(pattern, PROFILE, hardware).replace('.', "/");
    let device = Device::connect(shop, &format!("provision:{PROFILE}:{hardware}"), secret).await.unwrap();
    assert!(device.listens(&topic(wire::PROVISIONED)).await);
    device.says(&topic(wire::PROVISION), "{}").await;
    device.hears(&topic(wire::PROVISIONED)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn registering_twice_makes_one_device_which_connects_at_once() {
    let (shop, counter) = open().await;
    counter.client().ask(&PutProfile::example()).await.unwrap();
    let opened = OpenProvisioning { profile: PROFILE.to_owned() };
    let secret = counter.client().ask(&opened).await.unwrap().secret;
    let hardware = HardwareId::example();
    assert!(Device::connect(&shop, &format!("provision:{PROFILE}:{hardware}"), "guess").await.is_err());

    let first: Provisioned = serde_json::from_value(asks(&shop, &hardware, &secret).await).unwrap();
    let again: Provisioned = serde_json::from_value(asks(&shop, &hardware, &secret).await).unwrap();
    assert_eq!(first.device, again.device);
    assert_eq!(counter.client().ask(&ListDevices::default()).await.unwrap().items.len(), 1);
    let user = again.device.to_string();
    assert!(Device::connect(&shop, &user, &first.secret).await.is_err());
    assert!(Device::connect(&shop, &user, &again.secret).await.is_ok());
    let refused: Rejected = serde_json::from_value(asks(&shop, &hardware, &secret).await).unwrap();
    assert_eq!(refused.reason, "already_provisioned");
    shop.close().await;
}
