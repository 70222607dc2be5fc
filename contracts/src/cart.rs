//! Cart: what somebody means to buy. Prices always come from the catalog.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CartId, Money, Quantity, Sku};

kit::subjects! {
    ask "cart.get" GetCart -> CartView by [owner operator "order"], "Shows a cart at the prices of now.";
    change "cart.add" AddItem -> CartView by [owner operator], "Adds pieces of a product; without a cart, to a new one.";
    change "cart.set" SetItem -> CartView by [owner operator], "Sets how many pieces of a product there are; 0 removes it.";
    change "cart.remove" RemoveItem -> CartView by [owner operator], "Removes a product.";
    change "cart.clear" ClearCart -> CartView by [owner operator], "Removes everything.";
    event "events.cart.item_added" ItemAdded of cart, "Pieces of a product were added to a cart.";
    event "events.cart.expired" CartExpired of cart, "A cart was not touched for long and was removed.";
}

/// Reasons the cart gives.
pub mod reason {
    /// There is no such cart, or no longer.
    pub const UNKNOWN_CART: &str = "unknown_cart";
    /// The cart was changed since it was read.
    pub const VERSION_CONFLICT: &str = "version_conflict";
    /// The product is not in the catalog, or not in sale.
    pub const UNKNOWN_SKU: &str = "unknown_sku";
    /// The product is of another currency than the cart.
    pub const MIXED_CURRENCIES: &str = "mixed_currencies";
    /// The cart would have too many lines, a line too many pieces, or the sum would be too large.
    pub const CART_FULL: &str = "cart_full";
    /// The product is not in the cart.
    pub const NOT_IN_CART: &str = "not_in_cart";
}

/// Shows a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetCart {
    /// Which.
    pub cart: CartId,
}

/// Adds pieces of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddItem {
    /// To which cart; a new one if not said.
    #[serde(default)]
    pub cart: Option<CartId>,
    /// Of which product.
    pub sku: Sku,
    /// How many more.
    pub quantity: Quantity,
    /// The version that was read; refused if the cart has changed since.
    #[serde(default)]
    pub expected_version: Option<u64>,
}

/// Sets how many pieces of a product there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetItem {
    /// In which cart.
    pub cart: CartId,
    /// Of which product.
    pub sku: Sku,
    /// How many; 0 removes it.
    pub quantity: u32,
    /// The version that was read; refused if the cart has changed since.
    #[serde(default)]
    pub expected_version: Option<u64>,
}

/// Removes a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveItem {
    /// From which cart.
    pub cart: CartId,
    /// Which product.
    pub sku: Sku,
    /// The version that was read; refused if the cart has changed since.
    #[serde(default)]
    pub expected_version: Option<u64>,
}

/// Removes everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClearCart {
    /// From which cart.
    pub cart: CartId,
    /// The version that was read; refused if the cart has changed since.
    #[serde(default)]
    pub expected_version: Option<u64>,
}

/// A cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartView {
    /// Its number.
    pub cart: CartId,
    /// Counts its changes, from 1.
    pub version: u64,
    /// What is in it, in the order it was added.
    pub lines: Vec<CartLine>,
    /// The sum of the lines that can be bought, at the prices of now; none if nothing can be bought, or if
    /// prices have changed since so that there is no sum: to another currency, or beyond what money can be.
    pub total: Option<Money>,
    /// When it expires, unless it is touched before.
    pub expires_at: Timestamp,
}

/// A line of a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLine {
    /// The product.
    pub sku: Sku,
    /// Its name.
    pub name: String,
    /// How many pieces.
    pub quantity: Quantity,
    /// What one piece costs now; what it cost when it was added, if it cannot be bought any more.
    pub unit_price: Money,
    /// What one piece cost when it was last added or set.
    pub unit_price_when_added: Money,
    /// Whether the two differ.
    pub price_changed: bool,
    /// Whether it can still be bought.
    pub available: bool,
}

/// Pieces of a product were added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemAdded {
    /// To which cart.
    pub cart: CartId,
    /// Of which product.
    pub sku: Sku,
    /// How many more.
    pub quantity: Quantity,
}

/// A cart was not touched for long and was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartExpired {
    /// Which.
    pub cart: CartId,
}
