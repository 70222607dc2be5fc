//! An order and its money: what is known of it, and what may be given back. No I/O.

use std::str::FromStr;

use contracts::money::MoneyError;
use contracts::order::{OrderLine, OrderView, REASON_CHARS_MAX, RefundState, RefundView, attention};
use contracts::{CartId, CustomerId, Email, Money, OrderId, PaymentId};
use kit::{Owner, Timestamp};

use crate::checkout::{Move, Signal, Standing, Tell, step};
use crate::refusal::{Contradiction, Refusal};

/// Refunds of one order. One more is refused.
pub const REFUNDS_MAX: usize = 100;

/// An order, apart from its lines and refunds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// To whom it belongs.
    pub owner: Owner,
    /// Counts its changes, from 1.
    pub version: u64,
    /// Where it stands.
    pub standing: Standing,
    /// When it must have moved on; none if it waits for nobody.
    pub deadline: Option<Timestamp>,
    /// For whom, if it is not a guest.
    pub customer: Option<CustomerId>,
    /// Where to write to.
    pub email: Option<Email>,
    /// The cart it was made of, and the version it had.
    pub cart: Option<(CartId, u64)>,
    /// How it is paid.
    pub payment_method: String,
    /// The sum of the lines.
    pub total: Money,
    /// The payment, once it has been named.
    pub payment: Option<PaymentId>,
    /// What is known of the charge.
    pub outcome: Outcome,
    /// How much is being given back.
    pub pending: Money,
    /// Of how much of that nobody knows whether it went back, and nobody tries to find out any more.
    pub unknown: Money,
    /// How much was given back.
    pub refunded: Money,
    /// Why there is no sale; empty if there is one, or may be.
    pub ended: Why,
    /// Why a person must look; empty if nobody must.
    pub attention: Why,
    /// The flow in which it was placed.
    pub trace: String,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// What is known of the charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing that is final.
    Open,
    /// The card was charged.
    Captured,
    /// The card was not charged and will not be.
    Declined,
}

/// Money of an order to give back, or given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// As it is shown.
    pub view: RefundView,
    /// Whether it is pending, but nobody knows if it was made, and nobody tries to find out any more.
    pub unknown: bool,
}

/// A reason for programs, and the same for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Why {
    /// For programs: `out_of_stock`.
    pub reason: String,
    /// For people.
    pub message: String,
}

impl Why {
    /// A reason, and the same for people.
    pub fn new(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self { reason: reason.into(), message: message.into() }
    }
}

impl Order {
    /// What was paid and is neither given back nor being given back.
    pub fn remaining(&self) -> Money {
        let paid =
            if self.outcome == Outcome::Captured { self.total } else { Money::zero(self.total.currency()) };
        paid.minus(self.pending)
            .and_then(|rest| rest.minus(self.refunded))
            .unwrap_or(Money::zero(paid.currency()))
    }

    /// Why somebody may not ask for this now.
    pub fn refuse(&self, asked: Signal) -> Refusal {
        let (order, standing) = (self.id, self.standing);
        match asked {
            Signal::AskedToRefund => Refusal::NotRefunded { order, standing },
            _ => Refusal::NotCancelled { order, standing },
        }
    }

    /// How much to give back, what is asked for or all that remains; and what that means now.
    ///
    /// # Errors
    /// A [`Refusal`] if that is nothing, more than remains, or of another currency; or if the
    /// order was not paid at all.
    pub fn refund_of(&self, asked: Option<Money>, refunds: usize) -> Result<(Signal, Money), Refusal> {
        let order = self.id;
        let too_early_or_late = step(self.standing, Signal::AskedToRefund) == Move::Refuse;
        if too_early_or_late || self.outcome != Outcome::Captured {
            return Err(self.refuse(Signal::AskedToRefund));
        }
        if refunds >= REFUNDS_MAX {
            return Err(Refusal::TooManyRefunds(order));
        }
        let remaining = self.remaining();
        let amount = asked.unwrap_or(remaining);
        if amount.currency() != remaining.currency() {
            return Err(Refusal::RefundCurrency { order, asked: amount, paid: self.total.currency() });
        }
        if asked.is_some_and(|asked| asked.is_zero()) {
            return Err(Refusal::RefundOfNothing(order));
        }
        if amount.is_zero() || amount.amount() > remaining.amount() {
            let (paid, refunded, pending, unknown) = (self.total, self.refunded, self.pending, self.unknown);
            return Err(Refusal::RefundExceedsPayment {
                order,
                paid,
                refunded,
                pending,
                unknown,
                asked: amount,
            });
        }
        let others_known = self.unknown.is_zero();
        Ok((if others_known { Signal::AskedToRefund } else { Signal::AskedToRefundRest }, amount))
    }

    /// Notes that the card was charged. Answers what that means now; nothing if it was known.
    ///
    /// # Errors
    /// [`Contradiction`] if another payment was charged before, or another amount than was due.
    pub fn captured(&mut self, payment: PaymentId, amount: Money) -> Result<Option<Signal>, Contradiction> {
        if amount != self.total {
            return Err(Contradiction::OtherAmount { due: self.total, charged: amount });
        }
        if self.outcome == Outcome::Captured {
            return match self.payment {
                Some(known) if known != payment => Err(Contradiction::PaidTwice { known, other: payment }),
                _ => Ok(None),
            };
        }
        (self.payment, self.outcome) = (Some(payment), Outcome::Captured);
        Ok(Some(Signal::PaymentCaptured))
    }

    /// Notes that the card was not charged. Answers what that means now; nothing if it was known.
    ///
    /// # Errors
    /// [`Contradiction`] if it was charged.
    pub fn declined(&mut self, payment: PaymentId) -> Result<Option<Signal>, Contradiction> {
        match self.outcome {
            Outcome::Captured => Err(Contradiction::DeclinedAfterCapture(payment)),
            Outcome::Declined => Ok(None),
            Outcome::Open => {
                (self.payment, self.outcome) = (Some(payment), Outcome::Declined);
                Ok(Some(Signal::PaymentDeclined))
            }
        }
    }

    /// Notes that nobody knows whether the card was charged. Answers what that means now; nothing
    /// if it is known meanwhile.
    pub fn outcome_unknown(&mut self, payment: PaymentId, given_up: bool) -> Option<Signal> {
        if self.outcome != Outcome::Open {
            return None;
        }
        self.payment = Some(payment);
        Some(if given_up { Signal::OutcomeGivenUp } else { Signal::OutcomeUnknown })
    }

    /// Notes that a refund was made. Answers what that means now; nothing if it was known.
    ///
    /// # Errors
    /// [`Contradiction`] if it had failed, or is of another amount.
    pub fn refund_done(&mut self, refund: &Refund, amount: Money) -> Result<Option<Signal>, Contradiction> {
        if refund.view.state == RefundState::Done {
            return Ok(None);
        }
        self.no_longer_pending(refund, amount)?;
        let wrong = Contradiction::OtherRefund { refund: refund.view.refund, amount };
        self.refunded = self.refunded.plus(amount).map_err(|_| wrong)?;
        Ok(Some(if self.refunded == self.total {
            Signal::AllRefunded
        } else if refund.unknown && self.unknown.is_zero() {
            Signal::RefundMended
        } else {
            Signal::PartRefunded
        }))
    }

    /// Notes that a refund could not be made. Answers what that means now; nothing if it was known.
    ///
    /// # Errors
    /// [`Contradiction`] if it was made, or is of another amount.
    pub fn refund_failed(&mut self, refund: &Refund, amount: Money) -> Result<Option<Signal>, Contradiction> {
        if refund.view.state == RefundState::Failed {
            return Ok(None);
        }
        self.no_longer_pending(refund, amount)?;
        Ok(Some(Signal::RefundFailed))
    }

    /// Notes that nobody knows whether a refund was made. Its money counts as being given back until
    /// somebody knows, so that it cannot go back twice. Answers what that means now; nothing if that
    /// was known, or the outcome is.
    ///
    /// # Errors
    /// [`Contradiction`] if it is of another amount.
    pub fn refund_unknown(
        &mut self,
        refund: &Refund,
        amount: Money,
    ) -> Result<Option<Signal>, Contradiction> {
        let wrong = Contradiction::OtherRefund { refund: refund.view.refund, amount };
        match refund.view.state {
            RefundState::Done | RefundState::Failed => Ok(None),
            RefundState::Pending if refund.view.amount != amount => Err(wrong),
            RefundState::Pending if refund.unknown => Ok(None),
            RefundState::Pending => {
                self.unknown = self.unknown.plus(amount).map_err(|_| wrong)?;
                Ok(Some(Signal::RefundUnknown))
            }
        }
    }

    fn no_longer_pending(&mut self, refund: &Refund, amount: Money) -> Result<(), Contradiction> {
        let wrong = || Contradiction::OtherRefund { refund: refund.view.refund, amount };
        if refund.view.state != RefundState::Pending || refund.view.amount != amount {
            return Err(wrong());
        }
        self.pending = self.pending.minus(amount).map_err(|_| wrong())?;
        if refund.unknown {
            self.unknown = self.unknown.minus(amount).map_err(|_| wrong())?;
        }
        Ok(())
    }

    /// Why a person must look, or else why there is no sale; empty if neither is so. What nobody
    /// knows comes first: the rest can wait until it is found out.
    pub fn why(&self) -> Why {
        if !self.unknown.is_zero() {
            let message =
                format!("nobody knows whether {} went back: its payment must be reconciled", self.unknown);
            return Why::new(attention::REFUND_OUTCOME_UNKNOWN, message);
        }
        if self.standing.needs_attention() { self.attention.clone() } else { self.ended.clone() }
    }

    /// The order after a move.
    ///
    /// # Errors
    /// If more money than can be counted is being given back.
    pub fn moved(
        mut self,
        to: Standing,
        tell: Tell,
        why: &Why,
        amount: Option<Money>,
        now: Timestamp,
    ) -> Result<Self, MoneyError> {
        self.version += 1;
        self.changed_at = now;
        if to != self.standing {
            self.standing = to;
            self.deadline = to.limit().map(|limit| now + limit);
        }
        if !to.needs_attention() {
            self.attention = Why::default();
        }
        match tell {
            Tell::Cancelled => self.ended = why.clone(),
            Tell::NeedsAttention | Tell::SoldOut => self.attention = why.clone(),
            // What a person must look at already is still to be looked at when this is found out.
            Tell::RefundUnknown if self.attention.reason.is_empty() => self.attention = why.clone(),
            Tell::Nothing
            | Tell::PaymentDue
            | Tell::Confirmed
            | Tell::RefundDue
            | Tell::Refunded
            | Tell::RefundUnknown => {}
        }
        if let (Tell::RefundDue | Tell::SoldOut, Some(amount)) = (tell, amount) {
            self.pending = self.pending.plus(amount)?;
        }
        Ok(self)
    }

    /// The order as it is shown.
    pub fn view(self, lines: Vec<OrderLine>, refunds: Vec<RefundView>) -> OrderView {
        let why = self.why();
        OrderView {
            order: self.id,
            stage: self.standing.stage(),
            reason: why.reason,
            message: why.message,
            customer: self.customer,
            email: self.email,
            lines,
            total: self.total,
            refunded: self.refunded,
            payment_method: self.payment_method,
            payment: self.payment,
            refunds,
            cart: self.cart.map(|(cart, _)| cart),
            version: self.version,
            placed_at: self.placed_at,
            changed_at: self.changed_at,
            deadline: self.deadline,
            trace: self.trace,
        }
    }
}

impl Outcome {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Open, Self::Captured, Self::Declined];

    /// The word in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Captured => "captured",
            Self::Declined => "declined",
        }
    }
}

/// Not the word of an outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an outcome is open, captured or declined")]
pub struct UnknownOutcome;

impl FromStr for Outcome {
    type Err = UnknownOutcome;

    fn from_str(text: &str) -> Result<Self, UnknownOutcome> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == text).ok_or(UnknownOutcome)
    }
}

/// A text of another service as one line of ours: printable, and not endless.
pub(crate) fn one_line(text: &str) -> String {
    let short: String = text.trim().chars().take(REASON_CHARS_MAX).collect();
    kit::text::printable(&short).into_owned()
}
