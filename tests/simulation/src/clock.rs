//! One clock for the whole machine: it shows what the world says, also when somebody sets it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use kit::Timestamp;
use kit::clock::Clock;

use crate::chance::micros;

/// Noon of 1 January 2026, UTC, in microseconds since 1970.
const BEGINNING_US: i64 = 1_767_268_800_000_000;

/// Time that passes, and what the clock shows, which is not the same.
#[derive(Debug, Clone, Default)]
pub struct WorldClock(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    passed_us: AtomicI64,
    set_off_us: AtomicI64,
}

impl WorldClock {
    /// How much time has really passed, in microseconds.
    pub fn passed(&self) -> i64 {
        self.0.passed_us.load(Ordering::Relaxed)
    }

    /// Lets time pass up to a moment.
    pub fn pass_to(&self, passed_us: i64) {
        self.0.passed_us.fetch_max(passed_us, Ordering::Relaxed);
    }

    /// Somebody sets the clock wrong, by so much.
    pub fn set_off(&self, by_us: i64) {
        self.0.set_off_us.store(by_us, Ordering::Relaxed);
    }

    /// Somebody sets the clock right again.
    pub fn set_right(&self) {
        self.0.set_off_us.store(0, Ordering::Relaxed);
    }

    /// How much of real time lies before the clock shows a time; less than nothing if it is over.
    pub fn until(&self, shown: Timestamp) -> i64 {
        shown.as_microsecond() - self.now().as_microsecond()
    }

    /// The moment in a time from now.
    pub fn after(&self, time: Duration) -> i64 {
        self.passed() + micros(time)
    }
}

impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        let shown = BEGINNING_US + self.passed() + self.0.set_off_us.load(Ordering::Relaxed);
        Timestamp::from_microsecond(shown).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}
