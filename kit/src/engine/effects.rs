//! The table of work on the outside world.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{named_params, params};
use serde::{Deserialize, Serialize};

use crate::effect::Effect;
use crate::error::{Error, Result};
use crate::sql::{Sql, time};
use crate::trace::Trace;

/// How much longer than a try may take nobody else makes another, if its first try was recorded with what
/// asked for it.
const BEGUN_KEPT_FOR: Duration = Duration::from_secs(1);

/// A piece of work on the outside world, as its row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The row.
    pub id: i64,
    /// Which kind.
    pub name: String,
    /// The idempotency key.
    pub key: String,
    /// What it is about.
    pub about: String,
    /// What to do, as JSON.
    pub body: Bytes,
    /// How often it had been tried before the try that is to be made of it.
    pub attempts: u32,
    /// Whether a try may have been done although no answer came or none was recorded.
    pub maybe_done: bool,
    /// The flow in which it was asked for.
    pub trace: Trace,
}

/// A piece of work on the outside world that is not done, for people. What it says is left out:
/// there may be something in it that nobody should read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectView {
    /// The row.
    pub id: i64,
    /// Which kind.
    pub name: String,
    /// The idempotency key under which it is done.
    pub key: String,
    /// What it is about.
    pub about: String,
    /// `due`, or `given_up`, for a person to look at.
    pub state: String,
    /// How often it has been tried.
    pub attempts: u32,
    /// When it is tried next, or would have been.
    pub due_at: Timestamp,
    /// Whether a try may have been done although nobody knows.
    pub maybe_done: bool,
    /// What the last try said, or an empty text.
    pub reason: String,
    /// The flow in which it was asked for, as 32 hexadecimal digits.
    pub trace: String,
    /// The piece of work that asked for it.
    pub span: String,
}

/// What is not done of a flow, the oldest first. Few rows are kept, so all are looked at.
///
/// # Errors
/// If the table cannot be read.
pub(crate) fn of_trace(sql: &Sql<'_>, trace: u128, rows_max: usize) -> Result<Vec<EffectView>> {
    views(sql, "WHERE trace_id = ?1 ORDER BY id LIMIT ?2", params![trace.to_be_bytes(), rows_max])
}

/// What is not done and in a state, behind a row, the oldest first. An empty state is any.
///
/// # Errors
/// If the table cannot be read.
pub(crate) fn list(sql: &Sql<'_>, state: &str, after: i64, rows_max: usize) -> Result<Vec<EffectView>> {
    let which = "WHERE id > ?1 AND (?2 = '' OR state = ?2) ORDER BY id LIMIT ?3";
    views(sql, which, params![after, state, rows_max])
}

fn views(sql: &Sql<'_>, which: &str, params: impl rusqlite::Params) -> Result<Vec<EffectView>> {
    sql.list(
        &format!(
            "SELECT id, name, key, about, state, attempts, due_at_ms, maybe_done OR trying AS maybe_done, reason,
                    trace_id, span_id FROM effect {which}"
        ),
        params,
        |row| {
            Ok(EffectView {
                id: row.get("id")?,
                name: row.get("name")?,
                key: row.get("key")?,
                about: row.get("about")?,
                state: row.get("state")?,
                attempts: row.get("attempts")?,
                due_at: time(row, "due_at_ms")?,
                maybe_done: row.get("maybe_done")?,
                reason: row.get("reason")?,
                trace: format!("{:032x}", u128::from_be_bytes(row.get("trace_id")?)),
                span: format!("{:016x}", row.get::<_, i64>("span_id")?.cast_unsigned()),
            })
        },
    )
}

fn to_body<E: Effect>(effect: &E) -> Result<Vec<u8>> {
    serde_json::to_vec(effect)
        .map_err(|error| Error::internal(format!("{} cannot be written as JSON", E::NAME)).caused_by(error))
}

/// Writes the row of new work whose first try begins as soon as it is on the disk; none if there is such work
/// already. Nobody else looks at it before the try must be over.
pub(crate) fn insert_begun<E: Effect>(
    sql: &Sql<'_>,
    effect: &E,
    now: Timestamp,
    trace: Trace,
) -> Result<Option<Row>> {
    let (key, about, body) = (effect.key(), effect.about(), to_body(effect)?);
    let due = now + E::POLICY.time_limit + BEGUN_KEPT_FOR;
    let added = sql
        .connection()
        .prepare_cached(
            "INSERT OR IGNORE INTO effect (name, key, about, body, state, attempts, due_at_ms, trying, maybe_done,
                                           reason, trace_id, span_id)
             VALUES (?1, ?2, ?3, ?4, 'due', 1, ?5, 1, 0, '', ?6, ?7)",
        )?
        .execute(params![
            E::NAME,
            key,
            about,
            body,
            due.as_millisecond(),
            trace.id.to_be_bytes(),
            trace.span.cast_signed()
        ])?;
    if added == 0 {
        return Ok(None);
    }
    let (id, name) = (sql.connection().last_insert_rowid(), E::NAME.to_owned());
    let trace = Trace { parent: 0, sampled: true, ..trace };
    let (body, attempts, maybe_done) = (body.into(), 0, false);
    Ok(Some(Row { id, name, key, about, body, attempts, maybe_done, trace }))
}

/// Makes due what was being tried when the process before this one ended. Answers how much that is.
pub(crate) fn try_again(sql: &Sql<'_>, now: Timestamp) -> Result<usize> {
    Ok(sql
        .connection()
        .prepare_cached("UPDATE effect SET due_at_ms = ?1 WHERE state = 'due' AND trying AND due_at_ms > ?1")?
        .execute([now.as_millisecond()])?)
}

pub(crate) fn insert<E: Effect>(sql: &Sql<'_>, effect: &E, now: Timestamp, trace: Trace) -> Result<()> {
    let body = to_body(effect)?;
    sql.connection()
        .prepare_cached(
            "INSERT INTO effect (name, key, about, body, state, attempts, due_at_ms, trying, maybe_done, reason, trace_id, span_id)
             VALUES (:name, :key, :about, :body, 'due', 0, :due, 0, 0, '', :trace_id, :span_id)
             ON CONFLICT (name, key) DO UPDATE
             SET state = 'due', attempts = 0, due_at_ms = excluded.due_at_ms
             WHERE state = 'given_up'",
        )?
        .execute(named_params! {
            ":name": E::NAME,
            ":key": effect.key(),
            ":about": effect.about(),
            ":body": body,
            ":due": now.as_millisecond(),
            ":trace_id": trace.id.to_be_bytes(),
            ":span_id": trace.span.cast_signed(),
        })?;
    Ok(())
}

pub(crate) fn take_back(sql: &Sql<'_>, name: &str, key: &str) -> Result<bool> {
    let removed = sql
        .connection()
        .prepare_cached("DELETE FROM effect WHERE name = ?1 AND key = ?2 AND attempts = 0 AND maybe_done = 0 AND state = 'due'")?
        .execute([name, key])?;
    Ok(removed > 0)
}

/// Marks that a try begins. From here on the work cannot be taken back. Answers false if it was
/// taken back before: its number may be that of another by now, so it is known by its key.
pub(crate) fn begin(sql: &Sql<'_>, row: &Row) -> Result<bool> {
    let changed = sql
        .connection()
        .prepare_cached(
            "UPDATE effect SET attempts = attempts + 1, maybe_done = maybe_done OR trying, trying = 1
             WHERE id = ?1 AND name = ?2 AND key = ?3 AND state = 'due'",
        )?
        .execute(params![row.id, row.name, row.key])?;
    Ok(changed > 0)
}

pub(crate) fn remove(sql: &Sql<'_>, id: i64) -> Result<()> {
    sql.connection().prepare_cached("DELETE FROM effect WHERE id = ?1")?.execute([id])?;
    Ok(())
}

pub(crate) fn put_off(sql: &Sql<'_>, id: i64, due: Timestamp, maybe_done: bool, reason: &str) -> Result<()> {
    sql.connection()
        .prepare_cached(
            "UPDATE effect SET due_at_ms = ?2, trying = 0, maybe_done = maybe_done OR ?3, reason = ?4 WHERE id = ?1",
        )?
        .execute(params![id, due.as_millisecond(), maybe_done, reason])?;
    Ok(())
}

pub(crate) fn give_up(sql: &Sql<'_>, id: i64, maybe_done: bool, reason: &str) -> Result<()> {
    sql.connection()
        .prepare_cached(
            "UPDATE effect SET state = 'given_up', trying = 0, maybe_done = maybe_done OR ?2, reason = ?3 WHERE id = ?1",
        )?
        .execute(params![id, maybe_done, reason])?;
    Ok(())
}

/// A row by its number.
///
/// # Errors
/// If the table cannot be read.
pub fn find(sql: &Sql<'_>, id: i64) -> Result<Option<Row>> {
    Ok(rows(sql, "WHERE id = ?1", [id])?.pop())
}

/// A row of which a try began and none ended, as far as is recorded.
pub(crate) fn find_tried(sql: &Sql<'_>, id: i64) -> Result<Option<Row>> {
    Ok(rows(sql, "WHERE id = ?1 AND state = 'due' AND trying", [id])?.pop())
}

/// What is due of one kind, the longest due first.
///
/// No piece of work is put off for longer than `wait_max`. What seems to be was put off by a clock that
/// was ahead and has been set right since; it is due, too.
///
/// # Errors
/// If the table cannot be read.
pub fn due(
    sql: &Sql<'_>,
    name: &str,
    now: Timestamp,
    wait_max: Duration,
    rows_max: usize,
) -> Result<Vec<Row>> {
    rows(
        sql,
        "WHERE state = 'due' AND name = ?1 AND (due_at_ms <= ?2 OR due_at_ms > ?3)
         ORDER BY due_at_ms, id LIMIT ?4",
        params![name, now.as_millisecond(), (now + wait_max).as_millisecond(), rows_max],
    )
}

/// When the next piece of work is due.
///
/// # Errors
/// If the table cannot be read.
pub fn next(sql: &Sql<'_>) -> Result<Option<Timestamp>> {
    let millis: Option<i64> =
        sql.get("SELECT min(due_at_ms) FROM effect WHERE state = 'due'", [], |row| row.get(0))?;
    Ok(millis.and_then(|millis| Timestamp::from_millisecond(millis).ok()))
}

/// When the next piece of work is due that is not due at this time.
///
/// # Errors
/// If the table cannot be read.
pub(crate) fn next_after(sql: &Sql<'_>, now: Timestamp) -> Result<Option<Timestamp>> {
    let millis: Option<i64> = sql.get(
        "SELECT min(due_at_ms) FROM effect WHERE state = 'due' AND due_at_ms > ?1",
        [now.as_millisecond()],
        |row| row.get(0),
    )?;
    Ok(millis.and_then(|millis| Timestamp::from_millisecond(millis).ok()))
}

/// How many wait, and how many were given up.
///
/// # Errors
/// If the table cannot be read.
pub fn counts(sql: &Sql<'_>) -> Result<(u64, u64)> {
    sql.get(
        "SELECT count(*) FILTER (WHERE state = 'due'), count(*) FILTER (WHERE state = 'given_up') FROM effect",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

fn rows(sql: &Sql<'_>, which: &str, params: impl rusqlite::Params) -> Result<Vec<Row>> {
    sql.list(
        &format!(
            "SELECT id, name, key, about, body, attempts, maybe_done OR trying AS maybe_done, trace_id, span_id FROM effect {which}"
        ),
        params,
        |row| {
            Ok(Row {
                id: row.get("id")?,
                name: row.get("name")?,
                key: row.get("key")?,
                about: row.get("about")?,
                body: row.get::<_, Vec<u8>>("body")?.into(),
                attempts: row.get("attempts")?,
                maybe_done: row.get("maybe_done")?,
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
