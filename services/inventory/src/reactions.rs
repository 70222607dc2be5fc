//! What an order's events, and the time, do to its hold.
//!
//! ```text
//! placed ──▶ held ──cancelled──▶ released
//!   │ short    ├────its time───▶ expired ──confirmed after all──▶ sold, or refused if short
//!   ▼          └────confirmed──▶ sold
//! refused
//! ```
//!
//! Whatever is heard again finds the hold where it was left, and changes nothing.

use contracts::OrderId;
use contracts::inventory::{REASON_CHARS_MAX, ShortLine, StockRefused, StockReserved};
use contracts::order::{OrderCancelled, OrderConfirmed, OrderNeedsAttention, OrderPlaced, PaymentDue};
use kit::{Result, Tx};

use crate::hold::{self, Ending, Hold, HoldState, items_of};
use crate::{books, store};

/// Holds stock for a new order: all lines, or nothing.
pub fn order_placed(tx: &mut Tx<'_>, event: OrderPlaced) -> Result<()> {
    if store::find_hold(tx, event.order)?.is_some() {
        return Ok(());
    }
    let items = items_of(&event.lines)?;
    let short = books::take(tx, event.order, &items, "")?;
    let state = if short.is_empty() { HoldState::Held } else { HoldState::Refused };
    let hold =
        Hold { id: tx.new_id(), order: event.order, state, pinned: false, expires_at: event.hold_until };
    store::insert_hold(tx, &hold, &items)?;
    if !hold.is_live() {
        return refuse(tx, event.order, short);
    }
    tx.set_timer(hold::EXPIRY, &hold.order.to_string(), hold.expires_at)?;
    tracing::debug!(order.id = %hold.order, "Stock is held for order {} until {}", hold.order, hold.expires_at);
    tx.emit(&StockReserved { order: hold.order, hold: hold.id, expires_at: hold.expires_at })
}

/// Keeps the hold of an order while its payment is being tried.
pub fn payment_due(tx: &mut Tx<'_>, event: PaymentDue) -> Result<()> {
    let Some(hold) = store::find_hold(tx, event.order)? else { return Ok(()) };
    if !hold.is_live() || event.hold_until <= hold.expires_at {
        return Ok(());
    }
    store::extend_hold(tx, hold.id, event.hold_until)?;
    if !hold.pinned {
        tx.set_timer(hold::EXPIRY, &event.order.to_string(), event.hold_until)?;
    }
    Ok(())
}

/// Keeps the hold of an order for as long as a person needs to decide.
pub fn order_needs_attention(tx: &mut Tx<'_>, event: OrderNeedsAttention) -> Result<()> {
    let Some(hold) = store::find_hold(tx, event.order)?.filter(Hold::is_live) else { return Ok(()) };
    store::pin_hold(tx, hold.id)?;
    tx.cancel_timer(hold::EXPIRY, &event.order.to_string())
}

/// Sells what is held for an order. If its hold has ended before, the stock is taken now; if that
/// is short, the order service is told, and gives the money back.
pub fn order_confirmed(tx: &mut Tx<'_>, event: OrderConfirmed) -> Result<()> {
    match store::find_hold(tx, event.order)? {
        Some(hold) if hold.is_live() => sell(tx, &hold),
        // Refused was told already; taking the stock now would sell it to an order that is undone.
        Some(Hold { state: HoldState::Refused | HoldState::Ended(Ending::Sold), .. }) => Ok(()),
        ended => sell_late(tx, &event, ended),
    }
}

/// Gives back what is held for an order.
pub fn order_cancelled(tx: &mut Tx<'_>, event: OrderCancelled) -> Result<()> {
    let Some(hold) = store::find_hold(tx, event.order)? else {
        // Remembered as given back, so that nothing is held for it if it is heard of late.
        let state = HoldState::Ended(Ending::Released);
        let expires_at = tx.now();
        let hold = Hold { id: tx.new_id(), order: event.order, state, pinned: false, expires_at };
        return store::insert_hold(tx, &hold, &[]);
    };
    if !hold.is_live() {
        return Ok(());
    }
    let why: String = kit::text::printable(&event.message).chars().take(REASON_CHARS_MAX).collect();
    books::end_hold(tx, &hold, Ending::Released, &why)?;
    tracing::debug!(order.id = %hold.order, "What was held for order {} is free again: {}", hold.order, event.reason);
    Ok(())
}

/// Gives back what is held for an order whose time is over.
pub fn hold_expired(tx: &mut Tx<'_>, order: &str) -> Result<()> {
    let order: OrderId = order.parse()?;
    match store::find_hold(tx, order)? {
        Some(hold) if hold.is_overdue(tx.now()) => books::end_hold(tx, &hold, Ending::Expired, ""),
        _ => Ok(()),
    }
}

fn sell(tx: &mut Tx<'_>, hold: &Hold) -> Result<()> {
    books::end_hold(tx, hold, Ending::Sold, "")?;
    tracing::debug!(order.id = %hold.order, "What was held for order {} is sold", hold.order);
    Ok(())
}

fn sell_late(tx: &mut Tx<'_>, event: &OrderConfirmed, known: Option<Hold>) -> Result<()> {
    let items = items_of(&event.lines)?;
    let short = books::take(tx, event.order, &items, "paid after its hold had ended")?;
    let state = if short.is_empty() { HoldState::Held } else { HoldState::Refused };
    let hold = match known {
        Some(hold) => {
            let hold = Hold { state, ..hold };
            store::renew_hold(tx, &hold, &items)?;
            hold
        }
        None => {
            let hold =
                Hold { id: tx.new_id(), order: event.order, state, pinned: false, expires_at: tx.now() };
            store::insert_hold(tx, &hold, &items)?;
            hold
        }
    };
    if hold.is_live() { sell(tx, &hold) } else { refuse(tx, event.order, short) }
}

fn refuse(tx: &mut Tx<'_>, order: OrderId, short: Vec<ShortLine>) -> Result<()> {
    tracing::debug!(order.id = %order, lines = short.len(), "Nothing is held for order {order}: stock is short");
    tx.emit(&StockRefused { order, short })
}
