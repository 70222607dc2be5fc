//! Payment: exactly one capture an order, and refunds that never exceed it.

mod audit;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::card;
use crate::order::PAYMENT_METHOD_CHARS_MAX;
use crate::{Money, OrderId, PaymentId, RefundId};

pub use audit::{AuditPayments, PaymentAudit, PaymentSums};

kit::subjects! {
    ask "payment.get" GetPayment -> PaymentView by [operator], "Shows one payment, by its number or its order.";
    ask "payment.list" ListPayments -> PaymentPage by [operator], "Lists payments, the newest first, a page at a time.";
    ask "payment.audit" AuditPayments -> PaymentAudit by [operator], "Compares each payment with what the provider has taken and given back, by payment.";
    change "payment.reconcile" ReconcilePayment -> PaymentView by [operator], "Asks the provider again about a payment, or a refund of it, whose outcome is unknown.";
    event "events.payment.captured" PaymentCaptured of order, "The card was charged.";
    event "events.payment.declined" PaymentDeclined of order, "The card was not charged and will not be.";
    event "events.payment.outcome_unknown" PaymentOutcomeUnknown of order, "Nobody knows yet whether the card was charged; it is being found out.";
    event "events.payment.refunded" PaymentRefunded of order, "Money was given back to the card.";
    event "events.payment.refund_failed" PaymentRefundFailed of order, "Money could not be given back, or nobody knows whether it was; a person must look.";
}

/// Reasons the payment service gives.
pub mod reason {
    /// There is no such payment.
    pub const UNKNOWN_PAYMENT: &str = "unknown_payment";
    /// Neither or both of payment and order were named.
    pub const NAME_ONE: &str = "name_one";
    /// The outcome of this payment is known.
    pub const OUTCOME_KNOWN: &str = "outcome_known";
}

/// Codes of declines that the shop itself gives; all others are the provider's.
pub mod code {
    /// The payment method is no token, or the provider does not know it.
    pub const INVALID_PAYMENT_METHOD: &str = "invalid_payment_method";
    /// The bank wants the buyer to confirm the payment, and nobody was there to do so.
    pub const AUTHENTICATION_REQUIRED: &str = "authentication_required";
    /// The provider could not be asked; the card was certainly not charged.
    pub const PROVIDER_UNAVAILABLE: &str = "provider_unavailable";
}

/// What is wrong with the text of a payment method. Such a text is never kept and never shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMethod {
    /// Somebody typed the number of a card.
    #[error(
        "the payment method looks like the number of a card ({masked}), which is never kept; only a token such as pm_card_visa is accepted"
    )]
    CardNumber {
        /// How the number may be shown.
        masked: String,
    },
    /// Not a token.
    #[error("a payment method must be a token of 1 to {PAYMENT_METHOD_CHARS_MAX} letters, digits, -, _ or .")]
    Malformed,
}

impl From<InvalidMethod> for kit::Error {
    fn from(error: InvalidMethod) -> Self {
        Self::invalid(crate::order::reason::INVALID_PAYMENT_METHOD, error.to_string())
    }
}

/// Checks that a payment method is a token, and no card's number by mistake.
///
/// # Errors
/// [`InvalidMethod`].
pub fn check_method(text: &str) -> Result<(), InvalidMethod> {
    if text.is_empty() || text.chars().count() > PAYMENT_METHOD_CHARS_MAX {
        return Err(InvalidMethod::Malformed);
    }
    // A text that is nothing but digits is how a mistyped card number looks.
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let only_digits = digits >= card::DIGITS.0 && !text.chars().any(char::is_alphabetic);
    if only_digits || card::stands_in(text) {
        return Err(InvalidMethod::CardNumber { masked: card::masked(text) });
    }
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if plain { Ok(()) } else { Err(InvalidMethod::Malformed) }
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Being tried.
    Pending,
    /// Nobody knows whether the card was charged; it is being found out.
    Unknown,
    /// The card was charged.
    Captured,
    /// The card was not charged and will not be.
    Declined,
    /// The order was cancelled before the card was charged.
    Cancelled,
}

impl PaymentState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Unknown, Self::Captured, Self::Declined, Self::Cancelled];

    /// The word on the wire and in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Unknown => "unknown",
            Self::Captured => "captured",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
        }
    }
}

impl std::fmt::Display for PaymentState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// Not the word of a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a payment is pending, unknown, captured, declined or cancelled")]
pub struct UnknownState;

impl std::str::FromStr for PaymentState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.word() == text).ok_or(UnknownState)
    }
}

/// Shows one payment: name either.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetPayment {
    /// Its number.
    #[serde(default)]
    pub payment: Option<PaymentId>,
    /// Its order.
    #[serde(default)]
    pub order: Option<OrderId>,
}

/// Lists payments, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListPayments {
    /// Only in these states; in any if none is said.
    #[serde(default)]
    pub states: Vec<PaymentState>,
    /// Only of these orders, 200 of them at most; of any if none is said.
    #[serde(default)]
    pub orders: Vec<OrderId>,
    /// Where the page before ended, as its `next` says.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many, 50 if not said, 200 at most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPage {
    /// The payments.
    pub items: Vec<PaymentView>,
    /// To be sent as `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// Asks the provider again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReconcilePayment {
    /// About which payment.
    pub payment: PaymentId,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentView {
    /// Its number, also its idempotency key at the provider.
    pub payment: PaymentId,
    /// Its order.
    pub order: OrderId,
    /// How much is due.
    pub amount: Money,
    /// How much was charged.
    pub captured: Money,
    /// How much was given back.
    pub refunded: Money,
    /// Where it stands.
    pub state: PaymentState,
    /// Why it was declined, as the provider says: `card_declined`; empty otherwise.
    pub code: String,
    /// What the bank said beyond that: `lost_card`; for staff, not for the buyer.
    #[serde(default)]
    pub decline_code: String,
    /// Why it was declined or is not known, for people; empty otherwise.
    pub message: String,
    /// How it is paid; a card's number that came in its place is shown as `****4242`.
    pub payment_method: String,
    /// How often the provider was asked.
    pub attempts: u32,
    /// Money to give back, and given back, the first first; 200 of them at most.
    pub refunds: Vec<PaymentRefund>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// Money to give back, or given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRefund {
    /// Its number, also its idempotency key at the provider.
    pub refund: RefundId,
    /// How much.
    pub amount: Money,
    /// `pending`, `done`, `failed`, or `unknown` if nobody knows and nobody tries any more.
    pub state: String,
    /// Why it failed or is not known, for people; empty otherwise.
    #[serde(default)]
    pub message: String,
}

/// The card was charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentCaptured {
    /// For which order.
    pub order: OrderId,
    /// The payment.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
}

/// The card was not charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentDeclined {
    /// For which order.
    pub order: OrderId,
    /// The payment.
    pub payment: PaymentId,
    /// Why, as the provider says: `card_declined`, `expired_card`, ...
    pub code: String,
    /// The same, for people.
    pub message: String,
}

/// Nobody knows yet whether the card was charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentOutcomeUnknown {
    /// For which order.
    pub order: OrderId,
    /// The payment.
    pub payment: PaymentId,
    /// Whether nobody tries any more, so that a person must look.
    pub given_up: bool,
    /// What happened, for people.
    pub message: String,
}

/// Money was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRefunded {
    /// Of which order.
    pub order: OrderId,
    /// The payment.
    pub payment: PaymentId,
    /// The refund.
    pub refund: RefundId,
    /// How much.
    pub amount: Money,
}

/// Money could not be given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRefundFailed {
    /// Of which order.
    pub order: OrderId,
    /// The payment.
    pub payment: PaymentId,
    /// The refund.
    pub refund: RefundId,
    /// How much.
    pub amount: Money,
    /// Why, for people.
    pub message: String,
    /// Whether the money may have gone back after all. Then it must not be given back again before
    /// somebody has found out: `payment.reconcile` asks the provider.
    #[serde(default)]
    pub maybe_done: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_payment_method() {
        for token in
            ["pm_card_visa", "pm_1MqLiJLkdIwHu7ixUEgbFdYl", "tok-1.2", "550e8400-e29b-41d4-a716-446655440000"]
        {
            assert_eq!(check_method(token), Ok(()), "{token:?}");
        }
    }

    #[test]
    fn a_text_that_is_no_token_is_malformed() {
        let long = "a".repeat(PAYMENT_METHOD_CHARS_MAX + 1);
        for text in [
            "",
            " ",
            "pm card",
            "pm_card\nvisa",
            "pm_card_visa\0",
            "é",
            "a>b",
            "a*b",
            "visa 123",
            "４２４２",
            &long,
        ] {
            assert_eq!(check_method(text), Err(InvalidMethod::Malformed), "{text:?}");
        }
    }

    #[test]
    fn a_card_number_is_found_however_it_is_written() {
        for text in [
            "4242424242424242",
            "4242 4242 4242 4242",
            "4242-4242-4242-4242",
            "4242.4242.4242.4242",
            "pm_card_4242424242424242",
            "visa4242424242424242",
            "4242424242424242 12/28 123",
            "card 4242 4242 4242 4242, 12/28",
            "x4242424242424242122812342x",
        ] {
            assert!(matches!(check_method(text), Err(InvalidMethod::CardNumber { .. })), "{text:?}");
        }
        let american = check_method("3782 822463 10005").unwrap_err();
        assert_eq!(american, InvalidMethod::CardNumber { masked: "****0005".into() });
    }

    #[test]
    fn a_mistyped_card_number_counts_as_one() {
        let mistyped = check_method("4242 4242 4242 4241").unwrap_err();
        assert_eq!(mistyped, InvalidMethod::CardNumber { masked: "****4241".into() });
        assert!(!mistyped.to_string().contains("4242"));
    }
}
