//! The outbox: row n is message n of the service's stream.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{named_params, params};
use serde::{Deserialize, Serialize};

use crate::engine::lookup::Match;
use crate::error::{Error, Result};
use crate::id::{EventId, Id};
use crate::sql::Sql;
use crate::trace::Trace;

/// One row: an event as it will stand in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number here and in the stream.
    pub seq: u64,
    /// The identifier of the event.
    pub id: String,
    /// Where it is told.
    pub subject: String,
    /// What it is about.
    pub key: String,
    /// What it says, as JSON.
    pub body: Bytes,
    /// The flow, and the piece of work that emitted it.
    pub trace: Trace,
    /// When it became true.
    pub at: Timestamp,
    /// What was told before it: by the name of each event, the number of the newest row, such as
    /// `confirmed=12 placed=14`. None in rows from before that was noted.
    pub told_before: Option<String>,
}

/// What the relay needs to know before it compares with the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The oldest row kept; 1 if there is none yet.
    pub oldest: u64,
    /// The newest row; 0 if there is none yet.
    pub newest: u64,
}

/// Writes the next row. Its number does not count: SQLite gives it, and it is answered.
pub(crate) fn insert(sql: &Sql<'_>, row: &Row) -> Result<u64> {
    sql.connection()
        .prepare_cached(
            "INSERT INTO outbox (id, subject, key, body, trace_id, span_id, sampled, at_us, checksum, told_before)
             VALUES (:id, :subject, :key, :body, :trace_id, :span_id, :sampled, :at_us, :checksum, :told_before)",
        )?
        .execute(named_params! {
            ":id": row.id,
            ":subject": row.subject,
            ":key": row.key,
            ":body": &row.body[..],
            ":trace_id": row.trace.id.to_be_bytes(),
            ":span_id": row.trace.span.cast_signed(),
            ":sampled": row.trace.sampled,
            ":at_us": row.at.as_microsecond(),
            ":checksum": checksum(&row.id, &row.subject, &row.key, &row.body, row.told_before.as_deref()),
            ":told_before": row.told_before,
        })?;
    let seq = sql.connection().last_insert_rowid();
    sql.connection()
        .prepare_cached(
            "INSERT INTO told (subject, seq) VALUES (?1, ?2)
             ON CONFLICT (subject) DO UPDATE SET seq = excluded.seq",
        )?
        .execute(params![row.subject, seq])?;
    Ok(seq.cast_unsigned())
}

/// Each alone is found at an end of the table; both in one question would read all of it.
const EXTENT: &str =
    "SELECT coalesce((SELECT min(seq) FROM outbox), 1), coalesce((SELECT max(seq) FROM outbox), 0)";

/// The oldest and the newest row.
///
/// # Errors
/// If the table cannot be read.
pub fn extent(sql: &Sql<'_>) -> Result<Extent> {
    sql.get(EXTENT, [], |row| Ok(Extent { oldest: row.get(0)?, newest: row.get(1)? }))
}

/// The identifier of the event in a row, if the row is still kept.
///
/// # Errors
/// If the table cannot be read.
pub fn id_of(sql: &Sql<'_>, seq: u64) -> Result<Option<String>> {
    sql.find("SELECT id FROM outbox WHERE seq = ?1", [seq], |row| row.get(0))
}

/// Rows from a number on, in order, each compared with its checksum.
///
/// # Errors
/// If the table cannot be read, or a row no longer says what was written: SQLite itself does not
/// notice a flipped bit in a page.
pub fn from(sql: &Sql<'_>, seq: u64, rows_max: usize) -> Result<Vec<Row>> {
    rows(sql, "WHERE seq >= ?1 ORDER BY seq LIMIT ?2", (seq, rows_max))
}

/// The rows of a flow, in order, each compared with its checksum.
///
/// # Errors
/// As [`from`].
pub fn of_trace(sql: &Sql<'_>, trace: u128, rows_max: usize) -> Result<Vec<Row>> {
    rows(sql, "WHERE trace_id = ?1 ORDER BY seq LIMIT ?2", (trace.to_be_bytes(), rows_max))
}

fn rows(sql: &Sql<'_>, which: &str, params: impl rusqlite::Params) -> Result<Vec<Row>> {
    sql.list(
        &format!(
            "SELECT seq, id, subject, key, body, trace_id, span_id, sampled, at_us, checksum, told_before
                 FROM outbox {which}"
        ),
        params,
        |row| {
            let entry = Row {
                seq: row.get("seq")?,
                id: row.get("id")?,
                subject: row.get("subject")?,
                key: row.get("key")?,
                body: row.get::<_, Arc<[u8]>>("body").map(Bytes::from_owner)?,
                trace: Trace {
                    id: u128::from_be_bytes(row.get("trace_id")?),
                    span: row.get::<_, i64>("span_id")?.cast_unsigned(),
                    parent: 0,
                    sampled: row.get("sampled")?,
                },
                at: Timestamp::from_microsecond(row.get("at_us")?).unwrap_or(Timestamp::UNIX_EPOCH),
                told_before: row.get("told_before")?,
            };
            let sum: u32 = row.get("checksum")?;
            Ok((
                sum == checksum(
                    &entry.id,
                    &entry.subject,
                    &entry.key,
                    &entry.body,
                    entry.told_before.as_deref(),
                ),
                entry,
            ))
        },
    )?
    .into_iter()
    .map(|(intact, entry)| {
        if intact {
            return Ok(entry);
        }
        Err(Error::internal(format!(
            "row {} of the outbox is damaged: it is not what was written",
            entry.seq
        )))
    })
    .collect()
}

/// A row without what it says, to compare with the message of the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Its number here and in the stream.
    pub sequence: u64,
    /// The identifier of the event.
    pub id: String,
    /// Where it is told.
    pub subject: String,
    /// The checksum that was written with it: see [`checksum`].
    pub checksum: u32,
    /// Whether the row still says what was written.
    pub intact: bool,
}

/// Rows behind a number, in order, damaged ones included.
///
/// # Errors
/// If the table cannot be read.
pub fn digests(sql: &Sql<'_>, after: u64, rows_max: usize) -> Result<Vec<Digest>> {
    sql.list(
        "SELECT seq, id, subject, key, body, checksum, told_before FROM outbox WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        params![after, rows_max],
        digest,
    )
}

/// Reads a row as its digest, comparing it with its checksum.
pub(crate) fn digest(row: &rusqlite::Row<'_>) -> rusqlite::Result<Digest> {
    let (id, subject): (String, String) = (row.get("id")?, row.get("subject")?);
    let (key, body): (String, Vec<u8>) = (row.get("key")?, row.get("body")?);
    let sum = row.get("checksum")?;
    let told_before: Option<String> = row.get("told_before")?;
    let intact = sum == checksum(&id, &subject, &key, &body, told_before.as_deref());
    Ok(Digest { sequence: row.get("seq")?, id, subject, checksum: sum, intact })
}

/// What is wrong with the rows behind a number: gaps in the numbers, and rows that no longer say what was
/// written, at most so many of both. Looks at so many rows, and answers also the last of them.
///
/// # Errors
/// If the table cannot be read.
pub fn faults(sql: &Sql<'_>, after: u64, rows_max: usize, faults_max: usize) -> Result<(u64, Vec<String>)> {
    let (mut last, mut faults) = (after, Vec::new());
    for row in digests(sql, after, rows_max)? {
        if row.sequence != last + 1 && last > 0 {
            let missing = match row.sequence - last {
                2 => format!("row {} of the outbox is missing", last + 1),
                _ => format!("rows {} to {} of the outbox are missing", last + 1, row.sequence - 1),
            };
            faults.push(missing);
        }
        if !row.intact {
            faults.push(format!("row {} of the outbox is damaged: it is not what was written", row.sequence));
        }
        last = row.sequence;
        if faults.len() >= faults_max {
            faults.truncate(faults_max);
            break;
        }
    }
    Ok((last, faults))
}

/// When the oldest row behind a number became true; none if there is no row behind it.
///
/// # Errors
/// If the table cannot be read.
pub fn oldest_behind(sql: &Sql<'_>, seq: u64) -> Result<Option<Timestamp>> {
    let question = "SELECT at_us FROM outbox WHERE seq > ?1 ORDER BY seq LIMIT 1";
    let micros = sql.find(question, [seq], |row| row.get(0))?;
    Ok(micros.and_then(|micros| Timestamp::from_microsecond(micros).ok()))
}

/// When a row became true; none if it is not kept.
///
/// # Errors
/// If the table cannot be read.
pub fn at(sql: &Sql<'_>, seq: u64) -> Result<Option<Timestamp>> {
    let micros = sql.find("SELECT at_us FROM outbox WHERE seq = ?1", [seq], |row| row.get(0))?;
    Ok(micros.and_then(|micros| Timestamp::from_microsecond(micros).ok()))
}

/// The row of an event by its whole identifier. That says when it was made, and rows stand in the
/// order of their time, so it is found in a few steps.
///
/// # Errors
/// If the table cannot be read.
pub fn find_event(sql: &Sql<'_>, id: &str) -> Result<Option<Match>> {
    let Ok(event) = id.parse::<EventId>() else { return Ok(None) };
    let Ok(millis) = i64::try_from(event.bits() >> 80) else { return Ok(None) };
    let micros = millis.saturating_mul(1000);
    let extent = extent(sql)?;
    let (mut low, mut high) = (extent.oldest, extent.newest.saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        match at(sql, middle)? {
            Some(time) if time.as_microsecond() >= micros => high = middle,
            _ => low = middle + 1,
        }
    }
    sql.find(
        "SELECT id, subject, trace_id, at_us FROM outbox WHERE seq >= ?1 AND seq < ?1 + ?2 AND id = ?3",
        params![low, EVENTS_OF_A_MILLISECOND, id],
        |row| {
            Ok(Match {
                kind: "event".to_owned(),
                id: row.get("id")?,
                trace: format!("{:032x}", u128::from_be_bytes(row.get("trace_id")?)),
                subject: row.get("subject")?,
                at_us: row.get("at_us")?,
            })
        },
    )
}

/// Rows that are looked at for an event whose millisecond is known.
const EVENTS_OF_A_MILLISECOND: u64 = 10_000;

/// CRC-32 of what a row says: its identifier, its subject, its key, its body and, if it says so, what was told
/// before it, with a zero byte between them. Whoever reads the message of the same number can compute it too.
pub fn checksum(id: &str, subject: &str, key: &str, body: &[u8], told_before: Option<&str>) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for part in [id.as_bytes(), b"\0", subject.as_bytes(), b"\0", key.as_bytes(), b"\0", body] {
        hasher.update(part);
    }
    for part in told_before.into_iter().flat_map(|told| ["\0", told]) {
        hasher.update(part.as_bytes());
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Service;
    use crate::testing::Scratch;

    /// It read all of them once, after every commit: the more a shop had told, the slower it became.
    #[test]
    fn the_ends_of_the_outbox_are_found_without_reading_what_lies_between() {
        let scratch = Scratch::of(Service::new("teller", "1.0.0"));
        let plan: Vec<String> = scratch
            .sql(|sql| sql.list(&format!("EXPLAIN QUERY PLAN {EXTENT}"), [], |row| row.get("detail")))
            .unwrap();
        assert!(plan.iter().any(|step| step.starts_with("SEARCH outbox")), "{plan:?}");
        assert!(!plan.iter().any(|step| step.starts_with("SCAN outbox")), "{plan:?}");
    }
}
