//! What may be asked of the cart service: ask the catalog, decide by the rules, record.
//!
//! The catalog is asked before the transaction, for what is in the cart at that moment. A line that
//! somebody else adds in between has just been priced by the catalog for them, so it is shown at
//! that price.
//!
//! To whom the cart belongs is looked at where it is read before, so that nobody learns from the
//! catalog's answer that it is there, and again in the transaction, where it counts.

use contracts::cart::{AddItem, CartView, ClearCart, GetCart, ItemAdded, RemoveItem, SetItem};
use contracts::catalog::QuotePrices;
use contracts::{CartId, Quantity, Sku};
use kit::{Ctx, Result, Tx};

use crate::cart::{Cart, Prices};
use crate::{expiry, store};

/// Shows a cart at the prices of now.
pub async fn get_cart(ctx: Ctx, asked: GetCart) -> Result<CartView> {
    let cart = find(&ctx, asked.cart).await?;
    let prices = prices(&ctx, cart.skus().cloned().collect()).await?;
    Ok(cart.view(&prices))
}

/// Adds pieces of a product, at the price it has now; without a cart, to a new one.
pub async fn add_item(ctx: Ctx, asked: AddItem) -> Result<CartView> {
    let prices = prices_with(&ctx, asked.cart, &asked.sku).await?;
    let target = (asked.cart, asked.expected_version);
    change(ctx, target, prices, move |tx, cart, prices| {
        cart.add(&asked.sku, asked.quantity, prices)?;
        tx.emit(&ItemAdded { cart: cart.id, sku: asked.sku, quantity: asked.quantity })
    })
    .await
}

/// Sets how many pieces of a product there are, at the price it has now; 0 removes it.
pub async fn set_item(ctx: Ctx, asked: SetItem) -> Result<CartView> {
    if asked.quantity == 0 {
        return remove(ctx, asked.cart, asked.sku, asked.expected_version).await;
    }
    let quantity = Quantity::try_from(i64::from(asked.quantity))?;
    let prices = prices_with(&ctx, Some(asked.cart), &asked.sku).await?;
    let target = (Some(asked.cart), asked.expected_version);
    change(ctx, target, prices, move |tx, cart, prices| match cart.set(&asked.sku, quantity, prices)? {
        Some(more) => tx.emit(&ItemAdded { cart: cart.id, sku: asked.sku, quantity: more }),
        None => Ok(()),
    })
    .await
}

/// Removes a product.
pub async fn remove_item(ctx: Ctx, asked: RemoveItem) -> Result<CartView> {
    remove(ctx, asked.cart, asked.sku, asked.expected_version).await
}

/// Removes everything. Nobody is asked: an empty cart shows no prices.
pub async fn clear_cart(ctx: Ctx, asked: ClearCart) -> Result<CartView> {
    let target = (Some(asked.cart), asked.expected_version);
    change(ctx, target, Prices::default(), |_, cart, _| {
        cart.lines.clear();
        Ok(())
    })
    .await
}

async fn remove(ctx: Ctx, id: CartId, sku: Sku, expected_version: Option<u64>) -> Result<CartView> {
    let cart = find(&ctx, id).await?;
    let rest = cart.skus().filter(|kept| **kept != sku).cloned().collect();
    let prices = prices(&ctx, rest).await?;
    let target = (Some(id), expected_version);
    change(ctx, target, prices, move |_, cart, _| Ok(cart.remove(&sku)?)).await
}

/// Changes a cart as it is at the moment of recording, a new one if none is named. With a version,
/// only if it still has that.
async fn change(
    ctx: Ctx,
    (cart, expected_version): (Option<CartId>, Option<u64>),
    prices: Prices,
    change: impl FnOnce(&mut Tx<'_>, &mut Cart, &Prices) -> Result<()> + Send + 'static,
) -> Result<CartView> {
    let asker = ctx.asker();
    ctx.write(move |tx| {
        let mut cart = match cart {
            Some(id) => store::get_cart(tx, id, tx.now(), &asker)?,
            None => Cart::new(tx.new_id(), asker.owner(), tx.now()),
        };
        tx.about(cart.id);
        cart.expect_version(expected_version)?;
        let before = cart.lines.clone();
        change(tx, &mut cart, &prices)?;
        if cart.lines != before {
            expiry::touch(tx, &mut cart)?;
        }
        Ok(cart.view(&prices))
    })
    .await
}

/// The prices of a product and of everything in the cart it goes into.
async fn prices_with(ctx: &Ctx, cart: Option<CartId>, sku: &Sku) -> Result<Prices> {
    let mut skus = vec![sku.clone()];
    if let Some(id) = cart {
        let cart = find(ctx, id).await?;
        skus.extend(cart.skus().filter(|other| *other != sku).cloned());
    }
    prices(ctx, skus).await
}

async fn prices(ctx: &Ctx, skus: Vec<Sku>) -> Result<Prices> {
    if skus.is_empty() {
        return Ok(Prices::default());
    }
    Ok(ctx.call(&QuotePrices { skus }).await?.into())
}

async fn find(ctx: &Ctx, cart: CartId) -> Result<Cart> {
    let (now, asker) = (ctx.now(), ctx.asker());
    ctx.look_up(move |sql| store::get_cart(sql, cart, now, &asker)).await
}
