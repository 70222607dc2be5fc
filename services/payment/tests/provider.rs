//! The built-in provider behind a line that loses answers, or changes or repeats what is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use contracts::payment::PaymentState;
use kit::engine::port::Waiting;
use kit::{EffectCtx, Trouble};
use payment::provider::{Charge, ChargeAnswer, GiveBack, Provider, RefundAnswer, TestProvider};

use crate::{CHARGED_ONCE, Shop, euro, order, refund};

#[tokio::test]
async fn a_key_is_good_for_one_set_of_parameters() {
    let shop = Shop::through(&Line::greedy());
    shop.due(order(1), "pm_card_visa");
    shop.work().await;

    let unknown = shop.payment_of(order(1)).await;
    assert_eq!(unknown.state, PaymentState::Unknown);
    assert_eq!(unknown.message, "idempotency_error: the key was used before with other parameters");
    assert_eq!(shop.provider_has(order(1)), CHARGED_ONCE);
}

#[tokio::test]
async fn the_same_key_gets_the_same_answer_and_does_nothing_again() {
    let shop = Shop::through(&Line::stammering());
    let paid = shop.paid("pm_card_visa").await;
    assert_eq!(shop.provider_has(paid), CHARGED_ONCE);
    shop.due(order(2), "pm_card_visa_chargeDeclined");
    shop.work().await;
    assert_eq!(shop.payment_of(order(2)).await.state, PaymentState::Declined);

    shop.refund(paid, refund(1), 1290).await;
    shop.work().await;
    assert_eq!(shop.provider_has(paid).refunds, 1);
    shop.books_agree();
}

/// The line to the built-in provider.
pub(crate) struct Line {
    fault: Fault,
    mended: AtomicBool,
}

enum Fault {
    /// No answer to a charge arrives.
    Deaf,
    /// No answer to a refund arrives.
    DeafToRefunds,
    /// Each charge is asked for twice under one key, the second time a cent higher.
    Greedy,
    /// Everything is asked for twice under one key.
    Stammering,
}

impl Line {
    pub(crate) fn deaf() -> Arc<Self> {
        Self::with(Fault::Deaf)
    }

    pub(crate) fn deaf_to_refunds() -> Arc<Self> {
        Self::with(Fault::DeafToRefunds)
    }

    fn greedy() -> Arc<Self> {
        Self::with(Fault::Greedy)
    }

    fn stammering() -> Arc<Self> {
        Self::with(Fault::Stammering)
    }

    fn with(fault: Fault) -> Arc<Self> {
        Arc::new(Self { fault, mended: AtomicBool::new(false) })
    }

    pub(crate) fn mend(&self) {
        self.mended.store(true, Ordering::Relaxed);
    }
}

impl Provider for Line {
    fn charge<'a>(
        &'a self,
        ctx: &'a EffectCtx,
        charge: &'a Charge,
    ) -> Waiting<'a, Result<ChargeAnswer, Trouble>> {
        Box::pin(async move {
            let answer = TestProvider.charge(ctx, charge).await;
            match self.fault {
                _ if self.mended.load(Ordering::Relaxed) => answer,
                Fault::DeafToRefunds => answer,
                Fault::Deaf => std::future::pending().await,
                Fault::Greedy => {
                    let more = Charge { amount: euro(charge.amount.amount() + 1), ..charge.clone() };
                    TestProvider.charge(ctx, &more).await
                }
                Fault::Stammering => {
                    assert_eq!(answer, TestProvider.charge(ctx, charge).await);
                    answer
                }
            }
        })
    }

    fn refund<'a>(
        &'a self,
        ctx: &'a EffectCtx,
        refund: &'a GiveBack,
    ) -> Waiting<'a, Result<RefundAnswer, Trouble>> {
        Box::pin(async move {
            let answer = TestProvider.refund(ctx, refund).await;
            match self.fault {
                _ if self.mended.load(Ordering::Relaxed) => answer,
                Fault::DeafToRefunds => std::future::pending().await,
                Fault::Deaf | Fault::Greedy => answer,
                Fault::Stammering => {
                    assert_eq!(answer, TestProvider.refund(ctx, refund).await);
                    only_what_was_charged_is_given_back(ctx, refund).await;
                    answer
                }
            }
        })
    }

    fn look_up_charge<'a>(
        &'a self,
        ctx: &'a EffectCtx,
        key: &'a str,
    ) -> Waiting<'a, Result<Option<ChargeAnswer>, Trouble>> {
        TestProvider.look_up_charge(ctx, key)
    }

    fn look_up_refund<'a>(
        &'a self,
        ctx: &'a EffectCtx,
        key: &'a str,
    ) -> Waiting<'a, Result<Option<RefundAnswer>, Trouble>> {
        TestProvider.look_up_refund(ctx, key)
    }

    fn key_life(&self) -> Duration {
        TestProvider.key_life()
    }
}

/// Asks the provider for the same money again under another key, and for money of no charge.
async fn only_what_was_charged_is_given_back(ctx: &EffectCtx, refund: &GiveBack) {
    let again = GiveBack { key: format!("{}-again", refund.key), ..refund.clone() };
    let elsewhere = GiveBack { charge: "ch_unknown".into(), ..again.clone() };
    for (wrong, message) in [
        (again, "the refund is more than what is left of the charge"),
        (elsewhere, "the provider does not know this charge"),
    ] {
        let failed = RefundAnswer::Failed { message: message.into() };
        assert_eq!(TestProvider.refund(ctx, &wrong).await, Ok(failed));
    }
}
