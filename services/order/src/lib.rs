//! The order service: turns carts and lines into orders, and sees them through checkout to an end.
//!
//! # Layout
//! - [`checkout`]: from placed to an end, as one table; where to start reading
//! - [`placing`]: from what somebody wants to lines at the prices of now
//! - [`buyer`]: for whom an order is placed, and whose orders are shown
//! - [`order`]: an order and its money; what may be given back
//! - [`refusal`]: what is refused, and what cannot be believed
//! - `handlers`: what others may ask of us
//! - `reactions`: what others tell us, and deadlines that pass
//! - `advance`: one move of an order, recorded and told
//! - `page`: the pages of the list of orders; [`audit`]: every order
//! - `store`: the SQL

mod advance;
pub mod audit;
pub mod buyer;
pub mod checkout;
mod handlers;
pub mod order;
mod page;
pub mod placing;
mod reactions;
pub mod refusal;
mod store;

use contracts::cart::GetCart;
use contracts::catalog::QuotePrices;

/// What the service asks, answers, hears and waits for.
pub fn service() -> kit::Service {
    kit::Service::new("order", env!("CARGO_PKG_VERSION"))
        .about("Turns carts and lines into orders, and sees them through checkout to an end.")
        .migrations_from(&[
            include_str!("../migrations/0001_order.sql"),
            include_str!("../migrations/0002_owner.sql"),
            include_str!("../migrations/0003_checks.sql"),
        ])
        .calls::<GetCart>()
        .calls::<QuotePrices>()
        .answers(handlers::place_order)
        .answers(handlers::get_order)
        .answers(handlers::list_orders)
        .answers(handlers::count_orders)
        .answers(handlers::get_history)
        .answers(handlers::cancel_order)
        .answers(handlers::refund_order)
        .hears(reactions::stock_reserved)
        .hears(reactions::stock_refused)
        .hears(reactions::hold_expired)
        .hears(reactions::payment_captured)
        .hears(reactions::payment_declined)
        .hears(reactions::payment_outcome_unknown)
        .hears(reactions::payment_refunded)
        .hears(reactions::payment_refund_failed)
        .on_timer(advance::TIMER, reactions::deadline_passed)
}
