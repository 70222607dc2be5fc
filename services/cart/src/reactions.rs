//! What the cart service hears: an order that was made of a cart.

use contracts::order::OrderPlaced;
use kit::{Result, Tx};

use crate::{expiry, store};

/// Takes out of the cart exactly what was ordered, once for each order. What was added meanwhile
/// stays. A cart that is gone has nothing to lose.
pub fn order_placed(tx: &mut Tx<'_>, event: OrderPlaced) -> Result<()> {
    let Some(id) = event.cart else { return Ok(()) };
    let Some(mut cart) = store::find_cart(tx, id, tx.now())? else { return Ok(()) };
    if !store::insert_order(tx, id, event.order)? {
        return Ok(());
    }
    let before = cart.lines.clone();
    cart.take(&event.lines);
    if cart.lines != before {
        expiry::touch(tx, &mut cart)?;
        tracing::debug!(cart.id = %id, order.id = %event.order, "Order {} took its lines out of cart {id}", event.order);
    }
    Ok(())
}
