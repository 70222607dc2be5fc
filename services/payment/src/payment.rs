//! The rules: what one try of the provider means for a payment, and how much may be given back.

use contracts::order::{PaymentDue, RefundDue};
use contracts::payment::{InvalidMethod, PaymentRefund, PaymentState, PaymentView, code};
use contracts::{Money, OrderId, PaymentId, RefundId};
use kit::{Attempt, Timestamp, Trouble};

use crate::provider::{ChargeAnswer, Decline, RefundAnswer};

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

/// What one try of a charge means.
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

/// What one try of a refund means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundVerdict {
    /// Nothing new.
    Nothing,
    /// The money was given back.
    Done,
    /// It was not given back and will not be.
    Failed(String),
    /// Nobody knows, and nobody tries any more.
    Unknown(String),
}

/// What a try of a charge means for a payment in a state.
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
        (Pending, Attempt::GaveUp { maybe_done: false, trouble, .. }) => Verdict::Declined(Decline {
            code: code::PROVIDER_UNAVAILABLE.into(),
            decline_code: String::new(),
            message: format!("the card was not charged: {}", trouble.message()),
        }),
        (Pending | Unknown, Attempt::Retrying { .. })
        | (Cancelled, Attempt::Answered(ChargeAnswer::Declined(_)) | Attempt::Retrying { .. } | Attempt::GaveUp { .. })
        | (Captured | Declined, _) => Verdict::Nothing,
    }
}

/// What a try of a refund means for one in a state.
pub fn refund_verdict(state: RefundState, attempt: Attempt<RefundAnswer>) -> RefundVerdict {
    match (state, attempt) {
        (RefundState::Done | RefundState::Failed, _) | (_, Attempt::Retrying { .. }) => RefundVerdict::Nothing,
        (_, Attempt::Answered(RefundAnswer::Done { .. })) => RefundVerdict::Done,
        (_, Attempt::Answered(RefundAnswer::Failed { message })) => RefundVerdict::Failed(message),
        // It was accepted, so it may yet be made.
        (_, Attempt::Answered(RefundAnswer::Pending)) => {
            RefundVerdict::Unknown("the provider has not made the refund yet".into())
        }
        (RefundState::Pending, Attempt::GaveUp { maybe_done: false, trouble, .. }) => {
            RefundVerdict::Failed(format!("the money was not given back: {}", trouble.message()))
        }
        (_, Attempt::GaveUp { trouble, .. }) => {
            RefundVerdict::Unknown(format!("nobody knows whether the money was given back: {}", trouble.message()))
        }
    }
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

/// The word for a try of a charge in the table of attempts, and what to tell people of it.
pub fn noted(attempt: &Attempt<ChargeAnswer>) -> (&'static str, String) {
    match attempt {
        Attempt::Answered(ChargeAnswer::Approved { .. }) => ("captured", String::new()),
        Attempt::Answered(ChargeAnswer::Declined(decline)) => ("declined", decline.message.clone()),
        Attempt::Retrying { trouble, .. } | Attempt::GaveUp { trouble, .. } => {
            (trouble.reason(), trouble.message().to_owned())
        }
    }
}

/// The same for a try of a refund.
pub fn refund_noted(attempt: &Attempt<RefundAnswer>) -> (&'static str, String) {
    match attempt {
        Attempt::Answered(RefundAnswer::Done { .. }) => ("refunded", String::new()),
        Attempt::Answered(RefundAnswer::Failed { message }) => ("refund_failed", message.clone()),
        Attempt::Answered(RefundAnswer::Pending) => ("outcome_unknown", String::new()),
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

    fn view(&self) -> PaymentRefund {
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
    use kit::Example;

    use super::*;

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
        assert_eq!(verdict(PaymentState::Pending, retrying(Trouble::Transient("busy".into()))), Verdict::Nothing);
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
            assert!(matches!(verdict(state, gave_up(maybe_done)), Verdict::Unknown { given_up: true, .. }), "{state}");
        }
    }

    #[test]
    fn a_refund_that_may_have_been_made_has_not_failed() {
        let gave_up = |maybe_done| Attempt::GaveUp { attempts: 10, trouble: Trouble::Unknown("?".into()), maybe_done };
        assert!(matches!(refund_verdict(RefundState::Pending, gave_up(true)), RefundVerdict::Unknown(_)));
        assert!(matches!(refund_verdict(RefundState::Pending, gave_up(false)), RefundVerdict::Failed(_)));
        assert!(matches!(refund_verdict(RefundState::Unknown, gave_up(false)), RefundVerdict::Unknown(_)));
        let done = Attempt::Answered(RefundAnswer::Done { refund: "re_1".into() });
        assert_eq!(refund_verdict(RefundState::Unknown, done.clone()), RefundVerdict::Done);
        assert_eq!(refund_verdict(RefundState::Failed, done), RefundVerdict::Nothing);
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
}
