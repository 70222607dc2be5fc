//! The inventory: what is in the house, what of it is held for orders, and why it changed.
//!
//! # Layout
//! - [`handlers`]: what others may ask of us
//! - [`reactions`]: what an order's events, and the time, do to its hold
//! - [`alarms`]: what alarms and scales do to stock
//! - [`books`]: how stock moves: a balance, its ledger entry and its alert, always together
//! - [`stock`], [`ledger`], [`hold`]: the rules; no I/O
//! - [`audit`]: all stock and every hold
//! - [`store`]: the SQL

pub mod alarms;
pub mod audit;
pub mod books;
pub mod handlers;
pub mod hold;
pub mod ledger;
pub mod reactions;
pub mod stock;
pub mod store;

use kit::Service;

/// The inventory service.
pub fn service() -> Service {
    Service::new("inventory", env!("CARGO_PKG_VERSION"))
        .about("Counts stock, holds it for orders, and keeps a ledger in which every change has a cause.")
        .migrations_from(&[
            include_str!("../migrations/0001_inventory.sql"),
            include_str!("../migrations/0002_checks.sql"),
            include_str!("../migrations/0003_quarantine.sql"),
            include_str!("../migrations/0004_lines_by_sku.sql"),
        ])
        .answers(handlers::get_stock)
        .answers(handlers::list_stock)
        .answers(handlers::get_ledger)
        .answers(handlers::audit_stock)
        .answers(handlers::list_holds)
        .answers(handlers::receive_stock)
        .answers(handlers::adjust_stock)
        .answers(handlers::set_marks)
        .answers(handlers::release_stock)
        .hears(reactions::order_placed)
        .hears(reactions::payment_due)
        .hears(reactions::order_confirmed)
        .hears(reactions::order_cancelled)
        .hears(reactions::order_needs_attention)
        .hears(alarms::alarm_raised)
        .hears(alarms::stock_counted)
        .may_miss(contracts::alert::NAME)
        .on_timer(hold::EXPIRY, reactions::hold_expired)
}
