//! The payment service: charges cards and gives money back, each exactly once.
//!
//! # Layout
//! - [`handlers`]: what others may ask
//! - [`reactions`]: what it does when an order is due, is cancelled, or gets money back
//! - [`charging`], [`refunding`]: the work on the outside world, from the intent to the outcome
//! - [`payment`], [`refund`]: the rules; no I/O
//! - [`provider`]: whoever moves the money: a trait, and a built-in one for tests and demonstrations
//! - [`audit`]: whether our books agree with the provider's
//! - `store`: the SQL

pub mod audit;
pub mod charging;
pub mod handlers;
pub mod payment;
pub mod provider;
pub mod reactions;
pub mod refund;
pub mod refunding;
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
    let (to_charge, to_refund) = (Arc::clone(&provider), provider);
    Service::new("payment", env!("CARGO_PKG_VERSION"))
        .about("Charges cards and gives money back, each exactly once.")
        .migrations_from(&[
            include_str!("../migrations/0001_payment.sql"),
            include_str!("../migrations/0002_test_provider.sql"),
            include_str!("../migrations/0003_checks.sql"),
        ])
        .answers(handlers::get_payment)
        .answers(handlers::list_payments)
        .answers(handlers::audit_payments)
        .answers(handlers::reconcile_payment)
        .hears(reactions::payment_due)
        .hears(reactions::order_cancelled)
        .hears(reactions::refund_due)
        .performs(move |ctx, effect| charging::perform(Arc::clone(&to_charge), ctx, effect), charging::record)
        .performs(
            move |ctx, effect| refunding::perform(Arc::clone(&to_refund), ctx, effect),
            refunding::record,
        )
}
