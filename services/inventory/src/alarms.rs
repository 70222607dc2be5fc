//! What alarms and scales do to stock: each once, with an entry in the ledger that names the cause.

use contracts::alert::{Action, AlarmRaised, StockCounted};
use kit::{Result, Tx};

use crate::{books, store};

/// Puts the stock of a product aside if its alarm asks for that: nothing of it is sold until somebody releases
/// it, also what comes back from orders. What is held for orders was promised, and stays held.
pub fn alarm_raised(tx: &mut Tx<'_>, event: AlarmRaised) -> Result<()> {
    let Some(Action::HoldLot { sku }) = &event.action else { return Ok(()) };
    let Some(stock) = store::find_stock(tx, sku)? else {
        tracing::warn!(%sku, alarm.id = %event.alarm, "No stock of {sku} was ever received, so alarm {} put nothing aside", event.alarm);
        return Ok(());
    };
    if !store::insert_quarantine(tx, event.alarm, sku)? {
        return Ok(());
    }
    let reason = format!("{} of rule {} for {}", event.alarm, event.rule, event.device);
    books::quarantine(tx, stock, true, &reason)?;
    tracing::warn!(%sku, alarm.id = %event.alarm, "The stock of {sku} cannot be sold: alarm {}, {}", event.alarm, event.why);
    Ok(())
}

/// Takes what a scale counted for the number of pieces in the house. A product is thought to lie on one scale, and
/// what is sold to be taken from it soon: until then it is counted as if it were still for sale.
pub fn stock_counted(tx: &mut Tx<'_>, event: StockCounted) -> Result<()> {
    let StockCounted { rule, device, sku, pieces, at } = event;
    let Some(stock) = store::find_stock(tx, &sku)? else {
        tracing::warn!(%sku, device.id = %device, "No stock of {sku} was ever received, so what {device} counts changes nothing");
        return Ok(());
    };
    if !store::note_count(tx, device, &sku, at)? {
        return Ok(());
    }
    if pieces < stock.held {
        books::free_overdue(tx, &sku, stock.on_hand.saturating_sub(pieces))?;
    }
    let stock = store::get_stock(tx, &sku)?;
    if pieces < stock.held {
        tracing::warn!(%sku, device.id = %device, "{device} counts {pieces} of {sku}, but {} are held for orders", stock.held);
    }
    let reason = format!("{pieces} counted by {device}, rule {rule}");
    match stock.count(pieces, &reason) {
        Some(entry) => books::enter(tx, stock.clone(), &entry).map(drop),
        None => Ok(()),
    }
}
