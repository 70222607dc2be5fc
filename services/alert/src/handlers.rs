//! What may be asked of alert.

use std::sync::Arc;

use contracts::AlarmId;
use contracts::alert::{
    AcknowledgeAlarm, AlarmAcknowledged, AlarmPage, AlarmState, AlarmView, ClearAlarm, GetAlarm, GetRule,
    ListAlarms, ListRules, NOTE_CHARS_MAX, PutRule, RULES_MAX, RemoveRule, Rule, RuleName, RulePage,
    RuleView,
};
use kit::id::EventId;
use kit::{Ctx, Result, Tx, page};

use crate::checks::{AlertError, check};
use crate::rulebook::Rulebook;
use crate::store::{self, Kept, Wanted};
use crate::{alarms, turn};

/// Sets a rule. What it watched before counts on only if it watches the same now.
pub async fn put_rule(ctx: Ctx, asked: PutRule) -> Result<RuleView> {
    check(&asked.rule)?;
    ctx.write(move |tx| {
        let rule = asked.rule;
        tx.about(&rule.name);
        let before = store::find_rule(tx, &rule.name)?;
        if before.is_none() && store::count_rules(tx)? >= RULES_MAX {
            return Err(AlertError::TooManyRules.into());
        }
        let edition = match before {
            Some(before) if watches_the_same(&before.rule, &rule) => before.edition,
            Some(_) => retired(tx, &rule.name)?,
            None => tx.new_id::<EventId>().to_string(),
        };
        let kept = Kept { rule, edition, changed_at: tx.now() };
        store::put_rule(tx, &kept)?;
        tracing::info!(rule = %kept.rule.name, "Rule {} was set", kept.rule.name);
        Ok(kept.into_view())
    })
    .await
}

fn watches_the_same(before: &Rule, after: &Rule) -> bool {
    (&before.when, &before.of, before.enabled) == (&after.when, &after.of, after.enabled)
}

/// Sees to it that what a rule watched so far is forgotten. Answers its next edition.
fn retired(tx: &mut Tx<'_>, rule: &RuleName) -> Result<String> {
    let now = tx.now();
    tx.set_timer(alarms::RETIRE, rule.as_str(), now)?;
    Ok(tx.new_id::<EventId>().to_string())
}

/// Shows one rule.
pub async fn get_rule(ctx: Ctx, asked: GetRule) -> Result<RuleView> {
    ctx.look_up(move |sql| Ok(store::get_rule(sql, &asked.name)?.into_view())).await
}

/// Lists rules by name.
pub async fn list_rules(ctx: Ctx, asked: ListRules) -> Result<RulePage> {
    let limit = page::limit(asked.limit)?;
    let after: Option<RuleName> = page::after(asked.after.as_deref())?;
    let found = ctx.read(move |sql| store::list_rules(sql, after.as_ref(), limit + 1)).await?;
    let (items, next) =
        page::cut(found.into_iter().map(Kept::into_view), limit, |last| last.rule.name.clone());
    Ok(RulePage { items, next })
}

/// Removes a rule; its open alarms are cleared.
pub async fn remove_rule(ctx: Ctx, asked: RemoveRule) -> Result<RuleView> {
    ctx.write(move |tx| {
        tx.about(&asked.name);
        let kept = store::get_rule(tx, &asked.name)?;
        retired(tx, &asked.name)?;
        store::remove_rule(tx, &asked.name)?;
        tracing::info!(rule = %asked.name, "Rule {} was removed", asked.name);
        Ok(kept.into_view())
    })
    .await
}

/// Lists alarms, the newest first.
pub async fn list_alarms(ctx: Ctx, asked: ListAlarms) -> Result<AlarmPage> {
    let limit = page::limit(asked.limit)?;
    let before: Option<AlarmId> = page::after(asked.after.as_deref())?;
    let wanted = Wanted { all: asked.all, device: asked.device, rule: asked.rule, before };
    let found = ctx.read(move |sql| store::list_alarms(sql, &wanted, limit + 1)).await?;
    let (items, next) = page::cut(found, limit, |last| last.alarm);
    Ok(AlarmPage { items, next })
}

/// Shows one alarm.
pub async fn get_alarm(ctx: Ctx, asked: GetAlarm) -> Result<AlarmView> {
    ctx.look_up(move |sql| store::get_alarm(sql, asked.alarm)).await
}

/// Says that somebody looks after an alarm. Saying it once more only changes the note.
pub async fn acknowledge_alarm(ctx: Ctx, asked: AcknowledgeAlarm) -> Result<AlarmView> {
    check_note(&asked.note)?;
    ctx.write(move |tx| {
        let alarm = store::get_alarm(tx, asked.alarm)?;
        tx.about(alarm.device);
        if alarm.state == AlarmState::Cleared {
            return Err(AlertError::IsOver(asked.alarm).into());
        }
        store::acknowledge(tx, asked.alarm, &asked.note)?;
        tx.cancel_timer(alarms::ESCALATE, &asked.alarm.to_string())?;
        if alarm.state == AlarmState::Active {
            tx.emit(&AlarmAcknowledged { alarm: alarm.alarm, rule: alarm.rule, device: alarm.device })?;
        }
        store::get_alarm(tx, asked.alarm)
    })
    .await
}

/// Clears an alarm by hand. Its rule forgets what it had seen: if it still holds, it must hold anew.
pub async fn clear_alarm(ctx: Ctx, book: Arc<Rulebook>, asked: ClearAlarm) -> Result<AlarmView> {
    check_note(&asked.note)?;
    ctx.write(move |tx| {
        let alarm = store::get_alarm(tx, asked.alarm)?;
        tx.about(alarm.device);
        if alarm.state == AlarmState::Cleared {
            return Err(AlertError::IsOver(asked.alarm).into());
        }
        alarms::clear(tx, asked.alarm, alarms::BY_HAND, &asked.note)?;
        if let Some(rule) = book.rules(tx)?.named(&alarm.rule) {
            turn::begin_anew(tx, rule, alarm.device, asked.alarm)?;
        }
        store::get_alarm(tx, asked.alarm)
    })
    .await
}

fn check_note(note: &str) -> Result<()> {
    match note {
        "" => Ok(()),
        note => contracts::card::check_text("the note", note, NOTE_CHARS_MAX, false),
    }
}
