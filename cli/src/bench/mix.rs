//! What buyers do in a shop, in the proportions in which they do it.
//!
//! The proportions are those of the shopping mix of TPC-W, rounded to hundredths: of a hundred things done
//! in a web shop, 26 are pages of products (home, new, best sellers), 17 a single product, 37 a search and
//! its results, 17 the cart, 2 a look at an earlier order, and one buys. They come in an order that spreads
//! each kind evenly, and the same every time.

use std::cell::Cell;
use std::time::{Duration, Instant};

use bytes::Bytes;
use contracts::cart::AddItem;
use contracts::catalog::{GetProduct, ListProducts, SearchProducts};
use contracts::order::GetOrder;
use contracts::{Quantity, Sku};
use kit::message::Request;
use kit::{Call, Client};

use super::goods;
use super::orders::Orders;
use super::work::{Done, Work};
use crate::failure::{Failure, exit};

/// Products on a page, as a shop shows them.
const PAGE: u32 = 20;

/// Bodies of each kind that are made before, and taken in turn.
const BODIES: u32 = 64;

/// What a buyer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    List,
    Product,
    Search,
    Cart,
    Look,
    Order,
}

/// Of a hundred things, how many are of which kind.
const OF_A_HUNDRED: [(Act, u32); 6] = [
    (Act::List, 26),
    (Act::Product, 17),
    (Act::Search, 37),
    (Act::Cart, 17),
    (Act::Look, 2),
    (Act::Order, 1),
];

/// By how many places the next thing of the hundred is taken: it has no divisor in common with a hundred, so
/// that each place comes once, and kinds that stand together are spread.
const STRIDE: u64 = 37;

/// Does what buyers do.
pub(crate) struct Mix {
    client: Client,
    orders: Orders,
    patience: Duration,
    lists: Vec<Bytes>,
    products: Vec<Bytes>,
    searches: Vec<Bytes>,
    carts: Vec<Bytes>,
    next: Cell<u64>,
}

impl Mix {
    /// Buyers of these products.
    ///
    /// # Errors
    /// 70 if a request cannot be written.
    pub(crate) fn new(
        client: Client,
        orders: Orders,
        skus: &[Sku],
        patience: Duration,
    ) -> Result<Self, Failure> {
        let numbers = 0..BODIES.min(skus.len() as u32);
        let sku = |number: u32| skus[number as usize % skus.len()].clone();
        let piece = Quantity::try_from(1).map_err(|error| bug(&error))?;
        let list = ListProducts {
            category: Some(goods::CATEGORY.to_owned()),
            limit: Some(PAGE),
            ..ListProducts::default()
        };
        let search = |number| {
            let (kind, colour) = goods::words(number);
            SearchProducts {
                text: format!("{colour} {kind}"),
                limit: Some(PAGE),
                ..SearchProducts::default()
            }
        };
        let cart = |number| AddItem { cart: None, sku: sku(number), quantity: piece, expected_version: None };
        Ok(Self {
            client,
            orders,
            patience,
            lists: vec![body(&list)?],
            products: numbers
                .clone()
                .map(|number| body(&GetProduct { sku: sku(number) }))
                .collect::<Result<_, _>>()?,
            searches: numbers.clone().map(|number| body(&search(number))).collect::<Result<_, _>>()?,
            carts: numbers.map(|number| body(&cart(number))).collect::<Result<_, _>>()?,
            next: Cell::new(0),
        })
    }

    /// How many orders were accepted, warm-up included.
    pub(crate) fn placed(&self) -> u64 {
        self.orders.placed()
    }

    async fn ask(&self, kind: usize, subject: &str, body: Bytes, change: bool) -> Done {
        let call = Call {
            timeout: self.patience,
            key: change.then(Client::new_key),
            trace: change.then(Client::new_trace),
        };
        let answer = self.client.call_once(subject, body, call).await;
        Done::single(kind, answer.map(|_| Instant::now()))
    }
}

fn body(request: &impl serde::Serialize) -> Result<Bytes, Failure> {
    serde_json::to_vec(request).map(Bytes::from).map_err(|error| bug(&error))
}

fn bug(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(exit::BUG, "bug", format!("a request cannot be written: {error}"))
}

/// What the buyer does who comes at this place.
fn act(place: u64) -> Act {
    let mut left = u32::try_from((place % 100) * STRIDE % 100).unwrap_or(0);
    for (act, many) in OF_A_HUNDRED {
        if left < many {
            return act;
        }
        left -= many;
    }
    Act::Product
}

impl Work for Mix {
    fn names(&self) -> Vec<&'static str> {
        vec!["list", "product", "search", "cart", "look", "placed", "confirmed"]
    }

    async fn once(&self) -> Done {
        let place = self.next.get();
        self.next.set(place.wrapping_add(1));
        let one = |of: &[Bytes]| of[usize::try_from(place).unwrap_or(0) % of.len()].clone();
        match act(place) {
            Act::List => self.ask(0, ListProducts::SUBJECT, one(&self.lists), false).await,
            Act::Search => self.ask(2, SearchProducts::SUBJECT, one(&self.searches), false).await,
            Act::Cart => self.ask(3, AddItem::SUBJECT, one(&self.carts), true).await,
            Act::Look if let Some(order) = self.orders.latest() => match body(&GetOrder { order }) {
                Ok(body) => self.ask(4, GetOrder::SUBJECT, body, false).await,
                Err(_) => Done::failed(4, "bug"),
            },
            // Without an order there is none to look at.
            Act::Product | Act::Look => self.ask(1, GetProduct::SUBJECT, one(&self.products), false).await,
            Act::Order => {
                let done = self.orders.once().await;
                Done { kind: 5, ..done }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_hundred_things_each_kind_comes_as_often_as_it_should() {
        assert_eq!(OF_A_HUNDRED.iter().map(|(_, many)| many).sum::<u32>(), 100);
        for (kind, many) in OF_A_HUNDRED {
            let found = (700..800).filter(|place| act(*place) == kind).count();
            assert_eq!(found, many as usize, "{kind:?}");
        }
    }

    #[test]
    fn kinds_are_spread() {
        let searches: Vec<u64> = (0..100).filter(|place| act(*place) == Act::Search).collect();
        let longest = searches.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(longest < Some(7), "{longest:?}");
    }
}
