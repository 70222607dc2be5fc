//! Examples of what device is asked, and answers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kit::Example;
use serde_json::{Map, Value, json};

use crate::DeviceId;
use crate::device::{
    ClaimCode, ClaimDevice, CloseProvisioning, Credential, DescribeDevice, DevicePage, DeviceState,
    DeviceView, GetState, HardwareId, ListDevices, ListProfiles, OfferClaim, OpenProvisioning, ProfileList,
    ProfileView, ProvisioningSecret, PutProfile, RegisterDevice, RotateCredential, SetDesired, StateView,
};
use crate::readings::Site;

const PROFILE: &str = "cold_store";
/// What a secret looks like; this one opens nothing.
const SECRET: &str = "0a1b2c3d4e5f6g7h8j9k0m1n2p3a1b2c3d4e5f6g7h8j9k0m1n2p";

fn labels() -> BTreeMap<String, String> {
    BTreeMap::from([("room".to_owned(), "cellar".to_owned())])
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Examples that are one value each.
macro_rules! examples {
    ($($name:ident $value:block)*) => {$(
        impl Example for $name {
            fn example() -> Self $value
        }
    )*};
}

examples! {
    PutProfile { Self { name: PROFILE.to_owned(), site: Site::example(), silence_s: 600, offers: true } }
    ProfileView {
        Self {
            name: PROFILE.to_owned(),
            site: Site::example(),
            silence_s: 600,
            provisioning: true,
            offers: true,
            changed_at: Timestamp::UNIX_EPOCH,
        }
    }
    ListProfiles { Self {} }
    ProfileList { Self { items: vec![ProfileView::example()] } }
    OpenProvisioning { Self { profile: PROFILE.to_owned() } }
    CloseProvisioning { Self { profile: PROFILE.to_owned() } }
    ProvisioningSecret { Self { profile: PROFILE.to_owned(), secret: SECRET.to_owned() } }
    RegisterDevice {
        Self {
            profile: PROFILE.to_owned(),
            hardware: Some(HardwareId::example()),
            site: Some(Site::example()),
            labels: labels(),
        }
    }
    Credential {
        Self {
            device: DeviceId::example(),
            secret: SECRET.to_owned(),
            site: Site::example(),
            before_until: None,
        }
    }
    DescribeDevice {
        Self {
            device: DeviceId::example(),
            site: Some(Site::example()),
            labels: None,
            relabel: BTreeMap::from([("room".to_owned(), Some("cellar".to_owned())), ("shelf".to_owned(), None)]),
        }
    }
    RotateCredential { Self { device: DeviceId::example(), overlap_s: Some(3600) } }
    OfferClaim { Self { device: DeviceId::example(), window_s: Some(86_400) } }
    ClaimCode {
        Self {
            device: DeviceId::example(),
            code: SECRET[..26].to_owned(),
            until: Timestamp::UNIX_EPOCH,
        }
    }
    ClaimDevice { Self { device: DeviceId::example(), code: SECRET[..26].to_owned() } }
    ListDevices { Self { limit: Some(50), ..Self::default() } }
    DevicePage { Self { items: vec![DeviceView::example()], next: None } }
    DeviceView {
        Self {
            device: DeviceId::example(),
            profile: PROFILE.to_owned(),
            hardware: Some(HardwareId::example()),
            site: Site::example(),
            state: DeviceState::Active,
            owner: None,
            labels: labels(),
            credentials: 1,
            online: true,
            online_since: Some(Timestamp::UNIX_EPOCH),
            last_seen: Some(Timestamp::UNIX_EPOCH),
            made_at: Timestamp::UNIX_EPOCH,
            changed_at: Timestamp::UNIX_EPOCH,
        }
    }
    GetState { Self { device: DeviceId::example() } }
    SetDesired {
        Self { device: DeviceId::example(), desired: object(json!({ "interval_s": 60 })), version: Some(3) }
    }
    StateView {
        Self {
            device: DeviceId::example(),
            version: 4,
            desired: object(json!({ "interval_s": 60 })),
            reported: object(json!({ "interval_s": 30, "battery": 87 })),
            delta: object(json!({ "interval_s": 60 })),
            desired_at: object(json!({ "interval_s": 0 })),
            reported_at: object(json!({ "interval_s": 0, "battery": 0 })),
            changed_at: Timestamp::UNIX_EPOCH,
        }
    }
}
