//! What a virtual sensor measures: a curve of the day, some noise, the same for the same seed.

use std::f64::consts::TAU;

/// Milliseconds of a day.
const DAY_MS: f64 = 86_400_000.0;

/// A sensor of the temperature in a cold store, in degrees Celsius.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sensor {
    seed: u64,
    /// The mean over a day.
    mean: f64,
    /// How far the day goes up and down from there.
    swing: f64,
    /// When the day is warmest, as a part of it.
    warmest: f64,
}

impl Sensor {
    /// The sensor of a number. No two are alike.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let seed = mixed(seed ^ mixed(number));
        Self {
            seed,
            mean: 3.0 + 3.0 * part(seed, 1),
            swing: 0.5 + part(seed, 2),
            warmest: 0.5 + 0.25 * part(seed, 3),
        }
    }

    /// What it measures at a time (milliseconds since 1970, UTC), in hundredths of a degree: it shows no more.
    pub(crate) fn measures(&self, time: i64) -> f64 {
        let day = (time as f64 / DAY_MS).fract();
        let noise = 0.2 * (part(self.seed, time.cast_unsigned()) - 0.5);
        let value = self.mean + self.swing * (TAU * (day - self.warmest)).cos() + noise;
        (value * 100.0).round() / 100.0
    }

    /// A number from 0 to 1 that belongs to this sensor and to `about`.
    pub(crate) fn chance(&self, about: u64) -> f64 {
        part(self.seed, about)
    }
}

/// A number from 0 to 1, evenly.
fn part(seed: u64, about: u64) -> f64 {
    (mixed(seed ^ mixed(about)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// SplitMix64 (Steele, Lea and Flood, 2014): neighbouring numbers become far ones.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_measures_the_same_and_another_does_not() {
        let day =
            |sensor: Sensor| (0..96).map(|quarter| sensor.measures(quarter * 900_000)).collect::<Vec<_>>();
        assert_eq!(day(Sensor::new(7, 1)), day(Sensor::new(7, 1)));
        assert_ne!(day(Sensor::new(7, 1)), day(Sensor::new(7, 2)));
        assert_ne!(day(Sensor::new(7, 1)), day(Sensor::new(8, 1)));
    }

    #[test]
    fn a_day_goes_up_and_down_and_stays_in_a_cold_store() {
        for number in 0..50 {
            let sensor = Sensor::new(1, number);
            let day: Vec<f64> = (0..1440).map(|minute| sensor.measures(minute * 60_000)).collect();
            let (low, high) = day
                .iter()
                .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
            assert!(low > 1.0 && high < 8.0, "{number}: {low} to {high}");
            assert!(high - low > 0.9, "{number}: {low} to {high}");
        }
    }
}
