//! A database that is older than its stream: taking back into the outbox what the stream still has of it.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::engine::outbox;
use crate::error::{Error, Result};
use crate::sql::Sql;
use crate::trace::Trace;

/// A message of the stream that the outbox of a database has no row of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Its number.
    pub sequence: u64,
    /// The identifier of the event.
    pub id: String,
    /// Where it was told.
    pub subject: String,
    /// What it is about.
    pub key: String,
    /// The flow and the piece of work that told it.
    pub trace: Trace,
    /// When it was told.
    pub at: Timestamp,
    /// What it says.
    pub body: Vec<u8>,
}

/// Takes events back into the outbox of a database that nobody has open, so that no number is given twice.
/// What they say is not in the other tables.
///
/// # Errors
/// If they do not follow on the newest row without a gap, or cannot be written; nothing has been changed then.
pub fn take_back(path: &Path, lost: &[Lost]) -> Result<()> {
    let mut connection = open_to_write(path)?;
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sql = Sql::new(&tx);
    for event in lost {
        let newest = outbox::extent(&sql)?.newest;
        if event.sequence != newest + 1 {
            return Err(Error::internal(format!(
                "message {} does not follow on row {newest}; nothing was taken back",
                event.sequence
            )));
        }
        outbox::insert(&sql, &event.id, &event.subject, &event.key, &event.body, event.trace, event.at)?;
    }
    tx.commit()?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "it is whoever mends the file of a service that does not run")]
fn open_to_write(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemChance;
    use crate::engine::schema::{open_reader, open_writer};

    fn lost(sequence: u64) -> Lost {
        Lost {
            sequence,
            id: format!("evt_{sequence}"),
            subject: "events.thing.told".into(),
            key: "key".into(),
            trace: Trace { id: 1, span: sequence, parent: 0, sampled: true },
            at: Timestamp::UNIX_EPOCH,
            body: b"{}".to_vec(),
        }
    }

    #[test]
    fn what_the_stream_still_has_gets_its_numbers_back_and_nothing_is_taken_with_a_gap() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thing.db");
        drop(open_writer(&path, "thing", &[], Timestamp::UNIX_EPOCH, &mut SystemChance).unwrap());
        take_back(&path, &[lost(1), lost(2)]).unwrap();
        take_back(&path, &[lost(3), lost(5)]).unwrap_err();
        take_back(&path, &[lost(4)]).unwrap_err();
        let reader = open_reader(&path).unwrap();
        let rows = outbox::from(&Sql::new(&reader), 1, 10).unwrap();
        let numbers: Vec<(u64, &str)> = rows.iter().map(|row| (row.seq, &*row.id)).collect();
        assert_eq!(numbers, [(1, "evt_1"), (2, "evt_2")]);
    }
}
