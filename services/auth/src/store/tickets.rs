//! The table of tickets.

use contracts::auth::MailPurpose;
use contracts::{CustomerId, TicketId};
use kit::sql::{parsed, time};
use kit::{Result, Sql, Timestamp, Tx};
use rusqlite::{Row, named_params, params};

use super::milliseconds;
use crate::password::Hash;
use crate::ticket::{TICKETS_MAX, Ticket};

/// Registrations whose password is still known when somebody tries to log in with it.
const PENDING_MAX: usize = TICKETS_MAX * 24;

pub(crate) fn insert_ticket(tx: &Tx<'_>, ticket: &Ticket) -> Result<()> {
    tx.execute(
        "INSERT INTO tickets (id, account, purpose, password_hash, made_at_ms, valid_until_ms, used_at_ms, closed)
         VALUES (:id, :account, :purpose, :password, :made_at, :valid_until, :used_at, :closed)",
        named_params! {
            ":id": ticket.id.to_string(),
            ":account": ticket.account.to_string(),
            ":purpose": ticket.purpose.word(),
            ":password": ticket.password.as_ref().map(Hash::as_str).unwrap_or_default(),
            ":made_at": tx.now().as_millisecond(),
            ":valid_until": ticket.valid_until.as_millisecond(),
            ":used_at": milliseconds(ticket.used_at),
            ":closed": ticket.closed,
        },
    )?;
    Ok(())
}

pub(crate) fn find_ticket(sql: &Sql<'_>, id: TicketId) -> Result<Option<Ticket>> {
    sql.find(
        "SELECT id, account, purpose, password_hash, valid_until_ms, used_at_ms, closed
         FROM tickets WHERE id = ?1",
        [id.to_string()],
        ticket,
    )
}

/// How many tickets an account was given since a time: for resets, or for registrations.
pub(crate) fn count_tickets(
    sql: &Sql<'_>,
    account: CustomerId,
    resets: bool,
    since: Timestamp,
) -> Result<usize> {
    sql.get(
        "SELECT count(*) FROM tickets
         WHERE account = ?1 AND made_at_ms > ?2 AND (purpose = 'reset_password') = ?3",
        params![account.to_string(), since.as_millisecond(), resets],
        |row| row.get(0),
    )
}

/// The passwords of registrations since a time that nobody has confirmed.
pub(crate) fn list_pending_passwords(
    sql: &Sql<'_>,
    account: CustomerId,
    since: Timestamp,
) -> Result<Vec<Hash>> {
    sql.list(
        "SELECT password_hash FROM tickets
         WHERE account = ?1 AND made_at_ms > ?2 AND password_hash <> '' AND used_at_ms = 0
         ORDER BY made_at_ms DESC LIMIT ?3",
        params![account.to_string(), since.as_millisecond(), PENDING_MAX],
        |row| parsed(row, "password_hash"),
    )
}

pub(crate) fn mark_used(tx: &Tx<'_>, id: TicketId) -> Result<()> {
    tx.execute(
        "UPDATE tickets SET used_at_ms = ?2 WHERE id = ?1",
        params![id.to_string(), tx.now().as_millisecond()],
    )?;
    Ok(())
}

/// Makes all other codes of an account worthless.
pub(crate) fn close_tickets(tx: &Tx<'_>, account: CustomerId) -> Result<()> {
    tx.execute("UPDATE tickets SET closed = 1 WHERE account = ?1 AND used_at_ms = 0", [account.to_string()])?;
    Ok(())
}

fn ticket(row: &Row<'_>) -> rusqlite::Result<Ticket> {
    let password: Hash = parsed(row, "password_hash")?;
    let purpose = match row.get_ref("purpose")?.as_str()? {
        "confirm_address" => MailPurpose::ConfirmAddress,
        "already_registered" => MailPurpose::AlreadyRegistered,
        // The table allows no others.
        _ => MailPurpose::ResetPassword,
    };
    let used_at = time(row, "used_at_ms")?;
    Ok(Ticket {
        id: parsed(row, "id")?,
        account: parsed(row, "account")?,
        purpose,
        password: Some(password).filter(|hash| !hash.as_str().is_empty()),
        valid_until: time(row, "valid_until_ms")?,
        used_at: Some(used_at).filter(|used| *used > Timestamp::UNIX_EPOCH),
        closed: row.get("closed")?,
    })
}
