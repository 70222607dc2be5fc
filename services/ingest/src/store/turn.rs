//! Turns the readings of a database from before there were chunks into chunks.

use rusqlite::{Connection, params};

use super::chunks::{INSERT, written};
use crate::chunk;
use crate::gather::Taken;

/// Readings that are in memory at a time.
const AT_ONCE: usize = 100_000;

/// Turns every row of the table `readings`, and drops it.
///
/// # Errors
/// If the database cannot be read or written; the upgrade has not happened then.
pub fn turn(sql: &Connection) -> rusqlite::Result<()> {
    let mut all =
        sql.prepare("SELECT series, time_ms, value, after_ms FROM readings ORDER BY series, time_ms")?;
    let mut rows = all.query([])?;
    let (mut of, mut readings) = (0, Vec::new());
    while let Some(row) = rows.next()? {
        let (series, time, after): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(3)?);
        if series != of || readings.len() == AT_ONCE {
            put(sql, of, &readings)?;
            readings.clear();
            of = series;
        }
        readings.push(Taken { time, value: row.get(2)?, received: time.wrapping_add(after) });
    }
    put(sql, of, &readings)?;
    drop(rows);
    drop(all);
    sql.execute_batch("DROP TABLE readings")
}

fn put(sql: &Connection, series: i64, readings: &[Taken]) -> rusqlite::Result<()> {
    let mut insert = sql.prepare_cached(INSERT)?;
    for piece in chunk::cut(readings) {
        if let Some((first, last, data)) = written(piece) {
            insert.execute(params![series, first, last, piece.len(), data])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reading_of_before_is_in_a_chunk_of_its_series() {
        let sql = Connection::open_in_memory().unwrap();
        sql.execute_batch(include_str!("../../migrations/0001_readings.sql")).unwrap();
        sql.execute_batch(include_str!("../../migrations/0002_chunks.sql")).unwrap();
        let day = chunk::SPAN_MAX_MS;
        let rows: Vec<(i64, i64, f64)> = (0..300)
            .map(|at| (1, at * 1000, at as f64 / 3.0))
            .chain((0..5).map(|at| (2, at * 2 * day, at as f64)))
            .collect();
        for (series, time, value) in &rows {
            sql.execute("INSERT INTO readings VALUES (?1, ?2, ?3, -4)", params![series, time, value])
                .unwrap();
        }
        turn(&sql).unwrap();
        let mut all =
            sql.prepare("SELECT series, first_ms, data FROM chunks ORDER BY series, first_ms").unwrap();
        let chunks: Vec<(i64, i64, Vec<u8>)> = all
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(chunks.iter().map(|(series, _, _)| *series).collect::<Vec<_>>(), [1, 1, 1, 2, 2, 2, 2, 2]);
        let found: Vec<(i64, i64, f64)> = chunks
            .iter()
            .flat_map(|(series, first, data)| {
                chunk::read(*first, data).unwrap().into_iter().map(|taken| {
                    assert_eq!(taken.received - taken.time, -4);
                    (*series, taken.time, taken.value)
                })
            })
            .collect();
        assert_eq!(found, rows);
        assert!(sql.prepare("SELECT value FROM readings").is_err(), "the old table is gone");
    }
}
