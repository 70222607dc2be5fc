//! Asking the provider again about what nobody knows.

use std::time::Duration;

use contracts::PaymentId;
use contracts::payment::{
    PaymentOutcomeUnknown, PaymentRefundFailed, PaymentRefunded, PaymentState, ReconcilePayment, code, reason,
};
use kit::Kind;
use kit::id::Id;
use payment::audit::Figures;

use crate::provider::Line;
use crate::{CHARGED_ONCE, NOT_CHARGED, Shop, euro, order, refund};

const A_DAY: Duration = Duration::from_secs(25 * 60 * 60);

async fn reconcile(shop: &Shop, number: u128) -> kit::Result<PaymentState> {
    let payment = shop.payment_of(order(number)).await.payment;
    shop.ask(&ReconcilePayment { payment }).await.map(|view| view.state)
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_was_given_up_is_asked_for_under_the_same_key() {
    let line = Line::deaf();
    let shop = Shop::through(&line);
    shop.due(order(1), "pm_card_visa");
    shop.work_it_off().await;
    assert_eq!(shop.told_of::<PaymentOutcomeUnknown>().len(), 2);
    assert_eq!(shop.provider_has(order(1)), CHARGED_ONCE);
    assert_eq!(shop.payment_of(order(1)).await.state, PaymentState::Unknown);

    line.mend();
    assert_eq!(reconcile(&shop, 1).await.unwrap(), PaymentState::Unknown);
    assert_eq!(shop.work().await, 1);

    let paid = shop.payment_of(order(1)).await;
    assert_eq!((paid.state, paid.attempts), (PaymentState::Captured, 11));
    assert_eq!(shop.told().last().unwrap(), "events.payment.captured");
    assert_eq!(shop.provider_has(order(1)), CHARGED_ONCE);
    shop.books_agree();
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_stays_silent_is_given_up_again() {
    let shop = Shop::open();
    shop.due(order(1), "pm_test_timeoutAlways");
    shop.work_it_off().await;
    reconcile(&shop, 1).await.unwrap();
    shop.work_it_off().await;

    let told: Vec<bool> =
        shop.told_of::<PaymentOutcomeUnknown>().iter().map(|event| event.given_up).collect();
    assert_eq!(told, [false, true, true]);
    shop.books_agree();
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_does_not_take_back_what_is_being_asked_again() {
    let line = Line::deaf();
    let shop = Shop::through(&line);
    shop.due(order(1), "pm_card_visa");
    shop.work_it_off().await;
    line.mend();
    reconcile(&shop, 1).await.unwrap();
    shop.cancelled(order(1));

    assert_eq!(shop.work().await, 1);
    assert_eq!(shop.payment_of(order(1)).await.state, PaymentState::Captured);
    shop.books_agree();
}

#[tokio::test(start_paused = true)]
async fn a_day_later_the_provider_is_only_looked_up() {
    let line = Line::deaf();
    let shop = Shop::through(&line);
    shop.due(order(1), "pm_card_visa");
    shop.work_it_off().await;
    shop.advance(A_DAY).await;
    line.mend();
    // Each new request lets the provider forget two old ones.
    shop.due(order(2), "pm_card_visa");
    shop.work().await;
    let kept: i64 =
        shop.sql(|sql| sql.get("SELECT count(*) FROM provider_request", [], |row| row.get(0))).unwrap();
    assert_eq!(kept, 1);

    reconcile(&shop, 1).await.unwrap();
    shop.work().await;
    assert_eq!(shop.payment_of(order(1)).await.state, PaymentState::Captured);
    assert_eq!(shop.provider_has(order(1)), CHARGED_ONCE);
    shop.books_agree();
}

#[tokio::test(start_paused = true)]
async fn a_charge_that_the_provider_never_hears_of_is_declined_once_it_was_looked_for_long_enough() {
    let shop = Shop::open();
    shop.due(order(1), "pm_test_timeoutAlways");
    shop.work_it_off().await;
    shop.advance(A_DAY).await;
    reconcile(&shop, 1).await.unwrap();
    shop.work().await;
    let unknown = shop.payment_of(order(1)).await.state;
    assert_eq!(unknown, PaymentState::Unknown, "it may still be on its way to the provider");
    shop.work_it_off().await;

    let declined = shop.payment_of(order(1)).await;
    assert_eq!((declined.state, &*declined.code), (PaymentState::Declined, code::PROVIDER_UNAVAILABLE));
    assert_eq!(shop.told().last().unwrap(), "events.payment.declined");
    assert_eq!(shop.provider_has(order(1)), NOT_CHARGED);
    shop.books_agree();
}

#[tokio::test(start_paused = true)]
async fn a_refund_that_nobody_knows_of_is_asked_for_again() {
    let shop = Shop::open();
    let order = shop.paid("pm_test_refundTimeoutAlways").await;
    shop.refund(order, refund(1), 1000).await;
    shop.work_it_off().await;
    assert_eq!(shop.payment_of(order).await.refunds[0].state, "unknown");

    shop.advance(A_DAY).await;
    reconcile(&shop, 1).await.unwrap();
    shop.work().await;
    assert_eq!(shop.payment_of(order).await.refunds[0].state, "unknown", "it may still be on its way");
    shop.work_it_off().await;

    assert_eq!(shop.payment_of(order).await.refunds[0].state, "failed");
    assert_eq!(maybe_done(&shop), [true, false]);
    assert_eq!(reconcile(&shop, 1).await.unwrap_err().reason, reason::OUTCOME_KNOWN);
    shop.refund(order, refund(2), 1290).await;
    assert_eq!(shop.payment_of(order).await.refunds[1].state, "pending");
    shop.books_agree();
}

#[tokio::test(start_paused = true)]
async fn a_refund_that_was_made_though_nobody_heard_of_it_is_found() {
    let line = Line::deaf_to_refunds();
    let shop = Shop::through(&line);
    let order = shop.paid("pm_card_visa").await;
    shop.refund(order, refund(1), 1000).await;
    shop.work_it_off().await;
    assert_eq!(shop.payment_of(order).await.refunds[0].state, "unknown");
    assert_eq!(maybe_done(&shop), [true]);

    // The provider is silent once more: still nobody knows.
    reconcile(&shop, 1).await.unwrap();
    shop.work_it_off().await;
    assert_eq!(maybe_done(&shop), [true, true]);

    line.mend();
    reconcile(&shop, 1).await.unwrap();
    shop.work().await;
    assert_eq!(shop.payment_of(order).await.refunds[0].state, "done");
    let made = shop.told_of::<PaymentRefunded>();
    assert_eq!((made.len(), made[0].refund, made[0].amount), (1, refund(1), euro(1000)));
    assert_eq!(maybe_done(&shop), [true, true]);
    assert_eq!(shop.provider_has(order), Figures { refunds: 1, refunded: 1000, ..CHARGED_ONCE });
    shop.books_agree();
}

/// What was told of refunds that were not made, or maybe.
fn maybe_done(shop: &Shop) -> Vec<bool> {
    shop.told_of::<PaymentRefundFailed>().iter().map(|told| told.maybe_done).collect()
}

#[tokio::test]
async fn a_known_outcome_is_not_asked_for_again() {
    let shop = Shop::open();
    shop.due(order(1), "pm_card_visa");
    for _ in 0..2 {
        let refused = reconcile(&shop, 1).await.unwrap_err();
        assert_eq!((refused.kind, &*refused.reason), (Kind::Conflict, reason::OUTCOME_KNOWN));
        shop.work().await;
    }
    let unknown = shop.ask(&ReconcilePayment { payment: PaymentId::from_bits(42) }).await.unwrap_err();
    assert_eq!((unknown.kind, &*unknown.reason), (Kind::NotFound, reason::UNKNOWN_PAYMENT));
    assert_eq!(shop.told(), ["events.payment.captured"]);
    shop.books_agree();
}
