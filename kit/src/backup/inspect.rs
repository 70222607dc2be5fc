//! Reading the file of a database, whoever's it is: what it says of itself, and what is wrong with it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};

use crate::engine::{outbox, schema};
use crate::error::{Error, Kind, Result, reason};
use crate::limits::{CHECK_FINDINGS_MAX, CHECKED_ROWS_MAX, DIGESTS_MAX};
use crate::sql::Sql;

/// How far a source has been heard.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// The stream.
    pub source: String,
    /// The database that tells it.
    pub origin: String,
    /// The last number that was acted on.
    pub sequence: u64,
}

/// The version of the tables of a database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// Of those that every service has.
    pub kit: u64,
    /// Of the service's own.
    pub service: u64,
}

/// What the file of a database says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inspected {
    /// The service it belongs to.
    pub service: String,
    /// Its identity.
    pub origin: String,
    /// The identities of the databases in whose place it was put by a restore, the newest first.
    pub replaces: Vec<String>,
    /// The version of its tables.
    pub schema: Schema,
    /// The oldest row of the outbox that is kept; 1 if there is none yet.
    pub outbox_oldest: u64,
    /// The newest; 0 if there is none yet.
    pub outbox_newest: u64,
    /// How far each source has been heard, by source. What a restore has closed is left out.
    pub positions: Vec<Position>,
    /// How large the database is, in bytes.
    pub bytes: u64,
    /// What is wrong, at most [`CHECK_FINDINGS_MAX`] of it.
    pub findings: Vec<String>,
}

/// Opens a file that nobody writes to, such as one of a backup: nothing beside it is read or made.
///
/// # Errors
/// If it is not there or is no database.
#[expect(clippy::disallowed_methods, reason = "a file of a backup must not get a log or locks beside it")]
pub fn open_at_rest(path: &Path) -> Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let mut address = String::from("file:");
    for character in path.to_string_lossy().chars() {
        match character {
            '%' => address.push_str("%25"),
            '?' => address.push_str("%3f"),
            '#' => address.push_str("%23"),
            other => address.push(other),
        }
    }
    address.push_str("?immutable=1");
    Ok(Connection::open_with_flags(address, flags)?)
}

/// Reads a file that nobody writes to.
///
/// # Errors
/// `no_database` if it is none of a service, `storage_failed` if it cannot be read.
pub fn inspect(path: &Path, deep: bool) -> Result<Inspected> {
    look(&Sql::new(&open_at_rest(path)?), deep)
}

/// Reads a database whose service does not run, with what is left in its write-ahead log.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_live(path: &Path, deep: bool) -> Result<Inspected> {
    look(&Sql::new(&schema::open_reader(path)?), deep)
}

fn look(sql: &Sql<'_>, deep: bool) -> Result<Inspected> {
    let is_ours =
        sql.find("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'", [], |_| Ok(()))?;
    if is_ours.is_none() {
        return Err(Error::new(Kind::Refused, reason::NO_DATABASE, "it is no database of a service"));
    }
    let extent = outbox::extent(sql)?;
    Ok(Inspected {
        service: meta(sql, "service")?,
        origin: meta(sql, "origin")?,
        replaces: schema::replaced(sql)?,
        schema: versions(sql)?,
        outbox_oldest: extent.oldest,
        outbox_newest: extent.newest,
        positions: positions(sql)?,
        bytes: sql.get(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
            [],
            |row| row.get(0),
        )?,
        findings: faults(sql, deep)?,
    })
}

/// The version of the tables.
///
/// # Errors
/// If they cannot be read.
pub fn versions(sql: &Sql<'_>) -> Result<Schema> {
    let of = |which: &str| {
        let question =
            format!("SELECT coalesce(max(version), 0) FROM schema_version WHERE part {which} 'kit'");
        sql.get(&question, [], |row| row.get(0))
    };
    Ok(Schema { kit: of("=")?, service: of("<>")? })
}

fn meta(sql: &Sql<'_>, name: &str) -> Result<String> {
    sql.get("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
}

fn positions(sql: &Sql<'_>) -> Result<Vec<Position>> {
    sql.list(
        "SELECT source, origin, sequence FROM position WHERE sequence < ?1 ORDER BY source, origin LIMIT 1000",
        [crate::engine::standing::CLOSED],
        |row| Ok(Position { source: row.get(0)?, origin: row.get(1)?, sequence: row.get(2)? }),
    )
}

/// What is wrong with a database, at most [`CHECK_FINDINGS_MAX`] of it: as SQLite sees it, which does not notice a
/// flipped bit in a row; then references; then the outbox by its checksums and numbers, the newest
/// [`CHECKED_ROWS_MAX`] rows or with `deep` all; and with `deep` the indexes too.
///
/// # Errors
/// If it cannot be read at all.
pub fn faults(sql: &Sql<'_>, deep: bool) -> Result<Vec<String>> {
    let what = if deep { "integrity_check" } else { "quick_check" };
    let mut findings = sql.list(&format!("PRAGMA {what}({CHECK_FINDINGS_MAX})"), [], |row| row.get(0))?;
    if findings == ["ok"] {
        findings.clear();
    }
    findings.extend(sql.list(
        "SELECT \"table\" || ': row ' || coalesce(rowid, '?') || ' points to a missing row of ' || parent
         FROM pragma_foreign_key_check LIMIT 20",
        [],
        |row| row.get(0),
    )?);
    let extent = outbox::extent(sql)?;
    let mut after = extent.oldest.saturating_sub(1);
    if !deep {
        after = after.max(extent.newest.saturating_sub(CHECKED_ROWS_MAX));
    }
    while findings.len() < CHECK_FINDINGS_MAX {
        let (last, faults) = outbox::faults(sql, after, DIGESTS_MAX, CHECK_FINDINGS_MAX)?;
        findings.extend(faults);
        if last == after {
            break;
        }
        after = last;
    }
    findings.truncate(CHECK_FINDINGS_MAX);
    Ok(findings)
}
