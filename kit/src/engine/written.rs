//! What a service has written down, all of it, for whoever audits: its rows as they are, without acting on them.
//!
//! The lists are as long as the tables: for a simulator, and for databases of tests. A service answers pages.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::outbox::{Digest, digest};
use super::schema::open_reader;
use crate::error::Result;
use crate::sql::Sql;

/// One row of an outbox, apart from what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The row without what it says.
    pub digest: Digest,
    /// What it is about.
    pub key: String,
    /// When it became true, in microseconds since 1970.
    pub at_us: i64,
}

/// One event that was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardEvent {
    /// The stream.
    pub source: String,
    /// Its number there.
    pub sequence: u64,
    /// `ok`, or the reason it was kept as a dead letter, or parked behind one.
    pub outcome: String,
}

/// An answer that is kept, and was no refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The idempotency key.
    pub key: String,
    /// What it says, as JSON.
    pub body: Vec<u8>,
}

/// Reads the database of a service that runs, or does not. Nothing is changed.
///
/// # Errors
/// If the file is not there, or cannot be read.
pub fn read<T>(database: &Path, read: impl FnOnce(&Sql<'_>) -> Result<T>) -> Result<T> {
    let connection = open_reader(database)?;
    read(&Sql::new(&connection))
}

/// How the database calls itself.
///
/// # Errors
/// If the table cannot be read.
pub fn origin(sql: &Sql<'_>) -> Result<String> {
    sql.get("SELECT value FROM meta WHERE name = 'origin'", [], |row| row.get(0))
}

/// The outbox, in order, damaged rows included.
///
/// # Errors
/// If the table cannot be read.
pub fn told(sql: &Sql<'_>) -> Result<Vec<Told>> {
    sql.list(
        "SELECT seq, id, subject, key, body, at_us, checksum, told_before FROM outbox ORDER BY seq",
        [],
        |row| Ok(Told { digest: digest(row)?, key: row.get("key")?, at_us: row.get("at_us")? }),
    )
}

/// The events that were heard, in the order they were acted on, as far as the journal is kept.
///
/// # Errors
/// If the table cannot be read.
pub fn heard(sql: &Sql<'_>) -> Result<Vec<HeardEvent>> {
    sql.list("SELECT source, sequence, outcome FROM journal WHERE kind = 'event' ORDER BY id", [], |row| {
        Ok(HeardEvent {
            source: row.get("source")?,
            sequence: row.get("sequence")?,
            outcome: row.get("outcome")?,
        })
    })
}

/// From when on the journal has everything, in microseconds since 1970: 0 if nothing was pruned yet.
///
/// # Errors
/// If the table cannot be read.
pub fn journal_from(sql: &Sql<'_>) -> Result<i64> {
    sql.get(
        "SELECT CASE coalesce(min(id), 1) WHEN 1 THEN 0 ELSE max(received_us) END
         FROM (SELECT id, received_us FROM journal ORDER BY id LIMIT 1)",
        [],
        |row| row.get(0),
    )
}

/// How far each database of each stream was heard: stream, origin, number.
///
/// # Errors
/// If the table cannot be read.
pub fn positions(sql: &Sql<'_>) -> Result<Vec<(String, String, u64)>> {
    let question = "SELECT source, origin, sequence FROM position ORDER BY source, origin";
    sql.list(question, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}

/// The answers that are kept and were no refusals.
///
/// # Errors
/// If the table cannot be read.
pub fn kept(sql: &Sql<'_>) -> Result<Vec<Kept>> {
    sql.list("SELECT key, body FROM stored_reply WHERE code = 200 ORDER BY caller, key", [], |row| {
        Ok(Kept { key: row.get("key")?, body: row.get("body")? })
    })
}
