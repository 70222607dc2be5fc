//! The write-ahead log is kept short, and no error of a checkpoint is lost.
//!
//! SQLite checkpoints by itself after a commit, but tells nobody if that fails. After a sync that failed,
//! the system may have dropped what was to be written, and the next checkpoint would succeed on it: so
//! here each checkpoint is asked for, and its error ends the process.

use rusqlite::Connection;

use crate::error::Result;

/// Pages in the log from which on it is written into the database, about 16 MB. A page that many commits change is
/// written once for all of them, so the longer the log, the less is written. If a reader holds on to the beginning of
/// the log, it grows; `shopctl doctor` names that.
pub(crate) const LOG_PAGES: i64 = 4000;

/// How long the log is, and how much of it is in the database, in pages. Both are -1 if there is no log, or if another
/// checkpoint was at work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) pages: i64,
    pub(crate) written: i64,
}

impl Log {
    /// How much is not in the database yet.
    pub(crate) fn left(self) -> i64 {
        self.pages - self.written
    }

    /// Whether all of it is in the database.
    pub(crate) fn is_whole(self) -> bool {
        self.pages >= 0 && self.left() == 0
    }
}

/// Looks at the log, and does nothing to it.
pub(crate) fn look(connection: &Connection) -> Result<Log> {
    checkpoint(connection, "PRAGMA wal_checkpoint(NOOP)")
}

/// Writes the log into the database, as far as readers allow. Nobody is held up by it, nor waited for.
pub(crate) fn write(connection: &Connection) -> Result<Log> {
    checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)")
}

/// Writes the log into the database if it is long, as far as readers allow.
pub(crate) fn keep_short(connection: &Connection) -> Result<()> {
    if look(connection)?.pages >= LOG_PAGES {
        write(connection)?;
    }
    Ok(())
}

/// Writes all of it into the database, and cuts the file to nothing. Waits for readers a moment, and
/// leaves it at that if they go on.
pub(crate) fn empty(connection: &Connection) -> Result<()> {
    checkpoint(connection, "PRAGMA wal_checkpoint(TRUNCATE)").map(drop)
}

/// A database in memory has no log: its figures are -1.
fn checkpoint(connection: &Connection, how: &str) -> Result<Log> {
    let mut statement = connection.prepare_cached(how)?;
    Ok(statement.query_row([], |row| Ok(Log { pages: row.get(1)?, written: row.get(2)? }))?)
}
