//! Alarms.

use contracts::alert::{AlarmView, RuleName, Severity};
use contracts::{AlarmId, DeviceId};
use kit::id::Id;
use kit::sql::{Columns, parsed};
use kit::{Result, Sql, Timestamp, Tx};
use rusqlite::{Row, named_params, params};

use crate::checks::AlertError;

/// Which alarms a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Also those that are over.
    pub all: bool,
    /// Only of this device.
    pub device: Option<DeviceId>,
    /// Only of this rule.
    pub rule: Option<RuleName>,
    /// Only what is older than this one.
    pub before: Option<AlarmId>,
}

/// Adds an alarm.
pub fn insert_alarm(tx: &Tx<'_>, alarm: &AlarmView, edition: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO alarms (id, rule, edition, device, site, severity, state, why, since_ms, raised_at_ms, count,
                             last_value, last_at_ms, escalations, cleared_by, note)
         VALUES (:id, :rule, :edition, :device, :site, :severity, 'active', :why, :since, :raised_at, :count,
                 :last_value, :last_at, 0, '', '')",
        named_params! {
            ":id": alarm.alarm.to_string(),
            ":rule": alarm.rule.as_str(),
            ":edition": edition,
            ":device": alarm.device.to_string(),
            ":site": alarm.site.as_ref().map_or("", |site| site.as_str()),
            ":severity": alarm.severity.word(),
            ":why": alarm.why,
            ":since": alarm.since.as_millisecond(),
            ":raised_at": alarm.raised_at.as_millisecond(),
            ":count": alarm.count,
            ":last_value": alarm.last_value,
            ":last_at": alarm.last_at.as_millisecond(),
        },
    )?;
    Ok(())
}

/// Counts that the rule of an open alarm was seen to hold more often.
pub fn count_on(tx: &Tx<'_>, alarm: AlarmId, hits: u64, (at, value): (i64, Option<f64>)) -> Result<()> {
    tx.execute(
        "UPDATE alarms SET count = count + ?2, last_at_ms = ?3, last_value = ?4
         WHERE id = ?1 AND state <> 'cleared'",
        params![alarm.to_string(), hits, at, value],
    )?;
    Ok(())
}

/// An alarm.
pub fn find_alarm(sql: &Sql<'_>, id: AlarmId) -> Result<Option<AlarmView>> {
    sql.find(
        "SELECT id, rule, device, site, severity, state, why, since_ms, raised_at_ms, count, last_value, last_at_ms,
                escalations, acknowledged_at_ms, cleared_at_ms, cleared_by, note
         FROM alarms WHERE id = ?1",
        [id.to_string()],
        row_to_alarm,
    )
}

/// An alarm that must be there.
pub fn get_alarm(sql: &Sql<'_>, id: AlarmId) -> Result<AlarmView> {
    find_alarm(sql, id)?.ok_or_else(|| AlertError::UnknownAlarm(id).into())
}

/// The open alarm of a rule and a device.
pub fn find_open(sql: &Sql<'_>, rule: &RuleName, device: DeviceId) -> Result<Option<AlarmId>> {
    sql.find(
        "SELECT id FROM alarms WHERE rule = ?1 AND device = ?2 AND state <> 'cleared'",
        params![rule.as_str(), device.to_string()],
        |row| parsed(row, "id"),
    )
}

/// The open alarms of a device.
pub fn list_open_of(sql: &Sql<'_>, device: DeviceId, rows_max: usize) -> Result<Vec<AlarmId>> {
    sql.list(
        "SELECT id FROM alarms WHERE device = ?1 AND state <> 'cleared' ORDER BY id LIMIT ?2",
        params![device.to_string(), rows_max],
        |row| parsed(row, "id"),
    )
}

/// The open alarms of a rule that were raised under another edition.
pub fn list_of_other_editions(
    sql: &Sql<'_>,
    rule: &RuleName,
    edition: &str,
    rows_max: usize,
) -> Result<Vec<AlarmId>> {
    sql.list(
        "SELECT id FROM alarms INDEXED BY alarms_open
         WHERE rule = ?1 AND edition <> ?2 AND state <> 'cleared' LIMIT ?3",
        params![rule.as_str(), edition, rows_max],
        |row| parsed(row, "id"),
    )
}

/// Alarms, the newest first.
pub fn list_alarms(sql: &Sql<'_>, wanted: &Wanted, rows_max: usize) -> Result<Vec<AlarmView>> {
    // Each filter is a condition of its own, so that the index for it is used.
    let is_open = if wanted.all { "TRUE" } else { "state <> 'cleared'" };
    let is_of_device = if wanted.device.is_some() { "device = :device" } else { ":device = ''" };
    let is_of_rule = if wanted.rule.is_some() { "rule = :rule" } else { ":rule = ''" };
    sql.list(
        &format!(
            "SELECT id, rule, device, site, severity, state, why, since_ms, raised_at_ms, count, last_value,
                    last_at_ms, escalations, acknowledged_at_ms, cleared_at_ms, cleared_by, note
             FROM alarms
             WHERE id < :before AND {is_open} AND {is_of_device} AND {is_of_rule}
             ORDER BY id DESC LIMIT :rows_max"
        ),
        named_params! {
            ":before": wanted.before.unwrap_or(Id::from_bits(u128::MAX)).to_string(),
            ":device": wanted.device.map(|device| device.to_string()).unwrap_or_default(),
            ":rule": wanted.rule.as_ref().map_or("", RuleName::as_str),
            ":rows_max": rows_max,
        },
        row_to_alarm,
    )
}

/// Notes that somebody looks after an alarm; the first time stays.
pub fn acknowledge(tx: &Tx<'_>, alarm: AlarmId, note: &str) -> Result<()> {
    tx.execute(
        "UPDATE alarms
         SET state = 'acknowledged', acknowledged_at_ms = coalesce(acknowledged_at_ms, ?2), note = ?3
         WHERE id = ?1 AND state <> 'cleared'",
        params![alarm.to_string(), tx.now().as_millisecond(), note],
    )?;
    Ok(())
}

/// Notes that an alarm is over. Answers whether it was open.
pub fn clear(tx: &Tx<'_>, alarm: AlarmId, by: &str, note: &str) -> Result<bool> {
    let cleared = tx.execute(
        "UPDATE alarms
         SET state = 'cleared', cleared_at_ms = ?2, cleared_by = ?3, note = CASE ?4 WHEN '' THEN note ELSE ?4 END
         WHERE id = ?1 AND state <> 'cleared'",
        params![alarm.to_string(), tx.now().as_millisecond(), by, note],
    )?;
    Ok(cleared > 0)
}

/// Notes that nobody looked after an alarm in time.
pub fn escalate(tx: &Tx<'_>, alarm: AlarmId, severity: Severity, escalations: u32) -> Result<()> {
    tx.execute(
        "UPDATE alarms SET severity = ?2, escalations = ?3 WHERE id = ?1",
        params![alarm.to_string(), severity.word(), escalations],
    )?;
    Ok(())
}

/// Forgets alarms that were over before a time, so many at once. Answers how many.
pub fn forget_alarms(tx: &Tx<'_>, before: Timestamp, rows_max: usize) -> Result<usize> {
    tx.execute(
        "DELETE FROM alarms WHERE id IN
             (SELECT id FROM alarms WHERE state = 'cleared' AND cleared_at_ms < ?1 ORDER BY cleared_at_ms LIMIT ?2)",
        params![before.as_millisecond(), rows_max],
    )
}

fn row_to_alarm(row: &Row<'_>) -> rusqlite::Result<AlarmView> {
    let mut columns = Columns::of(row);
    Ok(AlarmView {
        alarm: columns.parsed("id")?,
        rule: columns.parsed("rule")?,
        device: columns.parsed("device")?,
        site: columns.optional("site")?,
        severity: columns.parsed("severity")?,
        state: columns.parsed("state")?,
        why: columns.get("why")?,
        since: columns.time("since_ms")?,
        raised_at: columns.time("raised_at_ms")?,
        count: columns.get("count")?,
        last_value: columns.get("last_value")?,
        last_at: columns.time("last_at_ms")?,
        escalations: columns.get("escalations")?,
        acknowledged_at: some_time(columns.get("acknowledged_at_ms")?),
        cleared_at: some_time(columns.get("cleared_at_ms")?),
        cleared_by: columns.get("cleared_by")?,
        note: columns.get("note")?,
    })
}

fn some_time(millis: Option<i64>) -> Option<Timestamp> {
    millis.and_then(|millis| Timestamp::from_millisecond(millis).ok())
}
