//! Chance from a seed: the same seed, the same world.

use std::time::Duration;

use kit::clock::Chance;

/// A source of numbers that follow from a seed alone (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The numbers of a seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// A source of its own, so that what is drawn from one does not move the other.
    #[must_use]
    pub fn split(&mut self) -> Self {
        Self(self.bits64())
    }

    fn bits64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below a bound; 0 if the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The bounds here are small against 64 bits, so that the remainder is even enough.
        self.bits64() % bound.max(1)
    }

    /// A number from one bound to the other, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    /// Whether something happens that does so many times in a thousand.
    pub fn happens(&mut self, per_mille: u32) -> bool {
        self.below(1000) < u64::from(per_mille)
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        let which = self.below(among.len() as u64);
        &among[usize::try_from(which).unwrap_or(0)]
    }

    /// A time from one to the other, in microseconds; short ones are likelier, as on a real network.
    pub fn time(&mut self, least: Duration, most: Duration) -> i64 {
        let (least, most) = (micros(least), micros(most));
        let span = u64::try_from(most - least).unwrap_or(0);
        let part = self.below(span + 1).min(self.below(span + 1));
        least + i64::try_from(part).unwrap_or(0)
    }
}

impl Chance for Dice {
    fn bits(&mut self) -> u128 {
        u128::from(self.bits64()) << 64 | u128::from(self.bits64())
    }
}

/// A time in whole microseconds.
pub fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
