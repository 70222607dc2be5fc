//! Alert: rules over what devices say, and one open alarm for each rule and device.

use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::readings::{Metric, Site};
use crate::{AlarmId, DeviceId, Sku};

pub mod rule;

pub use rule::{Action, Beyond, Condition, Day, Rule, RuleName, Schedule, Scope, Severity};

/// The name of the service.
pub const NAME: &str = "alert";

kit::subjects! {
    change "alert.put_rule" PutRule -> RuleView by [operator], "Sets a rule, or another one in its place.";
    ask "alert.get_rule" GetRule -> RuleView by [operator], "Shows one rule.";
    ask "alert.list_rules" ListRules -> RulePage by [operator], "Lists rules by name, a page at a time.";
    change "alert.remove_rule" RemoveRule -> RuleView by [operator], "Removes a rule; its open alarms are cleared.";
    ask "alert.list" ListAlarms -> AlarmPage by [operator], "Lists alarms, the newest first.";
    ask "alert.get" GetAlarm -> AlarmView by [operator], "Shows one alarm.";
    change "alert.acknowledge" AcknowledgeAlarm -> AlarmView by [operator], "Says that somebody looks after an alarm: it is escalated no further.";
    change "alert.clear" ClearAlarm -> AlarmView by [operator], "Clears an alarm by hand; if its rule still holds, it is raised anew.";
    event "events.alert.raised" AlarmRaised of device, "A rule holds for a device.";
    event "events.alert.cleared" AlarmCleared of device, "An alarm is over.";
    event "events.alert.acknowledged" AlarmAcknowledged of device, "Somebody looks after an alarm.";
    event "events.alert.escalated" AlarmEscalated of device, "Nobody looked after an alarm in time.";
    event "events.alert.stock_counted" StockCounted of device, "A scale that came to rest says how many pieces lie on it.";
}

/// Reasons that alert gives.
pub mod reason {
    /// There is no such rule.
    pub const UNKNOWN_RULE: &str = "unknown_rule";
    /// There is no such alarm.
    pub const UNKNOWN_ALARM: &str = "unknown_alarm";
    /// The rule cannot be kept as it is.
    pub const INVALID_RULE: &str = "invalid_rule";
    /// There are as many rules as there may be.
    pub const TOO_MANY_RULES: &str = "too_many_rules";
    /// The alarm is over.
    pub const ALARM_IS_OVER: &str = "alarm_is_over";
}

/// The most rules of a shop; one more is refused.
pub const RULES_MAX: usize = 500;
/// Length of what a person writes to an alarm, in characters.
pub const NOTE_CHARS_MAX: usize = 200;

/// Sets a rule. One of the same name goes; if it watched something else, its open alarms are cleared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutRule {
    /// The rule.
    pub rule: Rule,
}

/// Shows one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetRule {
    /// Which.
    pub name: RuleName,
}

/// A rule as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleView {
    /// The rule.
    pub rule: Rule,
    /// When it was set last.
    pub changed_at: Timestamp,
}

/// Lists rules by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRules {
    /// Where the page before ended, as its `next` says.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many, 50 if not said, 200 at most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RulePage {
    /// The rules.
    pub items: Vec<RuleView>,
    /// To be sent as `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// Removes a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveRule {
    /// Which.
    pub name: RuleName,
}

/// Lists alarms, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListAlarms {
    /// Also those that are over.
    #[serde(default)]
    pub all: bool,
    /// Only of this device.
    #[serde(default)]
    pub device: Option<DeviceId>,
    /// Only of this rule.
    #[serde(default)]
    pub rule: Option<RuleName>,
    /// Where the page before ended, as its `next` says.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many, 50 if not said, 200 at most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of alarms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmPage {
    /// The alarms.
    pub items: Vec<AlarmView>,
    /// To be sent as `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// Shows one alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetAlarm {
    /// Which.
    pub alarm: AlarmId,
}

/// Says that somebody looks after an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeAlarm {
    /// Which.
    pub alarm: AlarmId,
    /// What is being done, for people.
    #[serde(default)]
    pub note: String,
}

/// Clears an alarm by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClearAlarm {
    /// Which.
    pub alarm: AlarmId,
    /// Why, for people.
    #[serde(default)]
    pub note: String,
}

/// Where an alarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// Nobody has said that they look after it.
    Active,
    /// Somebody looks after it.
    Acknowledged,
    /// It is over.
    Cleared,
}

impl AlarmState {
    /// The word on the wire and in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Acknowledged => "acknowledged",
            Self::Cleared => "cleared",
        }
    }
}

impl FromStr for AlarmState {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let all = [Self::Active, Self::Acknowledged, Self::Cleared];
        all.into_iter().find(|state| state.word() == text).ok_or(UnknownWord("the state of an alarm"))
    }
}

/// Not a word of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not {0}")]
pub struct UnknownWord(pub &'static str);

/// An alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmView {
    /// Its number.
    pub alarm: AlarmId,
    /// The rule that holds, or held.
    pub rule: RuleName,
    /// For which device.
    pub device: DeviceId,
    /// Where the device stands, if that is known.
    #[serde(default)]
    pub site: Option<Site>,
    /// How much it matters, as far as it was escalated.
    pub severity: Severity,
    /// Where it stands.
    pub state: AlarmState,
    /// What the matter is, for people.
    pub why: String,
    /// Since when the rule holds: by the device's clock, if it is about readings.
    pub since: Timestamp,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// How often the rule was seen to hold, the first time included.
    pub count: u64,
    /// The value that was seen last, if it is about readings.
    #[serde(default)]
    pub last_value: Option<f64>,
    /// When that was.
    pub last_at: Timestamp,
    /// How often it was escalated.
    pub escalations: u32,
    /// When somebody began to look after it.
    #[serde(default)]
    pub acknowledged_at: Option<Timestamp>,
    /// When it was over.
    #[serde(default)]
    pub cleared_at: Option<Timestamp>,
    /// Why it is over: `calm`, `by_hand`, `rule_changed`, `device_revoked` or `device_moved`; empty while it is not.
    pub cleared_by: String,
    /// What people wrote to it last.
    pub note: String,
}

/// A rule holds for a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmRaised {
    /// The alarm.
    pub alarm: AlarmId,
    /// The rule.
    pub rule: RuleName,
    /// For which device.
    pub device: DeviceId,
    /// Where the device stands, if that is known.
    #[serde(default)]
    pub site: Option<Site>,
    /// How much it matters.
    pub severity: Severity,
    /// Which metric it is about, if one.
    #[serde(default)]
    pub metric: Option<Metric>,
    /// The value that was seen last, if it is about readings.
    #[serde(default)]
    pub value: Option<f64>,
    /// Since when the rule holds.
    pub since: Timestamp,
    /// What the matter is, for people.
    pub why: String,
    /// What the shop is to do about it, if anything.
    #[serde(default)]
    pub action: Option<Action>,
}

/// An alarm is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmCleared {
    /// The alarm.
    pub alarm: AlarmId,
    /// Its rule.
    pub rule: RuleName,
    /// For which device.
    pub device: DeviceId,
    /// Why: `calm`, `by_hand`, `rule_changed`, `device_revoked` or `device_moved`.
    pub by: String,
    /// How often the rule was seen to hold.
    pub count: u64,
}

/// Somebody looks after an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmAcknowledged {
    /// The alarm.
    pub alarm: AlarmId,
    /// Its rule.
    pub rule: RuleName,
    /// For which device.
    pub device: DeviceId,
}

/// Nobody looked after an alarm in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmEscalated {
    /// The alarm.
    pub alarm: AlarmId,
    /// Its rule.
    pub rule: RuleName,
    /// For which device.
    pub device: DeviceId,
    /// How much it matters now.
    pub severity: Severity,
    /// How often it was escalated, this time included.
    pub escalation: u32,
    /// What the matter is, for people.
    pub why: String,
}

/// A scale that came to rest says how many pieces lie on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StockCounted {
    /// The rule that asked for it.
    pub rule: RuleName,
    /// The scale.
    pub device: DeviceId,
    /// What lies on it.
    pub sku: Sku,
    /// How many pieces.
    pub pieces: u64,
    /// When it came to rest, by its clock. An older count than one that was heard changes nothing.
    pub at: Timestamp,
}
