//! Giving money back: the intent, one try, and what is recorded of it.

use std::sync::Arc;

use contracts::payment::{PaymentRefundFailed, PaymentRefunded};
use contracts::{Money, OrderId, PaymentId, RefundId};
use kit::{Attempt, Effect, EffectCtx, Policy, Result, Timestamp, Trouble, Tx};
use serde::{Deserialize, Serialize};

use crate::charging::{POLICY, is_last_look};
use crate::payment::Payment;
use crate::provider::{GiveBack, KeyAge, Provider, RefundAnswer, clock_went_back};
use crate::refund::{Refund, RefundState, Verdict, noted, verdict};
use crate::store;

/// The intent to give money back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundCard {
    /// The refund; its number is the idempotency key.
    pub refund: RefundId,
    /// Of which payment.
    pub payment: PaymentId,
    /// Of which order.
    pub order: OrderId,
    /// The number of the charge at the provider.
    pub charge: String,
    /// How much.
    pub amount: Money,
    /// When it was asked for.
    pub asked_at: Timestamp,
}

impl Effect for RefundCard {
    const NAME: &'static str = "refund_card";
    const POLICY: Policy = POLICY;
    type Outcome = RefundAnswer;

    fn key(&self) -> String {
        self.refund.to_string()
    }

    fn about(&self) -> String {
        self.order.to_string()
    }
}

impl RefundCard {
    /// A refund of a payment.
    pub fn of(payment: &Payment, refund: &Refund) -> Self {
        Self {
            refund: refund.id,
            payment: payment.id,
            order: payment.order,
            charge: payment.charge.clone(),
            amount: refund.amount,
            asked_at: refund.created_at,
        }
    }
}

/// One try. A refund that the provider has accepted but not made yet is tried again: its answer
/// under the key stays the first one, so it is looked up.
///
/// # Errors
/// Why there is no answer.
pub async fn perform(
    provider: Arc<dyn Provider>,
    ctx: EffectCtx,
    effect: RefundCard,
) -> Result<RefundAnswer, Trouble> {
    let key = effect.key();
    let unheard_of = || RefundAnswer::Failed {
        message: "the money was not given back: the provider knows nothing of this refund".into(),
    };
    let age = KeyAge::of(effect.asked_at, provider.key_life(), &ctx);
    let answer = if age != KeyAge::Young {
        match (provider.look_up_refund(&ctx, &key).await?, age) {
            (Some(found), _) => found,
            (None, KeyAge::Unknown) => return Err(clock_went_back()),
            (None, _) if is_last_look(&ctx) => unheard_of(),
            (None, _) => RefundAnswer::Pending,
        }
    } else {
        let refund = GiveBack { key: key.clone(), charge: effect.charge, amount: effect.amount };
        match provider.refund(&ctx, &refund).await? {
            RefundAnswer::Pending => {
                provider.look_up_refund(&ctx, &key).await?.unwrap_or(RefundAnswer::Pending)
            }
            answer => answer,
        }
    };
    match answer {
        RefundAnswer::Pending => Err(Trouble::Unknown("the provider has not made the refund yet".into())),
        answer => Ok(answer),
    }
}

/// Records how a try ended.
///
/// # Errors
/// If the refund is not there, or cannot be written.
pub fn record(tx: &mut Tx<'_>, effect: RefundCard, attempt: Attempt<RefundAnswer>) -> Result<()> {
    let refund = store::get_refund(tx, effect.refund)?;
    let (outcome, message) = noted(&attempt);
    store::insert_attempt(tx, refund.payment, Some(refund.id), outcome, &message)?;
    settle(tx, &refund, verdict(refund.state, attempt))
}

fn settle(tx: &mut Tx<'_>, refund: &Refund, verdict: Verdict) -> Result<()> {
    let &Refund { id, payment, order, amount, .. } = refund;
    let failed =
        |message, maybe_done| PaymentRefundFailed { order, payment, refund: id, amount, message, maybe_done };
    match verdict {
        Verdict::Nothing => Ok(()),
        Verdict::Done => {
            tracing::debug!(order.id = %order, "Refund {id} of {order} was made: {amount}");
            store::mark_refund(tx, id, RefundState::Done, "")?;
            tx.emit(&PaymentRefunded { order, payment, refund: id, amount })
        }
        Verdict::Failed(message) => {
            tracing::warn!(order.id = %order, "Refund {id} of {order} failed: {message}");
            store::mark_refund(tx, id, RefundState::Failed, &message)?;
            store::unpromise(tx, payment, amount)?;
            tx.emit(&failed(message, false))
        }
        // It stays promised, so that the same money cannot be given back under another number.
        Verdict::Unknown(message) => {
            tracing::warn!(order.id = %order, "The outcome of refund {id} of {order} is unknown: {message}");
            store::mark_refund(tx, id, RefundState::Unknown, &message)?;
            tx.emit(&failed(message, true))
        }
    }
}
