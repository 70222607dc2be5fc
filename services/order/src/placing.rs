//! Placing: from what somebody wants to lines at the prices of now. No I/O.

use std::collections::BTreeMap;

use contracts::basics::LINES_MAX;
use contracts::cart::CartView;
use contracts::catalog::{MissingProduct, Quote, Quotes};
use contracts::order::{LineRequest, OrderLine, PlaceOrder};
use contracts::payment::check_method;
use contracts::{CartId, Money, Quantity, Sku};

use crate::refusal::{PriceChange, Refusal};

/// Where the lines of an order come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// From a cart.
    Cart(CartId),
    /// From the request itself.
    Lines(Wanted),
}

/// Lines somebody wants, each product once, in the order they were named first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    lines: Vec<(Sku, Quantity)>,
    stated: Vec<(Sku, Money)>,
}

/// What will be ordered, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basket {
    /// The lines, at the prices of now; each product once.
    pub lines: Vec<OrderLine>,
    /// Their sum.
    pub total: Money,
}

/// Checks a request as far as that goes without asking anybody.
///
/// # Errors
/// A [`Refusal`] that names what is wrong with it.
pub fn source(asked: &PlaceOrder) -> Result<Source, Refusal> {
    check_method(&asked.payment_method)?;
    match asked.cart {
        Some(_) if !asked.lines.is_empty() => Err(Refusal::CartAndLines),
        Some(cart) => Ok(Source::Cart(cart)),
        None if asked.lines.is_empty() => Err(Refusal::NothingToOrder),
        None if asked.cart_version.is_some() || asked.accept_prices => Err(Refusal::CartMissing),
        None => Wanted::of(&asked.lines).map(Source::Lines),
    }
}

/// Takes the lines of a cart.
///
/// # Errors
/// A [`Refusal`] if the cart is empty or another one than was shown, if a product cannot be bought
/// or costs something else than when it was added, or if the whole is more than an order may be.
pub fn from_cart(cart: CartView, version: Option<u64>, accept_prices: bool) -> Result<Basket, Refusal> {
    if let Some(expected) = version.filter(|expected| *expected != cart.version) {
        return Err(Refusal::CartChanged { cart: cart.cart, expected, actual: cart.version });
    }
    if cart.lines.is_empty() {
        return Err(Refusal::EmptyCart(cart.cart));
    }
    let gone = cart.lines.iter().filter(|line| !line.available);
    let missing: Vec<_> =
        gone.map(|line| MissingProduct { sku: line.sku.clone(), why: "no longer in sale".into() }).collect();
    if !missing.is_empty() {
        return Err(Refusal::UnknownSkus(missing));
    }
    let changed = cart.lines.iter().filter(|line| line.price_changed && !accept_prices);
    let changes: Vec<_> = changed
        .map(|line| PriceChange {
            sku: line.sku.clone(),
            then: line.unit_price_when_added,
            now: line.unit_price,
        })
        .collect();
    if !changes.is_empty() {
        return Err(Refusal::PricesChanged(changes));
    }
    let lines = cart.lines.into_iter().map(|line| (line.sku, line.name, line.quantity, line.unit_price));
    Basket::of(lines.collect())
}

impl Wanted {
    /// Joins lines of the same product.
    fn of(lines: &[LineRequest]) -> Result<Self, Refusal> {
        let mut wanted: Vec<(Sku, i64)> = Vec::new();
        let mut places: BTreeMap<&Sku, usize> = BTreeMap::new();
        for line in lines {
            let place = *places.entry(&line.sku).or_insert_with(|| {
                wanted.push((line.sku.clone(), 0));
                wanted.len() - 1
            });
            wanted[place].1 += i64::from(line.quantity.get());
        }
        if wanted.len() > LINES_MAX {
            return Err(Refusal::TooManyLines(wanted.len()));
        }
        let joined = wanted.into_iter().map(|(sku, pieces)| match Quantity::try_from(pieces) {
            Ok(quantity) => Ok((sku, quantity)),
            Err(_) => Err(Refusal::TooManyPieces { sku, pieces: pieces.unsigned_abs() }),
        });
        let stated = lines.iter().filter_map(|line| Some((line.sku.clone(), line.unit_price?)));
        Ok(Self { lines: joined.collect::<Result<_, _>>()?, stated: stated.collect() })
    }

    /// The products.
    pub fn skus(&self) -> Vec<Sku> {
        self.lines.iter().map(|(sku, _)| sku.clone()).collect()
    }

    /// Puts the prices to the lines.
    ///
    /// # Errors
    /// A [`Refusal`] that names every product that cannot be bought, or every price that differs
    /// from what was stated; or if the whole is more than an order may be.
    pub fn priced(self, quotes: Quotes) -> Result<Basket, Refusal> {
        let mut why: BTreeMap<Sku, String> =
            quotes.missing.into_iter().map(|missing| (missing.sku, missing.why)).collect();
        let mut offers: BTreeMap<Sku, Quote> =
            quotes.items.into_iter().map(|quote| (quote.sku.clone(), quote)).collect();
        let mut changes: Vec<PriceChange> = Vec::new();
        for (sku, then) in self.stated {
            let now = offers.get(&sku).map_or(then, |quote| quote.price);
            let change = PriceChange { sku, then, now };
            if then != now && !changes.contains(&change) {
                changes.push(change);
            }
        }
        let mut missing = Vec::new();
        let mut lines = Vec::with_capacity(self.lines.len());
        for (sku, quantity) in self.lines {
            match offers.remove(&sku) {
                Some(quote) => lines.push((sku, quote.name, quantity, quote.price)),
                None => {
                    let why = why.remove(&sku).unwrap_or_else(|| "unknown".into());
                    missing.push(MissingProduct { sku, why });
                }
            }
        }
        if !missing.is_empty() {
            return Err(Refusal::UnknownSkus(missing));
        }
        if !changes.is_empty() {
            return Err(Refusal::PricesChanged(changes));
        }
        Basket::of(lines)
    }
}

impl Basket {
    fn of(priced: Vec<(Sku, String, Quantity, Money)>) -> Result<Self, Refusal> {
        if priced.len() > LINES_MAX {
            return Err(Refusal::TooManyLines(priced.len()));
        }
        let mut lines: Vec<OrderLine> = Vec::with_capacity(priced.len());
        let mut sum: Option<Money> = None;
        for (sku, name, quantity, unit_price) in priced {
            let currency = unit_price.currency();
            let before = sum.unwrap_or(Money::zero(currency));
            if before.currency() != currency {
                return Err(Refusal::MixedCurrencies { sku, currency, others: before.currency() });
            }
            let total = unit_price.times(quantity.get()).map_err(|_| Refusal::TooDear)?;
            sum = Some(before.plus(total).map_err(|_| Refusal::TooDear)?);
            lines.push(OrderLine { sku, name, quantity, unit_price, total });
        }
        let total = sum.ok_or(Refusal::NothingToOrder)?;
        Ok(Self { lines, total })
    }
}
