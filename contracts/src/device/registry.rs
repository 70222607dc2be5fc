//! Profiles, devices, credentials, claims.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use kit::Example;
use serde::{Deserialize, Serialize};

use super::kinds::{DeviceState, HardwareId};
use crate::DeviceId;
use crate::readings::Site;

/// Length of the name of a profile in characters.
pub const PROFILE_CHARS_MAX: usize = 32;
/// Labels of one device.
pub const LABELS_MAX: usize = 16;
/// Length of the name and of the value of a label in characters.
pub const LABEL_CHARS_MAX: usize = 64;
/// The longest silence after which a device may count as gone, in seconds: a week.
pub const SILENCE_S_MAX: u32 = 7 * 24 * 3600;
/// The longest time for which a code to claim a device is good, in seconds: a week.
pub const CLAIM_S_MAX: u32 = 7 * 24 * 3600;
/// For how long such a code is good if nobody says, in seconds: a day.
pub const CLAIM_S_DEFAULT: u32 = 24 * 3600;
/// Length of a code that a device chooses by itself, in characters: at least. A shorter one is refused.
pub const CODE_CHARS_MIN: usize = 8;
/// Length of a code that a device chooses by itself, in characters: at most. A longer one is refused.
pub const CODE_CHARS_MAX: usize = 64;
/// How many wrong codes may be tried. With the last of them the code ends, and another must be offered.
pub const CLAIM_TRIES_MAX: u32 = 10;
/// The longest time for which a replaced secret speaks on, in seconds: a week.
pub const OVERLAP_S_MAX: u32 = 7 * 24 * 3600;
/// For how long a replaced secret speaks on if nobody says, in seconds: an hour.
pub const OVERLAP_S_DEFAULT: u32 = 3600;

/// Requests that name one device and nothing else.
macro_rules! about_one_device {
    ($($(#[$meaning:meta])* $name:ident;)*) => {$(
        $(#[$meaning])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// Which.
            pub device: DeviceId,
        }

        impl Example for $name {
            fn example() -> Self {
                Self { device: DeviceId::example() }
            }
        }
    )*};
}

about_one_device! {
    /// Shows a device.
    GetDevice;
    /// Takes a device into use.
    ActivateDevice;
    /// Disconnects a device until it is activated again.
    SuspendDevice;
    /// Disconnects a device for good.
    RetireDevice;
    /// Takes all secrets of a device back, and disconnects it.
    RevokeCredentials;
}

/// Makes or changes a kind of devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutProfile {
    /// Its name: lower case letters, digits and `_`.
    pub name: String,
    /// Where its devices stand if nobody says.
    pub site: Site,
    /// After how many seconds without a reading a device counts as gone; 0: never.
    #[serde(default)]
    pub silence_s: u32,
    /// Whether its devices may offer themselves to customers.
    #[serde(default)]
    pub offers: bool,
}

/// A kind of devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileView {
    /// Its name.
    pub name: String,
    /// Where its devices stand if nobody says.
    pub site: Site,
    /// After how many seconds without a reading a device counts as gone; 0: never.
    pub silence_s: u32,
    /// Whether devices may register themselves.
    pub provisioning: bool,
    /// Whether its devices may offer themselves to customers.
    #[serde(default)]
    pub offers: bool,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// Lists the kinds of devices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListProfiles {}

/// The kinds of devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileList {
    /// By name.
    pub items: Vec<ProfileView>,
}

/// Lets devices of a kind register themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenProvisioning {
    /// Which kind.
    pub profile: String,
}

/// Lets no further devices of a kind register themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseProvisioning {
    /// Which kind.
    pub profile: String,
}

/// What devices of a kind register themselves with. It is shown once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvisioningSecret {
    /// The kind.
    pub profile: String,
    /// The password of `provision:<profile>:<hardware id>`.
    pub secret: String,
}

/// Registers a device. One with the same hardware id that was never used gets another secret instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterDevice {
    /// Its kind.
    pub profile: String,
    /// What is written on it, if that is known.
    #[serde(default)]
    pub hardware: Option<HardwareId>,
    /// Where it stands, if elsewhere than its kind does.
    #[serde(default)]
    pub site: Option<Site>,
    /// Words to find it by.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// What a device connects with. It is shown once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// The device: its id is its name as a user.
    pub device: DeviceId,
    /// Its password.
    pub secret: String,
    /// Where it stands: it publishes at `telemetry/<site>/<device>`.
    pub site: Site,
    /// Until when the secret before this one speaks, if there is one.
    #[serde(default)]
    pub before_until: Option<Timestamp>,
}

/// Changes where a device stands, and its labels. If its place changes, it is disconnected and comes again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribeDevice {
    /// Which.
    pub device: DeviceId,
    /// Where it stands now; none: where it did.
    #[serde(default)]
    pub site: Option<Site>,
    /// All its labels; none: as they were.
    #[serde(default)]
    pub labels: Option<BTreeMap<String, String>>,
    /// Labels that change, on top of that: null takes one away, and the others stay.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub relabel: BTreeMap<String, Option<String>>,
}

/// Gives a device another secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateCredential {
    /// Which.
    pub device: DeviceId,
    /// For how many seconds the one before speaks on; an hour if not said.
    #[serde(default)]
    pub overlap_s: Option<u32>,
}

/// Makes a code by which a customer claims a device; one before ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferClaim {
    /// Which.
    pub device: DeviceId,
    /// For how many seconds it is good; a day if not said.
    #[serde(default)]
    pub window_s: Option<u32>,
}

/// A code by which a customer claims a device. It is shown once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimCode {
    /// The device.
    pub device: DeviceId,
    /// The code.
    pub code: String,
    /// Until when it is good.
    pub until: Timestamp,
}

/// Makes a device one's own.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimDevice {
    /// Which.
    pub device: DeviceId,
    /// Its code.
    pub code: String,
}

/// Neither secrets nor codes are ever shown by accident.
macro_rules! quiet {
    ($($name:ident $about:ident;)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "({} of {})", stringify!($name), self.$about)
            }
        }
    )*};
}

quiet! {
    ProvisioningSecret profile;
    Credential device;
    ClaimCode device;
    ClaimDevice device;
}

/// Lists devices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListDevices {
    /// Only those in this state.
    #[serde(default)]
    pub state: Option<DeviceState>,
    /// Only those of this kind.
    #[serde(default)]
    pub profile: Option<String>,
    /// Only those at this site.
    #[serde(default)]
    pub site: Option<Site>,
    /// Where the page before ended, as its `next` says.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many, 50 if not said, 200 at most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DevicePage {
    /// The devices.
    pub items: Vec<DeviceView>,
    /// To be sent as `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceView {
    /// Its id.
    pub device: DeviceId,
    /// Its kind.
    pub profile: String,
    /// What is written on it.
    pub hardware: Option<HardwareId>,
    /// Where it stands.
    pub site: Site,
    /// What has become of it.
    pub state: DeviceState,
    /// The customer it belongs to.
    pub owner: Option<String>,
    /// Words to find it by.
    pub labels: BTreeMap<String, String>,
    /// How many secrets of it speak.
    pub credentials: u32,
    /// Whether it counts as there.
    pub online: bool,
    /// Since when it does, or does not; none if it was never there.
    pub online_since: Option<Timestamp>,
    /// When it last said a reading.
    pub last_seen: Option<Timestamp>,
    /// When it was registered.
    pub made_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}
