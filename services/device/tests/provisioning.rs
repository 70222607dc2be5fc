//! Devices that register themselves.

use contracts::device::{
    CloseProvisioning, ListDevices, OpenProvisioning, SuspendDevice, wire::Provisioned, wire::Rejected,
};
use serde_json::json;

use super::{House, PROFILE, seconds};

impl House {
    pub(super) async fn opens(&self) -> String {
        self.ask(&OpenProvisioning { profile: PROFILE.to_owned() }).await.unwrap().secret
    }

    async fn asks(&self, hardware: &str) -> Result<Provisioned, String> {
        let told = self.say(&format!("provision.request.{PROFILE}.{hardware}"), "{}").await.unwrap();
        assert_eq!(told[0].0, format!("provision.response.{PROFILE}.{hardware}"));
        serde_json::from_slice::<Provisioned>(&told[0].1)
            .map_err(|_| serde_json::from_slice::<Rejected>(&told[0].1).unwrap().reason)
    }
}

#[tokio::test]
async fn with_the_secret_of_its_kind_a_device_may_register_itself_and_nothing_else() {
    let house = House::open().await;
    let user = format!("provision:{PROFILE}:00:1b:44");
    assert!(house.connects(&user, "").await.is_err());
    let secret = house.opens().await;
    let may = house.connects(&user, &secret).await.unwrap();
    assert_eq!(may["nats"]["pub"]["allow"], json!([format!("provision.request.{PROFILE}.00:1b:44")]));
    assert_eq!(
        may["nats"]["sub"]["allow"],
        json!([format!("provision.response.{PROFILE}.00:1b:44"), "$MQTT.sub.>"])
    );
    for (user, secret) in [
        (format!("provision:{PROFILE}:a.b"), secret.clone()),
        (format!("provision:{PROFILE}:>"), secret.clone()),
        (format!("provision:{PROFILE}:"), secret.clone()),
        ("provision:other:a1".to_owned(), secret.clone()),
        (user.clone(), "guess".to_owned()),
    ] {
        assert!(house.connects(&user, &secret).await.is_err(), "{user}");
    }
    house.ask(&CloseProvisioning { profile: PROFILE.to_owned() }).await.unwrap();
    assert!(house.connects(&user, &secret).await.is_err());
}

#[tokio::test]
async fn asking_twice_makes_one_device_and_once_it_connected_it_keeps_its_secret() {
    let house = House::open().await;
    house.opens().await;
    let first = house.asks("a1").await.unwrap();
    let again = house.asks("a1").await.unwrap();
    assert_eq!((first.device, first.site.clone()), (again.device, again.site));
    assert_eq!(house.ask(&ListDevices::default()).await.unwrap().items.len(), 1);
    assert!(house.connects(&first.device.to_string(), &first.secret).await.is_err());
    assert!(house.connects(&again.device.to_string(), &again.secret).await.is_ok());
    assert_eq!(house.asks("a1").await.unwrap_err(), "already_provisioned");
    assert!(house.connects(&again.device.to_string(), &again.secret).await.is_ok());
}

#[tokio::test]
async fn only_so_many_register_themselves_in_a_minute() {
    let house = House::open().await;
    house.opens().await;
    for number in 0..device::provision::REGISTERED_MAX {
        house.asks(&format!("a{number}")).await.unwrap();
    }
    assert_eq!(house.asks("one-more").await.unwrap_err(), "provisioning_too_fast");
    house.advance(seconds(60)).await;
    assert!(house.asks("one-more").await.is_ok());
}

#[tokio::test]
async fn a_suspended_device_does_not_register_itself_back() {
    let house = House::open().await;
    house.opens().await;
    let device = house.asks("a1").await.unwrap().device;
    house.ask(&SuspendDevice { device }).await.unwrap();
    assert_eq!(house.asks("a1").await.unwrap_err(), "wrong_device_state");
}
