//! A cart service beside a catalog whose shelf the test fills.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use contracts::cart::{AddItem, CartView, ClearCart, GetCart, RemoveItem, SetItem};
use contracts::catalog::{MissingProduct, Quote, QuotePrices, Quotes};
use contracts::order::{OrderLine, OrderPlaced};
use contracts::{CartId, Money, OrderId, Quantity, Sku};
use kit::testing::Scratch;
use kit::{Example, Result};

/// The cart service and the shelf of its catalog.
pub(crate) struct Shop {
    pub(crate) cart: Scratch,
    shelf: Arc<Shelf>,
}

/// The price of each product; none of what was retired.
#[derive(Default)]
struct Shelf(Mutex<BTreeMap<Sku, Option<Money>>>);

impl Shelf {
    fn quotes(&self, asked: QuotePrices) -> Quotes {
        let shelf = self.0.lock().unwrap();
        let mut quotes = Quotes { items: vec![], missing: vec![] };
        for sku in asked.skus {
            match shelf.get(&sku) {
                Some(Some(price)) => {
                    quotes.items.push(Quote { name: format!("A {sku}"), price: *price, version: 1, sku });
                }
                Some(None) => quotes.missing.push(MissingProduct { sku, why: "retired".into() }),
                None => quotes.missing.push(MissingProduct { sku, why: "unknown".into() }),
            }
        }
        quotes
    }
}

impl Shop {
    /// A shop that sells a mug at 12.90 EUR, a tee at 20.00 EUR and a pin at 1.00 USD.
    pub(crate) fn open() -> Self {
        let shop = Self::without_catalog();
        shop.sells("mug", 1290, "EUR");
        shop.sells("tee", 2000, "EUR");
        shop.sells("pin", 100, "USD");
        let shelf = Arc::clone(&shop.shelf);
        shop.cart.stub(move |asked: QuotePrices| Ok(shelf.quotes(asked)));
        shop
    }

    /// A shop whose catalog does not answer.
    pub(crate) fn without_catalog() -> Self {
        Self { cart: Scratch::of(cart::service()), shelf: Arc::default() }
    }

    pub(crate) fn sells(&self, product: &str, amount: i64, currency: &str) {
        self.shelf.0.lock().unwrap().insert(sku(product), Some(money(amount, currency)));
    }

    pub(crate) fn retires(&self, product: &str) {
        self.shelf.0.lock().unwrap().insert(sku(product), None);
    }

    pub(crate) fn quotes(&self, asked: QuotePrices) -> Quotes {
        self.shelf.quotes(asked)
    }

    pub(crate) async fn new_cart(&self, product: &str, quantity: i64) -> CartId {
        self.cart.ask(&adding(None, product, quantity)).await.unwrap().cart
    }

    pub(crate) async fn add(&self, cart: CartId, product: &str, quantity: i64) -> Result<CartView> {
        self.cart.ask(&adding(Some(cart), product, quantity)).await
    }

    pub(crate) async fn set(&self, cart: CartId, product: &str, quantity: u32) -> Result<CartView> {
        self.cart.ask(&SetItem { cart, sku: sku(product), quantity, expected_version: None }).await
    }

    pub(crate) async fn remove(&self, cart: CartId, product: &str) -> Result<CartView> {
        self.cart.ask(&RemoveItem { cart, sku: sku(product), expected_version: None }).await
    }

    pub(crate) async fn clear(&self, cart: CartId) -> Result<CartView> {
        self.cart.ask(&ClearCart { cart, expected_version: None }).await
    }

    pub(crate) async fn show(&self, cart: CartId) -> Result<CartView> {
        self.cart.ask(&GetCart { cart }).await
    }

    /// An order of the cart is placed and heard of.
    pub(crate) fn order(&self, order: &OrderPlaced) {
        self.cart.hear(order);
        assert_eq!(self.cart.dead_letters(), []);
    }
}

/// What is in a cart: `2 mug, 1 tee`.
pub(crate) fn contents(cart: &CartView) -> String {
    let lines: Vec<String> =
        cart.lines.iter().map(|line| format!("{} {}", line.quantity, line.sku)).collect();
    lines.join(", ")
}

pub(crate) fn adding(cart: Option<CartId>, product: &str, quantity: i64) -> AddItem {
    AddItem {
        cart,
        sku: sku(product),
        quantity: Quantity::try_from(quantity).unwrap(),
        expected_version: None,
    }
}

/// An order of some lines of a cart. Each `number` is another order.
pub(crate) fn order_of(number: u128, cart: Option<CartId>, lines: &[(&str, i64)]) -> OrderPlaced {
    let line = |&(product, quantity): &(&str, i64)| OrderLine {
        sku: sku(product),
        quantity: Quantity::try_from(quantity).unwrap(),
        ..OrderLine::example()
    };
    let order = kit::id::Id::from_bits(number);
    OrderPlaced { order, cart, lines: lines.iter().map(line).collect(), ..OrderPlaced::example() }
}

pub(crate) fn order_id(number: u128) -> OrderId {
    kit::id::Id::from_bits(number)
}

pub(crate) fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

pub(crate) fn money(amount: i64, currency: &str) -> Money {
    Money::new(amount, currency.parse().unwrap()).unwrap()
}
