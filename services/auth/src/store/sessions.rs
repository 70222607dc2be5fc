//! The table of sessions.

use contracts::CustomerId;
use kit::access::words::SessionId;
use kit::sql::{parsed, time};
use kit::{Result, Sql, Tx};
use rusqlite::{Row, named_params, params};

use crate::session::{SESSIONS_MAX, Session};

const SELECT: &str =
    "SELECT id, account, device, source, material, generation, began_at_ms, used_at_ms, expires_at_ms
     FROM sessions";

pub(crate) fn insert_session(tx: &Tx<'_>, session: &Session) -> Result<()> {
    tx.execute(
        "INSERT INTO sessions (id, account, device, source, material, generation, began_at_ms, used_at_ms,
                               expires_at_ms)
         VALUES (:id, :account, :device, :source, :material, :generation, :began_at, :used_at, :expires_at)",
        named_params! {
            ":id": session.id.to_string(),
            ":account": session.account.to_string(),
            ":device": session.device,
            ":source": session.source,
            ":material": session.material,
            ":generation": session.generation,
            ":began_at": session.began_at.as_millisecond(),
            ":used_at": session.used_at.as_millisecond(),
            ":expires_at": session.expires_at.as_millisecond(),
        },
    )?;
    Ok(())
}

/// Writes down an exchange.
pub(crate) fn update_session(tx: &Tx<'_>, session: &Session) -> Result<()> {
    tx.execute(
        "UPDATE sessions SET generation = ?2, used_at_ms = ?3, expires_at_ms = ?4 WHERE id = ?1",
        params![
            session.id.to_string(),
            session.generation,
            session.used_at.as_millisecond(),
            session.expires_at.as_millisecond()
        ],
    )?;
    Ok(())
}

pub(crate) fn find_session(sql: &Sql<'_>, id: SessionId) -> Result<Option<Session>> {
    sql.find(&format!("{SELECT} WHERE id = ?1"), [id.to_string()], session)
}

/// The sessions of an account, the newest first; also those whose time is over, until they are removed.
pub(crate) fn list_sessions(sql: &Sql<'_>, account: CustomerId) -> Result<Vec<Session>> {
    sql.list(
        &format!("{SELECT} WHERE account = ?1 ORDER BY id DESC LIMIT ?2"),
        params![account.to_string(), SESSIONS_MAX + 1],
        session,
    )
}

pub(crate) fn delete_session(tx: &Tx<'_>, id: SessionId) -> Result<()> {
    tx.execute("DELETE FROM sessions WHERE id = ?1", [id.to_string()])?;
    Ok(())
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: parsed(row, "id")?,
        account: parsed(row, "account")?,
        device: row.get("device")?,
        source: row.get("source")?,
        material: row.get("material")?,
        generation: row.get("generation")?,
        began_at: time(row, "began_at_ms")?,
        used_at: time(row, "used_at_ms")?,
        expires_at: time(row, "expires_at_ms")?,
    })
}
