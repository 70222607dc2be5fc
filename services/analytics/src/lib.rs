//! The analytics service: hears what all others tell, and makes the figures of the shop of it.
//!
//! # Layout
//! - [`handlers`]: what may be asked; [`span`]: of how much time at once
//! - [`reactions`]: what of each event is kept, as facts
//! - [`fact`]: what was heard; [`figures`]: the rules by which figures follow from facts; no I/O
//! - [`books`]: a fact is noted and the figures follow; [`rebuild`]: all of them are made anew
//! - [`store`]: the SQL
//!
//! The figures are a function of the set of facts: in which order facts were heard, and how often, makes
//! no difference. That is why they can be thrown away and built anew while the shop runs.

pub mod books;
pub mod fact;
pub mod figures;
pub mod handlers;
pub mod reactions;
pub mod rebuild;
pub mod span;
pub mod store;

/// The analytics service.
pub fn service() -> kit::Service {
    kit::Service::new("analytics", env!("CARGO_PKG_VERSION"))
        .about(
            "Makes the figures of the shop: sales by hour and day, top products, the way from cart to order.",
        )
        .hearing_at_leisure()
        .migrations_from(&[include_str!("../migrations/0001_figures.sql")])
        .answers(handlers::get_sales)
        .answers(handlers::get_top_products)
        .answers(handlers::get_funnel)
        .answers(handlers::get_state)
        .answers(handlers::rebuild)
        .hears(reactions::product_changed)
        .hears(reactions::item_added)
        .hears(reactions::cart_expired)
        .hears(reactions::order_placed)
        .hears(reactions::payment_due)
        .hears(reactions::order_confirmed)
        .hears(reactions::order_cancelled)
        .hears(reactions::stock_refused)
        .hears(reactions::payment_captured)
        .hears(reactions::payment_refunded)
        .on_timer(rebuild::TIMER, rebuild::go_on)
}
