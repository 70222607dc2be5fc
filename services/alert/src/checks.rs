//! Which rules can be kept.

use contracts::AlarmId;
use contracts::alert::rule::{COUNTED_MAX, DEVICES_MAX, PROFILE_CHARS_MAX, SECONDS_MAX};
use contracts::alert::{Action, Beyond, Condition, RULES_MAX, Rule, RuleName, Scope, reason};
use kit::Error;

use crate::hours::{Hours, InvalidSchedule};

/// Why something was not done about a rule or an alarm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AlertError {
    /// There is no such rule.
    #[error("there is no rule {0}; alert.list_rules names those there are")]
    UnknownRule(RuleName),
    /// There is no such alarm.
    #[error("there is no alarm {0}; one that was over is forgotten after {days} days", days = crate::alarms::KEPT_DAYS)]
    UnknownAlarm(AlarmId),
    /// The alarm is over.
    #[error("alarm {0} is over, so nothing was changed")]
    IsOver(AlarmId),
    /// No more rules.
    #[error("the rule was not set: there are {RULES_MAX} already; remove one first")]
    TooManyRules,
    /// The rule cannot be kept.
    #[error("the rule was not set: {0}")]
    Invalid(String),
}

impl From<AlertError> for Error {
    fn from(error: AlertError) -> Self {
        let message = error.to_string();
        match error {
            AlertError::UnknownRule(_) => Self::not_found(reason::UNKNOWN_RULE, message),
            AlertError::UnknownAlarm(_) => Self::not_found(reason::UNKNOWN_ALARM, message),
            AlertError::IsOver(_) => Self::conflict(reason::ALARM_IS_OVER, message),
            AlertError::TooManyRules => Self::refused(reason::TOO_MANY_RULES, message),
            AlertError::Invalid(_) => Self::invalid(reason::INVALID_RULE, message),
        }
    }
}

impl From<InvalidSchedule> for AlertError {
    fn from(error: InvalidSchedule) -> Self {
        Self::Invalid(error.to_string())
    }
}

/// Checks a rule.
///
/// # Errors
/// [`AlertError::Invalid`], which says what is wrong with it.
pub fn check(rule: &Rule) -> Result<(), AlertError> {
    check_scope(&rule.of)?;
    check_condition(&rule.when)?;
    check_action(rule)?;
    seconds("escalate_after", rule.escalate_after, 0)?;
    if let Some(schedule) = &rule.schedule {
        Hours::of(schedule)?;
    }
    Ok(())
}

fn check_scope(scope: &Scope) -> Result<(), AlertError> {
    match scope {
        Scope::All | Scope::Site(_) => Ok(()),
        Scope::Profile(profile) => {
            let legal = |c: char| !c.is_whitespace() && !kit::text::is_unprintable(c);
            let fits = (1..=PROFILE_CHARS_MAX).contains(&profile.chars().count());
            or(
                fits && profile.chars().all(legal),
                format!("the name of a profile has 1 to {PROFILE_CHARS_MAX} characters without blanks"),
            )
        }
        Scope::Devices(devices) => or(
            (1..=DEVICES_MAX).contains(&devices.len()),
            format!("it must name 1 to {DEVICES_MAX} devices; for more there are sites and profiles"),
        ),
    }
}

fn check_condition(when: &Condition) -> Result<(), AlertError> {
    match when {
        Condition::Threshold { beyond, limit, clear, seconds: time, clear_seconds, .. } => {
            finite("limit", *limit)?;
            seconds("seconds", *time, 0)?;
            seconds("clear_seconds", *clear_seconds, 0)?;
            let clear = clear.unwrap_or(*limit);
            finite("clear", clear)?;
            match beyond {
                Beyond::Above => or(clear <= *limit, "clear must not be above limit".into()),
                Beyond::Below => or(clear >= *limit, "clear must not be below limit".into()),
            }
        }
        Condition::Count { limit, times, of, within_seconds, .. } => {
            finite("limit", *limit)?;
            seconds("within_seconds", *within_seconds, 0)?;
            or(
                1 <= *times && times <= of && *of <= COUNTED_MAX,
                format!("times must be 1 to of, and of at most {COUNTED_MAX}"),
            )
        }
        Condition::Rate { beyond, limit, over_seconds, .. } => {
            finite("limit", *limit)?;
            seconds("over_seconds", *over_seconds, 1)?;
            match beyond {
                Beyond::Above => or(*limit > 0.0, "the limit of a rise must be above 0".into()),
                Beyond::Below => or(*limit < 0.0, "the limit of a fall must be below 0".into()),
            }
        }
        Condition::Silent { seconds: time, .. } => seconds("seconds", *time, 1),
        Condition::Offline { seconds: time } => seconds("seconds", *time, 0),
        Condition::Settled { within, seconds: time, .. } => {
            seconds("seconds", *time, 1)?;
            or(within.is_finite() && *within >= 0.0, "within must be 0 or more".into())
        }
    }
}

fn check_action(rule: &Rule) -> Result<(), AlertError> {
    let settled = matches!(rule.when, Condition::Settled { .. });
    match &rule.action {
        Some(Action::CountStock { piece_weight, tare, .. }) => {
            or(settled, "count_stock needs the condition settled".into())?;
            finite("tare", *tare)?;
            or(piece_weight.is_finite() && *piece_weight > 0.0, "piece_weight must be above 0".into())
        }
        Some(Action::HoldLot { .. }) | None => or(!settled, "settled needs the action count_stock".into()),
    }
}

fn seconds(name: &str, value: u32, least: u32) -> Result<(), AlertError> {
    or((least..=SECONDS_MAX).contains(&value), format!("{name} must be {least} to {SECONDS_MAX}"))
}

fn finite(name: &str, value: f64) -> Result<(), AlertError> {
    or(value.is_finite(), format!("{name} must be a number"))
}

fn or(holds: bool, what: String) -> Result<(), AlertError> {
    if holds { Ok(()) } else { Err(AlertError::Invalid(what)) }
}

#[cfg(test)]
mod tests {
    use contracts::Sku;
    use contracts::readings::Metric;
    use kit::Example;

    use super::*;

    fn refused(change: impl FnOnce(&mut Rule)) -> String {
        let mut rule = Rule::example();
        change(&mut rule);
        check(&rule).unwrap_err().to_string()
    }

    fn threshold(beyond: Beyond, limit: f64, clear: f64) -> Condition {
        let (metric, clear) = (Metric::example(), Some(clear));
        Condition::Threshold { metric, beyond, limit, clear, seconds: 0, clear_seconds: 0 }
    }

    #[test]
    fn the_example_can_be_kept() {
        check(&Rule::example()).unwrap();
    }

    #[test]
    fn a_value_is_calm_on_the_other_side_of_its_limit() {
        assert!(
            refused(|rule| rule.when = threshold(Beyond::Above, 8.0, 9.0)).ends_with("not be above limit")
        );
        assert!(
            refused(|rule| rule.when = threshold(Beyond::Below, 8.0, 7.0)).ends_with("not be below limit")
        );
        check(&Rule { when: threshold(Beyond::Below, 8.0, 8.0), ..Rule::example() }).unwrap();
    }

    #[test]
    fn what_cannot_happen_is_refused() {
        let metric = Metric::example;
        let count = |times, of| Condition::Count {
            metric: metric(),
            beyond: Beyond::Above,
            limit: 1.0,
            times,
            of,
            within_seconds: 0,
        };
        for (times, of) in [(0, 5), (6, 5), (1, COUNTED_MAX + 1)] {
            assert!(refused(|rule| rule.when = count(times, of)).contains("times must be 1 to of"));
        }
        let fall = Condition::Rate { metric: metric(), beyond: Beyond::Below, limit: 1.0, over_seconds: 60 };
        assert!(refused(|rule| rule.when = fall).ends_with("below 0"));
        assert!(
            refused(|rule| rule.when = Condition::Silent { metric: None, seconds: 0 }).contains("seconds")
        );
        assert!(refused(|rule| rule.escalate_after = SECONDS_MAX + 1).contains("escalate_after"));
        assert!(refused(|rule| rule.of = Scope::Devices(vec![])).contains("devices"));
        assert!(refused(|rule| rule.of = Scope::Profile("a b".into())).contains("profile"));
    }

    #[test]
    fn only_a_scale_at_rest_counts_stock() {
        let count = |piece_weight| Action::CountStock { sku: Sku::example(), piece_weight, tare: 0.0 };
        assert!(refused(|rule| rule.action = Some(count(1.0))).ends_with("needs the condition settled"));
        let settled = Condition::Settled { metric: Metric::example(), within: 0.1, seconds: 5 };
        assert!(refused(|rule| rule.when = settled.clone()).ends_with("needs the action count_stock"));
        let zero = refused(|rule| {
            rule.when = settled.clone();
            rule.action = Some(count(0.0));
        });
        assert!(zero.ends_with("piece_weight must be above 0"));
    }
}
