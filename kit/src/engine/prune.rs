//! Forgetting what is older than the retention, a little at a time.

use jiff::Timestamp;
use rusqlite::params;

use crate::error::Result;
use crate::sql::Sql;
use crate::transaction::Tx;

/// Removes rows of the journal, the commit groups and the stored replies from before a time, at
/// most so many of each. Answers whether one of them may have more.
///
/// # Errors
/// If the tables cannot be written.
pub fn history(tx: &mut Tx<'_>, before: Timestamp, rows_max: usize) -> Result<bool> {
    let micros = before.as_microsecond();
    let journal = tx.execute(
        "DELETE FROM journal WHERE id IN
         (SELECT id FROM journal ORDER BY id LIMIT ?2) AND received_us < ?1",
        params![micros, rows_max],
    )?;
    let groups = tx.execute(
        "DELETE FROM commit_group WHERE id IN
         (SELECT id FROM commit_group ORDER BY id LIMIT ?2) AND committed_us < ?1",
        params![micros, rows_max],
    )?;
    let replies = tx.execute(
        "DELETE FROM stored_reply WHERE rowid IN
         (SELECT rowid FROM stored_reply WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)",
        params![before.as_millisecond(), rows_max],
    )?;
    Ok([journal, groups, replies].contains(&rows_max))
}

/// The newest time that the history of a database knows; none if it has no history.
///
/// # Errors
/// If the tables cannot be read.
pub fn newest(sql: &Sql<'_>) -> Result<Option<Timestamp>> {
    let micros: Option<i64> = sql.get(
        "SELECT max(at) FROM (SELECT max(committed_us) AS at FROM commit_group UNION ALL SELECT max(at_us) FROM outbox)",
        [],
        |row| row.get(0),
    )?;
    Ok(micros.and_then(|micros| Timestamp::from_microsecond(micros).ok()))
}

/// Removes rows of the outbox from before a time that everyone has heard, that is up to a number,
/// at most so many. The newest row always stays. Answers the number up to which they are gone.
///
/// # Errors
/// If the table cannot be written.
pub fn outbox(tx: &mut Tx<'_>, before: Timestamp, heard: u64, rows_max: usize) -> Result<Option<u64>> {
    let last: Option<u64> = tx.get(
        "SELECT max(seq) FROM (
             SELECT seq, at_us FROM outbox WHERE seq <= ?1 AND seq < (SELECT max(seq) FROM outbox)
             ORDER BY seq LIMIT ?3)
         WHERE at_us < ?2",
        params![heard, before.as_microsecond(), rows_max],
        |row| row.get(0),
    )?;
    if let Some(last) = last {
        tx.execute("DELETE FROM outbox WHERE seq <= ?1", [last])?;
    }
    Ok(last)
}
