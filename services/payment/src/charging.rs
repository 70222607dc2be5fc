//! Charging a card: the intent, one try, and what is recorded of it.

use std::sync::Arc;
use std::time::Duration;

use contracts::payment::{PaymentCaptured, PaymentDeclined, PaymentOutcomeUnknown};
use contracts::{Money, OrderId, PaymentId};
use kit::{Attempt, Effect, EffectCtx, Policy, Result, Timestamp, Trouble, Tx};
use serde::{Deserialize, Serialize};

use crate::payment::{Payment, Verdict, noted, verdict};
use crate::provider::{Charge, ChargeAnswer, Decline, KeyAge, Provider, clock_went_back};
use crate::store;

/// How the provider is asked, for a charge and for a refund. Ten tries take about a minute and a
/// half, which is within what an order waits for its payment.
pub const POLICY: Policy = Policy {
    time_limit: Duration::from_secs(2),
    tries_max: 10,
    wait: Duration::from_millis(200),
    wait_max: Duration::from_secs(30),
    at_once: 256,
};

/// The intent to charge a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeCard {
    /// The payment; its number is the idempotency key.
    pub payment: PaymentId,
    /// Its order.
    pub order: OrderId,
    /// How much.
    pub amount: Money,
    /// The token of the payment method.
    pub method: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
}

impl Effect for ChargeCard {
    const NAME: &'static str = "charge_card";
    const POLICY: Policy = POLICY;
    type Outcome = ChargeAnswer;

    fn key(&self) -> String {
        self.payment.to_string()
    }

    fn about(&self) -> String {
        self.order.to_string()
    }
}

impl ChargeCard {
    /// The charge of a payment.
    pub fn of(payment: &Payment) -> Self {
        Self {
            payment: payment.id,
            order: payment.order,
            amount: payment.amount,
            method: payment.method.clone(),
            asked_at: payment.created_at,
        }
    }
}

/// One try.
///
/// # Errors
/// Why there is no answer.
pub async fn perform(
    provider: Arc<dyn Provider>,
    ctx: EffectCtx,
    effect: ChargeCard,
) -> Result<ChargeAnswer, Trouble> {
    let key = effect.key();
    let age = KeyAge::of(effect.asked_at, provider.key_life(), &ctx);
    if age != KeyAge::Young {
        return match (provider.look_up_charge(&ctx, &key).await?, age) {
            (Some(found), _) => Ok(found),
            (None, KeyAge::Unknown) => Err(clock_went_back()),
            (None, _) if is_last_look(&ctx) => Ok(ChargeAnswer::Declined(Decline::not_charged())),
            (None, _) => Err(Trouble::Unknown("the provider knows nothing of this payment yet".into())),
        };
    }
    let charge = Charge { key, order: effect.order, amount: effect.amount, method: effect.method };
    provider.charge(&ctx, &charge).await
}

/// Whether it may be believed that the provider knows nothing of a key. What it was asked before may
/// still be on its way there, or not be found yet, so it is looked for as often as it would be tried.
pub(crate) fn is_last_look(ctx: &EffectCtx) -> bool {
    ctx.attempt >= POLICY.tries_max
}

/// Records how a try ended.
///
/// # Errors
/// If the payment is not there, or cannot be written.
pub fn record(tx: &mut Tx<'_>, effect: ChargeCard, attempt: Attempt<ChargeAnswer>) -> Result<()> {
    let payment = store::get_payment(tx, effect.payment)?;
    let (outcome, message) = noted(&attempt);
    store::insert_attempt(tx, payment.id, None, outcome, &message)?;
    settle(tx, &payment, verdict(payment.state, attempt))
}

/// Lets a verdict come true and tells of it.
///
/// # Errors
/// If the payment cannot be written.
pub fn settle(tx: &mut Tx<'_>, payment: &Payment, verdict: Verdict) -> Result<()> {
    let (id, order) = (payment.id, payment.order);
    match verdict {
        Verdict::Nothing => Ok(()),
        Verdict::Captured { charge } => {
            tracing::debug!(order.id = %order, "Payment {id} of {order} was captured: {}", payment.amount);
            store::mark_captured(tx, id, &charge)?;
            tx.emit(&PaymentCaptured { order, payment: id, amount: payment.amount })
        }
        Verdict::Declined(decline) => {
            tracing::debug!(order.id = %order, "Payment {id} of {order} was declined: {}", decline.code);
            store::mark_declined(tx, id, &decline)?;
            let Decline { code, message, .. } = decline;
            tx.emit(&PaymentDeclined { order, payment: id, code, message })
        }
        Verdict::Unknown { given_up, message } => {
            tracing::warn!(order.id = %order, "The outcome of payment {id} of {order} is unknown: {message}");
            store::mark_unknown(tx, id, &message)?;
            tx.emit(&PaymentOutcomeUnknown { order, payment: id, given_up, message })
        }
    }
}
