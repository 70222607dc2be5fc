//! Examples of what cart says.

use jiff::Timestamp;
use kit::Example;

use crate::cart::{
    AddItem, CartExpired, CartLine, CartView, ClearCart, GetCart, ItemAdded, RemoveItem, SetItem,
};
use crate::{CartId, Money, Quantity, Sku};

impl Example for GetCart {
    fn example() -> Self {
        Self { cart: CartId::example() }
    }
}

impl Example for AddItem {
    fn example() -> Self {
        Self { cart: None, sku: Sku::example(), quantity: Quantity::example(), expected_version: None }
    }
}

impl Example for SetItem {
    fn example() -> Self {
        Self { cart: CartId::example(), sku: Sku::example(), quantity: 3, expected_version: Some(1) }
    }
}

impl Example for RemoveItem {
    fn example() -> Self {
        Self { cart: CartId::example(), sku: Sku::example(), expected_version: None }
    }
}

impl Example for ClearCart {
    fn example() -> Self {
        Self { cart: CartId::example(), expected_version: None }
    }
}

impl Example for CartView {
    fn example() -> Self {
        let line = CartLine {
            sku: Sku::example(),
            name: "Mug, blue".into(),
            quantity: Quantity::example(),
            unit_price: Money::example(),
            unit_price_when_added: Money::example(),
            price_changed: false,
            available: true,
        };
        let total = line.unit_price.times(line.quantity.get()).ok();
        Self {
            cart: CartId::example(),
            version: 1,
            lines: vec![line],
            total,
            expires_at: Timestamp::UNIX_EPOCH,
        }
    }
}

impl Example for ItemAdded {
    fn example() -> Self {
        Self { cart: CartId::example(), sku: Sku::example(), quantity: Quantity::example() }
    }
}

impl Example for CartExpired {
    fn example() -> Self {
        Self { cart: CartId::example() }
    }
}
