//! The statements that forget buckets, a few at a time.

use contracts::telemetry::Step;
use kit::{Result, Sql, Tx};
use rusqlite::params;

use super::{MINUTE_MS, step_number};

/// How far pruning is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruning {
    /// The series behind which it goes on.
    pub behind: i64,
    /// When it last looked at the clock.
    pub looked_at: i64,
    /// Until when nothing is removed.
    pub held_until: i64,
}

/// How far pruning is.
pub fn pruning(sql: &Sql<'_>) -> Result<Pruning> {
    sql.get("SELECT behind, looked_at_ms, held_until_ms FROM pruning WHERE one = 1", [], |row| {
        Ok(Pruning { behind: row.get(0)?, looked_at: row.get(1)?, held_until: row.get(2)? })
    })
}

/// Notes how far pruning is.
pub fn put_pruning(tx: &Tx<'_>, pruning: Pruning) -> Result<()> {
    tx.execute(
        "UPDATE pruning SET behind = ?1, looked_at_ms = ?2, held_until_ms = ?3 WHERE one = 1",
        params![pruning.behind, pruning.looked_at, pruning.held_until],
    )?;
    Ok(())
}

/// The numbers of series behind one.
pub fn series_behind(sql: &Sql<'_>, behind: i64, rows_max: usize) -> Result<Vec<i64>> {
    sql.list(
        "SELECT number FROM series WHERE number > ?1 ORDER BY number LIMIT ?2",
        params![behind, rows_max],
        |row| row.get(0),
    )
}

/// Removes buckets of a series and step that end before a time, the oldest first. Answers how many.
pub fn remove_before(
    tx: &Tx<'_>,
    generation: u64,
    (series, step): (i64, Step),
    before: i64,
    rows_max: usize,
) -> Result<usize> {
    let before = step.begin(before) / MINUTE_MS;
    let end = tx.find(
        "SELECT at_minute FROM buckets
         WHERE generation = ?1 AND series = ?2 AND step = ?3 AND at_minute < ?4
         ORDER BY at_minute LIMIT 1 OFFSET ?5",
        params![generation, series, step_number(step), before, rows_max],
        |row| row.get::<_, i64>(0),
    )?;
    tx.execute(
        "DELETE FROM buckets WHERE generation = ?1 AND series = ?2 AND step = ?3 AND at_minute < ?4",
        params![generation, series, step_number(step), end.unwrap_or(before)],
    )
}
