//! Kinds of devices and devices.

use std::collections::BTreeMap;

use contracts::device::{
    ActivateDevice, DescribeDevice, DeviceMoved, DeviceRegistered, DeviceRevoked, DeviceState, ListDevices,
    ListProfiles, PutProfile, RetireDevice, SuspendDevice,
};
use contracts::readings::Site;
use kit::Example;

use super::{House, PROFILE};

#[tokio::test]
async fn a_registered_device_stands_where_its_kind_does_and_is_told_of() {
    let house = House::open().await;
    let credential = house.registers(Some("a1")).await.unwrap();
    let device = house.shows(credential.device).await;
    assert_eq!((device.state, device.site.clone()), (DeviceState::New, Site::example()));
    assert_eq!((device.online, device.credentials, device.online_since), (false, 1, None));
    let registered =
        DeviceRegistered { device: device.device, site: device.site, profile: PROFILE.to_owned() };
    assert_eq!(house.told_of_kind(), [registered]);
}

#[tokio::test]
async fn the_secret_of_a_device_stands_nowhere() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    assert_eq!(credential.secret.len(), 52);
    assert!(!format!("{credential:?}").contains(&credential.secret));
    let secret = credential.secret.as_bytes();
    let look = |table: &str, bytes: &[u8]| {
        assert!(!bytes.windows(secret.len()).any(|part| part == secret), "{table} holds the secret");
    };
    house.sql(|sql| kit::testing::texts(sql, look)).unwrap();
}

#[tokio::test]
async fn the_same_hardware_is_the_same_device_until_it_has_connected() {
    let house = House::open().await;
    let first = house.registers(Some("a1")).await.unwrap();
    let again = house.registers(Some("a1")).await.unwrap();
    assert_eq!(first.device, again.device);
    assert_eq!(house.told_of_kind().len(), 1);
    assert!(house.connects(&first.device.to_string(), &first.secret).await.is_err());
    house.comes(&again).await;
    let refused = house.registers(Some("a1")).await.unwrap_err();
    assert_eq!(refused.reason, "already_provisioned");
}

#[tokio::test]
async fn devices_are_listed_by_state_kind_and_site_a_page_at_a_time() {
    let house = House::open().await;
    for _ in 0..3 {
        house.registers(None).await.unwrap();
    }
    let one = house.registers(None).await.unwrap();
    house.ask(&ActivateDevice { device: one.device }).await.unwrap();
    let page = |after| ListDevices { after, limit: Some(2), ..ListDevices::default() };
    let first = house.ask(&page(None)).await.unwrap();
    let second = house.ask(&page(first.next.clone())).await.unwrap();
    assert_eq!((first.items.len(), second.items.len(), second.next), (2, 2, None));
    let active = ListDevices { state: Some(DeviceState::Active), ..ListDevices::default() };
    assert_eq!(house.ask(&active).await.unwrap().items[0].device, one.device);
    let elsewhere = ListDevices { site: Some("oslo".parse().unwrap()), ..ListDevices::default() };
    assert!(house.ask(&elsewhere).await.unwrap().items.is_empty());
    let profiles = house.ask(&ListProfiles {}).await.unwrap();
    assert_eq!(profiles.items[0].name, PROFILE);
}

#[tokio::test]
async fn a_device_that_moves_is_disconnected_and_may_speak_of_its_new_place() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    house.comes(&credential).await;
    let oslo: Site = "oslo".parse().unwrap();
    let moved =
        DescribeDevice { device: credential.device, site: Some(oslo.clone()), ..DescribeDevice::example() };
    for _ in 0..2 {
        assert_eq!(house.ask(&moved).await.unwrap().site, oslo);
    }
    let (device, before) = (credential.device, credential.site.clone());
    assert_eq!(house.scratch.told_of::<DeviceMoved>(), [DeviceMoved { device, site: oslo, before }]);
    assert_eq!(house.work().await, 1);
    assert_eq!(house.connections(credential.device), []);
    let may = house.connects(&credential.device.to_string(), &credential.secret).await.unwrap();
    let subject = format!("telemetry.oslo.{}", credential.device);
    assert!(may["nats"]["pub"]["allow"].as_array().unwrap().contains(&subject.into()), "{may}");
}

#[tokio::test]
async fn a_label_is_changed_or_taken_away_and_the_others_stay() {
    let house = House::open().await;
    let device = house.registers(None).await.unwrap().device;
    let describe = |labels: Option<&[(&str, &str)]>, relabel: &[(&str, Option<&str>)]| DescribeDevice {
        device,
        site: None,
        labels: labels.map(owned),
        relabel: relabel.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect(),
    };
    house.ask(&describe(Some(&[("room", "3"), ("row", "b")]), &[])).await.unwrap();
    let changed = describe(None, &[("room", Some("4")), ("row", None), ("shelf", Some("1")), ("none", None)]);
    let labels = house.ask(&changed).await.unwrap().labels;
    assert_eq!(labels, owned(&[("room", "4"), ("shelf", "1")]));
    let empty = house.ask(&describe(None, &[("room", Some(""))])).await.unwrap_err();
    assert_eq!(empty.reason, "invalid_labels");
    assert_eq!(house.shows(device).await.labels, labels);
}

fn owned(labels: &[(&str, &str)]) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn who_is_suspended_is_shut_out_until_activated_and_who_is_retired_for_good() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    let (device, user) = (credential.device, credential.device.to_string());
    house.ask(&SuspendDevice { device }).await.unwrap();
    assert!(house.connects(&user, &credential.secret).await.is_err());
    house.ask(&ActivateDevice { device }).await.unwrap();
    assert!(house.connects(&user, &credential.secret).await.is_ok());
    house.ask(&RetireDevice { device }).await.unwrap();
    assert!(house.connects(&user, &credential.secret).await.is_err());
    let refused = house.ask(&ActivateDevice { device }).await.unwrap_err();
    assert_eq!(refused.reason, "wrong_device_state");
    assert_eq!(house.scratch.told_of::<DeviceRevoked>().len(), 2);
}

#[tokio::test]
async fn what_is_no_name_label_or_time_is_refused() {
    let house = House::open().await;
    let refused =
        |name: &str, silence_s| PutProfile { name: name.to_owned(), silence_s, ..PutProfile::example() };
    for (put, reason) in [
        (refused("Cold Store", 0), "invalid_profile"),
        (refused("", 0), "invalid_profile"),
        (refused("cold", u32::MAX), "invalid_time"),
    ] {
        assert_eq!(house.ask(&put).await.unwrap_err().reason, reason);
    }
    let device = house.registers(None).await.unwrap().device;
    let labels = (0..17).map(|number| (format!("l{number}"), "x".to_owned())).collect();
    let many = DescribeDevice { device, site: None, labels: Some(labels), relabel: BTreeMap::new() };
    assert_eq!(house.ask(&many).await.unwrap_err().reason, "invalid_labels");
    let nobody = contracts::DeviceId::example();
    let unknown = house.ask(&ActivateDevice { device: nobody }).await.unwrap_err();
    assert_eq!(unknown.reason, "unknown_device");
}

impl House {
    fn told_of_kind(&self) -> Vec<DeviceRegistered> {
        self.scratch.told_of()
    }
}
