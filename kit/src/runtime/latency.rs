//! How long answers take: counts in classes, from which half and 99 of 100 are read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::client::Latency;

/// Classes for each doubling of the time.
const CLASSES_OF_A_DOUBLING: usize = 4;

/// Classes: up to some 19 hours, far beyond any request.
const CLASSES: usize = 36 * CLASSES_OF_A_DOUBLING;

/// Counts of answers by how long they took.
pub(super) struct Latencies {
    counts: [AtomicU64; CLASSES],
    longest_us: AtomicU64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { counts: [const { AtomicU64::new(0) }; CLASSES], longest_us: AtomicU64::new(0) }
    }
}

impl Latencies {
    /// Counts an answer.
    pub(super) fn note(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.counts[class(micros)].fetch_add(1, Ordering::Relaxed);
        self.longest_us.fetch_max(micros, Ordering::Relaxed);
    }

    /// What the counts say.
    pub(super) fn read(&self) -> Latency {
        let counts: Vec<u64> = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let longest = self.longest_us.load(Ordering::Relaxed);
        let total: u64 = counts.iter().sum();
        let below = |percent: u64| {
            let wanted = (total * percent).div_ceil(100);
            let mut seen = 0;
            let found = counts.iter().position(|count| {
                seen += count;
                seen >= wanted
            });
            if total == 0 { 0 } else { found.map_or(longest, upper_end).min(longest) }
        };
        Latency { p50_us: below(50), p99_us: below(99), max_us: longest }
    }
}

/// The class of a time. The first holds what took no time that can be measured.
fn class(micros: u64) -> usize {
    let doublings = (micros.max(1) as f64).log2();
    ((doublings * CLASSES_OF_A_DOUBLING as f64).ceil() as usize).min(CLASSES - 1)
}

fn upper_end(class: usize) -> u64 {
    (class as f64 / CLASSES_OF_A_DOUBLING as f64).exp2().round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_and_the_slowest_hundredth_are_read_from_classes_at_most_a_fifth_too_high() {
        let latencies = Latencies::default();
        assert_eq!(latencies.read(), Latency::default());
        for micros in 1..=1000 {
            latencies.note(Duration::from_micros(micros));
        }
        let read = latencies.read();
        assert!((500..=600).contains(&read.p50_us), "{read:?}");
        assert!((990..=1000).contains(&read.p99_us), "{read:?}");
        assert_eq!(read.max_us, 1000);
    }

    #[test]
    fn no_time_is_too_short_or_too_long_to_be_counted() {
        let latencies = Latencies::default();
        latencies.note(Duration::ZERO);
        latencies.note(Duration::MAX);
        assert_eq!(latencies.read().max_us, u64::MAX);
        assert_eq!(latencies.read().p50_us, 1);
    }
}
