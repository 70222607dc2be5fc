//! Finding something by the end of its identifier, as people read it off a screen.

use rusqlite::params;
use serde::{Deserialize, Serialize};

use crate::engine::outbox;
use crate::error::Result;
use crate::limits::{LOOKUP_MATCHES_MAX, LOOKUP_ROWS_MAX};
use crate::sql::Sql;

/// Something that was found by the end of its identifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// What it is: `key`, something that work was about; `trace`, a flow; `event`; or `request`, by its
    /// idempotency key.
    pub kind: String,
    /// The whole identifier.
    pub id: String,
    /// The flow in which it last occurred, as 32 hexadecimal digits; empty if that is not known.
    pub trace: String,
    /// What was last done about it, or told.
    pub subject: String,
    /// When that was, in microseconds since 1970.
    pub at_us: i64,
}

/// Looks through the newest rows of the journal, the outbox and the stored replies, and for a whole
/// identifier of an event through all of the outbox. Answers also whether that was everything kept.
///
/// # Errors
/// If the tables cannot be read.
pub fn find(sql: &Sql<'_>, text: &str) -> Result<(Vec<Match>, bool)> {
    let pattern = format!("%{}", escaped(text));
    // NOT INDEXED: the rows of a range of numbers are read, and no index from its beginning to its end.
    let mut items = sql.list(
        "SELECT key, trace_id, subject, max(id), received_us FROM journal NOT INDEXED
         WHERE id > (SELECT coalesce(max(id), 0) - ?2 FROM journal) AND key LIKE ?1 ESCAPE '\\' AND key <> ''
         GROUP BY key ORDER BY max(id) DESC LIMIT ?3",
        params![pattern, LOOKUP_ROWS_MAX, LOOKUP_MATCHES_MAX],
        |row| read(row, "key"),
    )?;
    if text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        items.extend(sql.list(
            "SELECT lower(hex(trace_id)), trace_id, subject, max(id), received_us FROM journal NOT INDEXED
             WHERE id > (SELECT coalesce(max(id), 0) - ?2 FROM journal) AND hex(trace_id) LIKE ?1
             GROUP BY trace_id ORDER BY max(id) DESC LIMIT ?3",
            params![pattern, LOOKUP_ROWS_MAX, LOOKUP_MATCHES_MAX],
            |row| read(row, "trace"),
        )?);
    }
    let event = match outbox::find_event(sql, text)? {
        Some(found) => vec![found],
        None => sql.list(
            "SELECT id, trace_id, subject, seq, at_us FROM outbox
             WHERE seq > (SELECT coalesce(max(seq), 0) - ?2 FROM outbox) AND id LIKE ?1 ESCAPE '\\'
             ORDER BY seq DESC LIMIT ?3",
            params![pattern, LOOKUP_ROWS_MAX, LOOKUP_MATCHES_MAX],
            |row| read(row, "event"),
        )?,
    };
    items.extend(event);
    items.extend(sql.list(
        "SELECT key, trace_id, '', rowid, at_ms * 1000 FROM stored_reply
         WHERE rowid > (SELECT coalesce(max(rowid), 0) - ?2 FROM stored_reply) AND key LIKE ?1 ESCAPE '\\'
         ORDER BY rowid DESC LIMIT ?3",
        params![pattern, LOOKUP_ROWS_MAX, LOOKUP_MATCHES_MAX],
        |row| read(row, "request"),
    )?);
    let complete = sql.get(
        "SELECT (SELECT coalesce(max(id) - min(id), 0) FROM journal) < ?1
            AND (SELECT coalesce(max(seq) - min(seq), 0) FROM outbox) < ?1
            AND (SELECT coalesce(max(rowid) - min(rowid), 0) FROM stored_reply) < ?1",
        [LOOKUP_ROWS_MAX],
        |row| row.get(0),
    )?;
    Ok((items, complete))
}

fn read(row: &rusqlite::Row<'_>, kind: &str) -> rusqlite::Result<Match> {
    Ok(Match {
        kind: kind.to_owned(),
        id: row.get(0)?,
        trace: trace(&row.get::<_, Vec<u8>>(1)?),
        subject: row.get(2)?,
        at_us: row.get(4)?,
    })
}

fn trace(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A text in which nothing stands for anything else in a pattern.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
