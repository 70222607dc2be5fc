//! How much a device may say: a bucket of tokens for each, one token a reading, filled by the time at which messages
//! were received. So a device that says too much loses its own readings, and nobody else's.
//!
//! It is kept in memory only: after a restart every bucket is full.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use contracts::DeviceId;
use kit::id::Id;

/// Readings a second that a device may go on saying. Those beyond are counted as `too_fast`, and not recorded.
pub const READINGS_PER_SECOND: i64 = 2000;

/// Readings that a device may say at once after it was silent, such as what it gathered while it was cut off.
pub const READINGS_AT_ONCE: i64 = 100_000;

/// Devices of which it is known how much they said; beyond it those are forgotten whose bucket is full again.
pub const DEVICES_MAX: usize = 20_000;

/// A thousandth of a token: what comes in a millisecond may be less than one.
const PARTS: i64 = 1000;

/// Streams whose numbers are remembered: what devices say comes by two.
const STREAMS: usize = 2;

/// The buckets of all devices.
#[derive(Debug, Default)]
pub struct Rates(Mutex<All>);

#[derive(Debug, Default)]
struct All {
    buckets: HashMap<u128, Bucket>,
    /// The streams of which each bucket knows the newest number.
    streams: [String; STREAMS],
    /// The place of the one that was drained last.
    at: usize,
}

/// What a device may still say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    parts: i64,
    filled_at: i64,
    /// The number of the newest message of each stream that was counted: what comes again after a commit that failed,
    /// does not count again.
    counted: [u64; STREAMS],
}

impl Bucket {
    /// A full bucket.
    pub fn full(now: i64) -> Self {
        Self { parts: READINGS_AT_ONCE * PARTS, filled_at: now, counted: [0; STREAMS] }
    }

    /// Lets it fill up to a time, in milliseconds.
    pub fn fill(&mut self, now: i64) {
        let passed = now.saturating_sub(self.filled_at).max(0);
        let more = passed.saturating_mul(READINGS_PER_SECOND * PARTS / 1000);
        self.parts = self.parts.saturating_add(more).min(READINGS_AT_ONCE * PARTS);
        self.filled_at = self.filled_at.max(now);
    }

    /// Takes a token, if there is one.
    pub fn take(&mut self) -> bool {
        let there = self.parts >= PARTS;
        if there {
            self.parts -= PARTS;
        }
        there
    }

    fn is_full_at(&self, now: i64) -> bool {
        let mut then = *self;
        then.fill(now);
        then.parts == READINGS_AT_ONCE * PARTS
    }
}

/// The buckets, while a batch is looked at.
pub struct Held<'a>(MutexGuard<'a, All>);

impl Rates {
    /// Takes the buckets up for a batch of a stream whose newest message was received at a time. Messages of no stream
    /// have no numbers.
    pub fn hold(&self, now: i64, stream: &str) -> Held<'_> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.buckets.len() > DEVICES_MAX {
            all.buckets.retain(|_, bucket| !bucket.is_full_at(now));
        }
        if !stream.is_empty() && all.streams[all.at] != stream {
            all.at = (all.at + 1) % STREAMS;
            let at = all.at;
            if all.streams[at] != stream {
                all.streams[at] = stream.to_owned();
                all.buckets.values_mut().for_each(|bucket| bucket.counted[at] = 0);
            }
        }
        Held(all)
    }
}

impl Held<'_> {
    /// Takes up a message of a device that was received at a time. Answers its bucket, and whether its readings count.
    pub fn turn(&mut self, device: DeviceId, received: i64, sequence: u64) -> (&mut Bucket, bool) {
        let at = self.0.at;
        let bucket = self.0.buckets.entry(device.bits()).or_insert_with(|| Bucket::full(received));
        bucket.fill(received);
        let new = sequence > bucket.counted[at];
        bucket.counted[at] = bucket.counted[at].max(sequence);
        (bucket, new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(bucket: &mut Bucket) -> i64 {
        (0..).take_while(|_| bucket.take()).count() as i64
    }

    #[test]
    fn a_bucket_fills_with_time_and_not_beyond_its_brim() {
        let mut bucket = Bucket::full(0);
        assert_eq!(takes(&mut bucket), READINGS_AT_ONCE);
        bucket.fill(1);
        assert_eq!(takes(&mut bucket), READINGS_PER_SECOND / 1000);
        bucket.fill(1001);
        assert_eq!(takes(&mut bucket), READINGS_PER_SECOND);
        bucket.fill(900);
        assert_eq!(takes(&mut bucket), 0, "a message from before fills nothing");
        bucket.fill(i64::MAX);
        assert_eq!(takes(&mut bucket), READINGS_AT_ONCE);
    }

    /// Whether a message counts.
    fn counts(rates: &Rates, stream: &str, sequence: u64) -> bool {
        rates.hold(1, stream).turn(DeviceId::from_bits(1), 1, sequence).1
    }

    #[test]
    fn what_comes_again_after_a_commit_that_failed_does_not_count_again() {
        let rates = Rates::default();
        assert!(counts(&rates, "a", 7));
        assert!(!counts(&rates, "a", 7));
        assert!(counts(&rates, "a", 8));
        assert!(!counts(&rates, "", 0), "it was counted when it became a dead letter");
    }

    #[test]
    fn numbers_of_one_stream_say_nothing_about_those_of_another() {
        let rates = Rates::default();
        assert!(counts(&rates, "a 1", 1_000_000));
        assert!(counts(&rates, "b 1", 5), "it came by the other way");
        assert!(!counts(&rates, "a 1", 1_000_000));
        assert!(!counts(&rates, "b 1", 5));
        assert!(counts(&rates, "b 1", 6));
        assert!(counts(&rates, "a 2", 1), "a stream that was made anew counts from 1 again");
        assert!(!counts(&rates, "a 2", 1));
    }

    #[test]
    fn who_says_nothing_any_more_is_forgotten() {
        let rates = Rates::default();
        let many = u128::try_from(DEVICES_MAX + 10).unwrap();
        for device in 0..many {
            rates.hold(0, "a").turn(DeviceId::from_bits(device), 0, 1).0.take();
        }
        assert_eq!(rates.hold(0, "a").0.buckets.len(), DEVICES_MAX + 10, "none is full");
        assert_eq!(rates.hold(60_000, "a").0.buckets.len(), 0);
    }
}
