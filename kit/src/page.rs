//! Pages of a list.

use crate::error::{Error, Result, reason};
use crate::limits::{PAGE_DEFAULT, PAGE_MAX};

/// How many rows a page has, given what was asked for.
///
/// # Errors
/// `invalid_limit` unless it is 1 to [`PAGE_MAX`].
pub fn limit(asked: Option<u32>) -> Result<u32> {
    match asked.unwrap_or(PAGE_DEFAULT) {
        limit @ 1..=PAGE_MAX => Ok(limit),
        other => Err(Error::invalid(reason::INVALID_LIMIT, format!("a page has 1 to {PAGE_MAX} rows, not {other}"))),
    }
}
