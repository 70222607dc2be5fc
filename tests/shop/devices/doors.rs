//! Who may connect as a device, and what they may say and hear then.

use contracts::device::{
    DeviceState, GetDevice, GetState, RevokeCredentials, RotateCredential, SuspendDevice, wire,
};
use kit::access::Position;
use kit::bus::Peer;
use kit::testing::eventually;
use tests::{Counter, Shop};

use super::mqtt::Device;

/// A shop with devices, and its counter.
pub(super) async fn open() -> (Shop, Counter) {
    let shop = Shop::open_with_devices();
    let counter = shop.counter().await;
    counter.until_devices().await;
    (shop, counter)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_device_connects_at_once_and_speaks_only_for_itself() {
    let (mut shop, counter) = open().await;
    let (one, other) = (counter.registers_device().await, counter.registers_device().await);
    let device = Device::with(&shop, &one).await.unwrap();
    let found = eventually("the device is there", || async {
        let shown = counter.client().ask(&GetDevice { device: one.device }).await.unwrap();
        shown.online.then_some(shown)
    })
    .await;
    assert_eq!(found.state, DeviceState::Active);

    // What is said is acknowledged, also what nobody hears: so somebody must listen.
    let ear = Peer {
        name: "ear".to_owned(),
        answers: Default::default(),
        calls: Default::default(),
        hears: Default::default(),
        listens: ["telemetry.*.*".to_owned()].into(),
        tells: Default::default(),
        drains: Default::default(),
    };
    shop.broker().keys().shop().peers.push(ear);
    shop.broker().keys().add("ear", Position::Service);
    shop.broker().reload();
    let ear =
        eventually("the ear is let in", || async { shop.lent_broker().try_client_of("ear").await.ok() });
    let ear = ear.await;
    let mut heard = ear.nats().queue_subscribe("telemetry.*.*", "ear".to_owned()).await.unwrap();
    ear.round_trip().await.unwrap();
    // The broker has read its users again, which ends the connections of those who are not among them.
    device.is_sent_away().await;
    let device = Device::with(&shop, &one).await.unwrap();
    let own = format!("telemetry/{}/{}", one.site, one.device);
    device.says(&format!("telemetry/{}/{}", other.site, other.device), "1").await;
    device.says(&format!("telemetry/oslo/{}", one.device), "2").await;
    device.says("events/device/registered", "3").await;
    device.says(&own, "4").await;
    let first = futures_util::StreamExt::next(&mut heard).await.unwrap();
    assert_eq!((first.subject.as_str(), &first.payload[..]), (&*own.replace('/', "."), &b"4"[..]));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_hears_nothing_but_what_is_said_to_it() {
    let (shop, counter) = open().await;
    let (one, other) = (counter.registers_device().await, counter.registers_device().await);
    let device = Device::with(&shop, &one).await.unwrap();
    let own = wire::of(wire::STATE_DELTA, one.device).replace('.', "/");
    assert!(device.listens(&own).await);
    let foreign = wire::of(wire::STATE_DELTA, other.device).replace('.', "/");
    for topic in [&*foreign, "#", "telemetry/#", "devices/+/state/delta", "$MQTT/sub/#", "$SYS/#", "_INBOX/#"]
    {
        assert!(!device.listens(topic).await, "{topic}");
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_and_foreign_secrets_are_refused() {
    let (shop, counter) = open().await;
    let (one, other) = (counter.registers_device().await, counter.registers_device().await);
    let user = one.device.to_string();
    for (user, password) in [
        (&*user, "0".repeat(52)),
        (&*user, other.secret.clone()),
        (&*user, String::new()),
        ("nobody", String::new()),
        ("nobody", "nobody".to_owned()),
        ("device", one.secret.clone()),
        ("operator", one.secret.clone()),
        ("dev_01h455vb4pex5vsknk084sn02q", one.secret.clone()),
    ] {
        assert!(Device::connect(&shop, user, &password).await.is_err(), "{user}");
    }
    assert!(Device::with(&shop, &one).await.is_ok());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_the_session_of_another_device_over() {
    let (shop, counter) = open().await;
    let (one, other) = (counter.registers_device().await, counter.registers_device().await);
    let device = Device::with(&shop, &one).await.unwrap();
    let (id, user) = (one.device.to_string(), other.device.to_string());
    assert!(Device::connect_as(&shop, &id, &user, &other.secret).await.is_err());
    assert!(!device.is_cut_off());
    assert!(Device::connect_as(&shop, "sensor-1", &user, &other.secret).await.is_ok());
    // Its own it takes over, and the connection before ends.
    let again = Device::with(&shop, &one).await.unwrap();
    device.is_sent_away().await;
    assert!(!again.is_cut_off());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_revoked_or_suspended_is_disconnected_and_stays_out() {
    let (shop, counter) = open().await;
    let (one, other) = (counter.registers_device().await, counter.registers_device().await);
    let revoked = Device::with(&shop, &one).await.unwrap();
    let suspended = Device::with(&shop, &other).await.unwrap();
    counter.client().ask(&RevokeCredentials { device: one.device }).await.unwrap();
    revoked.is_sent_away().await;
    assert!(Device::with(&shop, &one).await.is_err());
    assert!(!suspended.is_cut_off());
    counter.client().ask(&SuspendDevice { device: other.device }).await.unwrap();
    suspended.is_sent_away().await;
    assert!(Device::with(&shop, &other).await.is_err());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_replaced_with_an_overlap_and_nobody_is_cut_off() {
    let (shop, counter) = open().await;
    let old = counter.registers_device().await;
    let device = Device::with(&shop, &old).await.unwrap();
    let rotate = |overlap_s| RotateCredential { device: old.device, overlap_s: Some(overlap_s) };
    let new = counter.client().ask(&rotate(3600)).await.unwrap();
    assert!(Device::with(&shop, &new).await.is_ok());
    let again = Device::with(&shop, &old).await;
    assert!(again.is_ok());
    drop((device, again));
    let last = counter.client().ask(&rotate(0)).await.unwrap();
    assert!(Device::with(&shop, &old).await.is_err());
    assert!(Device::with(&shop, &new).await.is_err());
    assert!(Device::with(&shop, &last).await.is_ok());
    assert_eq!(counter.client().ask(&GetState { device: old.device }).await.unwrap().version, 0);
    shop.close().await;
}
