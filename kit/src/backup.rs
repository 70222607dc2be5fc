//! A copy of a database: what stands in it, whether it is whole, and making it the database of a shop again.
//!
//! Row n of an outbox is message n of a stream, and every hearer keeps how far it has heard. So copies of
//! several services fit together only if all are of one moment, and a shop that was put back must not give
//! numbers anew that somebody has heard with other words: each database gets a new identity, which begins a
//! new count, and the hearers among the copies take their positions along.
//!
//! Everything here reads and writes files that nobody has open.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use crate::clock::SystemChance;
use crate::engine::outbox;
use crate::engine::schema::open_reader;
use crate::error::{Error, Result};
use crate::id::{encode, uuid_v7};
use crate::limits::{CHECK_FINDINGS_MAX, DIGESTS_MAX};
use crate::sql::Sql;

/// The row of `meta` that a restored database has until its stream mirrors it.
pub(crate) const RESTORED: &str = "restored";

/// The file in a data folder while databases are being put back. Nobody starts beside it.
pub const RESTORING: &str = "restore-unfinished";

/// How far a service has heard another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The stream.
    pub source: String,
    /// The database it was heard from.
    pub origin: String,
    /// The number of the last message that was acted on.
    pub sequence: u64,
}

/// What stands in a copy of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The service whose database it is.
    pub service: String,
    /// Its identity.
    pub origin: String,
    /// The oldest row of its outbox that is kept; 1 if there is none yet.
    pub oldest: u64,
    /// The newest row of its outbox; 0 if there is none yet.
    pub newest: u64,
    /// How far it has heard others.
    pub positions: Vec<Position>,
    /// The version of each part of its tables.
    pub versions: BTreeMap<String, u32>,
}

/// Reads what stands in a database that nobody has open.
///
/// # Errors
/// If it cannot be read, or is none of a service.
pub fn facts(path: &Path) -> Result<Facts> {
    let connection = open_reader(path)?;
    let sql = Sql::new(&connection);
    let meta = |name: &str| sql.get("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0));
    let extent = outbox::extent(&sql)?;
    let versions = sql
        .list("SELECT part, version FROM schema_version", [], |row| Ok((row.get(0)?, row.get(1)?)))?
        .into_iter()
        .collect();
    Ok(Facts {
        service: meta("service")?,
        origin: meta("origin")?,
        oldest: extent.oldest,
        newest: extent.newest,
        positions: sql.list("SELECT source, origin, sequence FROM position", [], |row| {
            Ok(Position { source: row.get(0)?, origin: row.get(1)?, sequence: row.get(2)? })
        })?,
        versions,
    })
}

/// What is wrong with a database that nobody has open: every page is read, every reference followed, and
/// every row of the outbox compared with its checksum and its number.
///
/// # Errors
/// If it cannot be read at all.
pub fn faults(path: &Path) -> Result<Vec<String>> {
    let connection = open_reader(path)?;
    let sql = Sql::new(&connection);
    let mut faults: Vec<String> =
        sql.list(&format!("PRAGMA integrity_check({CHECK_FINDINGS_MAX})"), [], |row| row.get(0))?;
    faults.retain(|said| said != "ok");
    let dangling: u64 = sql.get("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
    if dangling > 0 {
        faults.push(format!("{dangling} rows point to rows that are missing"));
    }
    let extent = outbox::extent(&sql)?;
    let mut after = extent.oldest - 1;
    while faults.len() < CHECK_FINDINGS_MAX {
        let (last, found) = outbox::faults(&sql, after, DIGESTS_MAX, CHECK_FINDINGS_MAX)?;
        faults.extend(found);
        if last == after {
            break;
        }
        after = last;
    }
    Ok(faults)
}

/// How many rows each table of a database has, by name.
///
/// # Errors
/// If it cannot be read.
pub fn rows(path: &Path) -> Result<BTreeMap<String, u64>> {
    let connection = open_reader(path)?;
    let sql = Sql::new(&connection);
    let tables: Vec<String> = sql.list(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        [],
        |row| row.get(0),
    )?;
    let mut rows = BTreeMap::new();
    for table in tables {
        // The name comes from the file, so it is quoted as a name.
        let count = format!("SELECT count(*) FROM \"{}\"", table.replace('"', "\"\""));
        rows.insert(table, sql.get(&count, [], |row| row.get(0))?);
    }
    Ok(rows)
}

/// Where copies do not fit together: whoever has heard more than was told is of a later moment.
pub fn misfits(copies: &[Facts]) -> Vec<String> {
    let mut misfits = Vec::new();
    for hearer in copies {
        for position in &hearer.positions {
            let Some(teller) = copies.iter().find(|teller| teller.origin == position.origin) else {
                continue;
            };
            if position.sequence > teller.newest {
                misfits.push(format!(
                    "{} has heard {} up to {}, which ends at {}: the copies are not of one moment",
                    hearer.service, position.source, position.sequence, teller.newest
                ));
            }
        }
    }
    misfits
}

/// A new identity for each of these databases, by its present one.
pub fn new_origins(copies: &[Facts], now: jiff::Timestamp) -> BTreeMap<String, String> {
    copies.iter().map(|copy| (copy.origin.clone(), encode(uuid_v7(now, &mut SystemChance)))).collect()
}

/// Makes a copy the database of a shop that goes on from it: it gets its new identity, and takes what it
/// has heard of the other copies along to theirs. Its stream is made anew at the next start, whatever it
/// holds.
///
/// # Errors
/// If it cannot be written; nothing has been changed then.
pub fn adopt(path: &Path, origins: &BTreeMap<String, String>) -> Result<()> {
    let mut connection = open_to_write(path)?;
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (old, new) in origins {
        tx.execute("UPDATE meta SET value = ?2 WHERE name = 'origin' AND value = ?1", params![old, new])?;
        tx.execute(
            "INSERT OR REPLACE INTO position (source, origin, sequence)
             SELECT source, ?2, sequence FROM position WHERE origin = ?1",
            params![old, new],
        )?;
        tx.execute("DELETE FROM position WHERE origin = ?1", params![old])?;
    }
    tx.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, 'yes')", [RESTORED])?;
    tx.commit()?;
    Ok(())
}

/// A message of the stream that the outbox of a database has no row of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Its number.
    pub sequence: u64,
    /// The identifier of the event.
    pub id: String,
    /// Where it was told.
    pub subject: String,
    /// What it is about.
    pub key: String,
    /// The flow and the piece of work that told it.
    pub trace: crate::Trace,
    /// When it was told.
    pub at: jiff::Timestamp,
    /// What it says.
    pub body: Vec<u8>,
}

/// Takes events back into the outbox of a database that is older than its stream, so that no number is
/// given twice. What they say is not in the other tables.
///
/// # Errors
/// If they do not follow on the newest row without a gap, or cannot be written; nothing has been changed then.
pub fn take_back(path: &Path, lost: &[Lost]) -> Result<()> {
    let mut connection = open_to_write(path)?;
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sql = Sql::new(&tx);
    for event in lost {
        let newest = outbox::extent(&sql)?.newest;
        if event.sequence != newest + 1 {
            return Err(Error::internal(format!(
                "message {} does not follow on row {newest}; nothing was taken back",
                event.sequence
            )));
        }
        outbox::insert(&sql, &event.id, &event.subject, &event.key, &event.body, event.trace, event.at)?;
    }
    tx.commit()?;
    Ok(())
}

/// Opens a file that nobody else has open, without a log beside it: it is whole again when it is closed.
#[expect(clippy::disallowed_methods, reason = "a copy is not yet the database of a service")]
fn open_to_write(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA;")?;
    Ok(connection)
}

/// How many events a database told since a time.
///
/// # Errors
/// If it cannot be read.
pub fn told_since(path: &Path, since: jiff::Timestamp) -> Result<u64> {
    let connection = open_reader(path)?;
    let sql = Sql::new(&connection);
    sql.get("SELECT count(*) FROM outbox WHERE at_us >= ?1", [since.as_microsecond()], |row| row.get(0))
}

/// Pages of a database: how large one is, how many there are, and how many of them are free.
///
/// # Errors
/// If it cannot be read.
pub fn pages(path: &Path) -> Result<(u64, u64, u64)> {
    let connection = open_reader(path)?;
    let sql = Sql::new(&connection);
    let figure = |name: &str| sql.get(&format!("PRAGMA {name}"), [], |row| row.get(0));
    Ok((figure("page_size")?, figure("page_count")?, figure("freelist_count")?))
}
