//! Where time and chance come from, so that a test or a simulator can own both.

mod believed;

use jiff::Timestamp;

pub use believed::{Believed, HELD_MS, STEADY_MS};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// Gives random bits, for identifiers and spans.
pub trait Chance: Send + 'static {
    /// 128 bits that nobody can guess.
    fn bits(&mut self) -> u128;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The machine's own source of chance.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn bits(&mut self) -> u128 {
        #![expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
        // A version 4 UUID has 122 random bits; the six fixed ones are folded in from another.
        let (a, b) = (uuid::Uuid::new_v4().as_u128(), uuid::Uuid::new_v4().as_u128());
        a ^ b.rotate_left(64)
    }
}
