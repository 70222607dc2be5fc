//! What the order service tells.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::OrderLine;
use crate::{CartId, CustomerId, Email, Money, OrderId, PaymentId, RefundId};

/// An order was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPlaced {
    /// Which.
    pub order: OrderId,
    /// For whom, if it is not a guest.
    pub customer: Option<CustomerId>,
    /// What was ordered, at the prices of that moment; each product once.
    pub lines: Vec<OrderLine>,
    /// The sum of the lines.
    pub total: Money,
    /// The cart it was made of. What was ordered leaves it; what was added meanwhile stays.
    pub cart: Option<CartId>,
    /// Until when stock is to be held.
    pub hold_until: Timestamp,
}

/// Stock is held; the payment comes next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentDue {
    /// Of which order.
    pub order: OrderId,
    /// How much.
    pub amount: Money,
    /// How it is paid.
    pub payment_method: String,
    /// Until when stock stays held while the payment is being tried.
    pub hold_until: Timestamp,
}

/// The order is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderConfirmed {
    /// Which.
    pub order: OrderId,
    /// Where to write to.
    pub email: Option<Email>,
    /// What was ordered.
    pub lines: Vec<OrderLine>,
    /// The sum of the lines.
    pub total: Money,
    /// The payment.
    pub payment: PaymentId,
}

/// The order ended without a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCancelled {
    /// Which.
    pub order: OrderId,
    /// Where to write to.
    pub email: Option<Email>,
    /// Why, for programs: `out_of_stock`, `card_declined`, `asked_to_cancel`, `too_late`, ...
    pub reason: String,
    /// The same, for people.
    pub message: String,
}

/// Money of an order has to be given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundDue {
    /// Of which order.
    pub order: OrderId,
    /// The payment.
    pub payment: PaymentId,
    /// The number of the refund, also its idempotency key.
    pub refund: RefundId,
    /// How much.
    pub amount: Money,
    /// Why, for people.
    pub reason: String,
}

/// Money of an order was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRefunded {
    /// Which.
    pub order: OrderId,
    /// Where to write to.
    pub email: Option<Email>,
    /// The refund.
    pub refund: RefundId,
    /// How much this time.
    pub amount: Money,
    /// How much in all.
    pub refunded: Money,
    /// Whether that is everything that was paid.
    pub in_full: bool,
}

/// A person must look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderNeedsAttention {
    /// Which.
    pub order: OrderId,
    /// Why, for programs.
    pub reason: String,
    /// The same, for people.
    pub message: String,
}
