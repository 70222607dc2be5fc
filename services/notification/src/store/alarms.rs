//! What has been written about the alarms of each rule.

use contracts::alert::RuleName;
use kit::sql::time;
use kit::{Result, Sql, Tx};
use rusqlite::params;

use crate::throttle::Written;

/// What has been written about the alarms of a rule.
pub fn find_written(sql: &Sql<'_>, rule: &RuleName) -> Result<Option<Written>> {
    sql.find(
        "SELECT began_at_ms, written, held_back FROM alarm_mails WHERE rule = ?1",
        [rule.as_str()],
        |row| {
            Ok(Written {
                began: time(row, "began_at_ms")?,
                mails: row.get("written")?,
                held_back: row.get("held_back")?,
            })
        },
    )
}

/// Notes what has been written about the alarms of a rule.
pub fn put_written(tx: &Tx<'_>, rule: &RuleName, written: &Written) -> Result<()> {
    tx.execute(
        "INSERT INTO alarm_mails (rule, began_at_ms, written, held_back) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (rule) DO UPDATE SET began_at_ms = excluded.began_at_ms, written = excluded.written,
                                          held_back = excluded.held_back",
        params![rule.as_str(), written.began.as_millisecond(), written.mails, written.held_back],
    )?;
    Ok(())
}
