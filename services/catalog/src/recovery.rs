//! Taking up what was told of products, into tables that are older: the events say all that is kept of a product.

use contracts::catalog::{ProductChanged, ProductRetired, ProductState};
use kit::{Error, Result, Tx};

use crate::product::{Content, Product};
use crate::store;

/// A product was created or changed: it is as the event says.
///
/// # Errors
/// If the event was told before descriptions were, or a change before it is missing.
pub fn product_changed(tx: &mut Tx<'_>, event: ProductChanged) -> Result<()> {
    let ProductChanged { sku, name, category, price, version, description } = event;
    let known = store::find_product(tx, &sku)?;
    follows(known.as_ref(), &sku, version)?;
    let Some(description) = description else {
        let what = format!("the event about {sku} was told before events said what a product is");
        return Err(Error::refused("description_unknown", what));
    };
    let content = Content { name, description, category, price };
    let state = ProductState::Active;
    store::save_product(tx, &Product { sku, content, state, version, changed_at: tx.told_at() })
}

/// A product was taken out of sale.
///
/// # Errors
/// If there is no such product, or a change before it is missing.
pub fn product_retired(tx: &mut Tx<'_>, event: ProductRetired) -> Result<()> {
    let ProductRetired { sku, version } = event;
    let known = store::find_product(tx, &sku)?;
    follows(known.as_ref(), &sku, version)?;
    match known {
        Some(known) => {
            let state = ProductState::Retired;
            store::save_product(tx, &Product { state, version, changed_at: tx.told_at(), ..known })
        }
        None => Err(Error::refused("product_missing", format!("there is no {sku} to take out of sale"))),
    }
}

/// Every change counts one up, so that none is missing between two.
fn follows(known: Option<&Product>, sku: &contracts::Sku, version: u64) -> Result<()> {
    let before = known.map_or(0, |known| known.version);
    if version == before + 1 {
        return Ok(());
    }
    let what = format!("{sku} is at version {before}, and the event is about version {version}");
    Err(Error::refused("change_missing", what))
}
