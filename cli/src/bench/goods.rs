//! Products to order, with enough stock: made by whoever measures, so that nothing else is sold.

use bytes::Bytes;
use contracts::catalog::{IMPORT_LINES_MAX, ImportLine, ImportProducts};
use contracts::inventory::{GetStock, ReceiveStock, STOCK_MAX};
use contracts::order::{LineRequest, PlaceOrder};
use contracts::{Email, Quantity, Sku};
use futures_util::{StreamExt, TryStreamExt};
use kit::Kind;

use super::pace::Until;
use crate::args::Once;
use crate::failure::{Failure, exit};
use crate::shop::Shop;

/// What the numbers of its products begin with.
pub(crate) const PREFIX: &str = "bench-";

/// The category of its products.
pub(crate) const CATEGORY: &str = "bench";

/// The most products that are made.
pub(crate) const PRODUCTS_MAX: u32 = 100_000;

/// Pieces of each that there are at least before it begins.
const PIECES: u64 = 1_000_000;

/// Requests that are under way at once while stock is made.
const AT_ONCE: usize = 32;

/// How each is paid: by a test card that is never declined.
const PAYMENT_METHOD: &str = "pm_card_visa";

/// What each is called; words to search for.
const KINDS: [&str; 8] = ["mug", "tee", "teapot", "lamp", "chair", "scarf", "notebook", "kettle"];
const COLOURS: [&str; 7] = ["blue", "sand", "fern", "black", "rose", "ivory", "amber"];

/// The number of a product.
pub(crate) fn sku(number: u32) -> String {
    format!("{PREFIX}{number:06}")
}

/// Words that are found in the names of products.
pub(crate) fn words(number: u32) -> (&'static str, &'static str) {
    let number = number as usize;
    (KINDS[number % KINDS.len()], COLOURS[(number / KINDS.len()) % COLOURS.len()])
}

/// Makes products, or leaves them as they are if they are there.
///
/// # Errors
/// What the catalog says; 9 if it refuses one.
pub(crate) async fn products(shop: &Shop, many: u32) -> Result<(), Failure> {
    let numbers: Vec<u32> = (1..=many).collect();
    for some in numbers.chunks(IMPORT_LINES_MAX) {
        let lines = some.iter().map(|number| line(*number)).collect();
        let report = shop
            .call(&ImportProducts { lines })
            .await
            .map_err(|failure| failure.so("the products of the benchmark were not made"))?;
        if let Some(refused) = report.refused.first() {
            let message = format!("{} was not made: {}", refused.sku, refused.message);
            return Err(Failure::new(exit::REFUSED, refused.reason.clone(), message));
        }
    }
    Ok(())
}

fn line(number: u32) -> ImportLine {
    let (kind, colour) = words(number);
    ImportLine {
        line: u64::from(number),
        sku: sku(number),
        name: format!("Bench {kind}, {colour}, {number}"),
        description: format!("A {colour} {kind} that only a benchmark buys."),
        category: CATEGORY.to_owned(),
        price: "12.90".to_owned(),
        currency: "EUR".to_owned(),
    }
}

/// Puts as many pieces of each into stock as are missing.
///
/// # Errors
/// What the inventory says.
pub(crate) async fn stock(shop: &Shop, many: u32, until: Until, lines: u32) -> Result<(), Failure> {
    let wanted = pieces(until, many, lines);
    futures_util::stream::iter(1..=many)
        .map(|number| fill(shop, number, wanted))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await
        .map_err(|failure| failure.so("the stock of the benchmark was not put in place"))
}

/// How many pieces of each are enough: twice what is ordered if that is known.
fn pieces(until: Until, many: u32, lines: u32) -> u64 {
    let ordered = match until {
        Until::Count(count) => {
            count.saturating_mul(u64::from(lines)).saturating_mul(2) / u64::from(many.max(1))
        }
        Until::Time(_) => 0,
    };
    ordered.clamp(PIECES, STOCK_MAX / 2)
}

async fn fill(shop: &Shop, number: u32, wanted: u64) -> Result<(), Failure> {
    let sku = parsed(&sku(number))?;
    let here = match shop.asker().await?.ask(&GetStock { sku: sku.clone() }).await {
        Ok(stock) => stock.available,
        Err(error) if error.kind == Kind::NotFound => 0,
        Err(error) => return Err(error.into()),
    };
    if here < wanted {
        let receive = ReceiveStock { sku, quantity: wanted - here, reason: "for a benchmark".to_owned() };
        shop.call_once(&receive, &Once::default()).await?;
    }
    Ok(())
}

/// Requests to place an order, each of so many products, one piece of each.
///
/// # Errors
/// 70 if one cannot be written.
pub(crate) fn bodies(skus: &[Sku], lines: usize, email: Option<&Email>) -> Result<Vec<Bytes>, Failure> {
    (0..skus.len()).map(|first| body(skus, first, lines, email)).collect()
}

fn body(skus: &[Sku], first: usize, lines: usize, email: Option<&Email>) -> Result<Bytes, Failure> {
    let bug = |what: String| Failure::new(exit::BUG, "bug", what);
    let one = Quantity::try_from(1).map_err(|error| bug(error.to_string()))?;
    let order = PlaceOrder {
        cart: None,
        cart_version: None,
        lines: (0..lines.min(skus.len()))
            .map(|n| LineRequest {
                sku: skus[(first + n) % skus.len()].clone(),
                quantity: one,
                unit_price: None,
            })
            .collect(),
        accept_prices: false,
        customer: None,
        email: email.cloned(),
        payment_method: PAYMENT_METHOD.to_owned(),
    };
    serde_json::to_vec(&order).map(Bytes::from).map_err(|error| bug(error.to_string()))
}

/// The numbers of so many products.
///
/// # Errors
/// 70 if one is none.
pub(crate) fn skus(many: u32) -> Result<Vec<Sku>, Failure> {
    (1..=many).map(|number| parsed(&sku(number))).collect()
}

fn parsed(text: &str) -> Result<Sku, Failure> {
    text.parse()
        .map_err(|error| Failure::new(exit::BUG, "bug", format!("{text} is no number of a product: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn there_are_twice_as_many_pieces_as_are_ordered() {
        assert_eq!(pieces(Until::Time(Duration::from_secs(9)), 100, 1), PIECES);
        assert_eq!(pieces(Until::Count(10), 1, 1), PIECES);
        assert_eq!(pieces(Until::Count(10_000_000), 10, 3), 6_000_000);
        assert_eq!(pieces(Until::Count(u64::MAX), 1, 9), STOCK_MAX / 2);
    }

    #[test]
    fn orders_take_products_in_turn_each_once() {
        let skus = skus(3).unwrap();
        let bodies = bodies(&skus, 2, None).unwrap();
        let read = |body: &Bytes| serde_json::from_slice::<PlaceOrder>(body).unwrap();
        let last: Vec<String> = read(&bodies[2]).lines.iter().map(|line| line.sku.to_string()).collect();
        assert_eq!((bodies.len(), last), (3, vec![sku(3), sku(1)]));
        let all = self::bodies(&skus, 9, None).unwrap();
        assert_eq!(read(&all[0]).lines.len(), 3, "no product twice");
    }

    #[test]
    fn every_product_has_a_name_of_its_own_and_words_to_find_it_by() {
        let (one, other) = (line(1), line(2));
        assert_ne!((&one.sku, &one.name), (&other.sku, &other.name));
        assert!(one.name.contains(words(1).0) && one.name.contains(words(1).1));
    }
}
