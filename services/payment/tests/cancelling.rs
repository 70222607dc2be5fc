//! A cancelled order: before the card was tried, while it is, and after.

use contracts::payment::PaymentState;

use crate::{CHARGED_ONCE, NOT_CHARGED, Shop, order, refund};

#[tokio::test]
async fn a_card_that_was_not_tried_is_not_charged_after_a_cancellation() {
    let shop = Shop::open();
    shop.due(order(1), "pm_card_visa");
    shop.cancelled(order(1));
    shop.cancelled(order(1));

    assert_eq!(shop.work().await, 0);
    assert_eq!(shop.payment_of(order(1)).await.state, PaymentState::Cancelled);
    assert!(shop.told().is_empty());
    assert_eq!(shop.provider_has(order(1)), NOT_CHARGED);

    shop.due(order(1), "pm_card_visa");
    assert_eq!(shop.work().await, 0);
    shop.books_agree();
}

#[tokio::test(start_paused = true)]
async fn a_capture_after_a_cancellation_is_told_and_can_be_given_back() {
    let shop = Shop::open();
    shop.due(order(1), "pm_test_timeoutAfterCharge");
    shop.work().await;
    shop.cancelled(order(1));
    assert_eq!(shop.payment_of(order(1)).await.state, PaymentState::Unknown);
    shop.work_it_off().await;

    assert_eq!(shop.payment_of(order(1)).await.state, PaymentState::Captured);
    assert_eq!(shop.told(), ["events.payment.outcome_unknown", "events.payment.captured"]);
    shop.refund(order(1), refund(1), 1290).await;
    shop.work().await;
    assert_eq!(shop.told().last().unwrap(), "events.payment.refunded");
    shop.books_agree();
}

#[tokio::test]
async fn a_charge_that_was_turned_away_counts_as_tried() {
    let shop = Shop::open();
    shop.due(order(1), "pm_test_errorThenSuccess");
    shop.work().await;
    shop.cancelled(order(1));
    assert_eq!(shop.payment_of(order(1)).await.state, PaymentState::Pending);
    shop.work_it_off().await;
    assert_eq!(shop.told(), ["events.payment.captured"]);
    shop.books_agree();
}

#[tokio::test]
async fn a_cancellation_changes_no_outcome() {
    let shop = Shop::open();
    let paid = shop.paid("pm_card_visa").await;
    shop.due(order(2), "pm_card_visa_chargeDeclined");
    shop.work().await;
    for order in [paid, order(2), order(3)] {
        shop.cancelled(order);
    }
    assert_eq!(shop.payment_of(paid).await.state, PaymentState::Captured);
    assert_eq!(shop.payment_of(order(2)).await.state, PaymentState::Declined);
    assert_eq!(shop.provider_has(paid), CHARGED_ONCE);
    assert_eq!(shop.told().len(), 2);
    shop.books_agree();
}
