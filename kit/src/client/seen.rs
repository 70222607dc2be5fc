//! What a client sees: events, streams, consumers, services.

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
    /// The number of the first message.
    pub first: u64,
    /// The number of the last message.
    pub last: u64,
    /// When the last message was stored, as RFC 3339 writes it.
    pub last_at: String,
    /// How many consumers it has.
    pub consumers: usize,
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
