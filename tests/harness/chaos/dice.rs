//! Chance that can be had again: the same seed throws the same.

/// A generator of numbers (SplitMix64): small, quick, and good enough to choose with.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice of a seed and a purpose, so that one use does not change what another throws.
    pub fn of(seed: u64, purpose: &str, number: u64) -> Self {
        let mut state = seed ^ number.rotate_left(32);
        for byte in purpose.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let mut dice = Self(state);
        dice.throw();
        dice
    }

    /// The next number.
    pub fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from the first to just below the second.
    pub fn between(&mut self, from: u64, below: u64) -> u64 {
        from + self.throw() % (below - from).max(1)
    }

    /// Whether it happens, so many times in a hundred.
    pub fn percent(&mut self, times: u64) -> bool {
        self.throw() % 100 < times
    }

    /// One of several.
    ///
    /// # Panics
    /// If there is none.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[(self.throw() % all.len() as u64) as usize]
    }

    /// Puts things into another order.
    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, (self.throw() % (last as u64 + 1)) as usize);
        }
    }
}
