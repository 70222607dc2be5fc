//! The statements that forget buckets, a few at a time.

use contracts::telemetry::Step;
use kit::clock::Believed;
use kit::{Result, Sql, Tx};
use rusqlite::params;

use super::{MINUTE_MS, step_number};
use crate::rollup::Place;

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

/// Notes that buckets of a step that end before a time are removed.
pub fn put_pruned(tx: &Tx<'_>, step: Step, before: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO pruned (step, before_minute) VALUES (?1, ?2)
         ON CONFLICT (step) DO UPDATE SET before_minute = excluded.before_minute
         WHERE before_minute < excluded.before_minute",
        params![step_number(step), step.begin(before) / MINUTE_MS],
    )?;
    Ok(())
}

/// Before which time buckets of each step are removed, in milliseconds since 1970.
pub fn pruned(sql: &Sql<'_>) -> Result<[i64; Step::ALL.len()]> {
    let mut before = [i64::MIN; Step::ALL.len()];
    let rows =
        sql.list("SELECT step, before_minute FROM pruned", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (number, minute) in rows {
        let (number, minute): (i64, i64) = (number, minute);
        for (of, step) in before.iter_mut().zip(Step::ALL) {
            if step_number(step) == number {
                *of = minute.saturating_mul(MINUTE_MS);
            }
        }
    }
    Ok(before)
}

/// Whether there is a bucket.
pub fn has_bucket(sql: &Sql<'_>, generation: u64, series: i64, (step, at): Place) -> Result<bool> {
    let found = sql.find(
        "SELECT 1 FROM buckets WHERE generation = ?1 AND series = ?2 AND step = ?3 AND at_minute = ?4",
        params![generation, series, step_number(step), at / MINUTE_MS],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
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
