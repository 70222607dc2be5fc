//! What a device is to be like and what it says it is like, as AWS's device shadow has it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::DeviceId;

/// Length of what is desired, and of what is reported, in bytes as JSON. A change beyond it is refused.
pub const STATE_BYTES_MAX: usize = 8 * 1024;

/// How deep objects may stand in each other.
pub const STATE_DEPTH_MAX: usize = 6;

/// What a device may say of its state and offer within a second. What is beyond is not heard, and the first of it
/// answered as `device_says_too_much`.
pub const SAID_MAX: u32 = 50;

/// Shows the state of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetState {
    /// Which.
    pub device: DeviceId,
}

/// Says what a device is to be like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetDesired {
    /// Which.
    pub device: DeviceId,
    /// What is to change; what is null is not desired any more.
    pub desired: Map<String, Value>,
    /// The version it must be at, if it matters.
    #[serde(default)]
    pub version: Option<u64>,
}

/// The state of a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StateView {
    /// The device.
    pub device: DeviceId,
    /// Grows with each change.
    pub version: u64,
    /// What it is to be like.
    pub desired: Map<String, Value>,
    /// What it says it is like.
    pub reported: Map<String, Value>,
    /// What is desired and not reported.
    pub delta: Map<String, Value>,
    /// When each desired field was set, in milliseconds since 1970: of the same form.
    pub desired_at: Map<String, Value>,
    /// When each reported field was set.
    pub reported_at: Map<String, Value>,
    /// When it last changed.
    pub changed_at: Timestamp,
}
