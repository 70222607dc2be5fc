//! Whether a clock can be believed when it says that something is old.
//!
//! A clock that jumps forward by a year makes everything look older than it may be kept. What was pruned
//! then is gone, also when the clock is set right again: stored answers, so that a request sent once more
//! would be done once more; and events, so that a stream could not be made anew. So after a jump nothing
//! is pruned until the clock has gone on steadily for a day, in which a person may set it right.

use std::time::Duration;

use jiff::Timestamp;

/// By how much a clock may go off between two looks, as clocks that are kept right do.
pub const DRIFT_MAX: Duration = Duration::from_secs(60);

/// How long a clock that has jumped must go on steadily before it is believed. Meanwhile nothing is
/// pruned, and the database grows by what is written in that time.
pub const STEADY_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Compares a clock that may be set with one that cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steady {
    /// The clock, and the time since the start of the process, when it was looked at last.
    last: (Timestamp, Duration),
    /// Since when it has gone on steadily; none: for as long as it matters.
    since: Option<Duration>,
}

impl Steady {
    /// Begins with the newest time that a database knows. Who was away for longer than the retention
    /// cannot be told from a clock that jumped, so that also is waited for.
    pub fn begin(newest: Option<Timestamp>, now: Timestamp, up: Duration, retention: Duration) -> Self {
        let jumped = newest.is_some_and(|newest| off(newest, now, Duration::ZERO) > retention);
        Self { last: (now, up), since: jumped.then_some(up) }
    }

    /// Looks at both clocks. Answers whether the first can be believed.
    pub fn look(&mut self, now: Timestamp, up: Duration) -> bool {
        let went = up.saturating_sub(self.last.1);
        if off(self.last.0, now, went) > DRIFT_MAX {
            self.since = Some(up);
        }
        self.last = (now, up);
        if self.since.is_some_and(|since| up.saturating_sub(since) >= STEADY_TIME) {
            self.since = None;
        }
        self.since.is_none()
    }
}

/// By how much a clock has gone on more, or less, than the time that went by.
fn off(then: Timestamp, now: Timestamp, went: Duration) -> Duration {
    let clock = now.duration_since(then).as_millis();
    let went = i128::try_from(went.as_millis()).unwrap_or(i128::MAX);
    Duration::from_millis(u64::try_from((clock - went).unsigned_abs()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

    fn start() -> Timestamp {
        Timestamp::from_second(1_767_268_800).unwrap()
    }

    #[test]
    fn a_clock_that_goes_on_is_believed() {
        let mut steady = Steady::begin(Some(start() - MINUTE), start(), Duration::ZERO, WEEK);
        for minute in 1..100 {
            assert!(steady.look(start() + MINUTE * minute, MINUTE * minute));
        }
    }

    #[test]
    fn a_clock_that_jumped_by_a_year_is_believed_again_after_a_day_and_not_before() {
        let mut steady = Steady::begin(None, start(), Duration::ZERO, WEEK);
        let minutes = |count: u32| MINUTE * count;
        assert!(!steady.look(start() + YEAR, MINUTE));
        assert!(!steady.look(start() + YEAR + minutes(60 * 23), minutes(60 * 23)));
        assert!(steady.look(start() + YEAR + minutes(60 * 24), minutes(60 * 24 + 1)));
    }

    #[test]
    fn a_clock_that_was_set_back_again_has_jumped_twice() {
        let mut steady = Steady::begin(None, start(), Duration::ZERO, WEEK);
        assert!(!steady.look(start() + YEAR, MINUTE));
        assert!(!steady.look(start() + MINUTE * 2, MINUTE * 2));
        assert!(!steady.look(start() + MINUTE * 100, MINUTE * 100));
    }

    #[test]
    fn a_clock_that_stands_still_is_not_believed_once_it_goes_on() {
        let mut steady = Steady::begin(None, start(), Duration::ZERO, WEEK);
        assert!(!steady.look(start(), MINUTE * 10));
    }

    #[test]
    fn who_was_away_for_longer_than_things_are_kept_waits_a_day() {
        let mut steady = Steady::begin(Some(start()), start() + YEAR, Duration::ZERO, WEEK);
        assert!(!steady.look(start() + YEAR + MINUTE, MINUTE));
        let mut back = Steady::begin(Some(start() + YEAR), start(), Duration::ZERO, WEEK);
        assert!(!back.look(start() + MINUTE, MINUTE), "a clock that went back has jumped too");
    }
}
