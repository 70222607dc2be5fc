//! A message of a stream, decoded.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::Timestamp;
use kit::client::Stored;
use kit::wire;
use serde::Serialize;
use serde_json::Value;

/// What a body turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    Json,
    Text,
    /// Neither; written as hexadecimal digits.
    Bytes,
}

/// A message as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Message {
    pub(crate) stream: String,
    pub(crate) sequence: u64,
    /// When it became true; when it was stored, if it does not say.
    pub(crate) time: Timestamp,
    /// When the broker stored it: later than its time if the stream was made anew.
    pub(crate) stored_at: Timestamp,
    pub(crate) subject: String,
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) trace: String,
    /// The database that told it.
    pub(crate) origin: String,
    pub(crate) form: Form,
    pub(crate) body: Value,
    /// Every header, if they are wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) headers: Option<BTreeMap<String, Vec<String>>>,
    /// The body as it is written in one piece.
    #[serde(skip)]
    pub(crate) text: String,
    #[serde(skip)]
    pub(crate) every_header: Vec<(String, String)>,
}

impl Message {
    /// Decodes a message.
    pub(crate) fn of(stored: Stored, with_headers: bool) -> Self {
        let (form, body, text) = decode(&stored.body);
        let time = time(&stored);
        let headers = with_headers.then(|| {
            let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (name, value) in &stored.headers {
                headers.entry(name.clone()).or_default().push(value.clone());
            }
            headers
        });
        Self {
            stream: stored.stream,
            sequence: stored.sequence,
            time,
            stored_at: stored.stored_at,
            subject: stored.subject,
            id: stored.id,
            key: stored.key,
            trace: stored.trace,
            origin: stored.origin,
            form,
            body,
            headers,
            text,
            every_header: stored.headers,
        }
    }
}

/// When a message became true; when it was stored, if it does not say. The messages of a stream stand
/// in this order, also after the stream was made anew.
pub(crate) fn time(stored: &Stored) -> Timestamp {
    let said = stored.headers.iter().find(|(name, _)| name == wire::EVENT_TIME);
    said.and_then(|(_, text)| text.parse().ok()).unwrap_or(stored.stored_at)
}

/// What a body is, as JSON, and as text.
pub(crate) fn decode(body: &[u8]) -> (Form, Value, String) {
    if let Ok(text) = std::str::from_utf8(body) {
        return match serde_json::from_str(text) {
            Ok(value) => (Form::Json, value, text.to_owned()),
            Err(_) => (Form::Text, text.into(), text.to_owned()),
        };
    }
    let mut digits = String::with_capacity(body.len() * 2);
    for byte in body {
        let _ = write!(digits, "{byte:02x}");
    }
    (Form::Bytes, digits.clone().into(), digits)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A message as a test wants it.
    pub(crate) fn stored(sequence: u64, subject: &str, body: &[u8]) -> Stored {
        let said = [
            ("ce-id", format!("evt_{sequence}")),
            ("ce-subject", "ord_01h2e8kqvbfwea724h75qc655w".to_owned()),
            ("ce-time", "2026-02-01T12:00:00.123Z".to_owned()),
        ];
        Stored {
            stream: "ORDER".to_owned(),
            sequence,
            stored_at: "2026-02-01T13:00:00Z".parse().unwrap(),
            subject: subject.to_owned(),
            id: said[0].1.clone(),
            key: said[1].1.clone(),
            origin: "db".to_owned(),
            trace: String::new(),
            headers: said.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            body: body.to_vec().into(),
        }
    }

    #[test]
    fn a_body_is_json_or_text_or_bytes() {
        let form = |body: &[u8]| {
            let (form, value, _) = decode(body);
            (form, value)
        };
        assert_eq!(form(b"{\"a\":1}"), (Form::Json, serde_json::json!({"a": 1})));
        assert_eq!(form(b"{ no event"), (Form::Text, "{ no event".into()));
        assert_eq!(form(b"\xff\x00a"), (Form::Bytes, "ff0061".into()));
        assert_eq!(form(b""), (Form::Text, "".into()));
    }

    #[test]
    fn the_time_of_a_message_is_when_it_became_true() {
        let message = Message::of(stored(7, "events.order.placed", b"{}"), false);
        assert_eq!(message.time.to_string(), "2026-02-01T12:00:00.123Z");
        let mut silent = stored(7, "events.order.placed", b"{}");
        silent.headers.clear();
        assert_eq!(Message::of(silent, false).time, message.stored_at);
    }

    #[test]
    fn as_json_it_has_its_headers_only_if_they_are_wanted() {
        let json = |headers| {
            serde_json::to_value(Message::of(stored(7, "events.order.placed", b"{\"n\":1}"), headers))
                .unwrap()
        };
        assert_eq!(json(true)["headers"]["ce-id"], serde_json::json!(["evt_7"]));
        assert_eq!(json(false).get("headers"), None);
        assert_eq!((&json(false)["form"], &json(false)["body"]["n"]), (&"json".into(), &1.into()));
    }
}
