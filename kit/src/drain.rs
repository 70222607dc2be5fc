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
}

/// A message of a batch of which nothing could be made.
#[derive(Debug)]
pub struct Unfit {
    /// Its place in the batch.
    pub at: usize,
    /// Why.
    pub error: Error,
}
