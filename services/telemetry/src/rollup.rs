//! What readings come to. The order in which they are added makes no difference.

use contracts::readings::{Reading, VALUE_MAX};
use contracts::telemetry::Step;

/// What the readings of a bucket come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rollup {
    /// How many.
    pub count: u64,
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
    /// Their sum, as far as one number holds it.
    pub total: f64,
    /// What that lost by rounding.
    pub rest: f64,
    /// The value of the last by its time.
    pub last: f64,
    /// When that was measured: milliseconds since 1970.
    pub last_at: i64,
}

/// A bucket: how long it is and when it begins, in milliseconds since 1970.
pub type Place = (Step, i64);

impl Rollup {
    /// What one reading comes to.
    pub fn of(reading: Reading) -> Self {
        let Reading { time, value } = reading;
        Self { count: 1, least: value, most: value, total: value, rest: 0.0, last: value, last_at: time }
    }

    /// Adds other readings, none of which is among these.
    pub fn add(&mut self, other: &Self) {
        // Knuth's exact sum of two numbers: what rounding takes off `total` goes to `rest`. The store has the same.
        let total = self.total + other.total;
        let part = total - self.total;
        let lost = (self.total - (total - part)) + (other.total - part);
        self.rest = self.rest + other.rest + lost;
        self.total = total;
        self.count += other.count;
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
        if other.last_at >= self.last_at {
            (self.last, self.last_at) = (other.last, other.last_at);
        }
    }

    /// Their mean.
    #[expect(clippy::cast_precision_loss, reason = "nobody has that many readings")]
    pub fn mean(&self) -> f64 {
        (self.total + self.rest) / self.count as f64
    }
}

/// What readings come to in each bucket that they lie in: minutes first, then hours, then days.
pub fn roll_up(readings: &[Reading]) -> Vec<(Place, Rollup)> {
    let mut sorted: Vec<Reading> =
        readings.iter().copied().filter(|reading| reading.value.abs() <= VALUE_MAX).collect();
    sorted.sort_by_key(|reading| reading.time);
    let ones = sorted.into_iter().map(|reading| (reading.time, Rollup::of(reading)));
    let minutes = gather(Step::Minute, ones);
    let hours = gather(Step::Hour, minutes.iter().map(|((_, at), rollup)| (*at, *rollup)));
    let days = gather(Step::Day, hours.iter().map(|((_, at), rollup)| (*at, *rollup)));
    [minutes, hours, days].concat()
}

/// Puts what is sorted by time together by bucket.
fn gather(step: Step, parts: impl Iterator<Item = (i64, Rollup)>) -> Vec<(Place, Rollup)> {
    let mut all: Vec<(Place, Rollup)> = Vec::new();
    for (time, part) in parts {
        let place = (step, step.begin(time));
        match all.last_mut() {
            Some((last, rollup)) if *last == place => rollup.add(&part),
            _ => all.push((place, part)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(pairs: &[(i64, f64)]) -> Vec<Reading> {
        pairs.iter().map(|pair| Reading::from(*pair)).collect()
    }

    #[test]
    fn a_reading_counts_in_its_minute_its_hour_and_its_day() {
        let rolled = roll_up(&readings(&[(3_599_999, 2.0), (3_600_000, 4.0), (3_540_000, 6.0)]));
        let places: Vec<(Place, u64)> = rolled.iter().map(|(place, rollup)| (*place, rollup.count)).collect();
        let expected = [
            ((Step::Minute, 3_540_000), 2),
            ((Step::Minute, 3_600_000), 1),
            ((Step::Hour, 0), 2),
            ((Step::Hour, 3_600_000), 1),
            ((Step::Day, 0), 3),
        ];
        assert_eq!(places, expected);
        let day = rolled[4].1;
        assert_eq!((day.least, day.most, day.mean(), day.last), (2.0, 6.0, 4.0, 4.0));
    }

    #[test]
    fn before_1970_a_bucket_begins_before_its_readings_too() {
        let rolled = roll_up(&readings(&[(-1, 2.0)]));
        let begins: Vec<i64> = rolled.iter().map(|((_, at), _)| *at).collect();
        assert_eq!(begins, [-60_000, -3_600_000, -86_400_000]);
    }

    #[test]
    fn small_values_beside_a_large_one_are_not_lost() {
        let mut values = vec![(0, 1e16)];
        values.extend((1..=1000).map(|at| (at, 1.0)));
        values.push((1001, -1e16));
        let rolled = roll_up(&readings(&values));
        assert_eq!(rolled[0].1.mean(), 1000.0 / 1002.0);
    }
}
