//! The statements about chunks: where readings lie.

use contracts::readings::Reading;
use kit::sql::Columns;
use kit::{Error, Result, Sql, Tx};
use rusqlite::types::Type;
use rusqlite::{Row, params};

use crate::chunk::{self, Damaged};
use crate::gather::Taken;

/// A chunk, as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Its number in this database.
    pub number: i64,
    /// The time of its first reading.
    pub first: i64,
    /// The time of its last reading.
    pub last: i64,
    /// How many it holds.
    pub readings: usize,
    data: Vec<u8>,
}

impl Chunk {
    /// Its readings, by their time.
    ///
    /// # Errors
    /// If it is damaged.
    pub fn read(&self) -> Result<Vec<Taken>> {
        chunk::read(self.first, &self.data)
            .map_err(|damaged: Damaged| Error::internal("readings cannot be read").caused_by(damaged))
    }
}

/// The last chunk of a series that begins at a time or before.
pub fn last_chunk(sql: &Sql<'_>, series: i64, time: i64) -> Result<Option<Chunk>> {
    sql.find(
        "SELECT number, first_ms, last_ms, readings, data FROM chunks
         WHERE series = ?1 AND first_ms <= ?2 ORDER BY first_ms DESC LIMIT 1",
        params![series, time],
        row_to_chunk,
    )
}

/// The first chunk of a series.
pub fn first_chunk(sql: &Sql<'_>, series: i64) -> Result<Option<Chunk>> {
    sql.find(
        "SELECT number, first_ms, last_ms, readings, data FROM chunks
         WHERE series = ?1 ORDER BY first_ms LIMIT 1",
        [series],
        row_to_chunk,
    )
}

/// Where the next chunk of a series behind a time begins, if there is one.
pub fn first_behind(sql: &Sql<'_>, series: i64, time: i64) -> Result<Option<i64>> {
    sql.find(
        "SELECT first_ms FROM chunks WHERE series = ?1 AND first_ms > ?2 ORDER BY first_ms LIMIT 1",
        params![series, time],
        |row| row.get(0),
    )
}

/// Adds readings to the end of a chunk.
pub fn grow_chunk(tx: &Tx<'_>, chunk: &mut Chunk, readings: &[Taken]) -> Result<()> {
    let Some(last) = readings.last() else { return Ok(()) };
    chunk::append(&mut chunk.data, chunk.last, readings);
    (chunk.last, chunk.readings) = (last.time, chunk.readings + readings.len());
    tx.execute(
        "UPDATE chunks SET last_ms = ?2, readings = ?3, data = ?4 WHERE number = ?1",
        params![chunk.number, chunk.last, chunk.readings, chunk.data],
    )?;
    Ok(())
}

/// Puts these readings in place of those of a chunk.
pub fn put_chunk(tx: &Tx<'_>, number: i64, readings: &[Taken]) -> Result<()> {
    let Some((first, last, data)) = written(readings) else { return Ok(()) };
    tx.execute(
        "UPDATE chunks SET first_ms = ?2, last_ms = ?3, readings = ?4, data = ?5 WHERE number = ?1",
        params![number, first, last, readings.len(), data],
    )?;
    Ok(())
}

/// Begins a chunk with readings.
pub fn insert_chunk(tx: &Tx<'_>, series: i64, readings: &[Taken]) -> Result<()> {
    let Some((first, last, data)) = written(readings) else { return Ok(()) };
    tx.execute(INSERT, params![series, first, last, readings.len(), data])?;
    Ok(())
}

/// A new chunk.
pub(super) const INSERT: &str =
    "INSERT INTO chunks (series, first_ms, last_ms, readings, data) VALUES (?1, ?2, ?3, ?4, ?5)";

/// Readings as a row of a chunk: the time of the first, of the last, and the bytes.
pub(super) fn written(readings: &[Taken]) -> Option<(i64, i64, Vec<u8>)> {
    let (first, last) = (readings.first()?.time, readings.last()?.time);
    let mut data = Vec::with_capacity(8 * readings.len());
    chunk::append(&mut data, first, readings);
    Some((first, last, data))
}

/// Readings of a series.
#[derive(Debug, Default)]
pub struct Listed {
    /// By their time, each with by how much later it was received.
    pub readings: Vec<(Reading, i64)>,
    /// The number of the event that was the last one when these were there; none if no chunk was looked at.
    pub number: Option<u64>,
}

/// The readings of a series from a time on and before another.
pub fn list_readings(sql: &Sql<'_>, series: i64, (from, to): (i64, i64), rows_max: usize) -> Result<Listed> {
    let mut listed = Listed::default();
    sql.list_while(
        "SELECT first_ms, data, (SELECT number FROM totals WHERE one = 1) AS number FROM chunks
         WHERE series = ?1 AND first_ms < ?3 AND first_ms >= coalesce(
             (SELECT first_ms FROM chunks WHERE series = ?1 AND first_ms <= ?2 ORDER BY first_ms DESC LIMIT 1), ?2)
         ORDER BY first_ms",
        params![series, from, to],
        |row| {
            let readings = chunk::read(row.get("first_ms")?, row.get_ref("data")?.as_blob()?).map_err(unreadable)?;
            listed.number = Some(row.get("number")?);
            let wanted = readings.into_iter().filter(|reading| (from..to).contains(&reading.time));
            listed.readings.extend(wanted.map(|taken| {
                (Reading { time: taken.time, value: taken.value }, taken.received.wrapping_sub(taken.time))
            }));
            Ok(listed.readings.len() < rows_max)
        },
    )?;
    listed.readings.truncate(rows_max);
    Ok(listed)
}

fn unreadable(damaged: Damaged) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(1, Type::Blob, Box::new(damaged))
}

fn row_to_chunk(row: &Row<'_>) -> rusqlite::Result<Chunk> {
    let mut columns = Columns::of(row);
    Ok(Chunk {
        number: columns.get("number")?,
        first: columns.get("first_ms")?,
        last: columns.get("last_ms")?,
        readings: columns.get("readings")?,
        data: columns.get("data")?,
    })
}
