//! The ledger: every change of stock as an entry with its cause.

use contracts::inventory::STOCK_MAX;
use contracts::order::Item;
use contracts::{OrderId, Sku};

use crate::hold::{Ending, Hold};

/// Why stock changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Goods came in.
    Received,
    /// Somebody counted, or something broke.
    Adjusted,
    /// Pieces were set aside for an order.
    Held,
    /// What was set aside is free again.
    Released,
    /// What was set aside is free again because its time ran out.
    Expired,
    /// What was set aside has left the house.
    Sold,
    /// A scale counted.
    Counted,
    /// An alarm put it aside: it cannot be sold.
    Quarantined,
    /// What an alarm put aside can be sold again.
    Freed,
}

impl Cause {
    /// The word on the wire and in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Adjusted => "adjusted",
            Self::Held => "held",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Sold => "sold",
            Self::Counted => "counted",
            Self::Quarantined => "quarantined",
            Self::Freed => "freed",
        }
    }
}

/// A change of stock that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Of which product.
    pub sku: &'a Sku,
    /// Why.
    pub cause: Cause,
    /// Pieces more or fewer in the house.
    pub on_hand: i64,
    /// Pieces more or fewer held.
    pub held: i64,
    /// For which order, if for one.
    pub order: Option<OrderId>,
    /// More, for people; empty where the cause says it all.
    pub reason: &'a str,
}

impl<'a> Entry<'a> {
    /// Pieces come into the house.
    pub fn received(sku: &'a Sku, pieces: u64, reason: &'a str) -> Self {
        debug_assert!(pieces <= STOCK_MAX);
        Self { sku, cause: Cause::Received, on_hand: pieces.cast_signed(), held: 0, order: None, reason }
    }

    /// The count is corrected.
    pub fn adjusted(sku: &'a Sku, change: i64, reason: &'a str) -> Self {
        Self { sku, cause: Cause::Adjusted, on_hand: change, held: 0, order: None, reason }
    }

    /// A scale counted more or fewer pieces.
    pub fn counted(sku: &'a Sku, change: i64, reason: &'a str) -> Self {
        Self { sku, cause: Cause::Counted, on_hand: change, held: 0, order: None, reason }
    }

    /// Nothing may be sold any more, or everything again. No piece moves; the ledger says since when, and why.
    pub fn quarantine(sku: &'a Sku, cause: Cause, reason: &'a str) -> Self {
        debug_assert!(matches!(cause, Cause::Quarantined | Cause::Freed));
        Self { sku, cause, on_hand: 0, held: 0, order: None, reason }
    }

    /// Pieces are set aside for an order.
    pub fn held(item: &'a Item, order: OrderId, reason: &'a str) -> Self {
        let pieces = i64::from(item.quantity.get());
        Self { sku: &item.sku, cause: Cause::Held, on_hand: 0, held: pieces, order: Some(order), reason }
    }

    /// Pieces are set aside no longer.
    pub fn ended(item: &'a Item, hold: &Hold, ending: Ending, reason: &'a str) -> Self {
        let pieces = i64::from(item.quantity.get());
        let (cause, on_hand) = match ending {
            Ending::Released => (Cause::Released, 0),
            Ending::Expired => (Cause::Expired, 0),
            Ending::Sold => (Cause::Sold, -pieces),
        };
        Self { sku: &item.sku, cause, on_hand, held: -pieces, order: Some(hold.order), reason }
    }
}
