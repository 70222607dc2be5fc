//! The words that services say to each other: data, and no behaviour beyond checking itself.
//!
//! # Layout
//! - [`ids`]: one type for each kind of identifier; [`money`]: minor units with their currency
//! - [`basics`]: article numbers, quantities, addresses
//! - one module a service, in the order of an order's life; `examples` has a value of each word
//!
//! Contracts only grow: a new field has a default, a breaking change is a new subject. Requests
//! refuse fields they do not know, so that a typing error is not silently ignored; events accept
//! them, so that a hearer may be older than the teller.

pub mod basics;
pub mod cart;
pub mod catalog;
mod examples;
pub mod ids;
pub mod inventory;
pub mod money;
pub mod notification;
pub mod order;
pub mod payment;

pub use basics::{Email, Quantity, Sku};
pub use ids::{CartId, CustomerId, HoldId, NotificationId, OrderId, PaymentId, RefundId};
pub use money::{Currency, Money};

use kit::message::Word;

/// Every word of every contract, service by service.
pub fn words() -> impl Iterator<Item = &'static Word> {
    [catalog::WORDS, cart::WORDS, order::WORDS, inventory::WORDS, payment::WORDS, notification::WORDS]
        .into_iter()
        .flatten()
}

/// The word said at a subject.
pub fn word(subject: &str) -> Option<&'static Word> {
    words().find(|word| word.subject == subject)
}
