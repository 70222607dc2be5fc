//! Headers on the wire: what each is called, how it is written and read.
//!
//! Names are lower case where a standard says so, and compare as bytes. Nothing that somebody
//! typed reaches a header before it is one line: the client library panics on a line break.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{HeaderMap, HeaderName, HeaderValue, RequestErrorKind};
use bytes::Bytes;
use jiff::Timestamp;

use crate::access::trust::{Asking, Presented};
use crate::engine::port::Outgoing;
use crate::engine::replies::check_key;
use crate::engine::{Incoming, outbox};
use crate::error::{Error, Kind, Result, reason};
use crate::limits::{ERROR_DETAILS_BYTES_MAX, RETRY_WAIT};
use crate::text::printable;
use crate::trace::Trace;

/// W3C trace context of a request.
pub const TRACEPARENT: &str = "traceparent";
/// The same of an event (CloudEvents, Distributed Tracing Extension). The broker looks into every header of a message
/// that has a plain `traceparent` of a sampled flow.
pub const EVENT_TRACEPARENT: &str = "ce-traceparent";
/// The key under which a change may be asked for again.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// How long the caller waits, in milliseconds.
pub const TIMEOUT_MS: &str = "Shop-Timeout-Ms";
/// The token of whoever asks: `Bearer`, a space, and the token (RFC 6750).
pub const AUTHORIZATION: &str = "Authorization";
/// The secret of a guest.
pub const GUEST: &str = "Shop-Guest";
/// For whom a service asks.
pub const BEHALF: &str = "Shop-For";
/// The stable reason of an error.
pub const ERROR_REASON: &str = "Shop-Error-Reason";
/// What a program may want to know beyond the reason, as JSON on one line.
pub const ERROR_DETAILS: &str = "Shop-Error-Details";
/// The line for people, as the NATS service protocol has it.
pub const ERROR: &str = "Nats-Service-Error";
/// The number of the kind, as the NATS service protocol has it.
pub const ERROR_CODE: &str = "Nats-Service-Error-Code";
/// The identity of the database that emitted an event.
pub const ORIGIN: &str = "Shop-Origin";
/// What was told before an event: by the name of each event, the number of the newest.
pub const TOLD_BEFORE: &str = "Shop-Told-Before";
/// The identifier of an event (CloudEvents).
pub const EVENT_ID: &str = "ce-id";
/// The identifier of a message, as the broker knows it.
pub const MESSAGE_ID: &str = "Nats-Msg-Id";
/// What an event is about (CloudEvents).
pub const EVENT_KEY: &str = "ce-subject";
/// When an event became true (CloudEvents).
pub const EVENT_TIME: &str = "ce-time";

/// How long nothing may be heard of a request before it is sent again; twice as long each time.
const RESEND_AFTER: Duration = Duration::from_secs(1);

/// How often a waiting request looks whether its connection is still the same.
const CONNECTION_LOOKED_AT: Duration = Duration::from_millis(100);

/// Sets a header; a value that cannot stand in one is written out so that it can.
pub(crate) fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    let line = printable(value);
    if let Ok(value) = line.parse::<HeaderValue>() {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// Reads a header; an absent one is none.
pub(crate) fn get<'a>(headers: Option<&'a HeaderMap>, name: &'static str) -> Option<&'a str> {
    // A name that is known to be static is not copied to be compared.
    headers?.get(HeaderName::from_static(name)).map(HeaderValue::as_str)
}

/// The flow to which an event belongs. Streams of before hold it as `traceparent`.
pub(crate) fn flow_of(headers: Option<&HeaderMap>) -> Option<Trace> {
    get(headers, EVENT_TRACEPARENT).or_else(|| get(headers, TRACEPARENT))?.parse().ok()
}

/// The headers of a message in a stream. CloudEvents 1.0 in binary mode.
pub(crate) fn event_headers(row: &outbox::Row, source: &str, origin: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    set(&mut headers, "ce-specversion", "1.0");
    set(&mut headers, EVENT_ID, &row.id);
    // The broker's own name for the same, so that the next message can say what it expects before it.
    set(&mut headers, MESSAGE_ID, &row.id);
    set(&mut headers, "ce-source", source);
    set(&mut headers, "ce-type", row.subject.strip_prefix("events.").unwrap_or(&row.subject));
    set(&mut headers, EVENT_KEY, &row.key);
    set(&mut headers, EVENT_TIME, &row.at.to_string());
    set(&mut headers, "content-type", "application/json");
    set(&mut headers, EVENT_TRACEPARENT, &row.trace.to_string());
    set(&mut headers, ORIGIN, origin);
    if let Some(told_before) = &row.told_before {
        set(&mut headers, TOLD_BEFORE, told_before);
    }
    headers
}

/// What a request says about who asks.
///
/// # Errors
/// `invalid_header` if a header is malformed.
pub(crate) fn presented(headers: Option<&HeaderMap>) -> Result<Presented> {
    let token = match get(headers, AUTHORIZATION) {
        None => None,
        Some(text) => match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim().to_owned()),
            _ => {
                let what = "the header Authorization must be Bearer and a token";
                return Err(Error::invalid(reason::INVALID_HEADER, what));
            }
        },
    };
    let text = |name| get(headers, name).map(str::to_owned);
    Ok(Presented { token, guest: text(GUEST), behalf: text(BEHALF) })
}

/// Reads a request of somebody who is known.
///
/// # Errors
/// `invalid_header` if a header is malformed.
pub(crate) fn incoming(
    subject: String,
    headers: Option<&HeaderMap>,
    body: Bytes,
    received: Timestamp,
    asking: Asking,
) -> Result<Incoming> {
    let malformed =
        |name: &str| Error::invalid(reason::INVALID_HEADER, format!("the header {name} is malformed"));
    let trace =
        get(headers, TRACEPARENT).map(|text| text.parse::<Trace>().map_err(|_| malformed(TRACEPARENT)));
    let timeout = get(headers, TIMEOUT_MS).map(|text| match text.parse() {
        Ok(0) | Err(_) => Err(malformed(TIMEOUT_MS)),
        Ok(millis) => Ok(millis),
    });
    Ok(Incoming {
        subject,
        body,
        trace: trace.transpose()?,
        caller: asking.caller,
        behalf: asking.behalf,
        key: get(headers, IDEMPOTENCY_KEY).map(str::to_owned),
        timeout: timeout.transpose()?.map(Duration::from_millis),
        received,
    })
}

/// The headers of an error, beside those of the NATS service protocol.
pub(crate) fn error_headers(error: &Error) -> HeaderMap {
    let (_, reason, _) = error.for_caller();
    let mut headers = HeaderMap::new();
    set(&mut headers, ERROR_REASON, reason);
    if let Some(details) = error.details.as_ref().filter(|_| error.kind != Kind::Internal) {
        let line = details.to_string();
        if line.len() <= ERROR_DETAILS_BYTES_MAX {
            set(&mut headers, ERROR_DETAILS, &line);
        }
    }
    headers
}

/// The error that an answer carries, if it is one.
pub(crate) fn error_of(headers: Option<&HeaderMap>) -> Option<Error> {
    let code = get(headers, ERROR_CODE)?;
    let kind = Kind::from_code(code.parse().unwrap_or(500));
    let reason = get(headers, ERROR_REASON).unwrap_or(reason::INTERNAL).to_owned();
    let mut error = Error::new(kind, reason, get(headers, ERROR).unwrap_or_default());
    error.details = get(headers, ERROR_DETAILS).and_then(|line| serde_json::from_str(line).ok());
    Some(error)
}

/// Asks over NATS and waits for the answer, at most so long.
///
/// Nobody answering is not final before the time is over: a service that is being replaced by its
/// next version is silent for a moment. A request that may have been lost on its way is sent again:
/// when the connection was lost, and when nothing was heard for a while, because a service that
/// stops drops what the broker had already handed to it. A change carries its key, so it is done
/// once, however often it is sent.
///
/// # Errors
/// What the service says. If it says nothing: `no_responders` or `broker_unreachable` when the
/// request certainly reached nobody, `timed_out` when it may have been done.
pub(crate) async fn request(
    nats: &async_nats::Client,
    outgoing: Outgoing,
    presented: Presented,
    time: Duration,
) -> Result<Bytes> {
    if let Some(key) = &outgoing.key {
        // Refused here rather than written out differently: it would be another key then.
        check_key(key)?;
    }
    let [reached, lost, silent] = [(); 3].map(|()| AtomicBool::new(false));
    let asked = Asked { nats, presented, time, outgoing: &outgoing, reached, lost, silent };
    let message = match tokio::time::timeout(time, asked.until_answered()).await {
        Ok(Ok(message)) => message,
        Ok(Err(error)) if error.kind() == RequestErrorKind::InvalidSubject => {
            return Err(Error::invalid(
                "invalid_subject",
                format!("{} is not a subject", printable(&outgoing.subject)),
            ));
        }
        _ => return Err(asked.no_answer()),
    };
    match error_of(message.headers.as_ref()) {
        Some(error) => Err(error),
        None => Ok(message.payload),
    }
}

/// A request that is being asked.
struct Asked<'a> {
    nats: &'a async_nats::Client,
    presented: Presented,
    time: Duration,
    outgoing: &'a Outgoing,
    /// Whether it may have reached somebody.
    reached: AtomicBool,
    /// Whether it may have been done although no answer came.
    lost: AtomicBool,
    /// Whether the broker said last that nobody listens.
    silent: AtomicBool,
}

impl Asked<'_> {
    /// Written anew for each try: nearly all need only one, and copying them costs as much.
    fn headers(&self) -> HeaderMap {
        let (presented, outgoing) = (&self.presented, self.outgoing);
        let mut headers = HeaderMap::new();
        set(&mut headers, TRACEPARENT, &outgoing.trace.to_string());
        if let Some(token) = &presented.token {
            set(&mut headers, AUTHORIZATION, &format!("Bearer {token}"));
        }
        let rest = [(GUEST, &presented.guest), (BEHALF, &presented.behalf), (IDEMPOTENCY_KEY, &outgoing.key)];
        for (name, value) in rest {
            if let Some(value) = value {
                set(&mut headers, name, value);
            }
        }
        set(&mut headers, TIMEOUT_MS, &self.time.as_millis().to_string());
        headers
    }

    async fn until_answered(&self) -> std::result::Result<async_nats::Message, async_nats::RequestError> {
        let mut wait = RETRY_WAIT.0;
        let mut patience = RESEND_AFTER;
        loop {
            let connection = self.connects();
            self.silent.store(false, Ordering::Relaxed);
            let request = async_nats::Request::new()
                .headers(self.headers())
                .payload(self.outgoing.body.clone())
                .timeout(Some(patience));
            let answered = tokio::select! {
                answered = self.nats.send_request(self.outgoing.subject.clone(), request) => answered,
                () = self.other_connection(connection) => {
                    self.lost.store(self.reached.load(Ordering::Relaxed), Ordering::Relaxed);
                    continue;
                }
            };
            match answered {
                Err(error) if error.kind() == RequestErrorKind::NoResponders => {
                    self.silent.store(true, Ordering::Relaxed);
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(Duration::from_secs(1));
                }
                Err(error) if error.kind() == RequestErrorKind::TimedOut => {
                    self.lost.store(true, Ordering::Relaxed);
                    patience *= 2;
                }
                answered => return answered,
            }
        }
    }

    /// Waits until the connection was lost and there is another. Notes on the way whether there was
    /// one at all, over which the request may have gone out.
    async fn other_connection(&self, before: u64) {
        while self.connects() == before {
            if self.nats.connection_state() == State::Connected {
                self.reached.store(true, Ordering::Relaxed);
            }
            tokio::time::sleep(CONNECTION_LOOKED_AT).await;
        }
    }

    fn connects(&self) -> u64 {
        self.nats.statistics().connects.load(Ordering::Relaxed)
    }

    fn no_answer(&self) -> Error {
        let subject = &self.outgoing.subject;
        if self.silent.load(Ordering::Relaxed) && !self.lost.load(Ordering::Relaxed) {
            return Error::unavailable(
                reason::NO_RESPONDERS,
                format!("nobody answers {subject}; is the service running?"),
            );
        }
        if !self.reached.load(Ordering::Relaxed) {
            return Error::unavailable(
                reason::BROKER_UNREACHABLE,
                "there is no connection to the broker; it is being tried again",
            );
        }
        let seconds = self.time.as_secs_f64();
        Error::new(Kind::TimedOut, reason::TIMED_OUT, format!("{subject} gave no answer within {seconds} s"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_break_out_of_a_header() {
        let error = Error::refused("out_of_stock", "only 1 left\r\nEvil: yes")
            .with_details(serde_json::json!({"name": "a\r\nb – ü"}));
        let headers = error_headers(&error);
        let details = get(Some(&headers), ERROR_DETAILS).unwrap();
        assert!(!details.contains(['\r', '\n']));
        let mut all = headers;
        set(&mut all, ERROR, &error.message);
        set(&mut all, ERROR_CODE, "422");
        let read = error_of(Some(&all)).unwrap();
        assert_eq!(
            (read.kind, &*read.reason, read.message.as_str()),
            (Kind::Refused, "out_of_stock", "only 1 left\\r\\nEvil: yes")
        );
        assert_eq!(read.details, error.details);
    }

    #[test]
    fn a_mistake_of_ours_keeps_its_insides_to_itself() {
        let error = Error::internal("password is 1234").with_details(serde_json::json!({"secret": 1}));
        let headers = error_headers(&error);
        assert_eq!(get(Some(&headers), ERROR_DETAILS), None);
        assert!(!error.for_caller().2.contains("1234"));
    }
}
