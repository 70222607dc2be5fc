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

/// The buckets of all devices.
#[derive(Debug, Default)]
pub struct Rates(Mutex<HashMap<u128, Bucket>>);

/// What a device may still say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    parts: i64,
    filled_at: i64,
    /// The number of the newest message that was counted: what comes again after a commit that failed, does not
    /// count again.
    counted: u64,
}

impl Bucket {
    /// A full bucket.
    pub fn full(now: i64) -> Self {
        Self { parts: READINGS_AT_ONCE * PARTS, filled_at: now, counted: 0 }
    }

    /// Takes up a message that was received at a time, in milliseconds. Answers whether its readings count.
    pub fn turn(&mut self, received: i64, sequence: u64) -> bool {
        let passed = received.saturating_sub(self.filled_at).max(0);
        let more = passed.saturating_mul(READINGS_PER_SECOND * PARTS / 1000);
        self.parts = self.parts.saturating_add(more).min(READINGS_AT_ONCE * PARTS);
        self.filled_at = self.filled_at.max(received);
        let new = sequence > self.counted;
        self.counted = self.counted.max(sequence);
        new
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
        then.turn(now, 0);
        then.parts == READINGS_AT_ONCE * PARTS
    }
}

/// The buckets, while a batch is looked at.
pub struct Held<'a>(MutexGuard<'a, HashMap<u128, Bucket>>);

impl Rates {
    /// Takes the buckets up for a batch whose newest message was received at a time.
    pub fn hold(&self, now: i64) -> Held<'_> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() > DEVICES_MAX {
            buckets.retain(|_, bucket| !bucket.is_full_at(now));
        }
        Held(buckets)
    }
}

impl Held<'_> {
    /// The bucket of a device.
    pub fn of(&mut self, device: DeviceId, now: i64) -> &mut Bucket {
        self.0.entry(device.bits()).or_insert_with(|| Bucket::full(now))
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
        bucket.turn(1, 1);
        assert_eq!(takes(&mut bucket), READINGS_PER_SECOND / 1000);
        bucket.turn(1001, 2);
        assert_eq!(takes(&mut bucket), READINGS_PER_SECOND);
        bucket.turn(900, 3);
        assert_eq!(takes(&mut bucket), 0, "a message from before fills nothing");
        bucket.turn(i64::MAX, 4);
        assert_eq!(takes(&mut bucket), READINGS_AT_ONCE);
    }

    #[test]
    fn what_comes_again_after_a_commit_that_failed_does_not_count_again() {
        let mut bucket = Bucket::full(0);
        assert!(bucket.turn(1, 7));
        assert!(!bucket.turn(1, 7));
        assert!(bucket.turn(2, 8));
    }

    #[test]
    fn who_says_nothing_any_more_is_forgotten() {
        let rates = Rates::default();
        let many = u128::try_from(DEVICES_MAX + 10).unwrap();
        for device in 0..many {
            rates.hold(0).of(DeviceId::from_bits(device), 0).take();
        }
        assert_eq!(rates.hold(0).0.len(), DEVICES_MAX + 10, "none is full");
        assert_eq!(rates.hold(60_000).0.len(), 0);
    }
}
