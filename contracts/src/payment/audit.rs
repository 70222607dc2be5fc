//! Our figures of each payment beside those of the provider.

use serde::{Deserialize, Serialize};

use super::PaymentState;
use crate::OrderId;

/// Compares payments with the provider's own figures, by the number of the payment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditPayments {
    /// Where the page before ended, as its `next` says.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many, 50 if not said, 200 at most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of payments with the provider's figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentAudit {
    /// The payments.
    pub items: Vec<PaymentSums>,
    /// To be sent as `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// What we have of a payment and what the provider has, of the same moment. Amounts are minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentSums {
    /// Its number, which is the key under which the provider has it.
    pub payment: String,
    /// For which order.
    pub order: OrderId,
    /// Where it stands with us; none if only the provider knows of it.
    pub state: Option<PaymentState>,
    /// How much is due.
    pub amount: i64,
    /// How much we have as captured.
    pub captured: i64,
    /// How much we have as given back.
    pub refunded: i64,
    /// How much is being given back, or nobody knows of whether it went back.
    pub refunding: i64,
    /// How many charges of it took money at the provider.
    pub charges: u32,
    /// How much they took.
    pub charged: i64,
    /// How many times the provider gave money back, or is about to.
    pub refunds: u32,
    /// How much that is.
    pub given_back: i64,
}
