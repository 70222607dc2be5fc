//! Of how much time figures are told at once: whole hours or days, and not too many. No I/O.

use contracts::analytics::{By, reason};
use kit::{Error, Result, Timestamp};

/// Whole hours or days of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The beginning of the first.
    pub from: Timestamp,
    /// The end of the last.
    pub to: Timestamp,
}

impl Span {
    /// The hours or days that have something of this time.
    ///
    /// # Errors
    /// `invalid_span` if it ends before it begins, `span_too_long` if there are too many.
    pub fn of(from: Timestamp, to: Timestamp, by: By) -> Result<Self> {
        Self::within(from, to, by, by.buckets_max())
    }

    /// The hours that have something of this time, which may be as long as the longest span of days.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn of_hours(from: Timestamp, to: Timestamp) -> Result<Self> {
        let hours_max = By::Day.buckets_max() * (By::Day.millis() / By::Hour.millis());
        Self::within(from, to, By::Hour, hours_max)
    }

    fn within(from: Timestamp, to: Timestamp, by: By, buckets_max: i64) -> Result<Self> {
        if to <= from {
            return Err(invalid(format!("the time must end after it begins, and {to} is not after {from}")));
        }
        let long = by.millis();
        let first = from.as_millisecond().div_euclid(long);
        // A moment inside an hour belongs to it; one at its beginning ends the hour before.
        let end = (to.as_microsecond() + 999).div_euclid(1000);
        let last = (end + long - 1).div_euclid(long);
        if last - first > buckets_max {
            let word = by.word();
            return Err(Error::invalid(
                reason::SPAN_TOO_LONG,
                format!(
                    "no figures were told: the time has {} {word}s, at most {buckets_max} are told at once; ask for less, or in longer steps",
                    last - first
                ),
            ));
        }
        let time = |number: i64| {
            Timestamp::from_millisecond(number * long)
                .map_err(|_| invalid("there is no such time".to_owned()))
        };
        Ok(Self { from: time(first)?, to: time(last)? })
    }
}

fn invalid(why: String) -> Error {
    Error::invalid(reason::INVALID_SPAN, format!("no figures were told: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_span_is_made_of_whole_hours_or_days() {
        let (from, to) = (at("2026-01-01T12:30:00Z"), at("2026-01-01T14:00:00.000001Z"));
        let hours = Span::of(from, to, By::Hour).unwrap();
        assert_eq!((hours.from, hours.to), (at("2026-01-01T12:00:00Z"), at("2026-01-01T15:00:00Z")));
        let days = Span::of(from, to, By::Day).unwrap();
        assert_eq!((days.from, days.to), (at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z")));
        let whole = Span::of(days.from, days.to, By::Day).unwrap();
        assert_eq!(whole, days);
    }

    #[test]
    fn a_span_that_is_empty_or_too_long_is_refused() {
        let from = at("2026-01-01T00:00:00Z");
        let refused = |to: &str, by| Span::of(from, at(to), by).unwrap_err().reason.into_owned();
        assert_eq!(refused("2026-01-01T00:00:00Z", By::Hour), reason::INVALID_SPAN);
        assert_eq!(refused("2025-01-01T00:00:00Z", By::Day), reason::INVALID_SPAN);
        assert!(Span::of(from, at("2026-02-01T00:00:00Z"), By::Hour).is_ok());
        assert_eq!(refused("2026-02-01T00:00:01Z", By::Hour), reason::SPAN_TOO_LONG);
        assert_eq!(refused("2027-03-01T00:00:00Z", By::Day), reason::SPAN_TOO_LONG);
        let ends = Span::of(Timestamp::MIN, Timestamp::MAX, By::Day).unwrap_err();
        assert_eq!(ends.reason, reason::SPAN_TOO_LONG);
        let last = Timestamp::MAX - std::time::Duration::from_secs(1);
        assert_eq!(Span::of(last, Timestamp::MAX, By::Hour).unwrap_err().reason, reason::INVALID_SPAN);
        assert!(Span::of_hours(from, at("2027-02-01T00:00:00Z")).is_ok());
        assert!(Span::of_hours(from, at("2027-03-01T00:00:00Z")).is_err());
    }
}
