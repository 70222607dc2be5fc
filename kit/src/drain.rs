//! Draining: raw messages that outsiders put into a stream, many of them in one transaction.
//!
//! What a service tells is an event and is heard one by one, in order, each with its position. What thousands of
//! devices say is neither told by a service nor in any order: it is drained. The service is given a batch, and says
//! which of its messages it could not make anything of; those become dead letters with their bytes.

use bytes::Bytes;
use jiff::Timestamp;

use crate::error::Error;

/// A stream of raw messages, which the keeper of the streams makes for the service that drains it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RawStream {
    /// Its name: that of no service.
    pub stream: &'static str,
    /// What it catches: one pattern, in which the last token says who a message is from.
    pub subjects: &'static str,
    /// How many bytes it holds. A full one forgets its oldest message for each new one.
    pub bytes_max: i64,
    /// How many messages of one subject it holds; of that subject it forgets the oldest. So whoever says too much
    /// pushes out what they said themselves.
    pub of_one_max: i64,
    /// Whether devices publish there by MQTT too, in an account of their own: see [`MQTT_STREAM`].
    pub mqtt: bool,
}

/// The stream, in the account of devices, in which the broker keeps what came by MQTT with a promise (QoS 1 and 2)
/// before it acknowledges it. It keeps that only for consumers that are there already and until each has acknowledged
/// it; so it is drained too, and the keeper makes it, and the consumer, before the broker does.
pub const MQTT_STREAM: &str = "$MQTT_msgs";

/// What the subjects in that stream begin with.
pub const MQTT_PREFIX: &str = "$MQTT.msgs.";

/// The header with which a message that came by MQTT says with which promise.
pub(crate) const MQTT_QOS: &str = "Nmqtt-Pub";

/// The domain under which a service of the shop reaches the streams of the account of devices.
pub const MQTT_DOMAIN: &str = "devices";

/// Where a service that drains what came by MQTT publishes beyond its own account. The account of devices must lend
/// `$JS.API.X` for each `$JS.devices.API.X`, the one with `MSG.NEXT` with a stream of responses, and the rest as it is.
pub fn mqtt_subjects(service: &str) -> Vec<String> {
    vec![
        format!("$JS.{MQTT_DOMAIN}.API.CONSUMER.INFO.{MQTT_STREAM}.{service}"),
        format!("$JS.{MQTT_DOMAIN}.API.CONSUMER.MSG.NEXT.{MQTT_STREAM}.{service}"),
        format!("$JS.ACK.{MQTT_STREAM}.{service}.>"),
    ]
}

/// Where the keeper of the streams publishes beyond its own account, to make that stream and its consumers.
pub fn mqtt_keeper_subjects() -> Vec<String> {
    vec![
        format!("$JS.{MQTT_DOMAIN}.API.STREAM.CREATE.{MQTT_STREAM}"),
        format!("$JS.{MQTT_DOMAIN}.API.CONSUMER.CREATE.{MQTT_STREAM}.*"),
    ]
}

/// A raw message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMessage {
    /// Where it was published.
    pub subject: String,
    /// What it says: any bytes.
    pub body: Bytes,
    /// Its number in its stream.
    pub sequence: u64,
    /// When the broker got it.
    pub received: Timestamp,
}

/// Raw messages that are taken together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// The messages, by their numbers.
    pub messages: Vec<RawMessage>,
    /// How many messages before these the stream has forgotten that were never drained.
    pub missed: u64,
    /// What tells the stream they stand in apart from every other, also from one of the same name that was made later:
    /// numbers of two of them cannot be compared. Empty for a dead letter that is tried again, which has no number.
    pub stream: String,
}

/// A message of a batch of which nothing could be made.
#[derive(Debug)]
pub struct Unfit {
    /// Its place in the batch.
    pub at: usize,
    /// Why.
    pub error: Error,
}
