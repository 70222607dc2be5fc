//! The SQL of the shop's own books; [`ledger`]: beside the provider's.

#[cfg(test)]
mod checks;
pub(crate) mod ledger;

use contracts::payment::{PaymentState, PaymentView};
use contracts::{Money, OrderId, PaymentId, RefundId};
use kit::id::Id;
use kit::limits::PAGE_MAX;
use kit::sql::{Columns, checked, parsed, time};
use kit::{Error, Result, Sql, Tx};
use rusqlite::{Params, Row, named_params, params};

use crate::payment::Payment;
use crate::provider::Decline;
use crate::refund::{Refund, RefundState};

pub(crate) fn insert_payment(tx: &Tx<'_>, payment: &Payment) -> Result<()> {
    tx.execute_in_order(
        "INSERT INTO payments (id, order_id, amount, currency, payment_method, state, captured, promised, charge,
                               code, decline_code, message, created_at_ms, changed_at_ms)
         VALUES (:id, :order, :amount, :currency, :method, :state, 0, 0, '', '', '', '', :now, :now)",
        named_params! {
            ":id": payment.id.to_string(),
            ":order": payment.order.to_string(),
            ":amount": payment.amount.amount(),
            ":currency": payment.amount.currency().code(),
            ":method": payment.method,
            ":state": payment.state.word(),
            ":now": payment.created_at.as_millisecond(),
        },
    )
    .map(drop)
}

pub(crate) fn find_payment(sql: &Sql<'_>, id: PaymentId) -> Result<Option<Payment>> {
    Ok(payments(sql, "WHERE id = ?1", [id.to_string()])?.pop())
}

pub(crate) fn find_payment_of(sql: &Sql<'_>, order: OrderId) -> Result<Option<Payment>> {
    Ok(payments(sql, "WHERE order_id = ?1", [order.to_string()])?.pop())
}

/// The payments of some orders in any of these states, or in all if none is named, the newest first.
pub(crate) fn list_payments_of(
    sql: &Sql<'_>,
    orders: &[OrderId],
    states: &[PaymentState],
    after: Option<PaymentId>,
    rows_max: usize,
) -> Result<Vec<Payment>> {
    let before = after.unwrap_or(Id::from_bits(u128::MAX)).to_string();
    let orders: Vec<String> = orders.iter().map(OrderId::to_string).collect();
    let states = if states.is_empty() { &PaymentState::ALL } else { states };
    let words: Vec<&str> = states.iter().map(|state| state.word()).collect();
    payments(
        sql,
        "WHERE order_id IN (SELECT value FROM json_each(?1)) AND id < ?2
           AND +state IN (SELECT value FROM json_each(?3))
         ORDER BY id DESC LIMIT ?4",
        params![
            serde_json::Value::from(orders).to_string(),
            before,
            serde_json::Value::from(words).to_string(),
            rows_max
        ],
    )
}

pub(crate) fn get_payment(sql: &Sql<'_>, id: PaymentId) -> Result<Payment> {
    find_payment(sql, id)?.ok_or_else(|| Error::internal(format!("payment {id} is gone")))
}

/// Payments in any of these states, or in all if none is named, the newest first.
pub(crate) fn list_payments(
    sql: &Sql<'_>,
    states: &[PaymentState],
    after: Option<PaymentId>,
    rows_max: usize,
) -> Result<Vec<Payment>> {
    let before = after.unwrap_or(Id::from_bits(u128::MAX)).to_string();
    if states.is_empty() {
        return payments(sql, "WHERE id < ?1 ORDER BY id DESC LIMIT ?2", params![before, rows_max]);
    }
    // State by state each page is read off the index; all together would have to be sorted first.
    let mut found = Vec::new();
    for state in PaymentState::ALL.into_iter().filter(|state| states.contains(state)) {
        found.extend(payments(
            sql,
            "WHERE state = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
            params![state.word(), before, rows_max],
        )?);
    }
    found.sort_by_key(|payment| std::cmp::Reverse(payment.id));
    found.truncate(rows_max);
    Ok(found)
}

/// A payment as it is shown, with its refunds.
pub(crate) fn view(sql: &Sql<'_>, payment: &Payment) -> Result<PaymentView> {
    Ok(payment.view(&list_refunds(sql, payment.id)?))
}

pub(crate) fn mark_captured(tx: &Tx<'_>, id: PaymentId, charge: &str) -> Result<()> {
    tx.execute(
        "UPDATE payments SET state = 'captured', captured = amount, charge = ?2, code = '', decline_code = '',
                             message = '', changed_at_ms = ?3
         WHERE id = ?1",
        params![id.to_string(), charge, tx.now().as_millisecond()],
    )
    .map(drop)
}

pub(crate) fn mark_declined(tx: &Tx<'_>, id: PaymentId, decline: &Decline) -> Result<()> {
    tx.execute(
        "UPDATE payments SET state = 'declined', code = :code, decline_code = :decline_code, message = :message,
                             changed_at_ms = :now
         WHERE id = :id",
        named_params! {
            ":id": id.to_string(),
            ":code": decline.code,
            ":decline_code": decline.decline_code,
            ":message": decline.message,
            ":now": tx.now().as_millisecond(),
        },
    )
    .map(drop)
}

pub(crate) fn mark_unknown(tx: &Tx<'_>, id: PaymentId, message: &str) -> Result<()> {
    tx.execute(
        "UPDATE payments SET state = 'unknown', message = ?2, changed_at_ms = ?3 WHERE id = ?1",
        params![id.to_string(), message, tx.now().as_millisecond()],
    )
    .map(drop)
}

pub(crate) fn mark_cancelled(tx: &Tx<'_>, id: PaymentId) -> Result<()> {
    tx.execute(
        "UPDATE payments SET state = 'cancelled', changed_at_ms = ?2 WHERE id = ?1",
        params![id.to_string(), tx.now().as_millisecond()],
    )
    .map(drop)
}

/// Sets money aside for a refund. The table refuses more than was captured.
pub(crate) fn promise(tx: &Tx<'_>, id: PaymentId, amount: Money) -> Result<()> {
    change_promised(tx, id, amount.amount())
}

/// The money of a refund that failed may be given back otherwise.
pub(crate) fn unpromise(tx: &Tx<'_>, id: PaymentId, amount: Money) -> Result<()> {
    change_promised(tx, id, -amount.amount())
}

fn change_promised(tx: &Tx<'_>, id: PaymentId, by: i64) -> Result<()> {
    tx.execute(
        "UPDATE payments SET promised = promised + ?2, changed_at_ms = ?3 WHERE id = ?1",
        params![id.to_string(), by, tx.now().as_millisecond()],
    )
    .map(drop)
}

pub(crate) fn insert_refund(tx: &Tx<'_>, refund: &Refund) -> Result<()> {
    tx.execute(
        "INSERT INTO refunds (id, payment, order_id, amount, currency, state, message, created_at_ms, changed_at_ms)
         VALUES (:id, :payment, :order, :amount, :currency, :state, :message, :now, :now)",
        named_params! {
            ":id": refund.id.to_string(),
            ":payment": refund.payment.to_string(),
            ":order": refund.order.to_string(),
            ":amount": refund.amount.amount(),
            ":currency": refund.amount.currency().code(),
            ":state": refund.state.word(),
            ":message": refund.message,
            ":now": refund.created_at.as_millisecond(),
        },
    )
    .map(drop)
}

pub(crate) fn find_refund(sql: &Sql<'_>, id: RefundId) -> Result<Option<Refund>> {
    Ok(refunds(sql, "WHERE id = ?1", [id.to_string()])?.pop())
}

pub(crate) fn get_refund(sql: &Sql<'_>, id: RefundId) -> Result<Refund> {
    find_refund(sql, id)?.ok_or_else(|| Error::internal(format!("refund {id} is gone")))
}

/// The refunds of a payment, the first first.
pub(crate) fn list_refunds(sql: &Sql<'_>, payment: PaymentId) -> Result<Vec<Refund>> {
    refunds(
        sql,
        "WHERE payment = ?1 ORDER BY created_at_ms, id LIMIT ?2",
        params![payment.to_string(), PAGE_MAX],
    )
}

/// The refunds of a payment in a state, the first first.
pub(crate) fn list_refunds_in(sql: &Sql<'_>, payment: PaymentId, state: RefundState) -> Result<Vec<Refund>> {
    refunds(
        sql,
        "WHERE payment = ?1 AND state = ?2 ORDER BY created_at_ms, id LIMIT ?3",
        params![payment.to_string(), state.word(), PAGE_MAX],
    )
}

pub(crate) fn mark_refund(tx: &Tx<'_>, id: RefundId, state: RefundState, message: &str) -> Result<()> {
    tx.execute(
        "UPDATE refunds SET state = :state, message = :message, changed_at_ms = :now WHERE id = :id",
        named_params! {
            ":id": id.to_string(),
            ":state": state.word(),
            ":message": message,
            ":now": tx.now().as_millisecond(),
        },
    )
    .map(drop)
}

/// Notes that the provider was asked to charge, or to give back.
pub(crate) fn insert_attempt(
    tx: &Tx<'_>,
    payment: PaymentId,
    refund: Option<RefundId>,
    outcome: &str,
    message: &str,
) -> Result<()> {
    tx.execute_in_order(
        "INSERT INTO attempts (payment, refund, outcome, message, at_ms)
         VALUES (:payment, :refund, :outcome, :message, :now)",
        named_params! {
            ":payment": payment.to_string(),
            ":refund": refund.map(|id| id.to_string()).unwrap_or_default(),
            ":outcome": outcome,
            ":message": message,
            ":now": tx.now().as_millisecond(),
        },
    )
    .map(drop)
}

/// Reads an amount beside the column `currency`.
pub(crate) fn money(row: &Row<'_>, column: &str) -> rusqlite::Result<Money> {
    let currency = parsed(row, "currency")?;
    checked(row, column, |amount| Money::new(amount, currency))
}

fn payments(sql: &Sql<'_>, which: &str, params: impl Params) -> Result<Vec<Payment>> {
    sql.list(
        &format!(
            "SELECT id, order_id, currency, amount, payment_method, state, captured, promised, charge, code,
                    decline_code, message, created_at_ms, changed_at_ms,
                    (SELECT count(*) FROM attempts WHERE payment = payments.id AND refund = '') AS attempts,
                    (SELECT coalesce(sum(amount), 0) FROM refunds
                     WHERE payment = payments.id AND state = 'done') AS refunded
             FROM payments {which}"
        ),
        params,
        |row| {
            let mut columns = Columns::of(row);
            let (id, order) = (columns.parsed("id")?, columns.parsed("order_id")?);
            let currency = columns.parsed("currency")?;
            let money = |amount| Money::new(amount, currency);
            let amount = columns.checked("amount", money)?;
            Ok(Payment {
                id,
                order,
                amount,
                method: columns.get("payment_method")?,
                state: columns.parsed("state")?,
                captured: columns.checked("captured", money)?,
                promised: columns.checked("promised", money)?,
                charge: columns.get("charge")?,
                code: columns.get("code")?,
                decline_code: columns.get("decline_code")?,
                message: columns.get("message")?,
                created_at: columns.time("created_at_ms")?,
                changed_at: columns.time("changed_at_ms")?,
                attempts: columns.get("attempts")?,
                refunded: columns.checked("refunded", money)?,
            })
        },
    )
}

fn refunds(sql: &Sql<'_>, which: &str, params: impl Params) -> Result<Vec<Refund>> {
    sql.list(
        &format!("SELECT id, payment, order_id, amount, currency, state, message, created_at_ms FROM refunds {which}"),
        params,
        |row| {
            Ok(Refund {
                id: parsed(row, "id")?,
                payment: parsed(row, "payment")?,
                order: parsed(row, "order_id")?,
                amount: money(row, "amount")?,
                state: parsed(row, "state")?,
                message: row.get("message")?,
                created_at: time(row, "created_at_ms")?,
            })
        },
    )
}
