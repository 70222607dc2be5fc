//! Asking and listening with as little work as possible: for whoever measures a shop from the same machine.
//!
//! [`Client::call`] sends a request again that may have been lost, and looks after the connection meanwhile.
//! A measurement must not: a second try would hide that the first was in vain.

use async_nats::RequestErrorKind;
use bytes::Bytes;
use futures_util::StreamExt;

use super::{Call, Client, Watch};
use crate::error::{Error, Kind, Result, reason};
use crate::wire;

impl Client {
    /// Sends a request once, and waits for the answer. The flow is one that nobody writes down unless
    /// the call names one, as in [`Client::call_raw`].
    ///
    /// # Errors
    /// What the service says. If it says nothing: `no_responders` if nobody listened, `timed_out` if no
    /// answer came within the time, `broker_unreachable` if it was not sent.
    pub async fn call_once(&self, subject: &str, body: Bytes, call: Call) -> Result<Bytes> {
        let trace = call.trace.unwrap_or_else(|| crate::trace::Trace { sampled: false, ..Self::new_trace() });
        let presented = self.present(subject)?;
        let mut headers = async_nats::HeaderMap::new();
        wire::set(&mut headers, wire::TRACEPARENT, &trace.to_string());
        if let Some(token) = &presented.token {
            wire::set(&mut headers, wire::AUTHORIZATION, &format!("Bearer {token}"));
        }
        if let Some(guest) = &presented.guest {
            wire::set(&mut headers, wire::GUEST, guest);
        }
        wire::set(&mut headers, wire::TIMEOUT_MS, &call.timeout.as_millis().to_string());
        if let Some(key) = &call.key {
            wire::set(&mut headers, wire::IDEMPOTENCY_KEY, key);
        }
        let request = async_nats::Request::new().headers(headers).payload(body).timeout(Some(call.timeout));
        let message = match self.nats.send_request(subject.to_owned(), request).await {
            Ok(message) => message,
            Err(error) => return Err(unanswered(subject, error.kind())),
        };
        match wire::error_of(message.headers.as_ref()) {
            Some(error) => Err(error),
            None => Ok(message.payload),
        }
    }
}

fn unanswered(subject: &str, kind: RequestErrorKind) -> Error {
    match kind {
        RequestErrorKind::NoResponders => {
            Error::unavailable(reason::NO_RESPONDERS, format!("nobody answers {subject}"))
        }
        RequestErrorKind::TimedOut => {
            Error::new(Kind::TimedOut, reason::TIMED_OUT, format!("{subject} gave no answer in time"))
        }
        _ => Error::unavailable(reason::BROKER_UNREACHABLE, format!("{subject} was not asked")),
    }
}

/// What a message of a stream is about, without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Where it was told.
    pub subject: String,
    /// What it is about; empty if it does not say.
    pub key: String,
    /// What it says, not looked at.
    pub body: Bytes,
}

impl Watch {
    /// The next event, not looked into; none if the connection is closed for good.
    pub async fn heard(&mut self) -> Option<Heard> {
        let message = self.subscriber.next().await?;
        let key = wire::get(message.headers.as_ref(), wire::EVENT_KEY).unwrap_or_default().to_owned();
        Some(Heard { subject: message.subject.into_string(), key, body: message.payload })
    }
}
