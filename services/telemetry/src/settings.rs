//! What an operator sets: how long buckets of each step are kept.

use std::time::Duration;

use contracts::telemetry::Step;

/// How many days buckets are kept, by step.
pub const KEEP_DAYS: [(Step, &str, u32); 3] = [
    (Step::Minute, "SHOP_MINUTES_KEEP_DAYS", 90),
    (Step::Hour, "SHOP_HOURS_KEEP_DAYS", 1100),
    (Step::Day, "SHOP_DAYS_KEEP_DAYS", 7300),
];

/// The most days for which they can be kept.
pub const KEEP_DAYS_MAX: u32 = 36_500;

/// What an operator sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    days: [u32; 3],
}

/// Why the service cannot start as it is set up.
#[derive(Debug, thiserror::Error)]
#[error("{0} must be a number of days from 1 to {KEEP_DAYS_MAX}; nothing was started")]
pub struct InvalidSettings(&'static str);

impl Settings {
    /// Keeps all buckets for so many days.
    pub fn keeping_days(days: u32) -> Self {
        Self { days: [days; 3] }
    }

    /// What the environment says.
    ///
    /// # Errors
    /// If it says something that cannot be.
    pub fn from_env() -> Result<Self, InvalidSettings> {
        let mut settings = Self::default();
        for (days, (_, variable, _)) in settings.days.iter_mut().zip(KEEP_DAYS) {
            if let Some(said) = std::env::var_os(variable) {
                let said = said.to_str().and_then(|text| text.parse().ok());
                *days = said
                    .filter(|days| (1..=KEEP_DAYS_MAX).contains(days))
                    .ok_or(InvalidSettings(variable))?;
            }
        }
        Ok(settings)
    }

    /// How long buckets of a step are kept.
    pub fn keep(&self, step: Step) -> Duration {
        let days = self.days.iter().zip(Step::ALL).find(|(_, of)| *of == step).map_or(0, |(days, _)| *days);
        Duration::from_secs(u64::from(days) * 24 * 60 * 60)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { days: KEEP_DAYS.map(|(_, _, days)| days) }
    }
}
