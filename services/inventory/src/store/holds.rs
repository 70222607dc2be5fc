//! The statements about holds and what they are of.

use contracts::order::Item;
use contracts::{HoldId, OrderId, Quantity, Sku};
use kit::sql::{Columns, checked, parsed};
use kit::{Error, Result, Sql, Timestamp, Tx};
use rusqlite::{Row, named_params, params};

use super::read_stock;
use crate::hold::{Ending, Hold, HoldState};
use crate::stock::Stock;

/// The hold of an order.
pub fn find_hold(sql: &Sql<'_>, order: OrderId) -> Result<Option<Hold>> {
    sql.find(
        "SELECT id, order_id, state, pinned, expires_at_ms FROM holds WHERE order_id = ?1",
        [order.to_string()],
        row_to_hold,
    )
}

/// Every hold, the oldest first.
pub fn list_all_holds(sql: &Sql<'_>) -> Result<Vec<Hold>> {
    sql.list("SELECT id, order_id, state, pinned, expires_at_ms FROM holds ORDER BY id", [], row_to_hold)
}

/// The live holds, the oldest first, behind one.
pub fn list_live_holds(sql: &Sql<'_>, after: Option<HoldId>, rows_max: usize) -> Result<Vec<Hold>> {
    sql.list(
        "SELECT id, order_id, state, pinned, expires_at_ms FROM holds
         WHERE state = 'held' AND id > ?1
         ORDER BY id LIMIT ?2",
        params![after.map(|id| id.to_string()).unwrap_or_default(), rows_max],
        row_to_hold,
    )
}

/// The holds of some orders, whatever became of them, the oldest first, behind one.
pub fn list_holds_of(
    sql: &Sql<'_>,
    orders: &[OrderId],
    after: Option<HoldId>,
    rows_max: usize,
) -> Result<Vec<Hold>> {
    let orders: Vec<String> = orders.iter().map(OrderId::to_string).collect();
    sql.list(
        "SELECT id, order_id, state, pinned, expires_at_ms FROM holds
         WHERE order_id IN (SELECT value FROM json_each(?1)) AND id > ?2
         ORDER BY id LIMIT ?3",
        params![
            serde_json::Value::from(orders).to_string(),
            after.map(|id| id.to_string()).unwrap_or_default(),
            rows_max
        ],
        row_to_hold,
    )
}

/// The live holds of a product whose time is over, the longest over first.
pub fn list_overdue(sql: &Sql<'_>, sku: &Sku, now: Timestamp, rows_max: u32) -> Result<Vec<Hold>> {
    sql.list(
        "SELECT id, order_id, state, pinned, expires_at_ms FROM holds
         WHERE state = 'held' AND pinned = 0 AND expires_at_ms <= ?2
           AND EXISTS (SELECT 1 FROM hold_lines WHERE hold = holds.id AND sku = ?1)
         ORDER BY expires_at_ms LIMIT ?3",
        params![sku.as_str(), now.as_millisecond(), rows_max],
        row_to_hold,
    )
}

/// Writes a hold that is new, with its lines.
///
/// # Errors
/// If the order has another hold, or the rows cannot be written.
pub fn insert_hold(tx: &Tx<'_>, hold: &Hold, items: &[Item]) -> Result<()> {
    let id = hold.id.to_string();
    tx.execute_in_order(
        "INSERT INTO holds (id, order_id, state, pinned, expires_at_ms, changed_at_ms)
         VALUES (:id, :order, :state, :pinned, :expires_at, :now)",
        named_params! {
            ":id": id,
            ":order": hold.order.to_string(),
            ":state": hold.state.word(),
            ":pinned": hold.pinned,
            ":expires_at": hold.expires_at.as_millisecond(),
            ":now": tx.now().as_millisecond(),
        },
    )?;
    insert_items(tx, &id, items)
}

/// Writes a hold that is known anew: where it stands, and its lines in place of those it had.
///
/// # Errors
/// If it is not there, or the rows cannot be written.
pub fn renew_hold(tx: &Tx<'_>, hold: &Hold, items: &[Item]) -> Result<()> {
    let id = hold.id.to_string();
    let renewed = tx.execute(
        "UPDATE holds SET state = :state, pinned = :pinned, expires_at_ms = :expires_at, changed_at_ms = :now
         WHERE id = :id",
        named_params! {
            ":id": id,
            ":state": hold.state.word(),
            ":pinned": hold.pinned,
            ":expires_at": hold.expires_at.as_millisecond(),
            ":now": tx.now().as_millisecond(),
        },
    )?;
    if renewed != 1 {
        return Err(Error::internal(format!("{} is not there", hold.id)));
    }
    tx.execute("DELETE FROM hold_lines WHERE hold = ?1", [&id])?;
    insert_items(tx, &id, items)
}

fn insert_items(tx: &Tx<'_>, hold: &str, items: &[Item]) -> Result<()> {
    for item in items {
        tx.execute(
            "INSERT INTO hold_lines (hold, sku, quantity) VALUES (?1, ?2, ?3)",
            params![hold, item.sku.as_str(), item.quantity.get()],
        )?;
    }
    Ok(())
}

/// Ends a live hold.
///
/// # Errors
/// If it is not live.
pub fn end_hold(tx: &Tx<'_>, hold: HoldId, ending: Ending) -> Result<()> {
    // The state before is no parameter: it is compared with that of the indexes of live holds, and a statement
    // whose plan could follow from what is bound is planned anew each time.
    let moved = tx.execute_in_order(
        "UPDATE holds SET state = :to, changed_at_ms = :now WHERE id = :id AND state = 'held'",
        named_params! {
            ":to": HoldState::Ended(ending).word(),
            ":now": tx.now().as_millisecond(),
            ":id": hold.to_string(),
        },
    )?;
    if moved == 1 { Ok(()) } else { Err(Error::internal(format!("{hold} is not held"))) }
}

/// Lets a hold last until a later time.
pub fn extend_hold(tx: &Tx<'_>, hold: HoldId, until: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE holds SET expires_at_ms = ?2, changed_at_ms = ?3 WHERE id = ?1 AND expires_at_ms < ?2",
        params![hold.to_string(), until.as_millisecond(), tx.now().as_millisecond()],
    )?;
    Ok(())
}

/// Lets a hold last until a person decides.
pub fn pin_hold(tx: &Tx<'_>, hold: HoldId) -> Result<()> {
    tx.execute(
        "UPDATE holds SET pinned = 1, changed_at_ms = ?2 WHERE id = ?1",
        params![hold.to_string(), tx.now().as_millisecond()],
    )?;
    Ok(())
}

/// What a hold is of, by sku. There are no more than an event could carry.
pub fn list_items(sql: &Sql<'_>, hold: HoldId) -> Result<Vec<Item>> {
    sql.list("SELECT sku, quantity FROM hold_lines WHERE hold = ?1 ORDER BY sku", [hold.to_string()], |row| {
        Ok(Item { sku: parsed(row, "sku")?, quantity: checked(row, "quantity", Quantity::try_from)? })
    })
}

/// The same with the stock of each, which must be there.
pub fn list_items_in_stock(sql: &Sql<'_>, hold: HoldId) -> Result<Vec<(Item, Stock)>> {
    sql.list(
        "SELECT quantity, stock.sku AS sku, on_hand, held, low_mark, high_mark, low, quarantined, changed_at_ms
         FROM hold_lines LEFT JOIN stock ON stock.sku = hold_lines.sku
         WHERE hold = ?1 ORDER BY hold_lines.sku",
        [hold.to_string()],
        |row| {
            let mut columns = Columns::of(row);
            let quantity = columns.checked("quantity", Quantity::try_from)?;
            let stock = read_stock(&mut columns)?;
            Ok((Item { sku: stock.sku.clone(), quantity }, stock))
        },
    )
}

fn row_to_hold(row: &Row<'_>) -> rusqlite::Result<Hold> {
    let mut columns = Columns::of(row);
    Ok(Hold {
        id: columns.parsed("id")?,
        order: columns.parsed("order_id")?,
        state: columns.parsed("state")?,
        pinned: columns.get("pinned")?,
        expires_at: columns.time("expires_at_ms")?,
    })
}
