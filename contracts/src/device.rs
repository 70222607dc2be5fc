//! Devices: who they are, whose they are, and whether they are there.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::DeviceId;
use crate::readings::Site;

/// The name of the service.
pub const NAME: &str = "device";

kit::subjects! {
    event "events.device.registered" DeviceRegistered of device, "A device is known now.";
    event "events.device.revoked" DeviceRevoked of device, "A device may not connect any more.";
    event "events.device.online" DeviceOnline of device, "A device is there.";
    event "events.device.offline" DeviceOffline of device, "A device is gone, or silent for too long.";
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
}
