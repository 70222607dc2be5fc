//! The cart service: what somebody means to buy, at prices that are always the catalog's.
//!
//! # Layout
//! - [`handlers`]: what may be asked
//! - [`reactions`]: what an order takes out of the cart it was made of
//! - [`cart`]: the rules: what may go in, and how a cart looks at the prices of now; no I/O
//! - [`expiry`]: how long a cart is kept
//! - [`store`]: the SQL

pub mod cart;
pub mod expiry;
pub mod handlers;
pub mod reactions;
pub mod store;

use contracts::catalog::QuotePrices;

/// Everything the service can do.
pub fn service() -> kit::Service {
    kit::Service::new("cart", env!("CARGO_PKG_VERSION"))
        .about("Keeps what somebody means to buy, and shows it at the prices of now.")
        .migrations_from(&[
            include_str!("../migrations/0001_carts.sql"),
            include_str!("../migrations/0002_owner.sql"),
        ])
        .calls::<QuotePrices>()
        .answers(handlers::get_cart)
        .answers(handlers::add_item)
        .answers(handlers::set_item)
        .answers(handlers::remove_item)
        .answers(handlers::clear_cart)
        .hears(reactions::order_placed)
        .on_timer(expiry::TIMER, expiry::expire)
}
