//! The journal: what was done, when, and how it ended. A trace is drawn from these rows.

use jiff::Timestamp;
use rusqlite::{Statement, ToSql, named_params};
use serde::{Deserialize, Serialize};

use crate::engine::job::{Job, Work};
use crate::error::Result;
use crate::limits::{FIND_ROWS_MAX, REQUEST_TIME_MAX, TRACE_ROWS_MAX};
use crate::sql::Sql;

/// One piece of work, as the journal has it. Times are microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// `request`, `event`, `timer` or `effect`.
    pub kind: String,
    /// The subject, the kind of timer, or the name of the effect.
    pub subject: String,
    /// What it was about.
    pub key: String,
    /// The flow, as 32 hexadecimal digits.
    pub trace: String,
    /// This piece of work, as 16 hexadecimal digits.
    pub span: String,
    /// What caused it, or an empty text.
    pub parent: String,
    /// Who it was done for.
    pub caller: String,
    /// The stream of a heard event, or an empty text.
    pub source: String,
    /// Its number there, or 0.
    pub sequence: u64,
    /// Which try it was, the first being 1.
    pub attempt: u32,
    /// `ok`, or the reason it failed.
    pub outcome: String,
    /// When it reached the process.
    pub received_us: i64,
    /// When the transaction turned to it.
    pub started_us: i64,
    /// When it was done, before the commit.
    pub finished_us: i64,
    /// When its group committed; 0 if that is not known.
    pub committed_us: i64,
    /// How many jobs shared the commit; 0 if it needed none.
    pub group_jobs: u32,
}

/// A row that is written at the end of its group, together with others.
pub(crate) struct Written {
    pub(crate) key: String,
    pub(crate) outcome: String,
    pub(crate) started: Timestamp,
    pub(crate) finished: Timestamp,
    pub(crate) group: i64,
}

/// Rows that one statement writes: most of what a row costs is the statement.
const ROWS_AT_ONCE: usize = 8;

/// Values of a row.
const VALUES: usize = 15;

/// Writes rows, in order, each with the job it is about.
///
/// # Errors
/// If they cannot be written.
pub(crate) fn insert(sql: &Sql<'_>, rows: &[(&Job, &Written)]) -> Result<()> {
    let (together, rest) = rows.as_chunks::<ROWS_AT_ONCE>();
    if !together.is_empty() {
        let mut statement = sql.connection().prepare_cached(&statement_for(ROWS_AT_ONCE))?;
        for rows in together {
            execute(&mut statement, rows)?;
        }
    }
    if !rest.is_empty() {
        let mut statement = sql.connection().prepare_cached(&statement_for(1))?;
        for row in rest {
            execute(&mut statement, std::slice::from_ref(row))?;
        }
    }
    Ok(())
}

fn statement_for(rows: usize) -> String {
    let row = format!("(?{})", ", ?".repeat(VALUES - 1));
    let all = vec![row; rows].join(", ");
    format!(
        "INSERT OR FAIL INTO journal (kind, subject, key, trace_id, span_id, parent_id, caller, source, sequence,
                              attempt, outcome, received_us, started_us, finished_us, group_id)
         VALUES {all}"
    )
}

fn execute(statement: &mut Statement<'_>, rows: &[(&Job, &Written)]) -> rusqlite::Result<()> {
    for (at, (job, written)) in rows.iter().enumerate() {
        let (source, sequence) = match &job.work {
            Work::Hear(heard) => (heard.source.as_str(), heard.sequence),
            _ => ("", 0),
        };
        let mut place = at * VALUES;
        let mut bind = |value: &dyn ToSql| {
            place += 1;
            statement.raw_bind_parameter(place, value)
        };
        bind(&job.kind)?;
        bind(&job.subject)?;
        bind(&written.key)?;
        bind(&job.trace.id.to_be_bytes())?;
        bind(&job.trace.span.cast_signed())?;
        bind(&job.trace.parent.cast_signed())?;
        bind(&job.caller.to_string())?;
        bind(&source)?;
        bind(&sequence)?;
        bind(&job.attempt)?;
        bind(&written.outcome)?;
        bind(&job.received.as_microsecond())?;
        bind(&written.started.as_microsecond())?;
        bind(&written.finished.as_microsecond())?;
        bind(&written.group)?;
    }
    statement.raw_execute().map(drop)
}

/// The flows in which a key occurs, the oldest first.
///
/// # Errors
/// If the tables cannot be read.
pub fn traces_of_key(sql: &Sql<'_>, key: &str) -> Result<Vec<u128>> {
    sql.list(
        "SELECT trace_id, min(received_us) AS first FROM journal WHERE key = ?1 AND key <> ''
         GROUP BY trace_id ORDER BY first LIMIT ?2",
        rusqlite::params![key, TRACE_ROWS_MAX],
        |row| Ok(u128::from_be_bytes(row.get(0)?)),
    )
}

/// The rows of a flow, in the order they were received; one more than [`TRACE_ROWS_MAX`] if there are more.
///
/// # Errors
/// If the tables cannot be read.
pub fn of_trace(sql: &Sql<'_>, trace: u128) -> Result<Vec<Entry>> {
    sql.list(
        &format!("{SELECT} WHERE trace_id = ?1 ORDER BY received_us LIMIT ?2"),
        rusqlite::params![trace.to_be_bytes(), TRACE_ROWS_MAX + 1],
        entry,
    )
}

/// Which pieces of work are looked for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) since_us: i64,
    pub(crate) until_us: i64,
    pub(crate) subject: String,
    pub(crate) failed: bool,
    pub(crate) outcome: String,
    pub(crate) took_us_min: i64,
}

/// Pieces of work, the newest first, and where to go on looking. Looks at [`FIND_ROWS_MAX`] rows at most.
///
/// # Errors
/// If the tables cannot be read.
pub(crate) fn find(
    sql: &Sql<'_>,
    wanted: &Wanted,
    before: Option<i64>,
    rows_max: usize,
) -> Result<(Vec<Entry>, Option<i64>)> {
    let newest: i64 = sql.get("SELECT coalesce(max(id), 0) FROM journal", [], |row| row.get(0))?;
    let before = before.unwrap_or(i64::MAX).min(newest.saturating_add(1));
    let from = before.saturating_sub(FIND_ROWS_MAX);
    let mut found = sql.list(
        &format!(
            "{SELECT} WHERE journal.id < :before AND journal.id >= :from
             AND received_us >= :since AND received_us < :until
             AND (:subject = '' OR subject = :subject)
             AND (NOT :failed OR outcome <> 'ok') AND (:outcome = '' OR outcome = :outcome)
             AND max(finished_us, coalesce(commit_group.committed_us, 0)) - received_us >= :took
             ORDER BY journal.id DESC LIMIT :limit"
        ),
        named_params! {
            ":before": before,
            ":from": from,
            ":since": wanted.since_us,
            ":until": wanted.until_us,
            ":subject": wanted.subject,
            ":failed": wanted.failed,
            ":outcome": wanted.outcome,
            ":took": wanted.took_us_min,
            ":limit": rows_max + 1,
        },
        |row| Ok((row.get::<_, i64>("id")?, entry(row)?)),
    )?;
    if found.len() > rows_max {
        found.truncate(rows_max);
        let next = found.last().map(|(id, _)| *id);
        return Ok((found.into_iter().map(|(_, entry)| entry).collect(), next));
    }
    // Rows stand in the order of their commits, and none waits for its commit as long as this.
    let oldest_us =
        sql.find("SELECT received_us FROM journal WHERE id < ?1 ORDER BY id DESC LIMIT 1", [from], |row| {
            row.get::<_, i64>(0)
        })?;
    let slack_us = REQUEST_TIME_MAX.as_micros() as i64;
    let next =
        oldest_us.filter(|oldest_us| oldest_us.saturating_add(slack_us) >= wanted.since_us).map(|_| from);
    Ok((found.into_iter().map(|(_, entry)| entry).collect(), next))
}

const SELECT: &str = "SELECT journal.*, coalesce(commit_group.committed_us, 0) AS committed_us,
            coalesce(commit_group.jobs, 0) AS jobs
     FROM journal LEFT JOIN commit_group ON commit_group.id = journal.group_id";

fn entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<Entry> {
    let hex = |id: i64| if id == 0 { String::new() } else { format!("{:016x}", id.cast_unsigned()) };
    Ok(Entry {
        kind: row.get("kind")?,
        subject: row.get("subject")?,
        key: row.get("key")?,
        trace: format!("{:032x}", u128::from_be_bytes(row.get("trace_id")?)),
        span: hex(row.get("span_id")?),
        parent: hex(row.get("parent_id")?),
        caller: row.get("caller")?,
        source: row.get("source")?,
        sequence: row.get("sequence")?,
        attempt: row.get("attempt")?,
        outcome: row.get("outcome")?,
        received_us: row.get("received_us")?,
        started_us: row.get("started_us")?,
        finished_us: row.get("finished_us")?,
        committed_us: row.get("committed_us")?,
        group_jobs: row.get("jobs")?,
    })
}
