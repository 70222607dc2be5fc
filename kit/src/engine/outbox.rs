//! The outbox: row n is message n of the service's stream.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::named_params;

use crate::error::{Error, Result};
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
}

/// What the relay needs to know before it compares with the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The oldest row kept; 1 if there is none yet.
    pub oldest: u64,
    /// The newest row; 0 if there is none yet.
    pub newest: u64,
}

pub(crate) fn insert(
    sql: &Sql<'_>,
    id: &str,
    subject: &str,
    key: &str,
    body: &[u8],
    trace: Trace,
    now: Timestamp,
) -> Result<()> {
    sql.connection()
        .prepare_cached(
            "INSERT INTO outbox (id, subject, key, body, trace_id, span_id, sampled, at_us, checksum)
             VALUES (:id, :subject, :key, :body, :trace_id, :span_id, :sampled, :at_us, :checksum)",
        )?
        .execute(named_params! {
            ":id": id,
            ":subject": subject,
            ":key": key,
            ":body": body,
            ":trace_id": trace.id.to_be_bytes(),
            ":span_id": trace.span.cast_signed(),
            ":sampled": trace.sampled,
            ":at_us": now.as_microsecond(),
            ":checksum": checksum(id, subject, key, body),
        })?;
    Ok(())
}

/// The oldest and the newest row.
///
/// # Errors
/// If the table cannot be read.
pub fn extent(sql: &Sql<'_>) -> Result<Extent> {
    sql.get("SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM outbox", [], |row| {
        Ok(Extent { oldest: row.get(0)?, newest: row.get(1)? })
    })
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
        &format!("SELECT seq, id, subject, key, body, trace_id, span_id, sampled, at_us, checksum FROM outbox {which}"),
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
            };
            let sum: u32 = row.get("checksum")?;
            Ok((sum == checksum(&entry.id, &entry.subject, &entry.key, &entry.body), entry))
        },
    )?
    .into_iter()
    .map(|(intact, entry)| {
        if intact {
            return Ok(entry);
        }
        Err(Error::internal(format!("row {} of the outbox is damaged: it is not what was written", entry.seq)))
    })
    .collect()
}

/// CRC-32 of what a row says.
fn checksum(id: &str, subject: &str, key: &str, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for part in [id.as_bytes(), b"\0", subject.as_bytes(), b"\0", key.as_bytes(), b"\0", body] {
        hasher.update(part);
    }
    hasher.finalize()
}
