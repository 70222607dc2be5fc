//! When the next one begins. No clock of its own: it is told what time it is.
//!
//! A closed loop keeps so many under way and begins another when one ends: whatever holds them up holds up
//! the load too. An open loop begins one every so often, whatever becomes of those before; each has the
//! moment at which it should have begun, and its time counts from then. Counting from when it was really
//! sent would leave out how long it had to wait for its turn ("coordinated omission"), and with that just
//! what buyers feel when a shop is held up.

use std::time::{Duration, Instant};

use crate::progress::Whole;

/// The most of an open loop that are under way at once. Beyond it the next wait for their turn, and their
/// time counts on.
pub(crate) const OPEN_IN_FLIGHT_MAX: usize = 4096;

/// How the load comes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pace {
    /// So many are always under way.
    Closed { in_flight: usize },
    /// So many begin each second.
    Open { rate: f64 },
}

/// When it is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// After so many, not counting the warm-up.
    Count(u64),
    /// After so long, not counting the warm-up.
    Time(Duration),
}

impl From<Until> for Whole {
    fn from(until: Until) -> Self {
        match until {
            Until::Count(count) => Self::Count(count),
            Until::Time(time) => Self::Time(time),
        }
    }
}

/// Decides when the next one begins.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    pace: Pace,
    until: Until,
    began: Instant,
    /// From then on it counts.
    counted_from: Instant,
    /// How many of an open loop have begun, warm-up included.
    begun: u64,
    /// How many have begun that count.
    counted: u64,
}

impl Schedule {
    pub(crate) fn new(pace: Pace, until: Until, began: Instant, warm_up: Duration) -> Self {
        Self { pace, until, began, counted_from: began + warm_up, begun: 0, counted: 0 }
    }

    /// From when on it counts.
    pub(crate) fn counted_from(&self) -> Instant {
        self.counted_from
    }

    /// When it is over, if a time says so.
    pub(crate) fn ends(&self) -> Option<Instant> {
        match self.until {
            Until::Count(_) => None,
            Until::Time(time) => Some(self.counted_from + time),
        }
    }

    /// The moment from which the next one counts, if it may begin now: of an open loop when it should
    /// have begun, of a closed one now.
    pub(crate) fn next(&mut self, now: Instant, under_way: usize) -> Option<Instant> {
        let at = match self.pace {
            Pace::Closed { in_flight } => (under_way < in_flight).then_some(now),
            Pace::Open { .. } => self.due().filter(|due| *due <= now && under_way < OPEN_IN_FLIGHT_MAX),
        }?;
        if self.is_over_at(at) {
            return None;
        }
        self.begun += 1;
        self.counted += u64::from(at >= self.counted_from);
        Some(at)
    }

    /// When the next of an open loop should begin.
    pub(crate) fn due(&self) -> Option<Instant> {
        match self.pace {
            Pace::Closed { .. } => None,
            // From the beginning each time, so that nothing adds up.
            Pace::Open { rate } => Some(self.began + Duration::from_secs_f64(self.begun as f64 / rate)),
        }
    }

    /// Whether no further one begins.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        match self.pace {
            Pace::Closed { .. } => self.is_over_at(now),
            Pace::Open { .. } => self.due().is_none_or(|due| self.is_over_at(due)) || self.is_late(now),
        }
    }

    /// How many of an open loop should have begun and have not.
    pub(crate) fn behind(&self, now: Instant) -> u64 {
        let Pace::Open { rate } = self.pace else { return 0 };
        let until = self.ends().map_or(now, |end| end.min(now));
        let should = (until.saturating_duration_since(self.began).as_secs_f64() * rate).ceil() as u64;
        match self.until {
            Until::Count(_) => 0,
            Until::Time(_) => should.saturating_sub(self.begun),
        }
    }

    fn is_over_at(&self, at: Instant) -> bool {
        match self.until {
            Until::Count(count) => self.counted >= count,
            Until::Time(time) => at >= self.counted_from + time,
        }
    }

    /// A time that is over is over, also for those which should have begun and could not.
    fn is_late(&self, now: Instant) -> bool {
        self.ends().is_some_and(|end| now >= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_closed_loop_begins_another_whenever_one_ends() {
        let began = Instant::now();
        let closed = Pace::Closed { in_flight: 2 };
        let mut schedule = Schedule::new(closed, Until::Count(3), began, Duration::ZERO);
        assert_eq!(schedule.next(began, 0), Some(began));
        assert_eq!(schedule.next(began, 1), Some(began));
        assert_eq!(schedule.next(began, 2), None);
        assert_eq!(schedule.next(began + MS, 1), Some(began + MS));
        assert_eq!((schedule.next(began + MS, 0), schedule.is_over(began + MS)), (None, true));
        assert_eq!((schedule.due(), schedule.behind(began + 9 * MS)), (None, 0));
    }

    #[test]
    fn what_comes_late_in_an_open_loop_counts_from_when_it_should_have_begun() {
        let began = Instant::now();
        let mut schedule = Schedule::new(Pace::Open { rate: 100.0 }, Until::Count(10), began, Duration::ZERO);
        assert_eq!(schedule.next(began, 0), Some(began));
        assert_eq!(schedule.next(began, 1), None);
        assert_eq!(schedule.due(), Some(began + 10 * MS));
        // Whoever sends was held up for 35 ms: three are due, each since its own moment.
        let now = began + 35 * MS;
        let due: Vec<Duration> =
            std::iter::from_fn(|| schedule.next(now, 1)).map(|at| at.duration_since(began)).collect();
        assert_eq!(due, [10 * MS, 20 * MS, 30 * MS]);
    }

    #[test]
    fn a_shop_that_is_held_up_makes_an_open_loop_wait_and_the_wait_is_seen() {
        let began = Instant::now();
        let mut schedule =
            Schedule::new(Pace::Open { rate: 1000.0 }, Until::Time(1000 * MS), began, Duration::ZERO);
        assert_eq!(schedule.next(began + 5 * MS, OPEN_IN_FLIGHT_MAX), None);
        assert_eq!(schedule.behind(began + 5 * MS), 5);
        assert_eq!(schedule.next(began + 9 * MS, 0), Some(began), "its turn was 9 ms ago");
        // When the time is over, those whose turn never came are not begun, but counted.
        assert!(schedule.is_over(began + 1000 * MS));
        assert_eq!(schedule.behind(began + 5000 * MS), 999);
    }

    #[test]
    fn what_begins_during_the_warm_up_does_not_count() {
        let began = Instant::now();
        let mut schedule = Schedule::new(Pace::Closed { in_flight: 9 }, Until::Count(1), began, 50 * MS);
        for _ in 0..5 {
            assert!(schedule.next(began + 49 * MS, 0).is_some());
        }
        assert_eq!(schedule.next(began + 50 * MS, 5), Some(schedule.counted_from()));
        assert!(schedule.is_over(began + 50 * MS));
        let timed = Schedule::new(Pace::Closed { in_flight: 9 }, Until::Time(10 * MS), began, 50 * MS);
        assert_eq!(timed.ends(), Some(began + 60 * MS));
    }
}
