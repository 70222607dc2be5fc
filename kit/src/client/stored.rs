//! Publishing straight into a stream, as a device does.

use std::time::Duration;

use async_nats::RequestErrorKind;
use bytes::Bytes;
use serde::Deserialize;

use super::Client;
use crate::error::{Error, Kind, Result, reason};
use crate::text::printable;

/// What the broker answers to a message that a stream catches.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    seq: u64,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    description: String,
}

impl Client {
    /// Publishes a message and waits until a stream has it. Answers its number there.
    ///
    /// # Errors
    /// `no_responders` if no stream catches the subject, `timed_out` if it is not known whether one has it,
    /// `broker_unreachable` if it was not sent, `not_stored` if the stream refuses it.
    pub async fn publish_stored(&self, subject: &str, body: Bytes, time: Duration) -> Result<u64> {
        let request = async_nats::Request::new().payload(body).timeout(Some(time));
        let asked = async {
            let answer = self.nats.send_request(subject.to_owned(), request).await;
            answer.map_err(|error| unanswered(subject, error.kind()))
        };
        let answer = self.permitted(subject, asked).await?;
        match serde_json::from_slice(&answer.payload) {
            Ok(Answer { seq, error: None }) if seq > 0 => Ok(seq),
            Ok(Answer { error: Some(refusal), .. }) => {
                Err(not_stored(format!("the stream refuses it: {}", printable(&refusal.description))))
            }
            _ => Err(not_stored("the answer is not that of a stream".to_owned())),
        }
    }
}

fn not_stored(why: String) -> Error {
    Error::unavailable("not_stored", format!("a message was not stored: {why}"))
}

fn unanswered(subject: &str, kind: RequestErrorKind) -> Error {
    match kind {
        RequestErrorKind::NoResponders => Error::unavailable(
            reason::NO_RESPONDERS,
            format!("no stream keeps what is published at {subject}"),
        ),
        RequestErrorKind::TimedOut => Error::new(
            Kind::TimedOut,
            reason::TIMED_OUT,
            format!("it is not known whether a message at {subject} was stored: the broker did not say"),
        ),
        _ => Error::unavailable(reason::BROKER_UNREACHABLE, format!("nothing was published at {subject}")),
    }
}
