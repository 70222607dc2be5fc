//! The SQL of the order service.
//!
//! - [`lists`]: which orders stand on a page, and how many there are; [`pages`]: these orders, together

#[cfg(test)]
mod checks;
pub(crate) mod lists;
pub(crate) mod pages;

use std::error::Error as StdError;
use std::str::FromStr;

use contracts::money::MoneyError;
use contracts::order::{OrderLine, OrderMove, OrderView, RefundState, RefundView};
use contracts::{CartId, Currency, Money, OrderId, Quantity, RefundId};
use kit::sql::{Columns, checked, parsed, time};
use kit::{Asker, Error, Result, Sql, Timestamp, Tx};
use rusqlite::{Row, named_params, params};

use crate::checkout::Standing;
use crate::order::{Order, Refund, Why};
use crate::refusal::Refusal;

/// Rows of one order's history that are shown. What may happen to an order is limited, by the
/// refunds it may have, so that there are never as many.
const MOVES_MAX: usize = 1000;

/// A row of the history, apart from what the order says itself.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) from: Option<Standing>,
    pub(crate) cause: &'a str,
    pub(crate) note: &'a str,
}

pub(crate) fn insert_order(tx: &Tx<'_>, order: &Order) -> Result<()> {
    let (cart, cart_version) =
        order.cart.map_or((String::new(), 0), |(cart, version)| (cart.to_string(), version));
    tx.execute_in_order(
        "INSERT INTO orders (id, owner, version, standing, deadline_ms, customer, email, cart, cart_version,
                             payment_method, currency, total_amount, payment, outcome, pending_amount,
                             unknown_amount, refunded_amount, ended_reason, ended_message, attention_reason,
                             attention_message, trace, placed_at_ms, changed_at_ms)
         VALUES (:id, :owner, :version, :standing, :deadline, :customer, :email, :cart, :cart_version,
                 :payment_method, :currency, :total, '', :outcome, 0, 0, 0, '', '', '', '', :trace, :placed_at, :placed_at)",
        named_params! {
            ":id": order.id.to_string(),
            ":owner": order.owner.as_str(),
            ":version": order.version,
            ":standing": order.standing.word(),
            ":deadline": milliseconds(order.deadline),
            ":customer": order.customer.map(|id| id.to_string()).unwrap_or_default(),
            ":email": order.email.as_ref().map(|email| email.as_str()).unwrap_or_default(),
            ":cart": cart,
            ":cart_version": cart_version,
            ":payment_method": order.payment_method,
            ":currency": order.total.currency().code(),
            ":total": order.total.amount(),
            ":outcome": order.outcome.word(),
            ":trace": order.trace,
            ":placed_at": order.placed_at.as_millisecond(),
        },
    )?;
    Ok(())
}

/// Writes the order as it is after a move from where it stood. The version before is the one it
/// was read at: whoever else moved it meanwhile has won.
pub(crate) fn update_order(tx: &Tx<'_>, order: &Order, from: Standing) -> Result<()> {
    let updated = tx.execute_in_order(
        "UPDATE orders
         SET version = :version, standing = :standing, deadline_ms = :deadline, payment = :payment,
             outcome = :outcome, pending_amount = :pending, unknown_amount = :unknown,
             refunded_amount = :refunded, ended_reason = :ended_reason, ended_message = :ended_message,
             attention_reason = :attention_reason, attention_message = :attention_message,
             changed_at_ms = :changed_at
         WHERE id = :id AND version = :version - 1 AND standing = :from",
        named_params! {
            ":version": order.version,
            ":standing": order.standing.word(),
            ":deadline": milliseconds(order.deadline),
            ":payment": order.payment.map(|id| id.to_string()).unwrap_or_default(),
            ":outcome": order.outcome.word(),
            ":pending": order.pending.amount(),
            ":unknown": order.unknown.amount(),
            ":refunded": order.refunded.amount(),
            ":ended_reason": order.ended.reason,
            ":ended_message": order.ended.message,
            ":attention_reason": order.attention.reason,
            ":attention_message": order.attention.message,
            ":changed_at": order.changed_at.as_millisecond(),
            ":id": order.id.to_string(),
            ":from": from.word(),
        },
    )?;
    match updated {
        1 => Ok(()),
        _ => Err(Error::internal(format!(
            "order {} is not at version {} any more",
            order.id,
            order.version - 1
        ))),
    }
}

pub(crate) fn find_order(sql: &Sql<'_>, id: OrderId) -> Result<Option<Order>> {
    sql.find(
        "SELECT id, owner, version, standing, deadline_ms, customer, email, cart, cart_version, payment_method,
                currency, total_amount, payment, outcome, pending_amount, unknown_amount,
                refunded_amount, ended_reason, ended_message, attention_reason, attention_message, trace,
                placed_at_ms, changed_at_ms
         FROM orders
         WHERE id = ?1",
        [id.to_string()],
        order,
    )
}

/// An order that must be there, whoever's it is.
pub(crate) fn get_order(sql: &Sql<'_>, id: OrderId) -> Result<Order> {
    find_order(sql, id)?.ok_or_else(|| Refusal::UnknownOrder(id).into())
}

/// An order that must be there, for somebody to see or change. What is not theirs is not there.
pub(crate) fn get_order_for(sql: &Sql<'_>, id: OrderId, asker: &Asker) -> Result<Order> {
    let found = find_order(sql, id)?.filter(|order| asker.may_touch(&order.owner));
    found.ok_or_else(|| Refusal::UnknownOrder(id).into())
}

pub(crate) fn find_order_of_cart(sql: &Sql<'_>, cart: CartId, version: u64) -> Result<Option<OrderId>> {
    sql.find(
        "SELECT id FROM orders WHERE cart = ?1 AND cart <> '' AND cart_version = ?2",
        params![cart.to_string(), version],
        |row| parsed(row, "id"),
    )
}

/// The order as it is shown.
pub(crate) fn view(sql: &Sql<'_>, order: Order) -> Result<OrderView> {
    let lines = list_lines(sql, &order)?;
    let refunds = list_refunds(sql, &order)?;
    Ok(order.view(lines, refunds))
}

pub(crate) fn insert_lines(tx: &Tx<'_>, order: OrderId, lines: &[OrderLine]) -> Result<()> {
    for (place, line) in lines.iter().enumerate() {
        tx.execute(
            "INSERT INTO order_lines (order_id, sku, line, name, quantity, unit_price_amount)
             VALUES (:order, :sku, :line, :name, :quantity, :unit_price)",
            named_params! {
                ":order": order.to_string(),
                ":sku": line.sku.as_str(),
                ":line": place + 1,
                ":name": line.name,
                ":quantity": line.quantity.get(),
                ":unit_price": line.unit_price.amount(),
            },
        )?;
    }
    Ok(())
}

/// The lines of an order. There are at most [`LINES_MAX`](contracts::basics::LINES_MAX) of them.
pub(crate) fn list_lines(sql: &Sql<'_>, order: &Order) -> Result<Vec<OrderLine>> {
    sql.list(
        "SELECT sku, name, quantity, unit_price_amount FROM order_lines WHERE order_id = ?1 ORDER BY line",
        [order.id.to_string()],
        |row| line(&mut Columns::of(row), order),
    )
}

pub(crate) fn insert_refund(tx: &Tx<'_>, order: &Order, refund: &RefundView) -> Result<()> {
    tx.execute(
        "INSERT INTO order_refunds (order_id, id, version, amount, state, unknown, reason)
         VALUES (:order, :id, :version, :amount, :state, 0, :reason)",
        named_params! {
            ":order": order.id.to_string(),
            ":id": refund.refund.to_string(),
            ":version": order.version,
            ":amount": refund.amount.amount(),
            ":state": refund.state.word(),
            ":reason": refund.reason,
        },
    )?;
    Ok(())
}

pub(crate) fn mark_refund(tx: &Tx<'_>, order: OrderId, refund: RefundId, state: RefundState) -> Result<()> {
    tx.execute(
        "UPDATE order_refunds SET state = ?3, unknown = 0 WHERE order_id = ?1 AND id = ?2",
        params![order.to_string(), refund.to_string(), state.word()],
    )?;
    Ok(())
}

pub(crate) fn mark_refund_unknown(tx: &Tx<'_>, order: OrderId, refund: RefundId) -> Result<()> {
    tx.execute(
        "UPDATE order_refunds SET unknown = 1 WHERE order_id = ?1 AND id = ?2",
        [order.to_string(), refund.to_string()],
    )?;
    Ok(())
}

pub(crate) fn find_refund(sql: &Sql<'_>, order: &Order, refund: RefundId) -> Result<Option<Refund>> {
    sql.find(
        "SELECT id, amount, state, unknown, reason FROM order_refunds WHERE order_id = ?1 AND id = ?2",
        [order.id.to_string(), refund.to_string()],
        |row| Ok(Refund { view: refund_view(row, order)?, unknown: row.get("unknown")? }),
    )
}

/// The refunds of an order, the first first. There are at most
/// [`REFUNDS_MAX`](crate::order::REFUNDS_MAX) of them, and one more for each way to lose a sale.
pub(crate) fn list_refunds(sql: &Sql<'_>, order: &Order) -> Result<Vec<RefundView>> {
    sql.list(
        "SELECT id, amount, state, reason FROM order_refunds WHERE order_id = ?1 ORDER BY version",
        [order.id.to_string()],
        |row| refund_view(row, order),
    )
}

pub(crate) fn count_refunds(sql: &Sql<'_>, order: OrderId) -> Result<usize> {
    sql.get("SELECT count(*) FROM order_refunds WHERE order_id = ?1", [order.to_string()], |row| row.get(0))
}

pub(crate) fn insert_move(tx: &Tx<'_>, order: &Order, entry: &Entry<'_>) -> Result<()> {
    tx.execute_in_order(
        "INSERT INTO order_moves (order_id, version, from_standing, to_standing, cause, note, at_ms)
         VALUES (:order, :version, :from, :to, :cause, :note, :at)",
        named_params! {
            ":order": order.id.to_string(),
            ":version": order.version,
            ":from": entry.from.map(Standing::word).unwrap_or_default(),
            ":to": order.standing.word(),
            ":cause": entry.cause,
            ":note": entry.note,
            ":at": order.changed_at.as_millisecond(),
        },
    )?;
    Ok(())
}

/// Whether the history says already that this happened to the order where it stands.
pub(crate) fn was_noted(sql: &Sql<'_>, order: &Order, cause: &str) -> Result<bool> {
    let found = sql.find(
        "SELECT 1 FROM order_moves WHERE order_id = ?1 AND to_standing = ?2 AND cause = ?3 LIMIT 1",
        [&order.id.to_string(), order.standing.word(), cause],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

pub(crate) fn list_moves(sql: &Sql<'_>, order: OrderId) -> Result<Vec<OrderMove>> {
    sql.list(
        "SELECT from_standing, to_standing, cause, note, at_ms
         FROM order_moves
         WHERE order_id = ?1
         ORDER BY version
         LIMIT ?2",
        params![order.to_string(), MOVES_MAX],
        |row| {
            Ok(OrderMove {
                from: optional::<Standing>(row, "from_standing")?.map(Standing::stage),
                to: parsed::<Standing>(row, "to_standing")?.stage(),
                cause: row.get("cause")?,
                note: row.get("note")?,
                at: time(row, "at_ms")?,
            })
        },
    )
}

fn order(row: &Row<'_>) -> rusqlite::Result<Order> {
    let mut columns = Columns::of(row);
    let (id, owner) = (columns.parsed("id")?, columns.parsed("owner")?);
    let (version, standing) = (columns.get("version")?, columns.parsed("standing")?);
    let deadline = Some(columns.time("deadline_ms")?).filter(|deadline| *deadline > Timestamp::UNIX_EPOCH);
    let (customer, email) = (columns.optional("customer")?, columns.optional("email")?);
    let cart: Option<CartId> = columns.optional("cart")?;
    let cart_version = columns.get("cart_version")?;
    let payment_method = columns.get("payment_method")?;
    let currency = columns.parsed("currency")?;
    let money = |amount| Money::new(amount, currency);
    Ok(Order {
        id,
        owner,
        version,
        standing,
        deadline,
        customer,
        email,
        cart: cart.map(|cart| (cart, cart_version)),
        payment_method,
        total: columns.checked("total_amount", money)?,
        payment: columns.optional("payment")?,
        outcome: columns.parsed("outcome")?,
        pending: columns.checked("pending_amount", money)?,
        unknown: columns.checked("unknown_amount", money)?,
        refunded: columns.checked("refunded_amount", money)?,
        ended: Why { reason: columns.get("ended_reason")?, message: columns.get("ended_message")? },
        attention: Why {
            reason: columns.get("attention_reason")?,
            message: columns.get("attention_message")?,
        },
        trace: columns.get("trace")?,
        placed_at: columns.time("placed_at_ms")?,
        changed_at: columns.time("changed_at_ms")?,
    })
}

/// Reads the columns `sku`, `name`, `quantity` and `unit_price_amount`.
fn line(columns: &mut Columns<'_, '_>, order: &Order) -> rusqlite::Result<OrderLine> {
    let (sku, name) = (columns.parsed("sku")?, columns.get("name")?);
    let quantity = columns.checked("quantity", Quantity::try_from)?;
    let (unit_price, total) = columns.checked("unit_price_amount", |amount| {
        let unit_price = Money::new(amount, order.total.currency())?;
        Ok::<_, MoneyError>((unit_price, unit_price.times(quantity.get())?))
    })?;
    Ok(OrderLine { sku, name, quantity, unit_price, total })
}

fn refund_view(row: &Row<'_>, order: &Order) -> rusqlite::Result<RefundView> {
    Ok(RefundView {
        refund: parsed(row, "id")?,
        amount: money(row, "amount", order.total.currency())?,
        state: parsed(row, "state")?,
        reason: row.get("reason")?,
    })
}

/// Reads a column of minor units.
fn money(row: &Row<'_>, column: &str, currency: Currency) -> rusqlite::Result<Money> {
    checked(row, column, |amount| Money::new(amount, currency))
}

/// Reads a text column that is empty if there is no value.
fn optional<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>>
where
    T: FromStr,
    T::Err: StdError + Send + Sync + 'static,
{
    let empty = row.get_ref(column)?.as_str()?.is_empty();
    if empty { Ok(None) } else { parsed(row, column).map(Some) }
}

fn milliseconds(time: Option<Timestamp>) -> i64 {
    time.map_or(0, |time| time.as_millisecond())
}

#[cfg(test)]
mod tests {
    use kit::Owner;
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn orders_from_before_there_were_owners_belong_to_their_customer_or_to_the_shop() {
        let sql = Connection::open_in_memory().unwrap();
        sql.execute_batch(include_str!("../migrations/0001_order.sql")).unwrap();
        for (id, customer) in [("ord_1", "cus_ann"), ("ord_2", "")] {
            sql.execute(
                "INSERT INTO orders VALUES (?1, 1, 'placed', 1, ?2, '', '', 0, 'pm', 'EUR', 1, '', 'open', 0, 0, 0,
                                            '', '', '', '', '00000000000000000000000000000000', 1, 1)",
                [id, customer],
            )
            .unwrap();
        }
        sql.execute_batch(include_str!("../migrations/0002_owner.sql")).unwrap();
        let owner_of = |id: &str| {
            sql.query_row("SELECT owner FROM orders WHERE id = ?1", [id], |row| parsed::<Owner>(row, "owner"))
        };
        assert_eq!(owner_of("ord_1").unwrap(), Owner::user("cus_ann"));
        assert_eq!(owner_of("ord_2").unwrap(), Owner::nobody());
    }
}
