//! The statements that forget readings, a few at a time.

use kit::clock::Believed;
use kit::{Result, Sql, Tx};
use rusqlite::params;

/// How far pruning is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruning {
    /// The series behind which it goes on.
    pub behind: i64,
    /// What it knows of the clock.
    pub clock: Believed,
}

/// How far pruning is.
pub fn pruning(sql: &Sql<'_>) -> Result<Pruning> {
    sql.get("SELECT behind, looked_at_ms, held_until_ms FROM pruning WHERE one = 1", [], |row| {
        let clock = Believed { looked_at: row.get(1)?, held_until: row.get(2)? };
        Ok(Pruning { behind: row.get(0)?, clock })
    })
}

/// Notes how far pruning is.
pub fn put_pruning(tx: &Tx<'_>, pruning: Pruning) -> Result<()> {
    tx.execute(
        "UPDATE pruning SET behind = ?1, looked_at_ms = ?2, held_until_ms = ?3 WHERE one = 1",
        params![pruning.behind, pruning.clock.looked_at, pruning.clock.held_until],
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

/// Removes chunks of a series whose readings are all from before a time, the oldest first. Answers how many.
pub fn remove_before(tx: &Tx<'_>, series: i64, before: i64, rows_max: usize) -> Result<usize> {
    tx.execute(
        "DELETE FROM chunks WHERE number IN (
             SELECT number FROM chunks WHERE series = ?1 AND first_ms < ?2 AND last_ms < ?2
             ORDER BY first_ms LIMIT ?3)",
        params![series, before, rows_max],
    )
}
