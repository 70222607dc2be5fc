//! The rules of a payment: what it is at first, and what one try of the provider means for it.

use contracts::order::PaymentDue;
use contracts::payment::{InvalidMethod, PaymentState, PaymentView};
use contracts::{Money, OrderId, PaymentId};
use kit::{Attempt, Timestamp, Trouble};

use crate::provider::{ChargeAnswer, Decline};
use crate::refund::Refund;

/// What is due for an order, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its number, also its idempotency key at the provider.
    pub id: PaymentId,
    /// Its order.
    pub order: OrderId,
    /// How much is due.
    pub amount: Money,
    /// A token, or what may be shown of anything else.
    pub method: String,
    /// Where it stands.
    pub state: PaymentState,
    /// How much was charged.
    pub captured: Money,
    /// The sum of the refunds that are made or may still be.
    pub promised: Money,
    /// The sum of the refunds that are made.
    pub refunded: Money,
    /// The number of the charge at the provider, once it is captured.
    pub charge: String,
    /// Why it was declined, for programs.
    pub code: String,
    /// What the bank said beyond that.
    pub decline_code: String,
    /// Why it was declined or is not known, for people.
    pub message: String,
    /// How often the provider was asked.
    pub attempts: u32,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// What one try means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing new.
    Nothing,
    /// The card was charged.
    Captured {
        /// The number of the charge at the provider.
        charge: String,
    },
    /// The card was not charged and will not be.
    Declined(Decline),
    /// Nobody knows whether it was charged.
    Unknown {
        /// Whether nobody tries any more.
        given_up: bool,
        /// Why, for people.
        message: String,
    },
}

/// What a try means for a payment in a state.
///
/// Captured and declined are final. A capture of a cancelled payment is told all the same: money
/// that was taken must be known of to be given back.
pub fn verdict(state: PaymentState, attempt: Attempt<ChargeAnswer>) -> Verdict {
    use PaymentState::{Cancelled, Captured, Declined, Pending, Unknown};
    match (state, attempt) {
        (Pending | Unknown | Cancelled, Attempt::Answered(ChargeAnswer::Approved { charge })) => {
            Verdict::Captured { charge }
        }
        (Pending | Unknown, Attempt::Answered(ChargeAnswer::Declined(decline))) => Verdict::Declined(decline),
        (Pending, Attempt::Retrying { trouble: Trouble::Unknown(message), .. }) => {
            Verdict::Unknown { given_up: false, message }
        }
        (Pending | Unknown, Attempt::GaveUp { maybe_done: true, trouble, .. })
        | (Unknown, Attempt::GaveUp { trouble, .. }) => {
            Verdict::Unknown { given_up: true, message: trouble.message().to_owned() }
        }
        (Pending, Attempt::GaveUp { maybe_done: false, trouble, .. }) => {
            Verdict::Declined(Decline::unavailable(trouble.message()))
        }
        (Pending | Unknown, Attempt::Retrying { .. })
        | (
            Cancelled,
            Attempt::Answered(ChargeAnswer::Declined(_)) | Attempt::Retrying { .. } | Attempt::GaveUp { .. },
        )
        | (Captured | Declined, _) => Verdict::Nothing,
    }
}

/// The word for a try in the table of attempts, and what to tell people of it.
pub fn noted(attempt: &Attempt<ChargeAnswer>) -> (&'static str, String) {
    match attempt {
        Attempt::Answered(ChargeAnswer::Approved { .. }) => ("captured", String::new()),
        Attempt::Answered(ChargeAnswer::Declined(decline)) => ("declined", decline.message.clone()),
        Attempt::Retrying { trouble, .. } | Attempt::GaveUp { trouble, .. } => {
            (trouble.reason(), trouble.message().to_owned())
        }
    }
}

impl Payment {
    /// A new payment, nothing of it done. A text that is no token is not kept.
    pub fn due(id: PaymentId, due: &PaymentDue, method: &Result<(), InvalidMethod>, now: Timestamp) -> Self {
        let nothing = Money::zero(due.amount.currency());
        Self {
            id,
            order: due.order,
            amount: due.amount,
            method: match method {
                Ok(()) => due.payment_method.clone(),
                Err(InvalidMethod::CardNumber { masked }) => masked.clone(),
                Err(InvalidMethod::Malformed) => "****".into(),
            },
            state: PaymentState::Pending,
            captured: nothing,
            promised: nothing,
            refunded: nothing,
            charge: String::new(),
            code: String::new(),
            decline_code: String::new(),
            message: String::new(),
            attempts: 0,
            created_at: now,
            changed_at: now,
        }
    }

    /// The payment as it is shown.
    pub fn view(&self, refunds: &[Refund]) -> PaymentView {
        PaymentView {
            payment: self.id,
            order: self.order,
            amount: self.amount,
            captured: self.captured,
            refunded: self.refunded,
            state: self.state,
            code: self.code.clone(),
            decline_code: self.decline_code.clone(),
            message: self.message.clone(),
            payment_method: self.method.clone(),
            attempts: self.attempts,
            refunds: refunds.iter().map(Refund::view).collect(),
            created_at: self.created_at,
            changed_at: self.changed_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use contracts::payment::code;

    use super::*;

    #[test]
    fn captured_and_declined_are_final() {
        let silence = || Trouble::Unknown("no answer".into());
        for state in [PaymentState::Captured, PaymentState::Declined] {
            for attempt in [approved(), declined(), retrying(silence()), gave_up(true), gave_up(false)] {
                assert_eq!(verdict(state, attempt.clone()), Verdict::Nothing, "{state} {attempt:?}");
            }
        }
    }

    #[test]
    fn money_that_was_taken_is_always_told() {
        for state in [PaymentState::Pending, PaymentState::Unknown, PaymentState::Cancelled] {
            assert_eq!(verdict(state, approved()), Verdict::Captured { charge: "ch_1".into() }, "{state}");
        }
    }

    #[test]
    fn silence_makes_the_outcome_unknown_once() {
        let silence = || retrying(Trouble::Unknown("no answer".into()));
        let first = verdict(PaymentState::Pending, silence());
        assert_eq!(first, Verdict::Unknown { given_up: false, message: "no answer".into() });
        assert_eq!(verdict(PaymentState::Unknown, silence()), Verdict::Nothing);
        assert_eq!(
            verdict(PaymentState::Pending, retrying(Trouble::Transient("busy".into()))),
            Verdict::Nothing
        );
    }

    #[test]
    fn giving_up_declines_only_what_was_certainly_not_done() {
        assert!(matches!(
            verdict(PaymentState::Pending, gave_up(false)),
            Verdict::Declined(Decline { code, .. }) if code == code::PROVIDER_UNAVAILABLE
        ));
        for (state, maybe_done) in
            [(PaymentState::Pending, true), (PaymentState::Unknown, true), (PaymentState::Unknown, false)]
        {
            assert!(
                matches!(verdict(state, gave_up(maybe_done)), Verdict::Unknown { given_up: true, .. }),
                "{state}"
            );
        }
    }

    fn approved() -> Attempt<ChargeAnswer> {
        Attempt::Answered(ChargeAnswer::Approved { charge: "ch_1".into() })
    }

    fn declined() -> Attempt<ChargeAnswer> {
        Attempt::Answered(ChargeAnswer::Declined(Decline::not_charged()))
    }

    fn retrying(trouble: Trouble) -> Attempt<ChargeAnswer> {
        Attempt::Retrying { attempt: 1, trouble, next: Timestamp::UNIX_EPOCH }
    }

    fn gave_up(maybe_done: bool) -> Attempt<ChargeAnswer> {
        Attempt::GaveUp { attempts: 10, trouble: Trouble::Transient("busy".into()), maybe_done }
    }
}
