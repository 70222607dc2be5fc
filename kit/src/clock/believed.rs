//! Whether the clock of a machine can be believed when rows are forgotten because they are old: for services that keep in
//! their database when they looked at it last.

/// Between two looks no more time passes than this, in milliseconds, unless the clock was set or the service was away.
pub const STEADY_MS: i64 = 60 * 60 * 1000;

/// For how long nothing is forgotten after that, in milliseconds: a clock that shows the wrong year must not cost what is
/// kept, and a person has a day to set it right.
pub const HELD_MS: i64 = 24 * 60 * 60 * 1000;

/// What is known of the clock, in milliseconds since 1970. Who forgets looks at it more often than [`STEADY_MS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Believed {
    /// When it was looked at last; 0 if it never was.
    pub looked_at: i64,
    /// Until when nothing is forgotten.
    pub held_until: i64,
}

impl Believed {
    /// Looks at the clock.
    #[must_use]
    pub fn look(self, now: i64) -> Self {
        let held_until = if self.jumped(now) { now.saturating_add(HELD_MS) } else { self.held_until };
        Self { looked_at: now, held_until }
    }

    /// Whether something may be forgotten because it is old at this time. Also between two looks: what was begun
    /// before the clock was set must not go on after it.
    pub fn is_believed(self, now: i64) -> bool {
        // A clock that was set back must not hold it for years.
        !self.jumped(now) && (now >= self.held_until || self.held_until - now > HELD_MS)
    }

    fn jumped(self, now: i64) -> bool {
        self.looked_at > 0 && (now - self.looked_at).abs() > STEADY_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_767_268_800_000;
    const YEAR: i64 = 365 * 24 * 60 * 60 * 1000;

    #[test]
    fn a_clock_that_was_never_looked_at_and_one_that_goes_on_are_believed() {
        let mut clock = Believed { looked_at: 0, held_until: 0 }.look(NOW);
        for hours in 1..100 {
            clock = clock.look(NOW + hours * STEADY_MS);
            assert!(clock.is_believed(NOW + hours * STEADY_MS));
        }
    }

    #[test]
    fn a_clock_that_was_set_is_believed_after_a_day_and_at_no_moment_before() {
        for set in [NOW + YEAR, NOW - YEAR] {
            let before = Believed { looked_at: NOW, held_until: 0 };
            assert!(!before.is_believed(set), "nobody has looked yet");
            let after = before.look(set);
            assert!(!after.is_believed(set) && !after.is_believed(set + STEADY_MS));
            let mut steady = after;
            for hours in 1..=24 {
                steady = steady.look(set + hours * STEADY_MS);
            }
            assert!(steady.is_believed(set + HELD_MS));
        }
    }

    #[test]
    fn a_clock_that_is_set_right_again_holds_nothing_for_years() {
        let wrong = Believed { looked_at: NOW, held_until: 0 }.look(NOW + 10 * YEAR);
        let mut right = wrong.look(NOW);
        assert!(!right.is_believed(NOW));
        for hours in 1..=24 {
            right = right.look(NOW + hours * STEADY_MS);
        }
        assert!(right.is_believed(NOW + HELD_MS));
    }
}
