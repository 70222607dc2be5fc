//! Many times, kept as counts by class, so that memory does not grow with their number.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Digits of a time that are kept: classes are a thousandth wide.
const DIGITS: u8 = 3;

/// The longest time that is told from others, in microseconds: an hour. A longer one counts as this.
const LONGEST_US: u64 = 3_600_000_000;

/// Times of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Times(Histogram<u64>);

/// How long they took, in microseconds. Each is the upper end of a class, at most a thousandth too high.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    /// How many there were.
    pub(crate) count: u64,
    pub(crate) mean_us: f64,
    /// Half of them took no longer.
    pub(crate) p50_us: u64,
    pub(crate) p90_us: u64,
    pub(crate) p99_us: u64,
    /// 999 of 1000 took no longer.
    pub(crate) p999_us: u64,
    pub(crate) max_us: u64,
}

impl Times {
    pub(crate) fn new() -> Self {
        // The bounds are constants that the library accepts, as a test shows.
        Self(Histogram::new_with_bounds(1, LONGEST_US, DIGITS).unwrap_or_else(|_| unreachable!()))
    }

    /// Notes one; less than a microsecond counts as one.
    pub(crate) fn note(&mut self, time: Duration) {
        self.note_us(u64::try_from(time.as_micros()).unwrap_or(LONGEST_US));
    }

    /// The same in microseconds.
    pub(crate) fn note_us(&mut self, micros: u64) {
        self.0.saturating_record(micros.clamp(1, LONGEST_US));
    }

    pub(crate) fn clear(&mut self) {
        self.0.reset();
    }

    /// How they are spread; all zero if there were none.
    pub(crate) fn spread(&self) -> Spread {
        if self.0.is_empty() {
            return Spread::default();
        }
        let at = |part: f64| self.0.value_at_quantile(part).min(self.0.max());
        Spread {
            count: self.0.len(),
            mean_us: (self.0.mean() * 10.0).round() / 10.0,
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: self.0.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: impl IntoIterator<Item = u64>) -> Spread {
        let mut all = Times::new();
        times.into_iter().for_each(|time| all.note_us(time));
        all.spread()
    }

    /// Whether a time is meant, up to the width of a class.
    fn near(found: u64, meant: u64) -> bool {
        found.abs_diff(meant) * 1000 <= meant
    }

    #[test]
    fn a_share_of_a_thousand_times_is_as_counted_by_hand() {
        let spread = of(1..=1000);
        assert_eq!((spread.count, spread.mean_us, spread.max_us), (1000, 500.5, 1000));
        for (found, meant) in
            [(spread.p50_us, 500), (spread.p90_us, 900), (spread.p99_us, 990), (spread.p999_us, 999)]
        {
            assert!(near(found, meant), "{found} {meant}");
        }
    }

    #[test]
    fn one_slow_of_a_hundred_is_seen_in_the_last_hundredth_only() {
        let spread = of(std::iter::repeat_n(100, 99).chain([50_000]));
        assert!(near(spread.p90_us, 100) && near(spread.p99_us, 100), "{spread:?}");
        assert!(near(spread.p999_us, 50_000) && near(spread.max_us, 50_000), "{spread:?}");
    }

    #[test]
    fn nothing_is_nothing_and_no_time_is_too_short_or_too_long() {
        assert_eq!(of([]), Spread::default());
        assert_eq!(of([0]).max_us, 1);
        let longest = of([u64::MAX]);
        assert!(longest.count == 1 && near(longest.max_us, LONGEST_US), "{longest:?}");
        let mut times = Times::new();
        times.note(Duration::from_millis(3));
        assert!(near(times.spread().p50_us, 3000));
        times.clear();
        assert_eq!(times.spread(), Spread::default());
    }
}
