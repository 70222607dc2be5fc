//! Where an order and its refunds stand.

use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Accepted; stock is being asked for.
    Placed,
    /// Stock is held; the payment is being tried.
    AwaitingPayment,
    /// Paid, its stock sold.
    Confirmed,
    /// Ended without a sale.
    Cancelled,
    /// All its money was given back.
    Refunded,
    /// It cannot go on by itself; a person must look.
    NeedsAttention,
}

impl Stage {
    /// Every stage, in the order of an order's life.
    pub const ALL: [Self; 6] = [
        Self::Placed,
        Self::AwaitingPayment,
        Self::Confirmed,
        Self::Cancelled,
        Self::Refunded,
        Self::NeedsAttention,
    ];

    /// The word on the wire and in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::AwaitingPayment => "awaiting_payment",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
            Self::NeedsAttention => "needs_attention",
        }
    }

    /// Whether the order waits for nobody any more.
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::Placed | Self::AwaitingPayment)
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// Not the word of a stage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a stage is one of placed, awaiting_payment, confirmed, cancelled, refunded, needs_attention")]
pub struct UnknownStage;

impl std::str::FromStr for Stage {
    type Err = UnknownStage;

    fn from_str(text: &str) -> Result<Self, UnknownStage> {
        Self::ALL.into_iter().find(|stage| stage.word() == text).ok_or(UnknownStage)
    }
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// Being given back.
    Pending,
    /// Given back.
    Done,
    /// It could not be given back; a person must look.
    Failed,
}

impl RefundState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Done, Self::Failed];

    /// The word on the wire and in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

impl std::fmt::Display for RefundState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// Not the word of where a refund stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a refund is pending, done or failed")]
pub struct UnknownRefundState;

impl std::str::FromStr for RefundState {
    type Err = UnknownRefundState;

    fn from_str(text: &str) -> Result<Self, UnknownRefundState> {
        Self::ALL.into_iter().find(|state| state.word() == text).ok_or(UnknownRefundState)
    }
}
