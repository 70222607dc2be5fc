//! How long a cart is kept: some days from its last change, by a durable timer.

use std::time::Duration;

use contracts::CartId;
use contracts::cart::CartExpired;
use kit::{Result, Tx};

use crate::cart::Cart;
use crate::store;

/// How long a cart is kept after its last change.
pub const KEPT_FOR: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// The timer of a cart, under its number.
pub const TIMER: &str = "cart_expiry";

/// Saves a cart that was changed: its version counts up and its time begins anew.
pub fn touch(tx: &mut Tx<'_>, cart: &mut Cart) -> Result<()> {
    cart.version += 1;
    cart.expires_at = tx.now() + KEPT_FOR;
    store::save_cart(tx, cart)?;
    tx.set_timer(TIMER, &cart.id.to_string(), cart.expires_at)
}

/// Removes a cart whose time has run out.
pub fn expire(tx: &mut Tx<'_>, key: &str) -> Result<()> {
    let cart: CartId = key.parse()?;
    if store::delete_expired(tx, cart)? {
        tx.emit(&CartExpired { cart })?;
        tracing::info!(cart.id = %cart, "Cart {cart} expired");
    }
    Ok(())
}
