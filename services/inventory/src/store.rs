//! Every SQL statement of the inventory: here those of stock and its ledger, in [`holds`] those of holds.

#[cfg(test)]
mod checks;
mod holds;
mod quarantines;
mod sums;

use contracts::Sku;
use contracts::inventory::LedgerEntry;
use kit::sql::{Columns, parsed, time};
use kit::{Error, Result, Sql, Tx};
use rusqlite::{Row, named_params, params};

use crate::ledger::Entry;
use crate::stock::{Stock, StockError};

pub use holds::{
    end_hold, extend_hold, find_hold, insert_hold, list_all_holds, list_holds_of, list_items,
    list_items_in_stock, list_live_holds, list_overdue, pin_hold, renew_hold,
};

pub use quarantines::{end_quarantines, insert_quarantine, note_count, update_quarantined};
pub use sums::list_sums;

/// The stock of a product.
pub fn find_stock(sql: &Sql<'_>, sku: &Sku) -> Result<Option<Stock>> {
    sql.find(
        "SELECT sku, on_hand, held, low_mark, high_mark, low, quarantined, changed_at_ms FROM stock WHERE sku = ?1",
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
        "SELECT sku, on_hand, held, low_mark, high_mark, low, quarantined, changed_at_ms FROM stock
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
        quarantined: false,
        changed_at: tx.now(),
    };
    tx.execute(
        "INSERT INTO stock (sku, on_hand, held, low_mark, high_mark, low, changed_at_ms)
         VALUES (?1, 0, 0, 0, 0, 0, ?2)",
        params![sku.as_str(), stock.changed_at.as_millisecond()],
    )?;
    Ok(stock)
}

/// Changes the balances of stock that was just read as an entry says, if the stock allows it. Answers it as it
/// is then.
///
/// # Errors
/// If it does not: fewer pieces are available or held than the entry takes. If it is not as it was read.
pub fn change_stock(tx: &Tx<'_>, before: Stock, entry: &Entry<'_>) -> Result<Stock> {
    let Some((on_hand, held)) = before.after(entry) else {
        return Err(Error::internal(format!("the stock of {} does not allow {entry:?}", entry.sku)));
    };
    let changed = tx.execute_in_order(
        "UPDATE stock
         SET on_hand = :on_hand, held = :held, changed_at_ms = :now
         WHERE sku = :sku AND on_hand = :on_hand_before AND held = :held_before",
        named_params! {
            ":on_hand": on_hand,
            ":held": held,
            ":now": tx.now().as_millisecond(),
            ":sku": entry.sku.as_str(),
            ":on_hand_before": before.on_hand,
            ":held_before": before.held,
        },
    )?;
    match changed {
        1 => Ok(Stock { on_hand, held, changed_at: tx.now(), ..before }),
        _ => Err(Error::internal(format!("the stock of {} is not as it was read any more", entry.sku))),
    }
}

/// Sets the marks of a product. Without a low mark it is not low any more.
pub fn update_marks(tx: &Tx<'_>, sku: &Sku, low_mark: u64, high_mark: u64) -> Result<Stock> {
    let changed = tx.find(
        "UPDATE stock
         SET low_mark = :low_mark, high_mark = :high_mark, changed_at_ms = :now,
             low = CASE WHEN :low_mark = 0 THEN 0 ELSE low END
         WHERE sku = :sku
         RETURNING sku, on_hand, held, low_mark, high_mark, low, quarantined, changed_at_ms",
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
    tx.execute_in_order(
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

fn row_to_stock(row: &Row<'_>) -> rusqlite::Result<Stock> {
    read_stock(&mut Columns::of(row))
}

fn read_stock(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Stock> {
    Ok(Stock {
        sku: columns.parsed("sku")?,
        on_hand: columns.get("on_hand")?,
        held: columns.get("held")?,
        low_mark: columns.get("low_mark")?,
        high_mark: columns.get("high_mark")?,
        low: columns.get("low")?,
        quarantined: columns.get("quarantined")?,
        changed_at: columns.time("changed_at_ms")?,
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
