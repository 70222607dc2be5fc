//! What devices and the shop say to each other over MQTT and NATS. A subject `a.b` is the MQTT topic `a/b`.
//!
//! A device connects with its id as the user's name and its secret as the password. It may use only what bears its
//! id, and says its readings over MQTT only. An answer goes to the subjects here; a device that asks over NATS for an
//! answer in its own inbox, `devices.<device>.inbox.>`, gets it there instead.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::DeviceId;
use crate::device::HardwareId;
use crate::readings::Site;

/// The broker tells that somebody came into the account of devices.
pub const CONNECTED: &str = "$SYS.ACCOUNT.DEVICES.CONNECT";
/// The broker tells that somebody left it.
pub const DISCONNECTED: &str = "$SYS.ACCOUNT.DEVICES.DISCONNECT";
/// A command to the broker: end a connection.
pub const KICK: &str = "$SYS.REQ.SERVER.*.KICK";
/// A question to the broker: who is in the account of devices?
pub const CONNECTIONS: &str = "$SYS.REQ.ACCOUNT.DEVICES.CONNZ";

/// A device asks to be registered: `provision.request.<profile>.<hardware id>`. It connects as
/// `provision:<profile>:<hardware id>`, with the secret of its profile as the password.
pub const PROVISION: &str = "provision.request.*.*";
/// Its answer: [`Provisioned`] or [`Rejected`].
pub const PROVISIONED: &str = "provision.response.*.*";
/// What the name of a user begins with that asks to be registered.
pub const PROVISION_USER: &str = "provision:";

/// A device says what it is like: [`Report`].
pub const STATE_REPORTED: &str = "devices.*.state.reported";
/// A device asks for its state: [`Ask`].
pub const STATE_GET: &str = "devices.*.state.get";
/// A device is told what of its state is to become different: [`Delta`].
pub const STATE_DELTA: &str = "devices.*.state.delta";
/// The answer to what a device said or asked: [`Accepted`].
pub const STATE_ACCEPTED: &str = "devices.*.state.accepted";
/// The refusal of what a device said or asked: [`Rejected`].
pub const STATE_REJECTED: &str = "devices.*.state.rejected";
/// A device offers itself to whoever has a code: [`Offer`].
pub const CLAIM_OFFER: &str = "devices.*.claim.offer";
/// The answer to an offer: [`Offered`].
pub const CLAIM_ACCEPTED: &str = "devices.*.claim.accepted";
/// The refusal of an offer: [`Rejected`].
pub const CLAIM_REJECTED: &str = "devices.*.claim.rejected";
/// Where a device on NATS may await answers.
pub const INBOX: &str = "devices.*.inbox.>";

/// Length of a token that a device sends along, in characters.
pub const TOKEN_CHARS_MAX: usize = 64;

/// A subject or topic of one device: `of(STATE_DELTA, device)`.
pub fn of(pattern: &str, device: DeviceId) -> String {
    pattern.replacen('*', &device.to_string(), 1)
}

/// A subject of one device that registers itself.
pub fn provision(pattern: &str, profile: &str, hardware: &HardwareId) -> String {
    pattern.replacen('*', profile, 1).replacen('*', hardware.as_str(), 1)
}

/// What a device says it is like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// What has changed; what is null is forgotten.
    pub reported: Map<String, Value>,
    /// The version it must be at, if it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Sent back in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// A device asks for its state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Sent back in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// A device offers itself: whoever says its code within the time makes it theirs. An offer before ends.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// A code that the device chose, such as one that is printed on it: [`CODE_CHARS_MIN`] to [`CODE_CHARS_MAX`]
    /// printable characters without blanks. None: one is made, and told to it.
    ///
    /// [`CODE_CHARS_MIN`]: super::CODE_CHARS_MIN
    /// [`CODE_CHARS_MAX`]: super::CODE_CHARS_MAX
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// For how many seconds it is good; a day if not said, a week at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_s: Option<u32>,
    /// Sent back in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// A device is offered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// The code that was made; none if the device chose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Until when it is good.
    pub until: Timestamp,
    /// What was sent along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl std::fmt::Debug for Offer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "(an offer for {:?} seconds)", self.window_s)
    }
}

impl std::fmt::Debug for Offered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "(offered until {})", self.until)
    }
}

/// What of its state is to become different.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delta {
    /// The version of the state.
    pub version: u64,
    /// What is desired and not reported.
    pub delta: Map<String, Value>,
    /// When it was found.
    pub at: Timestamp,
}

/// What the state is after a report, or when it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// The version of the state.
    pub version: u64,
    /// What is desired and not reported.
    pub delta: Map<String, Value>,
    /// What the device was known to be like; only if it asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Map<String, Value>>,
    /// What was sent along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The stable reason.
    pub reason: String,
    /// For people.
    pub message: String,
    /// What was sent along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// A device is registered: what it connects with from now on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provisioned {
    /// Its id, which is also its name as a user.
    pub device: DeviceId,
    /// Its password.
    pub secret: String,
    /// Where it stands.
    pub site: Site,
}

impl std::fmt::Debug for Provisioned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({} at {})", self.device, self.site)
    }
}
