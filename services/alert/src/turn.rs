//! One turn of one watch: it is read once, moved in memory, and written once.

use contracts::alert::{Action, RuleName, StockCounted};
use contracts::readings::{Reading, Site};
use contracts::{AlarmId, DeviceId};
use kit::{Error, Result, Timestamp, Tx};

use crate::alarms;
use crate::rulebook::Ready;
use crate::store;
use crate::watch::{Mover, Outcome, Watch};
use crate::words;

/// The timer of a watch; its key is the rule and the device.
pub const WATCH: &str = "watch";

/// A timer that comes later than this means that the service was away, in milliseconds.
const LATE_MS: i64 = 5_000;

/// How long what was told meanwhile has then to be heard, before silence is taken for silence, in milliseconds.
pub const CATCH_UP_MS: i64 = 30_000;

/// How often it is looked again at what waits for the hours of its rule, in milliseconds.
const AGAIN_MS: i64 = 60_000;

/// Moves the watch of a rule and a device, and does what follows.
///
/// # Errors
/// If it cannot be read or recorded.
pub fn turn(
    tx: &mut Tx<'_>,
    rule: &Ready,
    device: DeviceId,
    site: Option<&Site>,
    act: impl FnOnce(&mut Mover<'_>),
) -> Result<()> {
    let before = store::find_watch(tx, &rule.rule.name, device, &rule.edition)?;
    let watch = before.clone().unwrap_or_default();
    move_on(tx, rule, device, site, (before, watch), act)
}

/// Looks at a watch because its time has come.
///
/// # Errors
/// If it cannot be read or recorded.
pub fn ring(tx: &mut Tx<'_>, rule: &Ready, device: DeviceId) -> Result<()> {
    let Some(before) = store::find_watch(tx, &rule.rule.name, device, &rule.edition)? else {
        return Ok(());
    };
    let now = tx.now().as_millisecond();
    if before.timer.is_some_and(|timer| now - timer > LATE_MS) {
        let watch = Watch { timer: Some(now + CATCH_UP_MS), ..before };
        set_timer(tx, &rule.rule.name, device, now + CATCH_UP_MS)?;
        return store::put_watch(tx, &rule.rule.name, device, &rule.edition, &watch);
    }
    let (site, counts) = (store::find_site(tx, device)?, rule.counts_at(tx.now()));
    let watch = Watch { timer: None, ..before.clone() };
    move_on(tx, rule, device, site.as_ref(), (Some(before), watch), |mover| mover.pass(now, counts))
}

/// Lets a rule forget what it saw of a device, after its alarm was cleared by hand, and watch on.
///
/// # Errors
/// If it cannot be read or recorded.
pub fn begin_anew(tx: &mut Tx<'_>, rule: &Ready, device: DeviceId, cleared: AlarmId) -> Result<()> {
    let before = store::find_watch(tx, &rule.rule.name, device, &rule.edition)?;
    let Some(before) = before.filter(|watch| watch.open == Some(cleared)) else { return Ok(()) };
    let mut watch = before.clone();
    watch.reset(&rule.rule.when, tx.now().as_millisecond());
    let site = store::find_site(tx, device)?;
    move_on(tx, rule, device, site.as_ref(), (Some(before), watch), |_| {})
}

fn move_on(
    tx: &mut Tx<'_>,
    rule: &Ready,
    device: DeviceId,
    site: Option<&Site>,
    (before, mut watch): (Option<Watch>, Watch),
    act: impl FnOnce(&mut Mover<'_>),
) -> Result<()> {
    let now = tx.now().as_millisecond();
    let mut mover = Mover::of(&rule.rule.when, &mut watch);
    act(&mut mover);
    let outcome = mover.end(now);
    follow(tx, rule, device, site, &mut watch, &outcome)?;
    if let Some(due) = watch.due(&rule.rule.when) {
        let due = if due <= now { now + AGAIN_MS } else { due };
        // A timer that comes too early finds out, and is set anew: so it is not written with each reading.
        if watch.timer.is_none_or(|timer| due < timer) {
            set_timer(tx, &rule.rule.name, device, due)?;
            watch.timer = Some(due);
        }
    }
    match before {
        Some(before) if before == watch => Ok(()),
        _ => store::put_watch(tx, &rule.rule.name, device, &rule.edition, &watch),
    }
}

/// Raises, counts and clears what became of a watch.
fn follow(
    tx: &mut Tx<'_>,
    rule: &Ready,
    device: DeviceId,
    site: Option<&Site>,
    watch: &mut Watch,
    outcome: &Outcome,
) -> Result<()> {
    if let Some((since, measure)) = outcome.raised {
        watch.open = Some(alarms::raise(tx, rule, device, site, (since, measure), outcome)?);
    } else if let Some(alarm) = watch.open.filter(|_| outcome.hits > 0) {
        let (at, value) = outcome.last.unwrap_or_default();
        store::count_on(tx, alarm, outcome.hits, (at, value))?;
    }
    if outcome.over
        && let Some(alarm) = watch.open.take()
    {
        alarms::clear(tx, alarm, alarms::CALM, "")?;
    }
    match outcome.settled {
        Some(weighed) => count_stock(tx, rule, device, watch, weighed),
        None => Ok(()),
    }
}

/// Tells how many pieces lie on a scale, if that is another number than was told last.
fn count_stock(
    tx: &mut Tx<'_>,
    rule: &Ready,
    device: DeviceId,
    watch: &mut Watch,
    weighed: Reading,
) -> Result<()> {
    let counted = words::pieces(rule.rule.action.as_ref(), weighed);
    let (Some(pieces), Some(Action::CountStock { sku, .. })) = (counted, &rule.rule.action) else {
        tracing::warn!(rule = %rule.rule.name, device.id = %device, "What {device} weighs is no whole number of pieces; nothing was counted");
        return Ok(());
    };
    if watch.pieces == Some(pieces) {
        return Ok(());
    }
    watch.pieces = Some(pieces);
    let at = time(weighed.time)?;
    tx.emit(&StockCounted { rule: rule.rule.name.clone(), device, sku: sku.clone(), pieces, at })
}

fn set_timer(tx: &mut Tx<'_>, rule: &RuleName, device: DeviceId, due: i64) -> Result<()> {
    let due = time(due)?;
    tx.set_timer(WATCH, &key(rule, device), due)
}

/// What a timer of a watch is known by.
fn key(rule: &RuleName, device: DeviceId) -> String {
    format!("{rule} {device}")
}

/// The rule and the device of a timer.
///
/// # Errors
/// If it is none of ours.
pub fn read_key(key: &str) -> Result<(RuleName, DeviceId)> {
    let (rule, device) =
        key.split_once(' ').ok_or_else(|| Error::internal(format!("{key} is the key of no watch")))?;
    Ok((rule.parse()?, device.parse()?))
}

/// Milliseconds as a time; ingest lets no other through.
pub fn time(millis: i64) -> Result<Timestamp> {
    Timestamp::from_millisecond(millis)
        .map_err(|error| Error::internal("a time out of range").caused_by(error))
}
