//! The prices of now, for whoever sells.

use contracts::catalog::{
    MissingProduct, PutProduct, QUOTE_SKUS_MAX, Quote, QuotePrices, Quotes, reason as why,
};

use crate::{Catalog, euros, line, mug, reason, sku};

async fn quote(catalog: &Catalog, skus: &[&str]) -> Quotes {
    catalog.0.ask(&QuotePrices { skus: skus.iter().map(|text| sku(text)).collect() }).await.unwrap()
}

#[tokio::test]
async fn prices_are_told_in_the_order_asked_and_each_once() {
    let catalog = Catalog::empty();
    catalog.put(mug("a", "Mug A")).await.unwrap();
    catalog.put(PutProduct { price: euros(500), ..mug("b", "Mug B") }).await.unwrap();
    catalog.put(PutProduct { price: euros(600), ..mug("b", "Mug B") }).await.unwrap();
    let b = Quote { sku: sku("b"), name: "Mug B".into(), price: euros(600), version: 2 };
    let a = Quote { sku: sku("a"), name: "Mug A".into(), price: euros(1290), version: 1 };
    assert_eq!(quote(&catalog, &["b", "a", "b", "a"]).await, Quotes { items: vec![b, a], missing: vec![] });
}

#[tokio::test]
async fn what_cannot_be_bought_is_missing_and_says_why() {
    let catalog = Catalog::of(&[("a", "A", "X", ""), ("b", "B", "X", "")]).await;
    catalog.retire("b").await.unwrap();
    let quotes = quote(&catalog, &["nothing", "b", "a", "A", "nothing"]).await;
    assert_eq!(quotes.items.len(), 1);
    let missing = |text: &str, why: &str| MissingProduct { sku: sku(text), why: why.into() };
    assert_eq!(
        quotes.missing,
        [missing("nothing", "unknown"), missing("b", "retired"), missing("A", "unknown")]
    );
}

#[tokio::test]
async fn asking_for_nothing_tells_nothing() {
    assert_eq!(quote(&Catalog::empty(), &[]).await, Quotes { items: vec![], missing: vec![] });
}

#[tokio::test]
async fn two_hundred_prices_are_told_at_once_and_no_more() {
    let catalog = Catalog::empty();
    let names: Vec<String> = (0..QUOTE_SKUS_MAX).rev().map(|number| format!("p{number}")).collect();
    catalog.import(names.iter().map(|name| line(1, name)).collect()).await;
    let mut asked = QuotePrices { skus: names.iter().map(|name| sku(name)).collect() };
    let told = catalog.0.ask(&asked).await.unwrap();
    assert!(told.items.iter().map(|quote| &quote.sku).eq(&asked.skus));
    asked.skus.push(sku("p0"));
    assert_eq!(reason(catalog.0.ask(&asked).await), why::TOO_MANY_SKUS);
}
