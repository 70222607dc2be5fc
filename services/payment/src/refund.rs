//! The rules of a refund: how much may be given back, and what one try of the provider means for it.

use contracts::order::RefundDue;
use contracts::payment::{PaymentRefund, PaymentState};
use contracts::{Money, OrderId, PaymentId, RefundId};
use kit::{Attempt, Timestamp};

use crate::payment::Payment;
use crate::provider::RefundAnswer;

/// Money to give back, or given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Its number, also its idempotency key at the provider.
    pub id: RefundId,
    /// Of which payment.
    pub payment: PaymentId,
    /// Of which order.
    pub order: OrderId,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: RefundState,
    /// Why it failed or is not known, for people.
    pub message: String,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundState {
    /// Being given back.
    Pending,
    /// Nobody knows whether it was given back, and nobody tries any more.
    Unknown,
    /// Given back.
    Done,
    /// Not given back, and it will not be.
    Failed,
}

/// What one try means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing new.
    Nothing,
    /// The money was given back.
    Done,
    /// It was not given back and will not be.
    Failed(String),
    /// Nobody knows, and nobody tries any more.
    Unknown(String),
}

/// Whether a refund may be made: the payment, or why not, for people.
///
/// # Errors
/// The reason, as one line for people.
pub fn may_give_back<'a>(payment: Option<&'a Payment>, due: &RefundDue) -> Result<&'a Payment, String> {
    let Some(payment) = payment else { return Err(format!("there is no payment {}", due.payment)) };
    if payment.order != due.order {
        return Err(format!("{} is no payment of {}", payment.id, due.order));
    }
    if payment.state != PaymentState::Captured {
        return Err(format!("{} is {}, so there is nothing to give back", payment.id, payment.state));
    }
    if due.amount.currency() != payment.amount.currency() {
        return Err(format!("{} was paid in {}", payment.id, payment.amount.currency()));
    }
    if due.amount.is_zero() {
        return Err("a refund of nothing was asked for".into());
    }
    let left = payment.captured.minus(payment.promised).map_err(|error| error.to_string())?;
    if due.amount.amount() > left.amount() {
        return Err(format!(
            "only {left} of the {} paid can still be given back, {} were asked for",
            payment.captured, due.amount
        ));
    }
    Ok(payment)
}

/// What a try means for a refund in a state.
pub fn verdict(state: RefundState, attempt: Attempt<RefundAnswer>) -> Verdict {
    match (state, attempt) {
        (RefundState::Done | RefundState::Failed, _) | (_, Attempt::Retrying { .. }) => Verdict::Nothing,
        (_, Attempt::Answered(RefundAnswer::Done { .. })) => Verdict::Done,
        (_, Attempt::Answered(RefundAnswer::Failed { message })) => Verdict::Failed(message),
        // It was accepted, so it may yet be made.
        (_, Attempt::Answered(RefundAnswer::Pending)) => {
            Verdict::Unknown("the provider has not made the refund yet".into())
        }
        (RefundState::Pending, Attempt::GaveUp { maybe_done: false, trouble, .. }) => {
            Verdict::Failed(format!("the money was not given back: {}", trouble.message()))
        }
        (_, Attempt::GaveUp { trouble, .. }) => {
            Verdict::Unknown(format!("nobody knows whether the money was given back: {}", trouble.message()))
        }
    }
}

/// The word for a try in the table of attempts, and what to tell people of it.
pub fn noted(attempt: &Attempt<RefundAnswer>) -> (&'static str, String) {
    match attempt {
        Attempt::Answered(RefundAnswer::Done { .. }) => ("refunded", String::new()),
        Attempt::Answered(RefundAnswer::Failed { message }) => ("refund_failed", message.clone()),
        Attempt::Answered(RefundAnswer::Pending) => ("outcome_unknown", String::new()),
        Attempt::Retrying { trouble, .. } | Attempt::GaveUp { trouble, .. } => {
            (trouble.reason(), trouble.message().to_owned())
        }
    }
}

impl Refund {
    /// A new refund, nothing of it done.
    pub fn due(due: &RefundDue, now: Timestamp) -> Self {
        Self {
            id: due.refund,
            payment: due.payment,
            order: due.order,
            amount: due.amount,
            state: RefundState::Pending,
            message: String::new(),
            created_at: now,
        }
    }

    /// The same, refused.
    pub fn failed(self, message: &str) -> Self {
        Self { state: RefundState::Failed, message: message.to_owned(), ..self }
    }

    /// The refund as it is shown.
    pub fn view(&self) -> PaymentRefund {
        PaymentRefund {
            refund: self.id,
            amount: self.amount,
            state: self.state.word().into(),
            message: self.message.clone(),
        }
    }
}

impl RefundState {
    const ALL: [Self; 4] = [Self::Pending, Self::Unknown, Self::Done, Self::Failed];

    /// The word on the wire and in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Unknown => "unknown",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

impl std::str::FromStr for RefundState {
    type Err = std::fmt::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.word() == text).ok_or(std::fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use contracts::Currency;
    use contracts::order::PaymentDue;
    use kit::{Example, Trouble};

    use super::*;

    #[test]
    fn a_refund_that_may_have_been_made_has_not_failed() {
        let gave_up =
            |maybe_done| Attempt::GaveUp { attempts: 10, trouble: Trouble::Unknown("?".into()), maybe_done };
        assert!(matches!(verdict(RefundState::Pending, gave_up(true)), Verdict::Unknown(_)));
        assert!(matches!(verdict(RefundState::Pending, gave_up(false)), Verdict::Failed(_)));
        assert!(matches!(verdict(RefundState::Unknown, gave_up(false)), Verdict::Unknown(_)));
        let done = Attempt::Answered(RefundAnswer::Done { refund: "re_1".into() });
        assert_eq!(verdict(RefundState::Unknown, done.clone()), Verdict::Done);
        assert_eq!(verdict(RefundState::Failed, done), Verdict::Nothing);
    }

    #[test]
    fn no_more_is_given_back_than_was_paid() {
        assert!(may_give_back(Some(&captured(1000, 0)), &refund(euro(1000))).is_ok());
        assert!(may_give_back(Some(&captured(1000, 600)), &refund(euro(400))).is_ok());
        assert_eq!(
            may_give_back(Some(&captured(1000, 600)), &refund(euro(401))).unwrap_err(),
            "only 4.00 EUR of the 10.00 EUR paid can still be given back, 4.01 EUR were asked for"
        );
    }

    #[test]
    fn only_a_captured_payment_of_the_same_order_and_currency_is_given_back() {
        let due = refund(euro(1));
        assert!(may_give_back(None, &due).is_err());
        for state in PaymentState::ALL.into_iter().filter(|state| *state != PaymentState::Captured) {
            assert!(may_give_back(Some(&Payment { state, ..captured(1000, 0) }), &due).is_err(), "{state}");
        }
        let other = kit::id::Id::from_bits(7);
        assert!(may_give_back(Some(&Payment { order: other, ..captured(1000, 0) }), &due).is_err());
        let dollars = Money::new(1, "USD".parse().unwrap()).unwrap();
        assert!(may_give_back(Some(&captured(1000, 0)), &refund(dollars)).is_err());
        assert!(may_give_back(Some(&captured(1000, 0)), &refund(euro(0))).is_err());
    }

    fn euro(amount: i64) -> Money {
        Money::new(amount, Currency::EUR).unwrap()
    }

    fn captured(amount: i64, promised: i64) -> Payment {
        let due = PaymentDue { amount: euro(amount), ..PaymentDue::example() };
        Payment {
            state: PaymentState::Captured,
            captured: euro(amount),
            promised: euro(promised),
            ..Payment::due(PaymentId::example(), &due, &Ok(()), Timestamp::UNIX_EPOCH)
        }
    }

    fn refund(amount: Money) -> RefundDue {
        RefundDue { amount, ..RefundDue::example() }
    }
}
