//! How stock moves: a balance, its ledger entry and its alert change together, and only here.

use contracts::inventory::{HoldExpired, ShortLine, StockLow, StockRestocked};
use contracts::order::Item;
use contracts::{OrderId, Sku};
use kit::{Result, Tx};

use crate::hold::{self, Ending, Hold};
use crate::ledger::{Cause, Entry};
use crate::stock::{Crossing, Stock, StockError};
use crate::store;

/// Overdue holds that are looked up at a time; more are looked up after them.
const OVERDUE_AT_ONCE: u32 = 500;

/// Makes an entry for stock as it was just read. Answers the stock after it.
///
/// # Errors
/// If the stock does not allow it, which whoever makes the entry has to see to before, or is not as it was
/// read any more.
pub fn enter(tx: &mut Tx<'_>, before: Stock, entry: &Entry<'_>) -> Result<Stock> {
    let stock = store::change_stock(tx, before, entry)?;
    store::insert_entry(tx, entry, &stock)?;
    watch(tx, stock)
}

/// Tells of a mark that the available stock has reached, once for each crossing.
///
/// # Errors
/// If it cannot be recorded.
pub fn watch(tx: &mut Tx<'_>, stock: Stock) -> Result<Stock> {
    let Some(crossing) = stock.crossing() else {
        return Ok(stock);
    };
    let (sku, available) = (stock.sku.clone(), stock.available());
    match crossing {
        Crossing::Low => {
            tracing::info!(%sku, available, "{sku} is low: {available} can still be ordered");
            tx.emit(&StockLow { sku, available, low_mark: stock.low_mark })?;
        }
        Crossing::High => {
            tracing::info!(%sku, available, "{sku} is back: {available} can be ordered");
            tx.emit(&StockRestocked { sku, available })?;
        }
    }
    let low = crossing == Crossing::Low;
    store::update_low(tx, &stock.sku, low)?;
    Ok(Stock { low, ..stock })
}

/// Lets no more of a product be sold, or all of it again. Answers the stock after it.
///
/// # Errors
/// If it cannot be recorded.
pub fn quarantine(tx: &mut Tx<'_>, before: Stock, quarantined: bool, reason: &str) -> Result<Stock> {
    let sku = before.sku.clone();
    store::update_quarantined(tx, &sku, quarantined)?;
    let cause = if quarantined { Cause::Quarantined } else { Cause::Freed };
    enter(tx, Stock { quarantined, ..before }, &Entry::quarantine(&sku, cause, reason))
}

/// Sets aside all items for an order, or none. Answers every line that is short.
///
/// # Errors
/// If it cannot be recorded.
pub fn take(tx: &mut Tx<'_>, order: OrderId, items: &[Item], reason: &str) -> Result<Vec<ShortLine>> {
    let mut shelves = look_at(tx, items)?;
    let mut short = short_lines(&shelves);
    if !short.is_empty() {
        for line in &short {
            free_overdue(tx, &line.sku, u64::from(line.asked.get()))?;
        }
        shelves = look_at(tx, items)?;
        short = short_lines(&shelves);
    }
    if short.is_empty() {
        for (item, stock) in shelves {
            let stock = stock.ok_or_else(|| StockError::UnknownSku(item.sku.clone()))?;
            enter(tx, stock, &Entry::held(item, order, reason))?;
        }
    }
    Ok(short)
}

/// Ends a live hold: gives back what it set aside, or lets it leave the house.
///
/// # Errors
/// If the hold is not live, or it cannot be recorded.
pub fn end_hold(tx: &mut Tx<'_>, hold: &Hold, ending: Ending, reason: &str) -> Result<()> {
    store::end_hold(tx, hold.id, ending)?;
    tx.cancel_timer(hold::EXPIRY, &hold.order.to_string())?;
    for (item, stock) in store::list_items_in_stock(tx, hold.id)? {
        enter(tx, stock, &Entry::ended(&item, hold, ending, reason))?;
    }
    if ending == Ending::Expired {
        tracing::debug!(order.id = %hold.order, "What was held for order {} is free again: its time ran out", hold.order);
        tx.emit(&HoldExpired { order: hold.order, hold: hold.id })?;
    }
    Ok(())
}

/// Gives back overdue holds of a product, the longest overdue first, until so many pieces are held for
/// nobody. A timer does the same, but nobody is refused because a timer is late.
///
/// # Errors
/// If it cannot be recorded.
pub fn free_overdue(tx: &mut Tx<'_>, sku: &Sku, wanted: u64) -> Result<()> {
    loop {
        let overdue = store::list_overdue(tx, sku, tx.now(), OVERDUE_AT_ONCE)?;
        if overdue.is_empty() {
            return Ok(());
        }
        for hold in overdue {
            if free(tx, sku)? >= wanted {
                return Ok(());
            }
            end_hold(tx, &hold, Ending::Expired, "")?;
        }
    }
}

/// What is there of each item; none if it was never counted.
type Shelves<'a> = Vec<(&'a Item, Option<Stock>)>;

fn look_at<'a>(tx: &Tx<'_>, items: &'a [Item]) -> Result<Shelves<'a>> {
    items.iter().map(|item| Ok((item, store::find_stock(tx, &item.sku)?))).collect()
}

fn short_lines(shelves: &Shelves<'_>) -> Vec<ShortLine> {
    let line = |(item, stock): &(&Item, Option<Stock>)| {
        let available = stock.as_ref().map_or(0, Stock::available);
        let short = available < u64::from(item.quantity.get());
        short.then(|| ShortLine { sku: item.sku.clone(), asked: item.quantity, available })
    };
    shelves.iter().filter_map(line).collect()
}

fn free(tx: &Tx<'_>, sku: &Sku) -> Result<u64> {
    Ok(store::find_stock(tx, sku)?.map_or(0, |stock| stock.free()))
}
