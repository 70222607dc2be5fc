//! What a client sees: events, streams, consumers, services.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An event as it was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Where it was told.
    pub subject: String,
    /// Its identifier.
    pub id: String,
    /// What it is about.
    pub key: String,
    /// When it became true, as RFC 3339 writes it.
    pub time: String,
    /// The flow, as 32 hexadecimal digits; empty if it names none.
    pub trace: String,
    /// What it says: its JSON, or a text if it is none.
    pub body: serde_json::Value,
}

/// A stream, as the broker has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamState {
    /// Its name.
    pub name: String,
    /// How many messages it holds.
    pub messages: u64,
    /// How many bytes they take.
    pub bytes: u64,
    /// How many bytes it may hold.
    pub bytes_max: i64,
    /// The number of the first message; of an empty stream that of the next one.
    pub first: u64,
    /// The number of the last message.
    pub last: u64,
    /// When the last message was stored, as RFC 3339 writes it; empty if there never was one.
    pub last_at: String,
    /// When the first message was stored.
    pub first_at: String,
    /// How many consumers it has.
    pub consumers: usize,
    /// How many messages between the first and the last are gone.
    pub deleted: u64,
    /// What it collects.
    pub subjects: Vec<String>,
    /// When it was made.
    pub made_at: String,
    /// The database it mirrors, as its configuration says; empty if it says none.
    pub origin: String,
}

/// A consumer, as the broker has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsumerState {
    /// The stream.
    pub stream: String,
    /// Its name.
    pub name: String,
    /// The number of the last message it handed out.
    pub delivered: u64,
    /// The number up to which everything was acknowledged.
    pub acknowledged: u64,
    /// How many messages were handed out and not yet acknowledged.
    pub unacknowledged: usize,
    /// How many messages are still to be handed out.
    pub pending: u64,
    /// What it hears of the stream; everything if this is empty.
    pub subjects: Vec<String>,
    /// How often a message was handed out again, as far as it is not acknowledged.
    pub redelivered: usize,
    /// When it last handed something out, as RFC 3339 writes it; empty if it never did.
    pub delivered_at: String,
    /// When something was last acknowledged; empty if nothing was.
    pub acknowledged_at: String,
    /// When it was made.
    pub made_at: String,
    /// Whether it belongs to a subscriber outside the shop.
    pub outside: bool,
}

/// A message as it stands in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The stream.
    pub stream: String,
    /// Its number there.
    pub sequence: u64,
    /// When the broker stored it.
    pub stored_at: Timestamp,
    /// Where it was told.
    pub subject: String,
    /// Its identifier; empty if it has none.
    pub id: String,
    /// What it is about; empty if it does not say.
    pub key: String,
    /// The identity of the database that told it; empty if it names none.
    pub origin: String,
    /// The flow, as 32 hexadecimal digits; empty if it names none.
    pub trace: String,
    /// Every header, in the order of their names.
    pub headers: Vec<(String, String)>,
    /// What it says.
    pub body: Bytes,
}

impl Stored {
    /// CRC-32 of what it says, as its row of the outbox has it.
    pub fn checksum(&self) -> u32 {
        let told_before = self.headers.iter().find(|(name, _)| name == crate::wire::TOLD_BEFORE);
        let told_before = told_before.map(|(_, value)| value.as_str());
        crate::engine::outbox::checksum(&self.id, &self.subject, &self.key, &self.body, told_before)
    }
}

/// The figures of a running service, as `$SRV.STATS` tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceStats {
    /// Its name.
    pub name: String,
    /// The identifier of this instance.
    pub id: String,
    /// Its version.
    pub version: String,
    /// When it started, as RFC 3339 writes it.
    #[serde(default)]
    pub started: String,
    /// The figures of each endpoint.
    #[serde(default)]
    pub endpoints: Vec<EndpointStats>,
}

/// The figures of an endpoint since its service started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndpointStats {
    /// Its name.
    pub name: String,
    /// Where it is asked.
    #[serde(default)]
    pub subject: String,
    /// How many requests were answered.
    #[serde(default, rename = "num_requests")]
    pub requests: u64,
    /// How many of them with an error, refusals included.
    #[serde(default, rename = "num_errors")]
    pub errors: u64,
    /// The last error.
    #[serde(default)]
    pub last_error: Option<serde_json::Value>,
    /// What the service adds: see [`Latency`].
    #[serde(default)]
    pub data: Latency,
}

/// How long the answers of an endpoint took, from receipt to answer, in microseconds. Each is the upper
/// end of a class, at most a fifth too high.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Half of them took no longer.
    #[serde(default)]
    pub p50_us: u64,
    /// 99 of 100 took no longer.
    #[serde(default)]
    pub p99_us: u64,
    /// The longest.
    #[serde(default)]
    pub max_us: u64,
}

/// A running service, as `$SRV.INFO` tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceInfo {
    /// Its name.
    pub name: String,
    /// The identifier of this instance.
    pub id: String,
    /// Its version.
    pub version: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// What it answers.
    #[serde(default)]
    pub endpoints: Vec<EndpointInfo>,
}

/// An endpoint of a running service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointInfo {
    /// Its name.
    pub name: String,
    /// Where it is asked.
    pub subject: String,
    /// The group that shares its requests.
    #[serde(default)]
    pub queue_group: String,
}
