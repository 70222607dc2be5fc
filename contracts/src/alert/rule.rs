//! A rule: of which devices, what must hold and for how long, when it counts, and what is done then.

use std::fmt;
use std::str::FromStr;

use kit::Example;
use serde::{Deserialize, Serialize};

use crate::alert::UnknownWord;
use crate::readings::{Metric, Site};
use crate::{DeviceId, Sku};

/// Length of the name of a rule in characters.
pub const RULE_NAME_CHARS_MAX: usize = 48;
/// Devices that a rule can name one by one; for more there are sites and profiles.
pub const DEVICES_MAX: usize = 100;
/// The longest that a rule can ask something to hold, in seconds: a week.
pub const SECONDS_MAX: u32 = 7 * 24 * 60 * 60;
/// The most readings that a rule can count over.
pub const COUNTED_MAX: u32 = 100;
/// Length of the name of a profile in characters.
pub const PROFILE_CHARS_MAX: usize = 64;
/// Length of the name of a time zone in characters.
pub const ZONE_CHARS_MAX: usize = 64;

/// A rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, by which it is known.
    pub name: RuleName,
    /// For which devices: each is watched for itself.
    #[serde(default)]
    pub of: Scope,
    /// What must hold.
    pub when: Condition,
    /// How much it matters.
    pub severity: Severity,
    /// At which times it counts; always, if not said.
    #[serde(default)]
    pub schedule: Option<Schedule>,
    /// An alarm that nobody acknowledges for so many seconds is escalated, and again after as many.
    /// 0: never.
    #[serde(default)]
    pub escalate_after: u32,
    /// What the shop does about it.
    #[serde(default)]
    pub action: Option<Action>,
    /// Whether it counts at all.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// The name of a rule: lower case letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuleName(String);

/// Not the name of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of a rule must be 1 to {RULE_NAME_CHARS_MAX} lower case letters, digits, - or _")]
pub struct InvalidRuleName;

impl From<InvalidRuleName> for kit::Error {
    fn from(error: InvalidRuleName) -> Self {
        Self::invalid("invalid_rule_name", error.to_string())
    }
}

impl RuleName {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RuleName {
    type Err = InvalidRuleName;

    fn from_str(text: &str) -> Result<Self, InvalidRuleName> {
        let legal =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        let fits = (1..=RULE_NAME_CHARS_MAX).contains(&text.len()) && text.bytes().all(legal);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidRuleName) }
    }
}

impl TryFrom<String> for RuleName {
    type Error = InvalidRuleName;

    fn try_from(text: String) -> Result<Self, InvalidRuleName> {
        text.parse()
    }
}

impl From<RuleName> for String {
    fn from(name: RuleName) -> Self {
        name.0
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Example for RuleName {
    fn example() -> Self {
        Self("cold-store-warm".to_owned())
    }
}

/// For which devices a rule is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// For every one.
    #[default]
    All,
    /// For those of a site.
    Site(Site),
    /// For those of a profile.
    Profile(String),
    /// For these, at most [`DEVICES_MAX`].
    Devices(Vec<DeviceId>),
}

/// On which side of its limit a value is beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beyond {
    /// Greater than the limit.
    Above,
    /// Less than the limit.
    Below,
}

/// What must hold. Times are in seconds, [`SECONDS_MAX`] at most; those of readings count by the device's clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// A value stays beyond a limit.
    Threshold {
        /// Which value.
        metric: Metric,
        /// On which side.
        beyond: Beyond,
        /// The limit; a value that equals it is not beyond.
        limit: f64,
        /// Only a value that is not beyond this one counts as calm, so that one around the limit is told of once.
        /// The limit, if not said.
        #[serde(default)]
        clear: Option<f64>,
        /// It must stay beyond for so long.
        #[serde(default)]
        seconds: u32,
        /// It must stay calm for so long until the alarm is over.
        #[serde(default)]
        clear_seconds: u32,
    },
    /// A value is beyond a limit so many times.
    Count {
        /// Which value.
        metric: Metric,
        /// On which side.
        beyond: Beyond,
        /// The limit.
        limit: f64,
        /// How many times.
        times: u32,
        /// Of how many of the latest readings, [`COUNTED_MAX`] at most.
        of: u32,
        /// Only those of the last so many seconds; 0: however old they are.
        #[serde(default)]
        within_seconds: u32,
    },
    /// A value changes too fast.
    Rate {
        /// Which value.
        metric: Metric,
        /// Above: it rises faster than the limit. Below: it falls faster than a negative limit.
        beyond: Beyond,
        /// Change a minute.
        limit: f64,
        /// Measured between two readings that are at least so far apart.
        over_seconds: u32,
    },
    /// Nothing is heard of a device that said something before.
    Silent {
        /// Of this value; of any, if not said.
        #[serde(default)]
        metric: Option<Metric>,
        /// For so long, by the shop's clock.
        seconds: u32,
    },
    /// A device is offline.
    Offline {
        /// For so long, by the shop's clock.
        #[serde(default)]
        seconds: u32,
    },
    /// A value has come to rest: no alarm, but the occasion to count what lies on a scale.
    Settled {
        /// Which value.
        metric: Metric,
        /// It moves no more than this, up or down.
        within: f64,
        /// For so long.
        seconds: u32,
    },
}

impl Condition {
    /// The metric it is about, if one.
    pub fn metric(&self) -> Option<&Metric> {
        match self {
            Self::Threshold { metric, .. }
            | Self::Count { metric, .. }
            | Self::Rate { metric, .. }
            | Self::Settled { metric, .. } => Some(metric),
            Self::Silent { metric, .. } => metric.as_ref(),
            Self::Offline { .. } => None,
        }
    }
}

/// How much an alarm matters, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Somebody should look some time.
    Warning,
    /// Somebody should look today.
    Minor,
    /// Somebody should look soon.
    Major,
    /// Somebody must look now.
    Critical,
}

impl Severity {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Warning, Self::Minor, Self::Major, Self::Critical];

    /// The word on the wire and in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }

    /// One step more; critical stays.
    #[must_use]
    pub fn raised(self) -> Self {
        match self {
            Self::Warning => Self::Minor,
            Self::Minor => Self::Major,
            Self::Major | Self::Critical => Self::Critical,
        }
    }
}

impl FromStr for Severity {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|severity| severity.word() == text);
        found.ok_or(UnknownWord("warning, minor, major or critical"))
    }
}

/// At which times a rule counts. Outside of them what holds is not seen; an open alarm stays, and can be over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// On which days; on all, if none is said.
    #[serde(default)]
    pub days: Vec<Day>,
    /// From when, such as `08:00`.
    pub from: String,
    /// Until when, this minute excluded. Not after `from`: until this time of the next day. Both the same: all day.
    pub to: String,
    /// By the clocks of which zone, such as `Europe/Berlin`; UTC, if not said.
    #[serde(default = "utc")]
    pub zone: String,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they say it themselves")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// What the shop does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// The stock of a product cannot be sold until somebody releases it.
    HoldLot {
        /// Which product.
        sku: Sku,
    },
    /// What a scale weighs is taken for the number of pieces in the house. Only with [`Condition::Settled`].
    CountStock {
        /// Which product.
        sku: Sku,
        /// What a piece weighs, in the unit of the readings; above 0.
        piece_weight: f64,
        /// What is weighed with it, such as the box.
        #[serde(default)]
        tare: f64,
    },
}
