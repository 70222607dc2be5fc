//! What an operator sets: how long readings are kept.

use std::time::Duration;

/// How many days readings are kept; older ones are removed, and refused when they come.
pub const KEEP_DAYS: &str = "SHOP_READINGS_KEEP_DAYS";

/// The days for which readings are kept when nobody says: one reading a minute of a thousand series takes about
/// 3 GB then.
pub const KEEP_DAYS_DEFAULT: u32 = 90;

/// The most days for which they can be kept.
pub const KEEP_DAYS_MAX: u32 = 36_500;

/// What an operator sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long readings are kept.
    pub keep: Duration,
}

/// Why the service cannot start as it is set up.
#[derive(Debug, thiserror::Error)]
#[error("{KEEP_DAYS} must be a number of days from 1 to {KEEP_DAYS_MAX}; nothing was started")]
pub struct InvalidSettings;

impl Settings {
    /// Keeps readings for so many days.
    pub fn keeping_days(days: u32) -> Self {
        Self { keep: Duration::from_secs(u64::from(days) * 24 * 60 * 60) }
    }

    /// What the environment says.
    ///
    /// # Errors
    /// If it says something that cannot be.
    pub fn from_env() -> Result<Self, InvalidSettings> {
        let Some(said) = std::env::var_os(KEEP_DAYS) else { return Ok(Self::default()) };
        let days = said
            .to_str()
            .and_then(|text| text.parse().ok())
            .filter(|days| (1..=KEEP_DAYS_MAX).contains(days));
        days.map(Self::keeping_days).ok_or(InvalidSettings)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::keeping_days(KEEP_DAYS_DEFAULT)
    }
}
