//! Checkout: the saga of an order, as one table. No I/O.
//!
//! ```text
//! placed ──reserved──▶ awaiting_payment ──unknown──▶ awaiting_outcome ──given up──▶ outcome_lost !
//!   │                     │       │                     │       │       or late       │       │
//!   │ refused             │       └─captured─┐          │       └─captured─┐          │       └─captured─┐
//!   │ hold expired        │ declined         │          │ declined         │          │ declined         │
//!   │ late                │ hold expired     │          │ cancel           │          │                  │
//!   │ cancel              │ late, cancel     │          │                  │          │                  │
//!   ▼                     ▼                  ▼          ▼                  ▼          ▼                  ▼
//! cancelled           cancelled          confirmed  cancelled          confirmed  cancelled          confirmed
//!
//! confirmed ──all given back──▶ refunded             cancelled, what is captured late is given back
//!   │ ▲  │ stock gone              ▲ ▲                 │  ▲
//!   │ │  └──────────▶ sold_out ! ──┘ │                 │  └─captured, declined, all given back────┐
//!   │ └─asked again──────────┐       │ all given back  └─given up, refund failed or unknown──▶ cancelled_open !
//!   └─refund failed────────▶ confirmed_open !
//!
//! confirmed ──refund unknown──▶ refund_lost ! ──made after all──▶ confirmed
//!                                 ▲ │    └─all given back, stock gone──▶ as from confirmed
//!             asked again while   │ │ refund failed
//!             one is unknown      │ ▼
//!                              confirmed_open !
//! ```
//!
//! Where a `!` stands, a person must look: others see `needs_attention` for all five, but each goes
//! on in another way, so each is a standing of its own. After the capture there is only forward:
//! money goes back by a refund, which is an action of its own.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use contracts::order::Stage;

/// How long the inventory may take to hold the stock. Then the order is cancelled.
pub const PLACED_LIMIT: Duration = Duration::from_secs(60);
/// How long the payment may take if nothing is heard of it. Then the order is cancelled.
pub const PAYMENT_LIMIT: Duration = Duration::from_secs(15 * 60);
/// How long the payment service may try to find out whether the card was charged. Then a person
/// must look: an order that may be paid is never cancelled by itself.
pub const UNKNOWN_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);
/// How much longer than our own limits stock is held, so that it is we who end an order: a hold
/// that expires is only for the case that we are gone.
pub const HOLD_MARGIN: Duration = Duration::from_secs(5 * 60);

/// Where an order stands, exactly. Others see its [`stage`](Self::stage).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Accepted; stock is being asked for.
    Placed,
    /// Stock is held; the payment is being tried.
    AwaitingPayment,
    /// Stock is held; the card may have been charged, and it is being found out.
    AwaitingOutcome,
    /// Stock is held; the card may have been charged, and nobody tries to find out any more.
    OutcomeLost,
    /// Paid, its stock sold.
    Confirmed,
    /// The same, but money that was to be given back could not be.
    ConfirmedOpen,
    /// Paid, its stock sold, but of money that was to be given back nobody knows whether it was.
    RefundLost,
    /// Paid, but the hold was lost before, and the stock is sold to others. All its money goes back.
    SoldOut,
    /// All its money was given back.
    Refunded,
    /// Ended without a sale. If it was paid, all of it is being given back or was.
    Cancelled,
    /// The same, but nobody knows whether it was paid, or its money could not be given back.
    CancelledOpen,
}

impl Standing {
    /// Every one, in the order of an order's life.
    pub const ALL: [Self; 11] = [
        Self::Placed,
        Self::AwaitingPayment,
        Self::AwaitingOutcome,
        Self::OutcomeLost,
        Self::Confirmed,
        Self::ConfirmedOpen,
        Self::RefundLost,
        Self::SoldOut,
        Self::Refunded,
        Self::Cancelled,
        Self::CancelledOpen,
    ];

    /// What others see of it.
    pub fn stage(self) -> Stage {
        match self {
            Self::Placed => Stage::Placed,
            Self::AwaitingPayment | Self::AwaitingOutcome => Stage::AwaitingPayment,
            Self::Confirmed => Stage::Confirmed,
            Self::Refunded => Stage::Refunded,
            Self::Cancelled => Stage::Cancelled,
            Self::OutcomeLost
            | Self::ConfirmedOpen
            | Self::RefundLost
            | Self::SoldOut
            | Self::CancelledOpen => Stage::NeedsAttention,
        }
    }

    /// How long an order may stand here; no limit where it waits for nobody.
    pub fn limit(self) -> Option<Duration> {
        match self {
            Self::Placed => Some(PLACED_LIMIT),
            Self::AwaitingPayment => Some(PAYMENT_LIMIT),
            Self::AwaitingOutcome => Some(UNKNOWN_LIMIT),
            Self::OutcomeLost
            | Self::Confirmed
            | Self::ConfirmedOpen
            | Self::RefundLost
            | Self::SoldOut
            | Self::Refunded
            | Self::Cancelled
            | Self::CancelledOpen => None,
        }
    }

    /// Whether a person must look.
    pub fn needs_attention(self) -> bool {
        self.stage() == Stage::NeedsAttention
    }

    /// The word in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::AwaitingPayment => "awaiting_payment",
            Self::AwaitingOutcome => "awaiting_outcome",
            Self::OutcomeLost => "outcome_lost",
            Self::Confirmed => "confirmed",
            Self::ConfirmedOpen => "confirmed_open",
            Self::RefundLost => "refund_lost",
            Self::SoldOut => "sold_out",
            Self::Refunded => "refunded",
            Self::Cancelled => "cancelled",
            Self::CancelledOpen => "cancelled_open",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Not the word of a standing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a standing of an order")]
pub struct UnknownStanding;

impl FromStr for Standing {
    type Err = UnknownStanding;

    fn from_str(text: &str) -> Result<Self, UnknownStanding> {
        Self::ALL.into_iter().find(|standing| standing.word() == text).ok_or(UnknownStanding)
    }
}

/// What can happen to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// All lines are held.
    StockReserved,
    /// Lines are short, so nothing is held.
    StockRefused,
    /// What was held is free again.
    HoldExpired,
    /// The card was charged.
    PaymentCaptured,
    /// The card was not charged and will not be.
    PaymentDeclined,
    /// The card may have been charged; it is being found out.
    OutcomeUnknown,
    /// The card may have been charged, and nobody tries to find out any more.
    OutcomeGivenUp,
    /// Money was given back, but not all.
    PartRefunded,
    /// The same, by a refund of which nobody knew, and of no other one nobody knows.
    RefundMended,
    /// Money was given back, and that is all there was.
    AllRefunded,
    /// Money could not be given back.
    RefundFailed,
    /// Money may have been given back, and nobody tries to find out any more.
    RefundUnknown,
    /// Somebody wants the order cancelled.
    AskedToCancel,
    /// Somebody wants money given back.
    AskedToRefund,
    /// The same, while nobody knows whether other money was.
    AskedToRefundRest,
    /// The deadline passed.
    TooLate,
}

impl Signal {
    /// Every one.
    pub const ALL: [Self; 16] = [
        Self::StockReserved,
        Self::StockRefused,
        Self::HoldExpired,
        Self::PaymentCaptured,
        Self::PaymentDeclined,
        Self::OutcomeUnknown,
        Self::OutcomeGivenUp,
        Self::PartRefunded,
        Self::RefundMended,
        Self::AllRefunded,
        Self::RefundFailed,
        Self::RefundUnknown,
        Self::AskedToCancel,
        Self::AskedToRefund,
        Self::AskedToRefundRest,
        Self::TooLate,
    ];

    /// The word in the history of an order.
    pub fn word(self) -> &'static str {
        match self {
            Self::StockReserved => "stock_reserved",
            Self::StockRefused => "stock_refused",
            Self::HoldExpired => "hold_expired",
            Self::PaymentCaptured => "payment_captured",
            Self::PaymentDeclined => "payment_declined",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::OutcomeGivenUp => "outcome_given_up",
            Self::PartRefunded => "part_refunded",
            Self::RefundMended => "refund_mended",
            Self::AllRefunded => "all_refunded",
            Self::RefundFailed => "refund_failed",
            Self::RefundUnknown => "refund_unknown",
            Self::AskedToCancel => "asked_to_cancel",
            Self::AskedToRefund => "asked_to_refund",
            Self::AskedToRefundRest => "asked_to_refund_rest",
            Self::TooLate => "too_late",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a signal does to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// The order stands elsewhere from now on.
    Go(Standing, Tell),
    /// The order stays where it is, but this is remembered.
    Stay(Tell),
    /// The same, if it was not remembered before.
    Note,
    /// Nothing: this was known, or it no longer matters.
    Echo,
    /// Whoever asked is told no.
    Refuse,
    /// Nothing, and a person is told: this cannot have happened.
    Impossible,
}

/// What others are told of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// Nothing.
    Nothing,
    /// Stock is held; the payment comes next.
    PaymentDue,
    /// The order is paid.
    Confirmed,
    /// The order ended without a sale.
    Cancelled,
    /// Money has to be given back: what was asked for, otherwise all that remains.
    RefundDue,
    /// Money was given back.
    Refunded,
    /// A person must look.
    NeedsAttention,
    /// The same, because nobody knows whether money was given back.
    RefundUnknown,
    /// The same, and all that remains has to be given back.
    SoldOut,
}

/// What becomes of an order.
pub fn step(standing: Standing, signal: Signal) -> Move {
    use Move::{Echo, Go, Impossible, Note, Refuse, Stay};
    use Signal::*;
    use Standing::*;
    match (standing, signal) {
        (Placed, StockReserved) => Go(AwaitingPayment, Tell::PaymentDue),
        (Placed, StockRefused | HoldExpired | TooLate | AskedToCancel) => Go(Cancelled, Tell::Cancelled),

        (AwaitingPayment | AwaitingOutcome | OutcomeLost, PaymentCaptured) => Go(Confirmed, Tell::Confirmed),
        (AwaitingPayment | AwaitingOutcome | OutcomeLost, PaymentDeclined) => Go(Cancelled, Tell::Cancelled),
        (AwaitingPayment, HoldExpired | TooLate) => Go(Cancelled, Tell::Cancelled),
        (AwaitingPayment, OutcomeUnknown) => Go(AwaitingOutcome, Tell::Nothing),

        // Whoever asks to cancel gets the stock released at once. If the card turns out to be
        // charged, that is given back.
        (AwaitingPayment | AwaitingOutcome, AskedToCancel) => Go(Cancelled, Tell::Cancelled),

        // An order that may be paid is not cancelled by itself, whatever becomes of its hold: if it
        // was paid, the inventory tries to hold the stock once more.
        (AwaitingOutcome | OutcomeLost, HoldExpired) => Note,
        (AwaitingPayment | AwaitingOutcome, OutcomeGivenUp) => Go(OutcomeLost, Tell::NeedsAttention),
        (AwaitingOutcome, TooLate) => Go(OutcomeLost, Tell::NeedsAttention),
        // The way on is to ask the provider, not to guess.
        (OutcomeLost, AskedToCancel) => Refuse,

        (Confirmed, AskedToRefund) => Stay(Tell::RefundDue),
        (Confirmed | ConfirmedOpen | RefundLost | SoldOut, PartRefunded) => Stay(Tell::Refunded),
        (Confirmed | ConfirmedOpen | RefundLost | SoldOut, AllRefunded) => Go(Refunded, Tell::Refunded),
        (Confirmed | RefundLost, RefundFailed) => Go(ConfirmedOpen, Tell::NeedsAttention),
        (ConfirmedOpen | SoldOut, RefundFailed) => Stay(Tell::NeedsAttention),
        (Confirmed, RefundUnknown) => Go(RefundLost, Tell::RefundUnknown),
        (ConfirmedOpen | RefundLost | SoldOut, RefundUnknown) => Stay(Tell::RefundUnknown),
        (RefundLost, RefundMended) => Go(Confirmed, Tell::Refunded),
        (ConfirmedOpen | SoldOut, RefundMended) => Stay(Tell::Refunded),
        // Whoever asks again has looked, but knows no more of a refund whose outcome is unknown.
        (ConfirmedOpen, AskedToRefund) => Go(Confirmed, Tell::RefundDue),
        (ConfirmedOpen, AskedToRefundRest) => Go(RefundLost, Tell::RefundDue),
        (RefundLost, AskedToRefundRest) => Stay(Tell::RefundDue),
        // The inventory had lost the hold when it heard `confirmed`, and nothing was left to take.
        (Confirmed | ConfirmedOpen | RefundLost, StockRefused) => Go(SoldOut, Tell::SoldOut),
        (SoldOut, AskedToRefund | AskedToRefundRest) => Stay(Tell::RefundDue),

        // Answers that come after the end are undone, not ignored.
        (Cancelled, PaymentCaptured) => Stay(Tell::RefundDue),
        (Cancelled, OutcomeUnknown) => Note,
        (Cancelled, OutcomeGivenUp | RefundFailed) => Go(CancelledOpen, Tell::NeedsAttention),
        (Cancelled, RefundUnknown) => Go(CancelledOpen, Tell::RefundUnknown),
        (Cancelled, PartRefunded | AllRefunded) => Stay(Tell::Refunded),
        // It stays open until nobody keeps any of the money.
        (CancelledOpen, PaymentCaptured) => Go(Cancelled, Tell::RefundDue),
        (CancelledOpen, PaymentDeclined) => Go(Cancelled, Tell::Nothing),
        (CancelledOpen, AllRefunded) => Go(Cancelled, Tell::Refunded),
        (CancelledOpen, PartRefunded | RefundMended) => Stay(Tell::Refunded),
        (CancelledOpen, AskedToRefund | AskedToRefundRest) => Stay(Tell::RefundDue),
        (CancelledOpen, RefundFailed) => Stay(Tell::NeedsAttention),
        (CancelledOpen, RefundUnknown) => Stay(Tell::RefundUnknown),
        // The inventory hears `cancelled` after `placed`, whenever it holds the stock. So this stock
        // is free again, or will be once the inventory has come that far: nothing is left to undo.
        (Cancelled | CancelledOpen, StockReserved) => Echo,

        // What comes twice, or after it was overtaken, changes nothing. Spelled out, so that a new
        // signal must find its place.
        (AwaitingPayment | AwaitingOutcome | OutcomeLost, StockReserved | StockRefused)
        | (AwaitingOutcome, OutcomeUnknown)
        | (OutcomeLost, OutcomeUnknown | OutcomeGivenUp | TooLate)
        | (Confirmed | ConfirmedOpen | RefundLost | SoldOut, StockReserved | HoldExpired | TooLate)
        | (Confirmed | ConfirmedOpen | RefundLost | SoldOut, PaymentCaptured)
        | (Confirmed | ConfirmedOpen | RefundLost | SoldOut, OutcomeUnknown | OutcomeGivenUp)
        | (SoldOut, StockRefused)
        | (Refunded, StockReserved | StockRefused | HoldExpired | PaymentCaptured | TooLate)
        | (Refunded, OutcomeUnknown | OutcomeGivenUp)
        | (Cancelled | CancelledOpen, StockRefused | HoldExpired | TooLate)
        | (Cancelled, PaymentDeclined)
        | (CancelledOpen, OutcomeUnknown | OutcomeGivenUp) => Echo,

        (Confirmed | ConfirmedOpen | RefundLost | SoldOut | Refunded, AskedToCancel)
        | (Cancelled | CancelledOpen, AskedToCancel)
        | (Placed | AwaitingPayment | AwaitingOutcome | OutcomeLost, AskedToRefund)
        | (Refunded | Cancelled, AskedToRefund) => Refuse,

        // No payment was asked for; nothing was paid, so nothing can go back; what was charged was
        // not declined; what went back in full cannot go back again; and where the outcome of a
        // refund is unknown, a person must look.
        (Placed, PaymentCaptured | PaymentDeclined | OutcomeUnknown | OutcomeGivenUp)
        | (Placed | AwaitingPayment | AwaitingOutcome | OutcomeLost, PartRefunded | RefundMended)
        | (Placed | AwaitingPayment | AwaitingOutcome | OutcomeLost, AllRefunded | RefundFailed)
        | (Placed | AwaitingPayment | AwaitingOutcome | OutcomeLost, RefundUnknown | AskedToRefundRest)
        | (Confirmed | ConfirmedOpen | RefundLost | SoldOut | Refunded, PaymentDeclined)
        | (Refunded, PartRefunded | RefundMended | AllRefunded | RefundFailed | RefundUnknown)
        | (Confirmed | Refunded | Cancelled, AskedToRefundRest)
        | (Confirmed | Cancelled, RefundMended)
        | (RefundLost, AskedToRefund) => Impossible,
    }
}
