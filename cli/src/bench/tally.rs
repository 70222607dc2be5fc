//! What is counted while it goes on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::times::Times;
use super::work::Done;

/// Reasons of failures that are told apart; any further one counts as `other`.
const REASONS_MAX: usize = 50;

/// Points over time that are kept: a day of one every ten seconds. What comes later is counted, and not
/// told over time.
const POINTS_MAX: usize = 8640;

/// One stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Point {
    /// When it ended, in seconds since counting began.
    pub(crate) after_s: f64,
    /// How many ended well, a second.
    pub(crate) rate: f64,
    /// How many failed.
    pub(crate) failed: u64,
    /// How many have ended well so far, from the beginning.
    pub(crate) done: u64,
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
    pub(crate) max_us: u64,
    /// Memory of the shop and its broker at its end; none if they are not on this machine.
    pub(crate) memory_bytes: Option<u64>,
    /// Bytes in the data folder at its end; none if it is not on this machine.
    pub(crate) disk_bytes: Option<u64>,
}

/// What was counted so far.
#[derive(Debug)]
pub(crate) struct Tally {
    /// By what is timed.
    pub(crate) times: Vec<Times>,
    /// How late whatever is measured was begun by the one who measures.
    pub(crate) late: Times,
    /// Ended well, of those that count.
    pub(crate) done: u64,
    /// Ended well since counting began, whenever begun.
    pub(crate) passed: u64,
    /// Failed, of those that count, by reason.
    pub(crate) failed: BTreeMap<String, u64>,
    /// Everything that ended well, warm-up included.
    pub(crate) all_done: u64,
    /// Everything that ended, warm-up included.
    pub(crate) ended: u64,
    /// When the last ended that counts.
    pub(crate) last: Option<Instant>,
    pub(crate) points: Vec<Point>,
    stretch: Stretch,
}

/// The stretch of time that goes on.
#[derive(Debug)]
struct Stretch {
    began: Option<Instant>,
    done: u64,
    failed: u64,
    times: Times,
}

impl Tally {
    pub(crate) fn new(names: usize) -> Self {
        Self {
            times: vec![Times::new(); names],
            late: Times::new(),
            done: 0,
            passed: 0,
            failed: BTreeMap::new(),
            all_done: 0,
            ended: 0,
            last: None,
            points: Vec::new(),
            stretch: Stretch { began: None, done: 0, failed: 0, times: Times::new() },
        }
    }

    /// How many failed, of those that count.
    pub(crate) fn failures(&self) -> u64 {
        self.failed.values().sum()
    }

    /// Counting begins.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.stretch.began = Some(now);
    }

    /// Notes one that began, or should have begun, at a time. Whether it counts depends on that time,
    /// whether it belongs to the rate on when it ended.
    pub(crate) fn note(&mut self, at: Instant, counts: bool, now: Instant, done: &Done) {
        self.ended += 1;
        let counting = self.stretch.began.is_some();
        if let Some(why) = &done.failed {
            if counts {
                self.fail(why);
                self.stretch.failed += 1;
                self.last = Some(now);
            }
            return;
        }
        self.all_done += 1;
        self.passed += u64::from(counting);
        self.stretch.done += u64::from(counting);
        let marks = done.marks.iter().enumerate().filter_map(|(place, mark)| Some((place, (*mark)?)));
        let mut took = Duration::ZERO;
        for (place, mark) in marks {
            took = mark.saturating_duration_since(at);
            if counts && let Some(times) = self.times.get_mut(done.kind + place) {
                times.note(took);
            }
        }
        if counting {
            self.stretch.times.note(took);
        }
        if counts {
            self.done += 1;
            self.last = Some(now);
        }
    }

    fn fail(&mut self, why: &str) {
        let why =
            if self.failed.contains_key(why) || self.failed.len() < REASONS_MAX { why } else { "other" };
        *self.failed.entry(why.to_owned()).or_default() += 1;
    }

    /// Counting ends, and with it the last stretch of time. What ends later has times, and belongs to no rate.
    pub(crate) fn end(&mut self, began: Instant, now: Instant, memory: Option<u64>, disk: Option<u64>) {
        if self.stretch.done + self.stretch.failed > 0 || self.points.is_empty() {
            self.point(began, now, memory, disk);
        }
        self.stretch.began = None;
    }

    /// Ends a stretch of time, and begins the next.
    pub(crate) fn point(&mut self, began: Instant, now: Instant, memory: Option<u64>, disk: Option<u64>) {
        let Some(from) = self.stretch.began.replace(now) else { return };
        let seconds = now.saturating_duration_since(from).as_secs_f64();
        if seconds > 0.0 && self.points.len() < POINTS_MAX {
            let spread = self.stretch.times.spread();
            self.points.push(Point {
                after_s: tenth(now.saturating_duration_since(began).as_secs_f64()),
                rate: tenth(self.stretch.done as f64 / seconds),
                failed: self.stretch.failed,
                done: self.all_done,
                p50_us: spread.p50_us,
                p99_us: spread.p99_us,
                max_us: spread.max_us,
                memory_bytes: memory,
                disk_bytes: disk,
            });
        }
        (self.stretch.done, self.stretch.failed) = (0, 0);
        self.stretch.times.clear();
    }
}

/// Rounded to a tenth: more digits would say more than was measured.
pub(crate) fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn well(first: Instant, last: Instant) -> Done {
        Done { kind: 0, marks: [Some(first), Some(last)], failed: None }
    }

    #[test]
    fn times_count_from_when_it_should_have_begun() {
        let began = Instant::now();
        let mut tally = Tally::new(2);
        tally.begin(began);
        // It was due at the beginning, and sent only after 40 ms; it took 10 ms then.
        tally.note(began, true, began + 50 * MS, &well(began + 45 * MS, began + 50 * MS));
        assert_eq!(tally.times[0].spread().p50_us / 1000, 45);
        assert_eq!(tally.times[1].spread().p50_us / 1000, 50);
        assert_eq!((tally.done, tally.passed, tally.failures()), (1, 1, 0));
    }

    #[test]
    fn what_began_before_counting_belongs_to_the_rate_and_not_to_the_times() {
        let began = Instant::now();
        let mut tally = Tally::new(2);
        tally.note(began, false, began + MS, &well(began + MS, began + MS));
        tally.begin(began + 2 * MS);
        tally.note(began, false, began + 3 * MS, &well(began + 3 * MS, began + 3 * MS));
        assert_eq!((tally.all_done, tally.passed, tally.done), (2, 1, 0));
        assert_eq!(tally.times[1].spread().count, 0);
    }

    #[test]
    fn failures_are_counted_by_reason_and_reasons_do_not_grow_without_end() {
        let began = Instant::now();
        let mut tally = Tally::new(1);
        tally.begin(began);
        for number in 0..REASONS_MAX + 10 {
            tally.note(began, true, began, &Done::failed(0, format!("why_{number}")));
        }
        tally.note(began, true, began, &Done::failed(0, "why_3"));
        assert_eq!((tally.failed["why_3"], tally.failed["other"]), (2, 10));
        assert_eq!((tally.failures(), tally.done), (REASONS_MAX as u64 + 11, 0));
    }

    #[test]
    fn each_stretch_of_time_has_its_own_rate_and_its_own_times() {
        let began = Instant::now();
        let mut tally = Tally::new(2);
        tally.begin(began);
        for _ in 0..10 {
            tally.note(began, true, began + MS, &well(began + MS, began + MS));
        }
        tally.point(began, began + 500 * MS, Some(7), None);
        tally.note(began, true, began + 600 * MS, &Done::failed(0, "no"));
        tally.point(began, began + 1000 * MS, None, None);
        let [first, second] = &tally.points[..] else { panic!("{:?}", tally.points) };
        assert_eq!((first.rate, first.failed, first.done, first.memory_bytes), (20.0, 0, 10, Some(7)));
        assert_eq!((second.rate, second.failed, second.p50_us, second.after_s), (0.0, 1, 0, 1.0));
    }
}
