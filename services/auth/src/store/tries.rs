//! The table of tries that failed.

use kit::sql::time;
use kit::{Result, Sql, Tx};
use rusqlite::named_params;

use crate::throttle::Tries;

pub(crate) fn find_tries(sql: &Sql<'_>, name: &str) -> Result<Option<Tries>> {
    sql.find(
        "SELECT failures, since_ms, locks, locked_until_ms, failed_at_ms FROM tries WHERE name = ?1",
        [name],
        |row| {
            Ok(Tries {
                failures: row.get("failures")?,
                since: time(row, "since_ms")?,
                locks: row.get("locks")?,
                locked_until: time(row, "locked_until_ms")?,
                failed_at: time(row, "failed_at_ms")?,
            })
        },
    )
}

pub(crate) fn save_tries(tx: &Tx<'_>, name: &str, tries: &Tries) -> Result<()> {
    tx.execute(
        "INSERT INTO tries (name, failures, since_ms, locks, locked_until_ms, failed_at_ms)
         VALUES (:name, :failures, :since, :locks, :locked_until, :failed_at)
         ON CONFLICT (name) DO UPDATE
         SET failures = excluded.failures, since_ms = excluded.since_ms, locks = excluded.locks,
             locked_until_ms = excluded.locked_until_ms, failed_at_ms = excluded.failed_at_ms",
        named_params! {
            ":name": name,
            ":failures": tries.failures,
            ":since": tries.since.as_millisecond(),
            ":locks": tries.locks,
            ":locked_until": tries.locked_until.as_millisecond(),
            ":failed_at": tries.failed_at.as_millisecond(),
        },
    )?;
    Ok(())
}

pub(crate) fn delete_tries(tx: &Tx<'_>, name: &str) -> Result<()> {
    tx.execute("DELETE FROM tries WHERE name = ?1", [name])?;
    Ok(())
}
