//! The SQL of the sign-in service, a file for each table.

mod accounts;
mod keys;
mod sessions;
mod tickets;
mod tries;

use kit::error::reason;
use kit::{Error, Result, Sql, Timestamp, Tx};
use rusqlite::params;

pub(crate) use accounts::{
    find_account, find_account_at, get_account, insert_account, list_accounts, set_disabled, set_password,
    set_role,
};
pub(crate) use keys::{delete_keys, list_keys, save_key};
pub(crate) use sessions::{delete_session, find_session, insert_session, list_sessions, update_session};
pub(crate) use tickets::{
    close_tickets, count_tickets, find_ticket, insert_ticket, list_pending_passwords, mark_used,
};
pub(crate) use tries::{delete_tries, find_tries, save_tries};

use crate::secret::Secret;
use crate::session::ACCESS_TAIL;
use crate::{throttle, ticket, upkeep};

/// The name under which the one secret is kept.
const SECRET: &str = "codes";

/// The secret of this database, once it was made.
///
/// # Errors
/// `keys_not_learnt` before the first start is done.
pub(crate) fn get_secret(sql: &Sql<'_>) -> Result<Secret> {
    find_secret(sql)?.ok_or_else(|| {
        Error::unavailable(
            reason::KEYS_NOT_LEARNT,
            "sign-in is starting for the first time; nothing was done, try again in a moment",
        )
    })
}

/// Makes the secret of this database, unless there is one.
pub(crate) fn make_secret(tx: &mut Tx<'_>) -> Result<()> {
    if find_secret(tx)?.is_none() {
        let secret = Secret::new(tx.new_secret());
        tx.execute("INSERT INTO secrets (name, value) VALUES (?1, ?2)", params![SECRET, secret.bytes()])?;
    }
    Ok(())
}

fn find_secret(sql: &Sql<'_>) -> Result<Option<Secret>> {
    sql.find("SELECT value FROM secrets WHERE name = ?1", [SECRET], |row| row.get("value").map(Secret::new))
}

/// Removes what nobody can refer to any more, so much of each table at a time. Answers how many rows.
pub(crate) fn tidy(tx: &Tx<'_>) -> Result<usize> {
    let before = |time: std::time::Duration| (tx.now() - time).as_millisecond();
    let rows = upkeep::TIDY_ROWS_MAX;
    let mut removed = tx.execute(
        "DELETE FROM sessions WHERE id IN (
             SELECT id FROM sessions WHERE expires_at_ms <= ?1 ORDER BY expires_at_ms LIMIT ?2)",
        // Its last access token is over, too.
        params![before(ACCESS_TAIL), rows],
    )?;
    removed += tx.execute(
        "DELETE FROM tickets WHERE id IN (
             SELECT id FROM tickets WHERE made_at_ms <= ?1 ORDER BY made_at_ms LIMIT ?2)",
        params![before(ticket::CONFIRMED_WITHIN), rows],
    )?;
    removed += tx.execute(
        "DELETE FROM tries WHERE name IN (
             SELECT name FROM tries WHERE failed_at_ms <= ?1 AND locked_until_ms <= ?2
             ORDER BY failed_at_ms LIMIT ?3)",
        params![before(throttle::FORGOTTEN_AFTER), tx.now().as_millisecond(), rows],
    )?;
    removed += tx.execute(
        "DELETE FROM accounts WHERE id IN (
             SELECT id FROM accounts WHERE confirmed = 0 AND disabled = 0 AND created_at_ms <= ?1
               AND NOT EXISTS (SELECT 1 FROM tickets WHERE tickets.account = accounts.id)
             ORDER BY created_at_ms LIMIT ?2)",
        params![before(upkeep::UNCONFIRMED_KEPT), rows],
    )?;
    Ok(removed)
}

/// A time that is 0 if there is none.
fn milliseconds(time: Option<Timestamp>) -> i64 {
    time.map_or(0, Timestamp::as_millisecond)
}
