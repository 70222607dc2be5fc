//! The statements of a rebuild.

use contracts::DeviceId;
use contracts::readings::Metric;
use contracts::telemetry::Step;
use kit::sql::Columns;
use kit::{Result, Sql, Tx};
use rusqlite::params;

use super::{MINUTE_MS, Series, step_number};

/// Which buckets are shown, and what is being built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// The generation that is shown.
    pub standing: u64,
    /// How many readings were heard.
    pub readings: u64,
    /// The rebuild that runs.
    pub building: Option<Building>,
    /// When the last one ended, in milliseconds since 1970; 0 if there was none.
    pub rebuilt_at: i64,
    /// Up to which event readings may have been counted already by the rebuild of what is shown.
    pub settled: u64,
}

/// A rebuild that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Building {
    /// The generation that is built.
    pub generation: u64,
    /// How many readings were counted.
    pub counted: u64,
    /// How many questions were asked.
    pub turn: u64,
    /// When it began, in milliseconds since 1970.
    pub began_at: i64,
}

/// What a rebuild has read of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Up to which time, in milliseconds since 1970.
    pub to: i64,
    /// Up to which event it was complete.
    pub number: u64,
}

/// Which buckets are shown, and what is being built.
pub fn state(sql: &Sql<'_>) -> Result<State> {
    sql.get(
        "SELECT standing, readings, building, counted, turn, began_at_ms, rebuilt_at_ms, settled FROM state
         WHERE one = 1",
        [],
        |row| {
            let mut columns = Columns::of(row);
            let (standing, readings) = (columns.get("standing")?, columns.get("readings")?);
            let building = Building {
                generation: columns.get("building")?,
                counted: columns.get("counted")?,
                turn: columns.get("turn")?,
                began_at: columns.get("began_at_ms")?,
            };
            let building = Some(building).filter(|building| building.generation > 0);
            let rebuilt_at = columns.get("rebuilt_at_ms")?;
            Ok(State { standing, readings, building, rebuilt_at, settled: columns.get("settled")? })
        },
    )
}

/// Begins to build a generation. What was counted by the rebuild of the one that is shown stays known.
pub fn begin_rebuild(tx: &Tx<'_>, generation: u64) -> Result<()> {
    tx.execute(
        "UPDATE state SET building = ?1, counted = 0, turn = 0, began_at_ms = ?2 WHERE one = 1",
        params![generation, tx.now().as_millisecond()],
    )?;
    Ok(())
}

/// Counts readings of a rebuild, and a question.
pub fn advance(tx: &Tx<'_>, readings: u64) -> Result<()> {
    tx.execute("UPDATE state SET counted = counted + ?1, turn = turn + 1 WHERE one = 1", [readings])?;
    Ok(())
}

/// Shows what was built. Up to the last event that was read, readings may be counted already.
pub fn end_rebuild(tx: &Tx<'_>) -> Result<()> {
    tx.execute(
        "UPDATE state SET standing = building, building = 0, rebuilt_at_ms = ?1,
                          settled = (SELECT coalesce(max(number), 0) FROM pages WHERE generation = building)
         WHERE one = 1",
        [tx.now().as_millisecond()],
    )?;
    tx.execute("DELETE FROM pages WHERE generation <> (SELECT standing FROM state)", [])?;
    // It has every bucket of the readings that are kept, however old.
    tx.execute("DELETE FROM pruned", [])?;
    Ok(())
}

/// Leaves it at what is shown.
pub fn give_up_rebuild(tx: &Tx<'_>) -> Result<()> {
    tx.execute("DELETE FROM pages WHERE generation = (SELECT building FROM state)", [])?;
    tx.execute("UPDATE state SET building = 0 WHERE one = 1", [])?;
    Ok(())
}

/// Nothing that is heard from now on can have been counted by the rebuild of what is shown.
pub fn settle(tx: &Tx<'_>) -> Result<()> {
    tx.execute("DELETE FROM pages WHERE generation = (SELECT standing FROM state)", [])?;
    tx.execute("UPDATE state SET settled = 0 WHERE one = 1", [])?;
    Ok(())
}

/// The next series that is not in a generation yet.
pub fn next_to_rebuild(sql: &Sql<'_>, generation: u64) -> Result<Option<(Series, DeviceId, Metric)>> {
    sql.find(
        "SELECT number, rebuilt, device, metric FROM series WHERE rebuilt < ?1 ORDER BY rebuilt, number LIMIT 1",
        [generation],
        |row| {
            let mut columns = Columns::of(row);
            let series = Series { number: columns.get("number")?, rebuilt: columns.get("rebuilt")? };
            Ok((series, columns.parsed("device")?, columns.parsed("metric")?))
        },
    )
}

/// A series is wholly in a generation.
pub fn mark_rebuilt(tx: &Tx<'_>, series: i64, generation: u64) -> Result<()> {
    tx.execute("UPDATE series SET rebuilt = ?2 WHERE number = ?1", params![series, generation])?;
    Ok(())
}

/// Notes what the rebuild of a generation has read of a series.
pub fn put_page(tx: &Tx<'_>, generation: u64, series: i64, page: Page) -> Result<()> {
    tx.execute(
        "INSERT INTO pages (generation, series, to_ms, number) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (generation, series, to_ms) DO UPDATE SET number = excluded.number",
        params![generation, series, page.to, page.number],
    )?;
    Ok(())
}

/// What the rebuild of a generation has read of a series, by time.
pub fn list_pages(sql: &Sql<'_>, generation: u64, series: i64) -> Result<Vec<Page>> {
    sql.list(
        "SELECT to_ms, number FROM pages WHERE generation = ?1 AND series = ?2 ORDER BY to_ms",
        params![generation, series],
        |row| Ok(Page { to: row.get(0)?, number: row.get(1)? }),
    )
}

/// Takes over the buckets of a series that begin before the first reading that is still kept, and the one it lies in
/// if that has lost readings since. What is kept longer than readings cannot be made of them.
pub fn keep_old_buckets(tx: &Tx<'_>, (from, to): (u64, u64), series: i64, first: Option<i64>) -> Result<()> {
    for step in Step::ALL {
        let first = first.map_or(i64::MAX, |first| step.begin(first) / MINUTE_MS);
        tx.execute(
            "INSERT INTO buckets (generation, series, step, at_minute, count, least, most, total, rest, last,
                                  last_after_ms)
             SELECT ?2, series, step, at_minute, count, least, most, total, rest, last, last_after_ms FROM buckets
             WHERE generation = ?1 AND series = ?3 AND step = ?4 AND at_minute <= ?5
             ON CONFLICT (generation, series, step, at_minute) DO UPDATE
             SET count = excluded.count, least = excluded.least, most = excluded.most, total = excluded.total,
                 rest = excluded.rest, last = excluded.last, last_after_ms = excluded.last_after_ms
             WHERE at_minute < ?5 OR excluded.count > count",
            params![from, to, series, step_number(step), first],
        )?;
    }
    Ok(())
}

/// Removes some buckets of other generations than two. Answers whether there may be more.
pub fn remove_others(tx: &Tx<'_>, (standing, building): (u64, u64), rows_max: usize) -> Result<bool> {
    let rows = tx.execute(
        "DELETE FROM buckets WHERE (generation, series, step, at_minute) IN (
             SELECT generation, series, step, at_minute FROM buckets
             WHERE (generation < ?1 OR generation > ?1) AND generation <> ?2 LIMIT ?3)",
        params![standing, building, rows_max],
    )?;
    Ok(rows == rows_max)
}

/// The newest generation of which there are buckets; 0 if there are none.
pub fn newest_generation(sql: &Sql<'_>) -> Result<u64> {
    sql.get("SELECT coalesce(max(generation), 0) FROM buckets", [], |row| row.get(0))
}
