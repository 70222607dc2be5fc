//! The SQL of the built-in provider's world.

use contracts::Money;
use kit::sql::time;
use kit::{Error, Result, Sql, Timestamp, Tx};
use rusqlite::{Row, named_params, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::methods::message;
use super::{Charge, Decline, GiveBack};
use crate::store::money;

/// Old requests that a new one removes: more than one, so that they do not heap up.
const FORGOTTEN_AT_ONCE: usize = 2;

/// A request under a key, as it was first received.
pub(super) struct Request {
    pub(super) parameters: String,
    /// The answer kept, if it was carried out.
    pub(super) answer: Option<String>,
}

/// A charge that was made or declined.
pub(super) struct MadeCharge {
    pub(super) id: String,
    pub(super) amount: Money,
    pub(super) method: String,
    pub(super) decline: Option<Decline>,
}

/// A refund that was accepted or has failed.
pub(super) struct MadeRefund {
    pub(super) id: String,
    /// Why it failed; empty if it did not.
    pub(super) failure: String,
    pub(super) settles_at: Timestamp,
}

/// A request that was received before; none if this one is the first under its key.
pub(super) fn find_request(tx: &Tx<'_>, key: &str) -> Result<Option<Request>> {
    tx.find("SELECT parameters, answer FROM provider_request WHERE key = ?1", [key], |row| {
        let answer: String = row.get("answer")?;
        Ok(Request { parameters: row.get("parameters")?, answer: (!answer.is_empty()).then_some(answer) })
    })
}

/// Notes that a request was received once more, and what it was answered; empty if nothing. The parameters
/// stay those of the first time.
pub(super) fn note_request(tx: &Tx<'_>, key: &str, parameters: &str, answer: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO provider_request (key, parameters, received, answer, at_ms) VALUES (?1, ?2, 1, ?3, ?4)
         ON CONFLICT (key) DO UPDATE SET received = received + 1, answer = excluded.answer",
        params![key, parameters, answer, tx.now().as_millisecond()],
    )
    .map(drop)
}

/// Forgets a few of the answers from before a time.
pub(super) fn forget_requests(tx: &Tx<'_>, before: Timestamp) -> Result<()> {
    // Nearly always there is none, and to see that costs less than to remove none.
    let oldest: Option<i64> = tx.get("SELECT min(at_ms) FROM provider_request", [], |row| row.get(0))?;
    if oldest.is_none_or(|oldest| oldest >= before.as_millisecond()) {
        return Ok(());
    }
    tx.execute(
        "DELETE FROM provider_request WHERE key IN
         (SELECT key FROM provider_request WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)",
        params![before.as_millisecond(), FORGOTTEN_AT_ONCE],
    )
    .map(drop)
}

pub(super) fn insert_charge(tx: &Tx<'_>, charge: &MadeCharge, asked: &Charge) -> Result<()> {
    let (state, code, decline_code) = match &charge.decline {
        None => ("succeeded", "", ""),
        Some(decline) => ("failed", &*decline.code, &*decline.decline_code),
    };
    tx.execute(
        "INSERT INTO provider_charge (id, key, order_id, amount, currency, method, state, code, decline_code, at_ms)
         VALUES (:id, :key, :order, :amount, :currency, :method, :state, :code, :decline_code, :now)",
        named_params! {
            ":id": charge.id,
            ":key": asked.key,
            ":order": asked.order.to_string(),
            ":amount": asked.amount.amount(),
            ":currency": asked.amount.currency().code(),
            ":method": asked.method,
            ":state": state,
            ":code": code,
            ":decline_code": decline_code,
            ":now": tx.now().as_millisecond(),
        },
    )
    .map(drop)
}

pub(super) fn find_charge(sql: &Sql<'_>, id: &str) -> Result<Option<MadeCharge>> {
    sql.find(
        "SELECT id, amount, currency, method, state, code, decline_code FROM provider_charge WHERE id = ?1",
        [id],
        charge,
    )
}

/// The charge under a key. If there are several, one that took money counts.
pub(super) fn find_charge_under(sql: &Sql<'_>, key: &str) -> Result<Option<MadeCharge>> {
    sql.find(
        "SELECT id, amount, currency, method, state, code, decline_code FROM provider_charge
         WHERE key = ?1 ORDER BY state = 'succeeded' DESC, at_ms LIMIT 1",
        [key],
        charge,
    )
}

pub(super) fn insert_refund(tx: &Tx<'_>, refund: &MadeRefund, asked: &GiveBack) -> Result<()> {
    tx.execute(
        "INSERT INTO provider_refund (id, key, charge, amount, state, message, settles_at_ms, at_ms)
         VALUES (:id, :key, :charge, :amount, :state, :message, :settles_at, :now)",
        named_params! {
            ":id": refund.id,
            ":key": asked.key,
            ":charge": asked.charge,
            ":amount": asked.amount.amount(),
            ":state": if refund.failure.is_empty() { "accepted" } else { "failed" },
            ":message": refund.failure,
            ":settles_at": refund.settles_at.as_millisecond(),
            ":now": tx.now().as_millisecond(),
        },
    )
    .map(drop)
}

/// The refund under a key. If there are several, one that gave money counts.
pub(super) fn find_refund_under(sql: &Sql<'_>, key: &str) -> Result<Option<MadeRefund>> {
    sql.find(
        "SELECT id, message, settles_at_ms FROM provider_refund
         WHERE key = ?1 ORDER BY state = 'accepted' DESC, at_ms LIMIT 1",
        [key],
        |row| {
            Ok(MadeRefund {
                id: row.get("id")?,
                failure: row.get("message")?,
                settles_at: time(row, "settles_at_ms")?,
            })
        },
    )
}

/// What was given back of a charge, in its minor units.
pub(super) fn sum_refunds(sql: &Sql<'_>, charge: &str) -> Result<i64> {
    sql.get(
        "SELECT coalesce(sum(amount), 0) FROM provider_refund WHERE charge = ?1 AND state = 'accepted'",
        [charge],
        |row| row.get(0),
    )
}

pub(super) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::internal("a request cannot be written as JSON").caused_by(error))
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::internal("an answer that was kept is not understood").caused_by(error))
}

fn charge(row: &Row<'_>) -> rusqlite::Result<MadeCharge> {
    let state: String = row.get("state")?;
    let (code, decline_code): (String, String) = (row.get("code")?, row.get("decline_code")?);
    let message = message(&code, &decline_code).to_owned();
    Ok(MadeCharge {
        id: row.get("id")?,
        amount: money(row, "amount")?,
        method: row.get("method")?,
        decline: (state == "failed").then_some(Decline { code, decline_code, message }),
    })
}
