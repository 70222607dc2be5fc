//! The rules of a cart: what may go in, what an order takes out, and how it looks at the prices of now.

use std::collections::BTreeMap;

use contracts::basics::{LINES_MAX, QUANTITY_MAX};
use contracts::cart::{CartLine, CartView, reason};
use contracts::catalog::{Quote, Quotes};
use contracts::money::{AMOUNT_MAX, MoneyError};
use contracts::order::OrderLine;
use contracts::{CartId, Currency, Money, Quantity, Sku};
use kit::{Error, Owner, Timestamp};
use serde_json::json;

use crate::expiry::KEPT_FOR;

/// A cart, as its rows have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cart {
    /// Its number.
    pub id: CartId,
    /// To whom it belongs.
    pub owner: Owner,
    /// Counts its changes; 0 before the first.
    pub version: u64,
    /// What is in it, in the order it was added; each product once.
    pub lines: Vec<Line>,
    /// When it expires, unless it is changed before.
    pub expires_at: Timestamp,
}

/// A line of a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The product.
    pub sku: Sku,
    /// Its name when it was last added or set.
    pub name: String,
    /// How many pieces.
    pub quantity: Quantity,
    /// What one piece cost when it was last added or set.
    pub unit_price: Money,
}

/// What the catalog says about some products now.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    offered: BTreeMap<Sku, Quote>,
    missing: BTreeMap<Sku, String>,
}

/// Why a cart cannot be changed like that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CartError {
    /// There is none, or no longer; or it is somebody else's, which nobody is told.
    #[error("there is no cart {0}, or it has expired")]
    UnknownCart(CartId),
    /// Somebody else changed it.
    #[error("the cart has version {actual}, version {expected} was expected; nothing was changed")]
    VersionConflict {
        /// The version that was read.
        expected: u64,
        /// The version it has.
        actual: u64,
    },
    /// Not in the catalog.
    #[error("{0} is not in the catalog")]
    UnknownSku(Sku),
    /// Taken out of sale.
    #[error("{0} is no longer in sale")]
    RetiredSku(Sku),
    /// Not in the cart.
    #[error("{0} is not in the cart")]
    NotInCart(Sku),
    /// It would hold two currencies.
    #[error(
        "{sku} costs {currency}, and {other} in the cart costs {other_currency}; one cart is of one currency"
    )]
    MixedCurrencies {
        /// The product that was to go in.
        sku: Sku,
        /// Its currency.
        currency: Currency,
        /// A product in the cart.
        other: Sku,
        /// Its currency.
        other_currency: Currency,
    },
    /// One product too many.
    #[error("a cart holds at most {LINES_MAX} products; {0} was not added")]
    TooManyLines(Sku),
    /// Too many pieces of one product.
    #[error("a cart holds at most {QUANTITY_MAX} pieces of a product; {more} more of {sku} would be {}", .present + .more)]
    TooManyPieces {
        /// The product.
        sku: Sku,
        /// How many there are.
        present: u32,
        /// How many more were asked for.
        more: u32,
    },
    /// A sum beyond what money can be.
    #[error("the cart would cost more than {AMOUNT_MAX} minor units; {0} was not added")]
    TooDear(Sku),
}

impl From<CartError> for Error {
    fn from(error: CartError) -> Self {
        use CartError::{
            MixedCurrencies, NotInCart, RetiredSku, TooDear, TooManyLines, TooManyPieces, UnknownCart,
            UnknownSku, VersionConflict,
        };
        let message = error.to_string();
        match error {
            UnknownCart(_) => Self::not_found(reason::UNKNOWN_CART, message),
            UnknownSku(_) | RetiredSku(_) => Self::not_found(reason::UNKNOWN_SKU, message),
            NotInCart(_) => Self::not_found(reason::NOT_IN_CART, message),
            VersionConflict { expected, actual } => Self::conflict(reason::VERSION_CONFLICT, message)
                .with_details(json!({ "expected": expected, "actual": actual })),
            MixedCurrencies { .. } => Self::refused(reason::MIXED_CURRENCIES, message),
            TooManyLines(_) | TooManyPieces { .. } | TooDear(_) => Self::refused(reason::CART_FULL, message),
        }
    }
}

impl Cart {
    /// A new cart with nothing in it.
    pub fn new(id: CartId, owner: Owner, now: Timestamp) -> Self {
        Self { id, owner, version: 0, lines: Vec::new(), expires_at: now + KEPT_FOR }
    }

    /// The products in it.
    pub fn skus(&self) -> impl Iterator<Item = &Sku> {
        self.lines.iter().map(|line| &line.sku)
    }

    /// Refuses to go on if the cart has changed since somebody read it.
    pub fn expect_version(&self, expected: Option<u64>) -> Result<(), CartError> {
        match expected {
            Some(expected) if expected != self.version => {
                Err(CartError::VersionConflict { expected, actual: self.version })
            }
            _ => Ok(()),
        }
    }

    /// Adds pieces of a product to those that are there.
    pub fn add(&mut self, sku: &Sku, more: Quantity, prices: &Prices) -> Result<(), CartError> {
        let present = self.line(sku).map_or(0, |line| line.quantity.get());
        let sum = Quantity::try_from(i64::from(present) + i64::from(more.get()))
            .map_err(|_| CartError::TooManyPieces { sku: sku.clone(), present, more: more.get() })?;
        self.put(sku, sum, prices)
    }

    /// Sets how many pieces of a product there are. Answers how many more that is, if it is more.
    pub fn set(
        &mut self,
        sku: &Sku,
        quantity: Quantity,
        prices: &Prices,
    ) -> Result<Option<Quantity>, CartError> {
        let present = self.line(sku).map_or(0, |line| line.quantity.get());
        self.put(sku, quantity, prices)?;
        Ok(Quantity::try_from(i64::from(quantity.get()) - i64::from(present)).ok())
    }

    /// Removes a product.
    pub fn remove(&mut self, sku: &Sku) -> Result<(), CartError> {
        let before = self.lines.len();
        self.lines.retain(|line| line.sku != *sku);
        if self.lines.len() == before { Err(CartError::NotInCart(sku.clone())) } else { Ok(()) }
    }

    /// Takes out what was ordered, or what is left of it.
    pub fn take(&mut self, ordered: &[OrderLine]) {
        for order_line in ordered {
            self.lines.retain_mut(|line| {
                if line.sku != order_line.sku {
                    return true;
                }
                let rest = i64::from(line.quantity.get()) - i64::from(order_line.quantity.get());
                Quantity::try_from(rest).map(|rest| line.quantity = rest).is_ok()
            });
        }
    }

    /// The cart as it is shown, at the prices of now.
    pub fn view(&self, prices: &Prices) -> CartView {
        CartView {
            cart: self.id,
            version: self.version,
            lines: self.lines.iter().map(|line| line.view(prices)).collect(),
            total: self.total(prices).unwrap_or(None),
            expires_at: self.expires_at,
        }
    }

    fn line(&self, sku: &Sku) -> Option<&Line> {
        self.lines.iter().find(|line| line.sku == *sku)
    }

    fn put(&mut self, sku: &Sku, quantity: Quantity, prices: &Prices) -> Result<(), CartError> {
        let Quote { name, price, .. } = prices.offer(sku)?.clone();
        self.expect_currency(sku, price.currency(), prices)?;
        let line = Line { sku: sku.clone(), name, quantity, unit_price: price };
        match self.lines.iter().position(|line| line.sku == *sku) {
            Some(place) => self.lines[place] = line,
            None if self.lines.len() < LINES_MAX => self.lines.push(line),
            None => return Err(CartError::TooManyLines(sku.clone())),
        }
        self.total(prices).map(drop).map_err(|_| CartError::TooDear(sku.clone()))
    }

    fn expect_currency(&self, sku: &Sku, currency: Currency, prices: &Prices) -> Result<(), CartError> {
        for other in self.lines.iter().filter(|line| line.sku != *sku) {
            let other_currency = other.price_now(prices).currency();
            if other_currency != currency {
                let (sku, other) = (sku.clone(), other.sku.clone());
                return Err(CartError::MixedCurrencies { sku, currency, other, other_currency });
            }
        }
        Ok(())
    }

    /// The sum of what can be bought; none if nothing can.
    fn total(&self, prices: &Prices) -> Result<Option<Money>, MoneyError> {
        let mut total: Option<Money> = None;
        for line in self.lines.iter().filter(|line| line.is_available(prices)) {
            let cost = line.price_now(prices).times(line.quantity.get())?;
            total = Some(total.map_or(Ok(cost), |sum| sum.plus(cost))?);
        }
        Ok(total)
    }
}

impl Line {
    /// What one piece costs now; what it cost when it was added, if the catalog does not say.
    fn price_now(&self, prices: &Prices) -> Money {
        prices.offered.get(&self.sku).map_or(self.unit_price, |offer| offer.price)
    }

    fn is_available(&self, prices: &Prices) -> bool {
        !prices.missing.contains_key(&self.sku)
    }

    fn view(&self, prices: &Prices) -> CartLine {
        let unit_price = self.price_now(prices);
        CartLine {
            sku: self.sku.clone(),
            name: prices.offered.get(&self.sku).map_or(&self.name, |offer| &offer.name).clone(),
            quantity: self.quantity,
            unit_price,
            unit_price_when_added: self.unit_price,
            price_changed: unit_price != self.unit_price,
            available: self.is_available(prices),
        }
    }
}

impl Prices {
    fn offer(&self, sku: &Sku) -> Result<&Quote, CartError> {
        self.offered.get(sku).ok_or_else(|| match self.missing.get(sku).map(String::as_str) {
            Some("retired") => CartError::RetiredSku(sku.clone()),
            _ => CartError::UnknownSku(sku.clone()),
        })
    }
}

impl From<Quotes> for Prices {
    fn from(quotes: Quotes) -> Self {
        Self {
            offered: quotes.items.into_iter().map(|quote| (quote.sku.clone(), quote)).collect(),
            missing: quotes.missing.into_iter().map(|product| (product.sku, product.why)).collect(),
        }
    }
}
