//! Every SQL statement of the inventory.

use contracts::inventory::{LedgerEntry, STOCK_MAX, StockFlow, StockSums};
use contracts::order::Item;
use contracts::{HoldId, OrderId, Quantity, Sku};
use kit::sql::{checked, parsed, time};
use kit::{Error, Result, Sql, Timestamp, Tx};
use rusqlite::{Row, named_params, params};

use crate::hold::{Hold, HoldState};
use crate::ledger::Entry;
use crate::stock::{Stock, StockError};

/// The stock of a product.
pub fn find_stock(sql: &Sql<'_>, sku: &Sku) -> Result<Option<Stock>> {
    sql.find(
        "SELECT sku, on_hand, held, low_mark, high_mark, low, changed_at_ms FROM stock WHERE sku = ?1",
        [sku.as_str()],
        row_to_stock,
    )
}

/// The stock of a product, something of which must have been received.
pub fn get_stock(sql: &Sql<'_>, sku: &Sku) -> Result<Stock> {
    find_stock(sql, sku)?.ok_or_else(|| StockError::UnknownSku(sku.clone()).into())
}

/// Stock by sku, behind one; only what is low, or all.
pub fn list_stock(sql: &Sql<'_>, only_low: bool, after: Option<&Sku>, rows_max: usize) -> Result<Vec<Stock>> {
    sql.list(
        "SELECT sku, on_hand, held, low_mark, high_mark, low, changed_at_ms FROM stock
         WHERE sku > ?1 AND low >= ?2
         ORDER BY sku LIMIT ?3",
        params![after.map_or("", Sku::as_str), only_low, rows_max],
        row_to_stock,
    )
}

/// Begins to count a product, of which nothing is there yet.
///
/// # Errors
/// If it is counted already.
pub fn insert_stock(tx: &Tx<'_>, sku: &Sku) -> Result<Stock> {
    let stock = Stock {
        sku: sku.clone(),
        on_hand: 0,
        held: 0,
        low_mark: 0,
        high_mark: 0,
        low: false,
        changed_at: tx.now(),
    };
    tx.execute(
        "INSERT INTO stock (sku, on_hand, held, low_mark, high_mark, low, changed_at_ms)
         VALUES (?1, 0, 0, 0, 0, 0, ?2)",
        params![sku.as_str(), stock.changed_at.as_millisecond()],
    )?;
    Ok(stock)
}

/// Changes the balances as an entry says, if the stock allows it.
///
/// # Errors
/// If it does not: fewer pieces are available or held than the entry takes.
pub fn change_stock(tx: &Tx<'_>, entry: &Entry<'_>) -> Result<Stock> {
    let changed = tx.find(
        "UPDATE stock
         SET on_hand = on_hand + :on_hand, held = held + :held, changed_at_ms = :now
         WHERE sku = :sku
           AND on_hand - held >= :held - :on_hand
           AND held + :held >= 0
           AND on_hand + :on_hand <= :most
         RETURNING sku, on_hand, held, low_mark, high_mark, low, changed_at_ms",
        named_params! {
            ":sku": entry.sku.as_str(),
            ":on_hand": entry.on_hand,
            ":held": entry.held,
            ":most": STOCK_MAX,
            ":now": tx.now().as_millisecond(),
        },
        row_to_stock,
    )?;
    changed.ok_or_else(|| Error::internal(format!("the stock of {} does not allow {entry:?}", entry.sku)))
}

/// Sets the marks of a product. Without a low mark it is not low any more.
pub fn update_marks(tx: &Tx<'_>, sku: &Sku, low_mark: u64, high_mark: u64) -> Result<Stock> {
    let changed = tx.find(
        "UPDATE stock
         SET low_mark = :low_mark, high_mark = :high_mark, changed_at_ms = :now,
             low = CASE WHEN :low_mark = 0 THEN 0 ELSE low END
         WHERE sku = :sku
         RETURNING sku, on_hand, held, low_mark, high_mark, low, changed_at_ms",
        named_params! {
            ":sku": sku.as_str(),
            ":low_mark": low_mark,
            ":high_mark": high_mark,
            ":now": tx.now().as_millisecond(),
        },
        row_to_stock,
    )?;
    changed.ok_or_else(|| StockError::UnknownSku(sku.clone()).into())
}

/// Notes whether a product counts as low, which has been told.
pub fn update_low(tx: &Tx<'_>, sku: &Sku, low: bool) -> Result<()> {
    tx.execute("UPDATE stock SET low = ?2 WHERE sku = ?1", params![sku.as_str(), low])?;
    Ok(())
}

/// Adds an entry to the ledger, with the balances after it.
pub fn insert_entry(tx: &Tx<'_>, entry: &Entry<'_>, after: &Stock) -> Result<()> {
    tx.execute(
        "INSERT INTO ledger (sku, cause, on_hand_change, held_change, on_hand, held, order_id, reason, at_ms)
         VALUES (:sku, :cause, :on_hand_change, :held_change, :on_hand, :held, :order, :reason, :now)",
        named_params! {
            ":sku": entry.sku.as_str(),
            ":cause": entry.cause.word(),
            ":on_hand_change": entry.on_hand,
            ":held_change": entry.held,
            ":on_hand": after.on_hand,
            ":held": after.held,
            ":order": entry.order.map(|order| order.to_string()).unwrap_or_default(),
            ":reason": entry.reason,
            ":now": tx.now().as_millisecond(),
        },
    )?;
    Ok(())
}

/// The entries of a product, the newest first, before one.
pub fn list_entries(sql: &Sql<'_>, sku: &Sku, before: u64, rows_max: usize) -> Result<Vec<LedgerEntry>> {
    sql.list(
        "SELECT entry, cause, on_hand_change, held_change, on_hand, held, order_id, reason, at_ms FROM ledger
         WHERE sku = ?1 AND entry < ?2
         ORDER BY entry DESC LIMIT ?3",
        params![sku.as_str(), before.min(i64::MAX.unsigned_abs()), rows_max],
        row_to_entry,
    )
}

/// What the stock of each product is and should be, by sku, behind one. One statement, so that all
/// figures are of the same moment. It walks once along the ledger of these products, and along the lines
/// of all holds.
pub fn list_sums(sql: &Sql<'_>, after: Option<&Sku>, rows_max: usize) -> Result<Vec<StockSums>> {
    sql.list(
        "WITH page AS MATERIALIZED (
             SELECT sku, on_hand, held FROM stock WHERE sku > ?1 ORDER BY sku LIMIT ?2
         ),
         told AS MATERIALIZED (
             SELECT page.sku AS sku, sum(on_hand_change) AS on_hand, sum(held_change) AS held,
                    sum(iif(cause = 'received', on_hand_change, 0)) AS received,
                    sum(iif(cause = 'adjusted', on_hand_change, 0)) AS adjusted
             FROM page CROSS JOIN ledger ON ledger.sku = page.sku
             GROUP BY page.sku
         ),
         lines AS MATERIALIZED (
             SELECT hold_lines.sku AS sku,
                    sum(iif(holds.state = 'held', quantity, 0)) AS live,
                    sum(iif(holds.state = 'sold', quantity, 0)) AS gone
             FROM hold_lines CROSS JOIN holds ON holds.id = hold_lines.hold
             WHERE hold_lines.sku IN (SELECT sku FROM page)
             GROUP BY hold_lines.sku
         )
         SELECT page.sku AS sku, page.on_hand AS on_hand, page.held AS held,
                coalesce(told.on_hand, 0) AS ledger_on_hand, coalesce(told.held, 0) AS ledger_held,
                coalesce(lines.live, 0) AS holds,
                coalesce(told.received, 0) AS received, coalesce(told.adjusted, 0) AS adjusted,
                coalesce(lines.gone, 0) AS sold
         FROM page LEFT JOIN told ON told.sku = page.sku LEFT JOIN lines ON lines.sku = page.sku
         ORDER BY page.sku",
        params![after.map_or("", Sku::as_str), rows_max],
        |row| {
            Ok(StockSums {
                sku: parsed(row, "sku")?,
                on_hand: row.get("on_hand")?,
                held: row.get("held")?,
                ledger_on_hand: row.get("ledger_on_hand")?,
                ledger_held: row.get("ledger_held")?,
                holds: row.get("holds")?,
                flow: Some(StockFlow {
                    received: row.get("received")?,
                    adjusted: row.get("adjusted")?,
                    sold: row.get("sold")?,
                }),
            })
        },
    )
}

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

/// Writes a hold with its lines, in place of what is there under its number.
///
/// # Errors
/// If the order has another hold, or the rows cannot be written.
pub fn put_hold(tx: &Tx<'_>, hold: &Hold, items: &[Item]) -> Result<()> {
    let id = hold.id.to_string();
    tx.execute(
        "INSERT INTO holds (id, order_id, state, pinned, expires_at_ms, changed_at_ms)
         VALUES (:id, :order, :state, :pinned, :expires_at, :now)
         ON CONFLICT (id) DO UPDATE
         SET state = excluded.state, pinned = excluded.pinned,
             expires_at_ms = excluded.expires_at_ms, changed_at_ms = excluded.changed_at_ms",
        named_params! {
            ":id": id,
            ":order": hold.order.to_string(),
            ":state": hold.state.word(),
            ":pinned": hold.pinned,
            ":expires_at": hold.expires_at.as_millisecond(),
            ":now": tx.now().as_millisecond(),
        },
    )?;
    tx.execute("DELETE FROM hold_lines WHERE hold = ?1", [&id])?;
    for item in items {
        tx.execute(
            "INSERT INTO hold_lines (hold, sku, quantity) VALUES (?1, ?2, ?3)",
            params![id, item.sku.as_str(), item.quantity.get()],
        )?;
    }
    Ok(())
}

/// Moves a hold from one state to another.
///
/// # Errors
/// If it is not in that state.
pub fn move_hold(tx: &Tx<'_>, hold: HoldId, from: HoldState, to: HoldState) -> Result<()> {
    let moved = tx.execute(
        "UPDATE holds SET state = :to, changed_at_ms = :now WHERE id = :id AND state = :from",
        named_params! {
            ":id": hold.to_string(),
            ":from": from.word(),
            ":to": to.word(),
            ":now": tx.now().as_millisecond(),
        },
    )?;
    if moved == 1 { Ok(()) } else { Err(Error::internal(format!("{hold} is not {}", from.word()))) }
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

fn row_to_stock(row: &Row<'_>) -> rusqlite::Result<Stock> {
    Ok(Stock {
        sku: parsed(row, "sku")?,
        on_hand: row.get("on_hand")?,
        held: row.get("held")?,
        low_mark: row.get("low_mark")?,
        high_mark: row.get("high_mark")?,
        low: row.get("low")?,
        changed_at: time(row, "changed_at_ms")?,
    })
}

fn row_to_entry(row: &Row<'_>) -> rusqlite::Result<LedgerEntry> {
    let for_an_order = !row.get_ref("order_id")?.as_str()?.is_empty();
    Ok(LedgerEntry {
        entry: row.get("entry")?,
        cause: row.get("cause")?,
        on_hand_change: row.get("on_hand_change")?,
        held_change: row.get("held_change")?,
        on_hand: row.get("on_hand")?,
        held: row.get("held")?,
        order: for_an_order.then(|| parsed(row, "order_id")).transpose()?,
        reason: row.get("reason")?,
        at: time(row, "at_ms")?,
    })
}

fn row_to_hold(row: &Row<'_>) -> rusqlite::Result<Hold> {
    Ok(Hold {
        id: parsed(row, "id")?,
        order: parsed(row, "order_id")?,
        state: parsed(row, "state")?,
        pinned: row.get("pinned")?,
        expires_at: time(row, "expires_at_ms")?,
    })
}
