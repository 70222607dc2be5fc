//! How large a database is, and of what.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use crate::engine::schema::open_reader;
use crate::error::Result;
use crate::sql::Sql;

/// The figures of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// How large the file is, in bytes.
    pub bytes: u64,
    /// Room in it that is used again before it grows.
    pub free_bytes: u64,
    /// The oldest event that is kept; 1 if there is none yet.
    pub oldest_event: u64,
    /// The newest event; 0 if there is none yet.
    pub newest_event: u64,
    /// Events since the time that was asked for.
    pub events_since: u64,
    /// How many rows each table has.
    pub rows: BTreeMap<String, u64>,
}

/// Counts what stands in a database, also while its service runs.
///
/// # Errors
/// If it cannot be read.
pub fn stats(path: &Path, since: Timestamp) -> Result<Stats> {
    let connection = open_reader(path)?;
    let sql = Sql::new(&connection);
    let figure = |name: &str| sql.get(&format!("PRAGMA {name}"), [], |row| row.get::<_, u64>(0));
    let page = figure("page_size")?;
    let extent = crate::engine::outbox::extent(&sql)?;
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
    Ok(Stats {
        bytes: page * figure("page_count")?,
        free_bytes: page * figure("freelist_count")?,
        oldest_event: extent.oldest,
        newest_event: extent.newest,
        events_since: sql.get(
            "SELECT count(*) FROM outbox WHERE at_us >= ?1",
            [since.as_microsecond()],
            |row| row.get(0),
        )?,
        rows,
    })
}
