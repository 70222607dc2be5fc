//! How large everything in a database is, and how fast it grows.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::inspect::{Schema, versions};
use super::snapshot::path_of;
use crate::engine::{outbox, schema};
use crate::error::Result;
use crate::sql::Sql;

/// Tables that are counted. Further ones are left out.
pub const TABLES_MAX: usize = 100;

/// How large everything in a database is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatabaseStats {
    /// The version of the tables.
    pub schema: Schema,
    /// The length of a page in bytes.
    pub page_bytes: u64,
    /// Pages of the file.
    pub pages: u64,
    /// Pages that hold nothing any more; they are used again before the file grows.
    pub pages_free: u64,
    /// The length of the write-ahead log in bytes.
    pub wal_bytes: u64,
    /// Room on its disk in bytes; none if that is not known.
    pub disk_free_bytes: Option<u64>,
    /// The oldest row of the outbox that is kept.
    pub outbox_oldest: u64,
    /// The newest; 0 if there is none yet.
    pub outbox_newest: u64,
    /// When the oldest and the newest became true.
    pub outbox_from: Option<Timestamp>,
    /// When the newest became true.
    pub outbox_until: Option<Timestamp>,
    /// Rows of the outbox a day, over the time that is kept; 0 if that is less than a minute.
    pub outbox_a_day: f64,
    /// Rows of each table.
    pub rows: Vec<TableRows>,
}

/// How many rows a table has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRows {
    /// Its name.
    pub table: String,
    /// Its rows.
    pub rows: u64,
}

/// Measures a database whose service does not run.
///
/// # Errors
/// If it is not there or cannot be read.
pub fn measure_live(path: &Path) -> Result<DatabaseStats> {
    measure(&Sql::new(&schema::open_reader(path)?))
}

/// Measures a database. Counting rows reads an index of every table from end to end.
///
/// # Errors
/// If it cannot be read.
pub fn measure(sql: &Sql<'_>) -> Result<DatabaseStats> {
    let number = |question: &str| sql.get::<u64>(question, [], |row| row.get(0));
    let extent = outbox::extent(sql)?;
    let (from, until) = (outbox::at(sql, extent.oldest)?, outbox::at(sql, extent.newest)?);
    let path = path_of(sql)?;
    let room = rustix::fs::statvfs(&path).ok();
    let tables: Vec<String> = sql.list(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'
         ORDER BY name LIMIT ?1",
        [TABLES_MAX],
        |row| row.get(0),
    )?;
    let mut rows = Vec::new();
    for table in tables {
        let quoted = table.replace('"', "\"\"");
        let counted = number(&format!("SELECT count(*) FROM \"{quoted}\""))?;
        rows.push(TableRows { table, rows: counted });
    }
    Ok(DatabaseStats {
        schema: versions(sql)?,
        page_bytes: number("SELECT page_size FROM pragma_page_size")?,
        pages: number("SELECT page_count FROM pragma_page_count")?,
        pages_free: number("SELECT freelist_count FROM pragma_freelist_count")?,
        wal_bytes: std::fs::metadata(format!("{}-wal", path.display())).map_or(0, |facts| facts.len()),
        disk_free_bytes: room.map(|room| room.f_bavail.saturating_mul(room.f_frsize)),
        outbox_oldest: extent.oldest,
        outbox_newest: extent.newest,
        outbox_from: from,
        outbox_until: until,
        outbox_a_day: from
            .zip(until)
            .map_or(0.0, |(from, until)| a_day(extent.newest - extent.oldest, from, until)),
        rows,
    })
}

/// Less time says nothing about a day.
const SECONDS_MIN: i64 = 60;

#[expect(clippy::cast_precision_loss, reason = "a rate, for people")]
fn a_day(rows: u64, from: Timestamp, until: Timestamp) -> f64 {
    let seconds = until.as_second() - from.as_second();
    if seconds < SECONDS_MIN { 0.0 } else { rows as f64 * 86_400.0 / seconds as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_a_day_is_told_of_no_less_than_a_minute() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(a_day(10, at(0), at(59)) < 1.0);
        assert!((a_day(600, at(0), at(3600)) - 14_400.0).abs() < 0.1);
    }
}
