//! What must hold of the shop's books: stock, money, what is held, what was told, what waits. No I/O.
//!
//! Services are asked one after the other while the shop goes on. So a fault of something that was
//! still moving is none: whoever asks must look again.
//!
//! # Layout
//! - [`stock`]: one product; [`orders`]: one order with its payment and its hold
//! - [`late`]: what waits past its deadline; [`ended`]: what waits although nothing goes on
//! - [`accepted`], [`replies`]: what buyers were told, and will be told again
//! - [`provider`]: the ledger of whoever moves the money; [`notices`]: what people were written
//! - [`told`]: one outbox and its stream by their numbers; [`mirror`], [`compare`]: row by row, [`ranges`]: numbers
//!   as ranges; [`heard`]: what a service acted on
//! - [`secrets`]: cards and secrets in bytes; [`whole`]: all of it at once

pub mod accepted;
pub mod compare;
pub mod ended;
pub mod heard;
pub mod late;
pub mod mirror;
pub mod notices;
pub mod orders;
pub mod provider;
pub mod ranges;
pub mod replies;
pub mod secrets;
pub mod stock;
pub mod told;
pub mod whole;

use serde::Serialize;

pub use orders::OrderFile;
pub use told::{Told, UNTOLD_MAX};

/// What must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The stock of a product is the sum of its ledger, and never negative.
    Stock,
    /// What is held is held for an order that waits, and what was paid has left the house.
    Holds,
    /// An order has one payment, of its total.
    Payments,
    /// What was charged less what was given back is what the order says.
    Money,
    /// Every event of an outbox is in its stream, and nothing else.
    Told,
    /// Nothing waits past its deadline.
    Deadlines,
    /// What the provider took and gave back, by its own ledger, is what our books say.
    Provider,
    /// Everybody was written to once for each happening, and of every sale.
    Notices,
    /// An order that a buyer was told of exists, as it was asked for.
    Accepted,
    /// Every order has ended, or somebody will see it.
    Ended,
    /// An answer that is kept agrees with what exists.
    Replies,
    /// Every event was acted on once, in order, and none was left out.
    Heard,
    /// Cards and secrets stand nowhere.
    Secrets,
}

impl Rule {
    /// Every rule, in the order in which people read them.
    pub const ALL: [Self; 13] = [
        Self::Accepted,
        Self::Stock,
        Self::Holds,
        Self::Payments,
        Self::Money,
        Self::Provider,
        Self::Notices,
        Self::Told,
        Self::Heard,
        Self::Replies,
        Self::Secrets,
        Self::Ended,
        Self::Deadlines,
    ];
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// Which rule is broken.
    pub rule: Rule,
    /// What it is about: an order, a product, a service.
    pub about: String,
    /// What is wrong, for people: goes on where `about` ends.
    pub says: String,
    /// The command that shows more.
    pub look: String,
}

impl Fault {
    fn of_order(rule: Rule, order: contracts::OrderId, says: String) -> Self {
        Self { rule, about: order.to_string(), says, look: format!("shopctl trace {order}") }
    }
}
