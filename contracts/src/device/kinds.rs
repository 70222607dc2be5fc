//! What is written on a device, and what has become of it.

use std::fmt;
use std::str::FromStr;

use kit::Example;
use serde::{Deserialize, Serialize};

use super::reason;

/// Length of a hardware id in characters.
pub const HARDWARE_CHARS_MAX: usize = 64;

/// What is written on a device: safe as a token of a subject and a level of a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HardwareId(String);

impl HardwareId {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Not a hardware id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hardware id must be 1 to {HARDWARE_CHARS_MAX} letters, digits, -, _ or :")]
pub struct InvalidHardwareId;

impl From<InvalidHardwareId> for kit::Error {
    fn from(error: InvalidHardwareId) -> Self {
        Self::invalid(reason::INVALID_HARDWARE_ID, error.to_string())
    }
}

impl FromStr for HardwareId {
    type Err = InvalidHardwareId;

    fn from_str(text: &str) -> Result<Self, InvalidHardwareId> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':');
        let fits = (1..=HARDWARE_CHARS_MAX).contains(&text.len());
        if fits && text.bytes().all(legal) { Ok(Self(text.to_owned())) } else { Err(InvalidHardwareId) }
    }
}

impl TryFrom<String> for HardwareId {
    type Error = InvalidHardwareId;

    fn try_from(text: String) -> Result<Self, InvalidHardwareId> {
        text.parse()
    }
}

impl From<HardwareId> for String {
    fn from(id: HardwareId) -> Self {
        id.0
    }
}

impl fmt::Display for HardwareId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Example for HardwareId {
    fn example() -> Self {
        Self("00:1b:44:11:3a:b7".to_owned())
    }
}

/// What has become of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// It is known, and has never connected.
    New,
    /// It belongs to a customer, and has never connected.
    Claimed,
    /// It is in use.
    Active,
    /// It may not connect until it is activated again.
    Suspended,
    /// It may never connect again.
    Retired,
}

impl DeviceState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::New, Self::Claimed, Self::Active, Self::Suspended, Self::Retired];

    /// The word in JSON and in rows.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Claimed => "claimed",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Retired => "retired",
        }
    }
}

impl fmt::Display for DeviceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Not the word of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the state of a device is new, claimed, active, suspended or retired")]
pub struct UnknownDeviceState;

impl FromStr for DeviceState {
    type Err = UnknownDeviceState;

    fn from_str(text: &str) -> Result<Self, UnknownDeviceState> {
        Self::ALL.into_iter().find(|state| state.word() == text).ok_or(UnknownDeviceState)
    }
}
