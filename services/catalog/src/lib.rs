//! The catalog: what the shop sells, what it costs now, and how it is found.
//!
//! # Layout
//! - [`handlers`]: what others may ask of us
//! - [`product`]: what a product is, and what putting and retiring make of it; no I/O
//! - [`import`]: from a line of a list to a product; no I/O
//! - [`recovery`]: taking up what was told, into tables that are older
//! - [`search`]: from what a person typed to a query that is always legal, and its cursor; no I/O
//! - [`refusal`]: what we refuse, and why
//! - [`store`]: the SQL
//!
//! The catalog asks nobody and hears nobody. It tells of a product only when something about it
//! has really changed.

pub mod handlers;
pub mod import;
pub mod product;
pub mod recovery;
pub mod refusal;
pub mod search;
pub mod store;

use kit::Service;

/// The service and everything it can do.
pub fn service() -> Service {
    Service::new("catalog", env!("CARGO_PKG_VERSION"))
        .about("Keeps the products: what they are, what they cost, and how they are found.")
        .migrations_from(&[include_str!("../migrations/0001_catalog.sql")])
        .answers(handlers::get_product)
        .answers(handlers::list_products)
        .answers(handlers::search_products)
        .answers(handlers::list_categories)
        .answers(handlers::quote_prices)
        .answers(handlers::put_product)
        .answers(handlers::retire_product)
        .answers(handlers::import_products)
        .recovers(recovery::product_changed)
        .recovers(recovery::product_retired)
}
