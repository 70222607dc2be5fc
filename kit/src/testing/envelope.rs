//! A request as it comes off the wire, for whoever throws malformed ones at the readers of headers.

use async_nats::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use jiff::Timestamp;

use crate::access::Trust;
use crate::engine::Incoming;
use crate::error::Result;
use crate::wire;

/// Reads a request to `service` exactly as its desk is handed it: headers, and who asks. A header that
/// no client could have received is left out.
///
/// # Errors
/// What whoever asks is answered.
pub fn receive(
    trust: &Trust,
    service: &str,
    headers: &[(&str, &str)],
    body: Bytes,
    now: Timestamp,
) -> Result<Incoming> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            map.append(name, value);
        }
    }
    let asking = trust.who(&wire::presented(Some(&map))?, service, now)?;
    wire::incoming(format!("{service}.get"), Some(&map), body, now, asking)
}
