//! Alarms: raising, clearing, escalating and forgetting them.

use std::time::Duration;

use contracts::alert::{AlarmCleared, AlarmEscalated, AlarmRaised, AlarmState, AlarmView, RuleName};
use contracts::readings::Site;
use contracts::{AlarmId, DeviceId};
use kit::{Result, Tx};

use crate::rulebook::{Ready, Rulebook};
use crate::turn::time;
use crate::watch::Outcome;
use crate::{store, words};

/// The timer of an alarm that nobody has acknowledged; its key is the alarm.
pub const ESCALATE: &str = "escalate";
/// The timer of a rule that changed or went; its key is the rule.
pub const RETIRE: &str = "retire";

/// How often an alarm is escalated; then it stays as it is.
pub const ESCALATIONS_MAX: u32 = 5;
/// How often it is looked for alarms that can be forgotten.
pub const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);
/// For how many days an alarm that is over is kept.
pub const KEPT_DAYS: u64 = 90;
/// The timer that goes on with what was too much to be forgotten at a time.
pub const FORGET: &str = "forget_more";
/// Alarms that are forgotten in one transaction; more in the next.
const FORGOTTEN_AT_ONCE: usize = 1000;
/// Alarms that are cleared in one transaction because their rule changed; more in the next.
const RETIRED_AT_ONCE: usize = 200;

/// It is over because what was wrong is not any more.
pub const CALM: &str = "calm";
/// It is over because a person said so.
pub const BY_HAND: &str = "by_hand";
/// It is over because its rule watches something else, is switched off, or went.
pub const RULE_CHANGED: &str = "rule_changed";
/// It is over because its device may not connect any more.
pub const DEVICE_REVOKED: &str = "device_revoked";

/// It is over because its device stands at another site, for which its rule is not.
pub const DEVICE_MOVED: &str = "device_moved";

/// Raises an alarm: for a rule and a device there is one at a time.
///
/// # Errors
/// If it cannot be recorded.
pub fn raise(
    tx: &mut Tx<'_>,
    rule: &Ready,
    device: DeviceId,
    site: Option<&Site>,
    (since, measure): (i64, f64),
    outcome: &Outcome,
) -> Result<AlarmId> {
    let name = &rule.rule.name;
    // One that was raised before the rule was changed, and waits to be cleared for that.
    if let Some(old) = store::find_open(tx, name, device)? {
        clear(tx, old, RULE_CHANGED, "")?;
    }
    let (at, value) = outcome.last.unwrap_or((since, None));
    let alarm = AlarmView {
        alarm: tx.new_id(),
        rule: name.clone(),
        device,
        site: site.cloned(),
        severity: rule.rule.severity,
        state: AlarmState::Active,
        why: words::why(&rule.rule.when, measure),
        since: time(since)?,
        raised_at: tx.now(),
        count: outcome.hits.max(1),
        last_value: value,
        last_at: time(at)?,
        escalations: 0,
        acknowledged_at: None,
        cleared_at: None,
        cleared_by: String::new(),
        note: String::new(),
    };
    store::insert_alarm(tx, &alarm, &rule.edition)?;
    set_escalation(tx, alarm.alarm, rule.rule.escalate_after)?;
    tracing::info!(alarm.id = %alarm.alarm, device.id = %device, rule = %name, "Alarm {}: {} ({device}, rule {name})", alarm.alarm, alarm.why);
    let id = alarm.alarm;
    tx.emit(&AlarmRaised {
        alarm: id,
        rule: alarm.rule,
        device,
        site: alarm.site,
        severity: alarm.severity,
        metric: rule.rule.when.metric().cloned(),
        value,
        since: alarm.since,
        why: alarm.why,
        action: rule.rule.action.clone(),
    })?;
    Ok(id)
}

/// Notes that an alarm is over, if it is open, and tells it.
///
/// # Errors
/// If it cannot be recorded.
pub fn clear(tx: &mut Tx<'_>, alarm: AlarmId, by: &str, note: &str) -> Result<()> {
    if !store::clear(tx, alarm, by, note)? {
        return Ok(());
    }
    tx.cancel_timer(ESCALATE, &alarm.to_string())?;
    let was = store::get_alarm(tx, alarm)?;
    tracing::info!(alarm.id = %alarm, device.id = %was.device, "Alarm {alarm} is over: {by}");
    tx.emit(&AlarmCleared { alarm, rule: was.rule, device: was.device, by: by.to_owned(), count: was.count })
}

/// Tells again of an alarm that nobody has acknowledged in time, one step more severe.
///
/// # Errors
/// If it cannot be recorded.
pub fn escalate(tx: &mut Tx<'_>, book: &Rulebook, key: &str) -> Result<()> {
    let Some(alarm) = store::find_alarm(tx, key.parse()?)? else { return Ok(()) };
    let rules = book.rules(tx)?;
    let after = rules.named(&alarm.rule).map_or(0, |ready| ready.rule.escalate_after);
    if alarm.state != AlarmState::Active || after == 0 {
        return Ok(());
    }
    let (severity, escalation) = (alarm.severity.raised(), alarm.escalations + 1);
    store::escalate(tx, alarm.alarm, severity, escalation)?;
    if escalation < ESCALATIONS_MAX {
        set_escalation(tx, alarm.alarm, after)?;
    }
    tracing::warn!(alarm.id = %alarm.alarm, device.id = %alarm.device, escalation, "Nobody looks after alarm {}: {}", alarm.alarm, alarm.why);
    let AlarmView { alarm, rule, device, why, .. } = alarm;
    tx.emit(&AlarmEscalated { alarm, rule, device, severity, escalation, why })
}

fn set_escalation(tx: &mut Tx<'_>, alarm: AlarmId, after: u32) -> Result<()> {
    match after {
        0 => Ok(()),
        seconds => {
            let due = tx.now() + Duration::from_secs(u64::from(seconds));
            tx.set_timer(ESCALATE, &alarm.to_string(), due)
        }
    }
}

/// Clears what was raised, and forgets what was remembered, under another edition of a rule.
///
/// # Errors
/// If it cannot be recorded.
pub fn retire(tx: &mut Tx<'_>, key: &str) -> Result<()> {
    let rule: RuleName = key.parse()?;
    let edition = store::find_rule(tx, &rule)?.map_or_else(String::new, |kept| kept.edition);
    let retired = store::list_of_other_editions(tx, &rule, &edition, RETIRED_AT_ONCE)?;
    for alarm in &retired {
        clear(tx, *alarm, RULE_CHANGED, "")?;
    }
    let forgotten = store::forget_watches(tx, &rule, &edition, FORGOTTEN_AT_ONCE)?;
    if retired.len() == RETIRED_AT_ONCE || forgotten == FORGOTTEN_AT_ONCE {
        let now = tx.now();
        tx.set_timer(RETIRE, key, now)?;
    }
    Ok(())
}

/// Forgets alarms that have been over for [`KEPT_DAYS`].
///
/// # Errors
/// If they cannot be removed.
pub fn forget(tx: &mut Tx<'_>) -> Result<()> {
    let now = tx.now();
    let before = now - Duration::from_secs(KEPT_DAYS * 24 * 60 * 60);
    match store::forget_alarms(tx, before, FORGOTTEN_AT_ONCE)? {
        FORGOTTEN_AT_ONCE => tx.set_timer(FORGET, "alarms", now),
        _ => Ok(()),
    }
}
