//! What the analytics hears, and what of it is kept. Of people nothing is.

use contracts::cart::{CartExpired, ItemAdded};
use contracts::catalog::ProductChanged;
use contracts::inventory::StockRefused;
use contracts::order::{OrderCancelled, OrderConfirmed, OrderPlaced, PaymentDue};
use contracts::payment::{PaymentCaptured, PaymentRefunded};
use kit::{Result, Tx};

use crate::books::note;
use crate::fact::{Fact, Kind};
use crate::store;

/// Length of a reason of loss in characters; the rest of a longer one is cut off.
const REASON_CHARS_MAX: usize = 64;

/// A product has a name.
pub fn product_changed(tx: &mut Tx<'_>, event: ProductChanged) -> Result<()> {
    store::put_name(tx, &event.sku, &event.name, event.version, tx.told_at())
}

/// Something is in a cart.
pub fn item_added(tx: &mut Tx<'_>, event: ItemAdded) -> Result<()> {
    let fact = Fact::new(tx.told_at(), event.cart, Kind::Filled);
    note(tx, &[fact])
}

/// A cart is gone.
pub fn cart_expired(tx: &mut Tx<'_>, event: CartExpired) -> Result<()> {
    let fact = Fact::new(tx.told_at(), event.cart, Kind::Expired);
    note(tx, &[fact])
}

/// An order was placed, perhaps out of a cart.
pub fn order_placed(tx: &mut Tx<'_>, event: OrderPlaced) -> Result<()> {
    let at = tx.told_at();
    let mut facts = vec![Fact::money(at, event.order, Kind::Placed, event.total)];
    facts.extend(event.cart.map(|cart| Fact::new(at, cart, Kind::Ordered)));
    note(tx, &facts)
}

/// Stock is held for an order.
pub fn payment_due(tx: &mut Tx<'_>, event: PaymentDue) -> Result<()> {
    let fact = Fact::new(tx.told_at(), event.order, Kind::Due);
    note(tx, &[fact])
}

/// An order is a sale, line by line. The names are kept for products whose own events are gone.
pub fn order_confirmed(tx: &mut Tx<'_>, event: OrderConfirmed) -> Result<()> {
    let at = tx.told_at();
    let mut facts = vec![Fact::money(at, event.order, Kind::Confirmed, event.total)];
    for line in &event.lines {
        store::put_name(tx, &line.sku, &line.name, 0, at)?;
        let sold = Fact::money(at, event.order, Kind::Sold, line.total).of(&line.sku);
        facts.push(Fact { pieces: line.quantity.get(), ..sold });
    }
    note(tx, &facts)
}

/// An order was lost.
pub fn order_cancelled(tx: &mut Tx<'_>, event: OrderCancelled) -> Result<()> {
    let reason: String = kit::text::printable(&event.reason).chars().take(REASON_CHARS_MAX).collect();
    let fact = Fact::new(tx.told_at(), event.order, Kind::Cancelled).of(reason);
    note(tx, &[fact])
}

/// An order is about to be lost: the order service will say so.
pub fn stock_refused(tx: &mut Tx<'_>, event: StockRefused) -> Result<()> {
    let fact = Fact::new(tx.told_at(), event.order, Kind::Refused);
    note(tx, &[fact])
}

/// Money came in.
pub fn payment_captured(tx: &mut Tx<'_>, event: PaymentCaptured) -> Result<()> {
    let fact = Fact::money(tx.told_at(), event.order, Kind::Captured, event.amount).of(event.payment);
    note(tx, &[fact])
}

/// Money went back.
pub fn payment_refunded(tx: &mut Tx<'_>, event: PaymentRefunded) -> Result<()> {
    let fact = Fact::money(tx.told_at(), event.order, Kind::GivenBack, event.amount).of(event.refund);
    note(tx, &[fact])
}
