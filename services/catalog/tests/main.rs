//! The catalog on a real database: what each request does, and what nobody can make it do.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod bad_input;
mod import;
mod lists;
mod products;
mod quotes;
mod search;
mod ten_thousand;

use contracts::catalog::{
    GetProduct, ImportLine, ImportProducts, ImportReport, ProductPage, ProductView, PutProduct,
    RetireProduct, SearchProducts,
};
use contracts::{Currency, Money, Sku};
use kit::testing::Scratch;
use kit::{Error, Result};

/// The catalog of a shop, with shorter words for what a test asks of it.
struct Catalog(Scratch);

impl Catalog {
    fn empty() -> Self {
        Self(Scratch::of(catalog::service()))
    }

    /// A catalog with these products: sku, name, category, description.
    async fn of(products: &[(&str, &str, &str, &str)]) -> Self {
        let catalog = Self::empty();
        for (sku, name, category, description) in products {
            let put = PutProduct {
                description: (*description).into(),
                category: (*category).into(),
                ..mug(sku, name)
            };
            catalog.put(put).await.unwrap();
        }
        catalog
    }

    async fn put(&self, put: PutProduct) -> Result<ProductView> {
        self.0.ask(&put).await
    }

    async fn retire(&self, sku_text: &str) -> Result<ProductView> {
        self.0.ask(&RetireProduct { sku: sku(sku_text), expected_version: None }).await
    }

    async fn get(&self, sku_text: &str) -> Result<ProductView> {
        self.0.ask(&GetProduct { sku: sku(sku_text) }).await
    }

    async fn import(&self, lines: Vec<ImportLine>) -> ImportReport {
        self.0.ask(&ImportProducts { lines }).await.unwrap()
    }

    async fn search(&self, text: &str) -> Vec<String> {
        let page = self.0.ask(&SearchProducts { text: text.into(), ..Default::default() }).await;
        skus(&page.unwrap_or_else(|error| panic!("{text:?}: {}", error.chain())))
    }

    /// Compares the index of words with the products it is an index of.
    fn index_is_sound(&self) {
        self.0
            .sql(|sql| {
                let check = "INSERT INTO product_words (product_words, rank) VALUES ('integrity-check', 1)";
                sql.find(check, [], |_| Ok(()))
            })
            .unwrap();
    }
}

fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

fn euros(amount: i64) -> Money {
    Money::new(amount, Currency::EUR).unwrap()
}

/// A put of a mug for 12.90 EUR.
fn mug(sku_text: &str, name: &str) -> PutProduct {
    PutProduct {
        sku: sku(sku_text),
        name: name.into(),
        description: "Stoneware.".into(),
        category: "Kitchen".into(),
        price: euros(1290),
        expected_version: None,
    }
}

/// A line that says the same of a mug.
fn line(number: u64, sku_text: &str) -> ImportLine {
    ImportLine {
        line: number,
        sku: sku_text.into(),
        name: "Mug".into(),
        description: "Stoneware.".into(),
        category: "Kitchen".into(),
        price: "12.90".into(),
        currency: "EUR".into(),
    }
}

fn skus(page: &ProductPage) -> Vec<String> {
    page.items.iter().map(|item| item.sku.to_string()).collect()
}

fn reason<T: std::fmt::Debug>(answer: Result<T>) -> String {
    let error: Error = answer.unwrap_err();
    error.reason.into_owned()
}
