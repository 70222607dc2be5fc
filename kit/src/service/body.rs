//! Reading the body of what a service receives.

use serde::de::DeserializeOwned;

use crate::error::{Error, Result, reason};

/// Reads a request. A list would do for serde where a struct is wanted; here only an object does.
pub(super) fn read_object<Q: DeserializeOwned>(body: &[u8]) -> Result<Q> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Error::invalid(reason::INVALID_BODY, "the body is not a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| not_understood(&error))
}

pub(super) fn not_understood(error: &serde_json::Error) -> Error {
    // The text may quote what was sent; it must stay on one line and short.
    let said: String = error.to_string().chars().take(300).collect();
    Error::invalid(
        reason::INVALID_BODY,
        format!(
            "the body is not understood: {}",
            crate::text::without_long_numbers(&crate::text::printable(&said))
        ),
    )
}
