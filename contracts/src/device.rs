//! Devices: who they are, whose they are, and whether they are there.
//!
//! # Layout
//! - [`kinds`]: what is written on a device, what has become of it
//! - [`registry`]: profiles, devices, credentials, claims; [`state`]: what a device is to be like, and is like
//! - [`wire`]: what devices and the shop say to each other over MQTT and NATS

pub mod kinds;
pub mod registry;
pub mod state;
pub mod wire;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::DeviceId;
use crate::readings::Site;

pub use kinds::*;
pub use registry::*;
pub use state::*;

/// The name of the service.
pub const NAME: &str = "device";

/// Where the service listens outside the words of the shop: to the broker, which asks who may connect and tells
/// who came and went, and to devices.
pub const LISTENS: &[&str] = &[
    kit::callout::SUBJECT,
    wire::CONNECTED,
    wire::DISCONNECTED,
    wire::PROVISION,
    wire::STATE_REPORTED,
    wire::STATE_GET,
    wire::CLAIM_OFFER,
];

/// Where it tells outside the words of the shop: answers, and commands to the broker.
pub const TELLS: &[&str] = &[
    kit::callout::ANSWERS,
    wire::KICK,
    wire::CONNECTIONS,
    wire::PROVISIONED,
    wire::STATE_DELTA,
    wire::STATE_ACCEPTED,
    wire::STATE_REJECTED,
    wire::CLAIM_ACCEPTED,
    wire::CLAIM_REJECTED,
    wire::INBOX,
];

kit::subjects! {
    ask "device.get" GetDevice -> DeviceView by [owner operator], "Shows a device.";
    ask "device.list" ListDevices -> DevicePage by [operator], "Lists devices, the oldest first.";
    ask "device.profiles" ListProfiles -> ProfileList by [operator], "Lists the kinds of devices.";
    ask "device.get_state" GetState -> StateView by [owner operator], "Shows what a device is to be like, and what it says it is like.";
    change "device.put_profile" PutProfile -> ProfileView by [operator], "Makes or changes a kind of devices.";
    act "device.open_provisioning" OpenProvisioning -> ProvisioningSecret by [operator], "Makes a secret by which devices of a kind register themselves; the one before ends.";
    change "device.close_provisioning" CloseProvisioning -> ProfileView by [operator], "Lets no further devices of a kind register themselves.";
    act "device.register" RegisterDevice -> Credential by [operator], "Registers a device, which may connect at once.";
    change "device.describe" DescribeDevice -> DeviceView by [operator], "Changes where a device stands, and its labels.";
    change "device.activate" ActivateDevice -> DeviceView by [operator], "Takes a device into use, or into use again.";
    change "device.suspend" SuspendDevice -> DeviceView by [operator], "Disconnects a device until it is activated again.";
    change "device.retire" RetireDevice -> DeviceView by [operator], "Disconnects a device for good.";
    act "device.rotate" RotateCredential -> Credential by [operator], "Gives a device another secret; the one before speaks a while longer.";
    change "device.revoke" RevokeCredentials -> DeviceView by [operator], "Takes all secrets of a device back, and disconnects it.";
    act "device.offer_claim" OfferClaim -> ClaimCode by [operator], "Makes a code by which a customer claims a device.";
    act "device.claim" ClaimDevice -> DeviceView by [user], "Makes a device one's own, by its code.";
    change "device.set_desired" SetDesired -> StateView by [owner operator], "Says what a device is to be like.";
    event "events.device.registered" DeviceRegistered of device, "A device is known now.";
    event "events.device.revoked" DeviceRevoked of device, "A device may not connect any more.";
    event "events.device.moved" DeviceMoved of device, "A device stands at another site now.";
    event "events.device.online" DeviceOnline of device, "A device is there.";
    event "events.device.offline" DeviceOffline of device, "A device is gone, or silent for too long.";
}

/// Reasons the service of devices gives.
pub mod reason {
    /// There is no such device.
    pub const UNKNOWN_DEVICE: &str = "unknown_device";
    /// There is no such kind of devices.
    pub const UNKNOWN_PROFILE: &str = "unknown_profile";
    /// The name of a kind of devices is none.
    pub const INVALID_PROFILE: &str = "invalid_profile";
    /// A hardware id has other characters than it may.
    pub const INVALID_HARDWARE_ID: &str = "invalid_hardware_id";
    /// Too many labels, or one that is none.
    pub const INVALID_LABELS: &str = "invalid_labels";
    /// A time that is too short or too long.
    pub const INVALID_TIME: &str = "invalid_time";
    /// A device with this hardware id is in use already.
    pub const ALREADY_PROVISIONED: &str = "already_provisioned";
    /// What is asked does not fit the state the device is in.
    pub const WRONG_STATE: &str = "wrong_device_state";
    /// The code is wrong, was used, or its time is over.
    pub const CLAIM_REFUSED: &str = "claim_refused";
    /// A device may not offer itself: it belongs to somebody, or its kind does not let it.
    pub const OFFER_REFUSED: &str = "offer_refused";
    /// An offer that is not understood, or a code that is too short, too long or not printable.
    pub const INVALID_OFFER: &str = "invalid_offer";
    /// Too many devices of a kind register themselves at once.
    pub const TOO_FAST: &str = "provisioning_too_fast";
    /// The device says more in a second than it may.
    pub const SAYS_TOO_MUCH: &str = "device_says_too_much";
    /// The state is another one than was expected.
    pub const VERSION_DIFFERS: &str = "version_differs";
    /// The state is too large, too deep, or no JSON object.
    pub const INVALID_STATE: &str = "invalid_state";
    /// As many devices, or kinds of them, as there can be.
    pub const TOO_MANY: &str = "too_many_devices";
}

/// A device is known now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRegistered {
    /// Which.
    pub device: DeviceId,
    /// Where it stands.
    pub site: Site,
    /// The name of its profile.
    pub profile: String,
}

/// A device may not connect any more: it is suspended or retired, or its credentials were taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRevoked {
    /// Which.
    pub device: DeviceId,
    /// Where it stood.
    pub site: Site,
}

/// A device stands at another site now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceMoved {
    /// Which.
    pub device: DeviceId,
    /// Where it stands now.
    pub site: Site,
    /// Where it stood before.
    pub before: Site,
}

/// A device is there: it connected, or said something after a silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceOnline {
    /// Which.
    pub device: DeviceId,
    /// Where it stands.
    pub site: Site,
    /// Since when.
    pub since: Timestamp,
}

/// A device is gone, or silent for too long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceOffline {
    /// Which.
    pub device: DeviceId,
    /// Where it stands.
    pub site: Site,
    /// When it was there last.
    pub since: Timestamp,
    /// Why it counts as gone.
    pub why: Gone,
}

/// Why a device counts as gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// Its connection ended, and it did not come back in time.
    Disconnected,
    /// It said nothing for longer than its profile allows.
    Silent,
    /// It may not connect any more: it is suspended or retired, or its secrets were taken back.
    ShutOut,
}
