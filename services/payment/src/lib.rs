//! The payment service: charges cards and gives money back, each exactly once.
//!
//! # Layout
//! - [`handlers`]: what others may ask
//! - [`reactions`]: what it does when an order is due, is cancelled, or gets money back
//! - [`charge`]: charging a card, from the intent to the outcome
//! - [`refund`]: giving money back, from the intent to the outcome
//! - [`payment`]: the rules; no I/O
//! - [`provider`]: whoever moves the money: a trait, and a built-in one for tests and demonstrations
//! - [`audit`]: whether our books agree with the provider's
//! - `store`: the SQL

pub mod audit;
pub mod charge;
pub mod handlers;
pub mod payment;
pub mod provider;
pub mod reactions;
pub mod refund;
mod store;

use std::sync::Arc;

use kit::Service;

use provider::{Provider, TestProvider};

/// The payment service with the built-in test provider.
pub fn service() -> Service {
    service_with(Arc::new(TestProvider))
}

/// The payment service with any provider.
pub fn service_with(provider: Arc<dyn Provider>) -> Service {
    let (charging, refunding) = (Arc::clone(&provider), provider);
    Service::new("payment", env!("CARGO_PKG_VERSION"))
        .about("Charges cards and gives money back, each exactly once.")
        .migrations_from(&[
            include_str!("../migrations/0001_payment.sql"),
            include_str!("../migrations/0002_test_provider.sql"),
        ])
        .answers(handlers::get_payment)
        .answers(handlers::list_payments)
        .answers(handlers::reconcile_payment)
        .hears(reactions::payment_due)
        .hears(reactions::order_cancelled)
        .hears(reactions::refund_due)
        .performs(move |ctx, effect| charge::perform(Arc::clone(&charging), ctx, effect), charge::record)
        .performs(move |ctx, effect| refund::perform(Arc::clone(&refunding), ctx, effect), refund::record)
}
