//! What the order service refuses, what it cannot believe, and why.

use std::fmt;

use contracts::basics::{LINES_MAX, QUANTITY_MAX};
use contracts::catalog::MissingProduct;
use contracts::money::AMOUNT_MAX;
use contracts::order::reason;
use contracts::payment::InvalidMethod;
use contracts::{CartId, Currency, CustomerId, Money, OrderId, PaymentId, RefundId, Sku};
use kit::error::reason::{FORBIDDEN, INVALID_BODY};
use kit::{Error, Kind};
use serde::Serialize;
use serde_json::json;

use crate::checkout::Standing;
use crate::order::REFUNDS_MAX;

/// How many products a message names; the details name all.
const NAMED_MAX: usize = 5;

/// A rule of the order service that says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Neither a cart nor lines.
    #[error("nothing was ordered: name a cart, or at least one line")]
    NothingToOrder,
    /// Both a cart and lines.
    #[error("nothing was ordered: name a cart or lines, not both")]
    CartAndLines,
    /// The version of a cart, but no cart.
    #[error("nothing was ordered: cart_version and accept_prices belong to a cart, and none is named")]
    CartMissing,
    /// Nothing is in the cart.
    #[error("nothing was ordered: the cart {0} is empty")]
    EmptyCart(CartId),
    /// The cart is not the one that was shown.
    #[error(
        "nothing was ordered: the cart {cart} is at version {actual}, not {expected}; it was changed since it was shown"
    )]
    CartChanged {
        /// Which.
        cart: CartId,
        /// The version that was shown.
        expected: u64,
        /// The version it has.
        actual: u64,
    },
    /// The same cart was ordered by somebody else at the same time.
    #[error("nothing was ordered: the cart {cart} was ordered already, as {order}")]
    CartOrdered {
        /// Which.
        cart: CartId,
        /// The order that was made of it.
        order: OrderId,
    },
    /// Products that cannot be bought.
    #[error("nothing was ordered: {} cannot be bought", named(.0, |missing| format!("{} ({})", missing.sku, missing.why)))]
    UnknownSkus(Vec<MissingProduct>),
    /// Prices that are not what the buyer was told.
    #[error("nothing was ordered: {}", named(.0, PriceChange::to_string))]
    PricesChanged(Vec<PriceChange>),
    /// More products than an order may have.
    #[error("nothing was ordered: an order has at most {LINES_MAX} lines, not {0}")]
    TooManyLines(usize),
    /// More pieces than a line may have.
    #[error(
        "nothing was ordered: a line has at most {QUANTITY_MAX} pieces, and {pieces} of {sku} were asked for"
    )]
    TooManyPieces {
        /// Of which product.
        sku: Sku,
        /// How many were asked for.
        pieces: u64,
    },
    /// A larger sum than money can be.
    #[error("nothing was ordered: the order would cost more than {AMOUNT_MAX} minor units")]
    TooDear,
    /// Products of different currencies.
    #[error(
        "nothing was ordered: {sku} costs {currency}, the lines before it {others}; an order is of one currency"
    )]
    MixedCurrencies {
        /// A product of another currency than those before it.
        sku: Sku,
        /// Its currency.
        currency: Currency,
        /// Theirs.
        others: Currency,
    },
    /// Not the token of a payment method.
    #[error(transparent)]
    InvalidMethod(#[from] InvalidMethod),
    /// Somebody ordered in another's name.
    #[error(
        "nothing was ordered: an order is for whoever places it, and the customer {0} is somebody else; leave the customer out"
    )]
    NotForOthers(CustomerId),
    /// Somebody asked for the orders of another.
    #[error(
        "no orders were listed: only one's own are shown, and the customer {0} is somebody else; leave the customer out"
    )]
    NotOfOthers(CustomerId),
    /// No such order, or it is somebody else's, which nobody is told.
    #[error("there is no order {0}")]
    UnknownOrder(OrderId),
    /// It is too late to cancel.
    #[error("{order} was not cancelled: its stage is {}{}", .standing.stage(), way_on(*.standing))]
    NotCancelled {
        /// Which.
        order: OrderId,
        /// Where it stands.
        standing: Standing,
    },
    /// There is no money to give back.
    #[error("nothing of {order} was given back: its stage is {}{}", .standing.stage(), way_on(*.standing))]
    NotRefunded {
        /// Of which order.
        order: OrderId,
        /// Where it stands.
        standing: Standing,
    },
    /// More than was paid and is not given back.
    #[error(
        "nothing of {order} was given back: {paid} were paid, {refunded} are given back and {pending} being given back, \
         so {asked} more would be too much{}", unsure(.unknown)
    )]
    RefundExceedsPayment {
        /// Of which order.
        order: OrderId,
        /// What was paid.
        paid: Money,
        /// What was given back.
        refunded: Money,
        /// What is being given back.
        pending: Money,
        /// Of how much of that nobody knows whether it went back.
        unknown: Money,
        /// What was asked for.
        asked: Money,
    },
    /// A refund of nothing.
    #[error("nothing of {0} was given back: the amount is zero")]
    RefundOfNothing(OrderId),
    /// A refund of another currency than was paid.
    #[error("nothing of {order} was given back: it was paid in {paid}, so {asked} cannot go back")]
    RefundCurrency {
        /// Of which order.
        order: OrderId,
        /// What was asked for.
        asked: Money,
        /// What was paid in.
        paid: Currency,
    },
    /// One refund too many.
    #[error("nothing of {0} was given back: an order has at most {REFUNDS_MAX} refunds")]
    TooManyRefunds(OrderId),
}

/// A price that is not what the buyer was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PriceChange {
    /// The product.
    pub sku: Sku,
    /// What the buyer was told.
    pub then: Money,
    /// What it costs.
    pub now: Money,
}

impl fmt::Display for PriceChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} costs {} now, not {}", self.sku, self.now, self.then)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::NothingToOrder | Refusal::CartAndLines => {
                Self::invalid(reason::NOTHING_TO_ORDER, message)
            }
            Refusal::CartMissing => Self::invalid(INVALID_BODY, message),
            Refusal::EmptyCart(_) => Self::refused(reason::NOTHING_TO_ORDER, message),
            Refusal::CartChanged { expected, actual, .. } => {
                Self::conflict(reason::VERSION_CONFLICT, message)
                    .with_details(json!({ "expected": expected, "actual": actual }))
            }
            Refusal::CartOrdered { order, .. } => {
                Self::conflict(reason::VERSION_CONFLICT, message).with_details(json!({ "order": order }))
            }
            Refusal::UnknownSkus(missing) => {
                Self::not_found(reason::UNKNOWN_SKU, message).with_details(json!({ "missing": missing }))
            }
            Refusal::PricesChanged(changes) => {
                Self::refused(reason::PRICE_CHANGED, message).with_details(json!({ "lines": changes }))
            }
            Refusal::TooManyLines(_) | Refusal::TooManyPieces { .. } | Refusal::TooDear => {
                Self::refused(reason::ORDER_TOO_LARGE, message)
            }
            Refusal::MixedCurrencies { .. } | Refusal::RefundCurrency { .. } => {
                Self::refused(reason::MIXED_CURRENCIES, message)
            }
            Refusal::InvalidMethod(invalid) => invalid.into(),
            Refusal::NotForOthers(_) | Refusal::NotOfOthers(_) => {
                Self::new(Kind::Forbidden, FORBIDDEN, message)
            }
            Refusal::UnknownOrder(_) => Self::not_found(reason::UNKNOWN_ORDER, message),
            Refusal::NotCancelled { standing, .. } | Refusal::NotRefunded { standing, .. } => {
                Self::conflict(reason::WRONG_STAGE, message)
                    .with_details(json!({ "stage": standing.stage() }))
            }
            Refusal::RefundExceedsPayment { paid, refunded, pending, unknown, asked, .. } => {
                Self::refused(reason::REFUND_EXCEEDS_PAYMENT, message).with_details(json!({
                    "paid": paid, "refunded": refunded, "pending": pending, "unknown": unknown, "asked": asked
                }))
            }
            Refusal::RefundOfNothing(_) => Self::invalid(reason::INVALID_AMOUNT, message),
            Refusal::TooManyRefunds(_) => Self::refused(reason::TOO_MANY_REFUNDS, message),
        }
    }
}

/// Something we were told that cannot be true. It becomes a dead letter, for a person to look at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// Something that cannot happen to an order where it stands.
    #[error("{signal} cannot be true of {order}, which is {standing}")]
    Impossible {
        /// What we were told.
        signal: crate::checkout::Signal,
        /// Of which order.
        order: OrderId,
        /// Where it stands.
        standing: Standing,
    },
    /// Another amount was charged than was due.
    #[error("{charged} were charged, and {due} were due")]
    OtherAmount {
        /// What was due.
        due: Money,
        /// What was charged.
        charged: Money,
    },
    /// A second payment was charged.
    #[error("{other} was charged, and {known} was before")]
    PaidTwice {
        /// The payment we know of.
        known: PaymentId,
        /// The other one.
        other: PaymentId,
    },
    /// A payment was declined that was charged.
    #[error("{0} was declined after it was charged")]
    DeclinedAfterCapture(PaymentId),
    /// A refund that nobody asked for.
    #[error("nobody asked for the refund {0}")]
    UnknownRefund(RefundId),
    /// A refund does not end as it was asked for.
    #[error("the refund {refund} cannot have ended like this with {amount}")]
    OtherRefund {
        /// Which.
        refund: RefundId,
        /// The amount we were told.
        amount: Money,
    },
}

impl From<Contradiction> for Error {
    fn from(contradiction: Contradiction) -> Self {
        Self::conflict("contradiction", contradiction.to_string())
    }
}

/// What else can be done with an order that stands here.
fn way_on(standing: Standing) -> &'static str {
    match standing {
        Standing::Placed | Standing::AwaitingPayment | Standing::AwaitingOutcome => {
            ", not paid; it can be cancelled"
        }
        Standing::OutcomeLost => "; whether it is paid must be found out first, by reconciling its payment",
        Standing::Confirmed | Standing::ConfirmedOpen | Standing::RefundLost => {
            "; its money can be given back by a refund"
        }
        Standing::SoldOut => "; its stock is gone, and all of its money goes back",
        Standing::Refunded => "; all of its money went back",
        Standing::Cancelled => "; whatever was paid for it goes back by itself",
        Standing::CancelledOpen => "; it was cancelled, and what was paid for it is still to be cleared",
    }
}

/// What is to be done first about money that may have gone back.
fn unsure(unknown: &Money) -> String {
    if unknown.is_zero() {
        return String::new();
    }
    format!("; nobody knows whether {unknown} of it went back: its payment must be reconciled")
}

/// The first few of many, as one line.
fn named<T>(items: &[T], name: impl Fn(&T) -> String) -> String {
    let mut line = items.iter().take(NAMED_MAX).map(name).collect::<Vec<_>>().join(", ");
    if let Some(more @ 1..) = items.len().checked_sub(NAMED_MAX) {
        line.push_str(&format!(" and {more} more"));
    }
    line
}
