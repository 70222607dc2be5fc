//! Pages of a list: how long one is, where it begins, and where it is cut.

use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;

use crate::error::{Error, Result, reason};
use crate::limits::{PAGE_BYTES_MAX, PAGE_DEFAULT, PAGE_MAX};

/// How many rows a page has, given what was asked for.
///
/// # Errors
/// `invalid_limit` unless it is 1 to [`PAGE_MAX`].
pub fn limit(asked: Option<u32>) -> Result<usize> {
    match asked.unwrap_or(PAGE_DEFAULT) {
        limit @ 1..=PAGE_MAX => Ok(limit as usize),
        other => Err(Error::invalid(
            reason::INVALID_LIMIT,
            format!("a page has 1 to {PAGE_MAX} rows, not {other}"),
        )),
    }
}

/// Reads where a page begins: behind what the page before said as its `next`.
///
/// # Errors
/// `invalid_cursor` if it is none of ours.
pub fn after<T: FromStr>(cursor: Option<&str>) -> Result<Option<T>> {
    let read = |text: &str| text.parse().map_err(|_| invalid_cursor());
    cursor.map(read).transpose()
}

/// The error for a cursor that this list did not give.
pub fn invalid_cursor() -> Error {
    Error::invalid(reason::INVALID_CURSOR, "after must be what next said on the page before")
}

/// Cuts what was found, which should be one more than the limit if there is more, into a page and
/// the cursor of the next. A page of long rows ends early, at [`PAGE_BYTES_MAX`], because the broker
/// carries no message above a megabyte; it always has at least one row.
pub fn cut<T: Serialize, C: Display>(
    found: impl IntoIterator<Item = T>,
    limit: usize,
    cursor: impl Fn(&T) -> C,
) -> (Vec<T>, Option<String>) {
    let mut items: Vec<T> = Vec::new();
    let mut bytes = 0;
    for item in found {
        bytes += serde_json::to_vec(&item).map_or(0, |body| body.len());
        if items.len() == limit || (bytes > PAGE_BYTES_MAX && !items.is_empty()) {
            let next = items.last().map(|last| cursor(last).to_string());
            return (items, next);
        }
        items.push(item);
    }
    (items, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_at_its_limit_and_says_where_the_next_begins() {
        let cut = |found: std::ops::Range<u32>, limit| cut(found, limit, |item| *item);
        assert_eq!(cut(0..0, 3), (vec![], None));
        assert_eq!(cut(0..3, 3), (vec![0, 1, 2], None));
        assert_eq!(cut(0..4, 3), (vec![0, 1, 2], Some("2".into())));
    }

    #[test]
    fn a_page_of_long_rows_ends_early_but_is_never_empty() {
        let long = |rows: usize, bytes: usize| cut(vec!["x".repeat(bytes); rows], 200, String::len);
        assert_eq!(long(3, PAGE_BYTES_MAX * 2).0.len(), 1);
        let (items, next) = long(10, PAGE_BYTES_MAX / 4);
        assert_eq!((items.len(), next.is_some()), (3, true));
    }

    #[test]
    fn a_limit_or_a_cursor_that_makes_no_sense_is_refused() {
        assert_eq!(limit(None).unwrap(), PAGE_DEFAULT as usize);
        assert!(limit(Some(0)).is_err() && limit(Some(PAGE_MAX + 1)).is_err());
        assert_eq!(after::<u64>(Some("7")).unwrap(), Some(7));
        assert_eq!(after::<u64>(Some("x")).unwrap_err().reason, reason::INVALID_CURSOR);
    }
}
