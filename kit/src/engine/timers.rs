//! Durable timers: rows that are due at a time.

use jiff::Timestamp;
use rusqlite::{named_params, params};

use crate::error::Result;
use crate::sql::Sql;
use crate::trace::Trace;

/// A timer that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Which kind.
    pub kind: String,
    /// What it is about.
    pub key: String,
    /// How often it has been tried.
    pub attempts: u32,
    /// The flow in which it was set.
    pub trace: Trace,
}

pub(crate) fn set(sql: &Sql<'_>, kind: &str, key: &str, due: Timestamp, trace: Trace) -> Result<()> {
    sql.connection()
        .prepare_cached(
            "INSERT INTO timer (kind, key, due_at_ms, attempts, trace_id, span_id)
             VALUES (:kind, :key, :due, 0, :trace_id, :span_id)
             ON CONFLICT (kind, key) DO UPDATE
             SET due_at_ms = excluded.due_at_ms, attempts = 0,
                 trace_id = excluded.trace_id, span_id = excluded.span_id",
        )?
        .execute(named_params! {
            ":kind": kind,
            ":key": key,
            ":due": due.as_millisecond(),
            ":trace_id": trace.id.to_be_bytes(),
            ":span_id": trace.span.cast_signed(),
        })?;
    Ok(())
}

pub(crate) fn cancel(sql: &Sql<'_>, kind: &str, key: &str) -> Result<()> {
    sql.connection()
        .prepare_cached("DELETE FROM timer WHERE kind = ?1 AND key = ?2")?
        .execute([kind, key])?;
    Ok(())
}

/// Puts off a timer that failed. Answers how often it has been tried now.
pub(crate) fn put_off(sql: &Sql<'_>, kind: &str, key: &str, due: Timestamp) -> Result<()> {
    sql.connection()
        .prepare_cached(
            "UPDATE timer SET due_at_ms = ?3, attempts = attempts + 1 WHERE kind = ?1 AND key = ?2",
        )?
        .execute(params![kind, key, due.as_millisecond()])?;
    Ok(())
}

/// Whether a timer is still set and due; a timer that was moved or cancelled meanwhile is not.
pub(crate) fn is_due(sql: &Sql<'_>, kind: &str, key: &str, now: Timestamp) -> Result<bool> {
    let found = sql.find(
        "SELECT 1 FROM timer WHERE kind = ?1 AND key = ?2 AND due_at_ms <= ?3",
        params![kind, key, now.as_millisecond()],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// The timers that are due, the longest due first.
///
/// # Errors
/// If the table cannot be read.
pub fn due(sql: &Sql<'_>, now: Timestamp, rows_max: usize) -> Result<Vec<Due>> {
    sql.list(
        "SELECT kind, key, attempts, trace_id, span_id FROM timer
         WHERE due_at_ms <= ?1 ORDER BY due_at_ms LIMIT ?2",
        params![now.as_millisecond(), rows_max],
        |row| {
            Ok(Due {
                kind: row.get("kind")?,
                key: row.get("key")?,
                attempts: row.get("attempts")?,
                trace: Trace {
                    id: u128::from_be_bytes(row.get("trace_id")?),
                    span: row.get::<_, i64>("span_id")?.cast_unsigned(),
                    parent: 0,
                    sampled: true,
                },
            })
        },
    )
}

/// When the next timer is due.
///
/// # Errors
/// If the table cannot be read.
pub fn next(sql: &Sql<'_>) -> Result<Option<Timestamp>> {
    let millis: Option<i64> = sql.get("SELECT min(due_at_ms) FROM timer", [], |row| row.get(0))?;
    Ok(millis.and_then(|millis| Timestamp::from_millisecond(millis).ok()))
}
