//! Giving money back: never more than was paid, once a number, whatever the connection does.

use contracts::order::RefundDue;
use contracts::payment::{PaymentRefundFailed, PaymentRefunded};
use contracts::{Money, PaymentId};
use kit::Example;
use kit::id::Id;
use payment::audit::Figures;

use crate::{CHARGED_ONCE, Shop, euro, order, refund};

fn given_back(refunds: u32, refunded: i64) -> Figures {
    Figures { refunds, refunded, ..CHARGED_ONCE }
}

/// The states of the refunds of a payment, as they are shown.
async fn states(shop: &Shop, number: u128) -> Vec<String> {
    shop.payment_of(order(number)).await.refunds.into_iter().map(|refund| refund.state).collect()
}

#[tokio::test]
async fn money_is_given_back_in_parts() {
    let shop = Shop::open();
    let order = shop.paid("pm_card_visa").await;
    shop.refund(order, refund(1), 1000).await;
    shop.work().await;
    shop.refund(order, refund(2), 290).await;
    shop.work().await;

    let payment = shop.payment_of(order).await;
    assert_eq!((payment.captured, payment.refunded), (euro(1290), euro(1290)));
    let told: Vec<_> =
        shop.told_of::<PaymentRefunded>().iter().map(|event| (event.refund, event.amount)).collect();
    assert_eq!(told, [(refund(1), euro(1000)), (refund(2), euro(290))]);
    assert_eq!(shop.provider_has(order), given_back(2, 1290));
    shop.books_agree();
}

#[tokio::test]
async fn a_refund_that_is_heard_twice_is_made_once() {
    let shop = Shop::open();
    let order = shop.paid("pm_card_visa").await;
    shop.refund(order, refund(1), 500).await;
    shop.refund(order, refund(1), 500).await;
    shop.work().await;
    shop.refund(order, refund(1), 500).await;
    assert_eq!(shop.work().await, 0);

    assert_eq!(shop.told_of::<PaymentRefunded>().len(), 1);
    assert_eq!(shop.provider_has(order), given_back(1, 500));
    shop.books_agree();
}

#[tokio::test]
async fn of_two_refunds_at_once_only_what_was_paid_is_given_back() {
    let shop = Shop::open();
    let order = shop.paid("pm_card_visa").await;
    shop.refund(order, refund(1), 1000).await;
    shop.refund(order, refund(2), 1000).await;
    shop.refund(order, refund(2), 1000).await;
    shop.work().await;

    assert_eq!(states(&shop, 1).await, ["done", "failed"]);
    let failed = shop.told_of::<PaymentRefundFailed>();
    assert_eq!(failed.len(), 1);
    assert_eq!(
        failed[0].message,
        "only 2.90 EUR of the 12.90 EUR paid can still be given back, 10.00 EUR were asked for"
    );
    assert_eq!(shop.provider_has(order), given_back(1, 1000));
    shop.books_agree();
}

#[tokio::test]
async fn a_refund_of_more_than_was_paid_is_refused() {
    let shop = Shop::open();
    let order = shop.paid("pm_card_visa").await;
    for (number, cents) in (1..).zip([1291, 0, 99_999_999_999]) {
        shop.refund(order, refund(number), cents).await;
    }
    assert_eq!(shop.work().await, 0);
    assert_eq!(states(&shop, 1).await, ["failed", "failed", "failed"]);
    assert_eq!(shop.told_of::<PaymentRefundFailed>().len(), 3);
    shop.books_agree();
}

#[tokio::test]
async fn only_captured_money_of_the_same_order_is_given_back() {
    let shop = Shop::open();
    let paid = shop.paid("pm_card_visa").await;
    shop.due(order(2), "pm_card_visa_chargeDeclined");
    shop.work().await;
    let of = |payment| RefundDue {
        order: paid,
        payment,
        refund: refund(9),
        amount: euro(1),
        reason: String::new(),
    };
    let payment = shop.payment_of(paid).await.payment;

    shop.refund(order(2), refund(1), 100).await;
    shop.hear(&RefundDue { refund: refund(2), ..of(PaymentId::from_bits(42)) });
    shop.hear(&RefundDue { refund: refund(3), order: order(2), ..of(payment) });
    let dollars = Money::new(1, "USD".parse().unwrap()).unwrap();
    shop.hear(&RefundDue { refund: refund(4), amount: dollars, ..of(payment) });
    // Once more under another number: it was refused, and that was told.
    shop.hear(&RefundDue { refund: refund(2), ..of(PaymentId::from_bits(42)) });

    assert_eq!(shop.work().await, 0);
    assert_eq!(shop.told_of::<PaymentRefundFailed>().len(), 4);
    assert_eq!(shop.provider_has(paid), CHARGED_ONCE);
    shop.books_agree();
}

#[tokio::test]
async fn money_that_the_bank_does_not_take_back_may_be_given_back_otherwise() {
    let shop = Shop::open();
    let order = shop.paid("pm_card_refundFail").await;
    shop.refund(order, refund(1), 1290).await;
    shop.work().await;
    assert_eq!(shop.told_of::<PaymentRefundFailed>().len(), 1);
    assert_eq!(shop.payment_of(order).await.refunded, euro(0));

    shop.refund(order, refund(2), 1290).await;
    assert_eq!(states(&shop, 1).await, ["failed", "pending"]);
    shop.work().await;
    assert_eq!(shop.provider_has(order), CHARGED_ONCE);
    shop.books_agree();
}

#[tokio::test]
async fn a_pending_refund_is_awaited() {
    let shop = Shop::open();
    let order = shop.paid("pm_card_pendingRefund").await;
    shop.refund(order, refund(1), 1290).await;
    shop.work().await;
    assert_eq!(states(&shop, 1).await, ["pending"]);
    assert_eq!(shop.told(), ["events.payment.captured"]);
    shop.work_it_off().await;

    assert_eq!(states(&shop, 1).await, ["done"]);
    assert_eq!(shop.told(), ["events.payment.captured", "events.payment.refunded"]);
    assert_eq!(shop.provider_has(order), given_back(1, 1290));
    shop.books_agree();
}

#[tokio::test(start_paused = true)]
async fn a_refund_whose_answer_was_lost_is_made_once() {
    let shop = Shop::open();
    let order = shop.paid("pm_test_refundTimeoutAfter").await;
    shop.refund(order, refund(1), 1000).await;
    shop.work().await;
    assert_eq!(shop.provider_has(order), given_back(1, 1000));
    shop.work_it_off().await;

    assert_eq!(states(&shop, 1).await, ["done"]);
    assert_eq!(shop.told_of::<PaymentRefunded>().len(), 1);
    assert_eq!(shop.provider_has(order), given_back(1, 1000));
    shop.books_agree();
}

#[tokio::test(start_paused = true)]
async fn money_of_a_refund_that_nobody_knows_of_is_not_given_back_twice() {
    let shop = Shop::open();
    let order = shop.paid("pm_test_refundTimeoutAlways").await;
    shop.refund(order, refund(1), 1000).await;
    shop.work_it_off().await;
    assert_eq!(states(&shop, 1).await, ["unknown"]);
    let failed = shop.told_of::<PaymentRefundFailed>();
    assert_eq!((failed.len(), failed[0].maybe_done), (1, true));

    shop.refund(order, refund(2), 1000).await;
    assert_eq!(states(&shop, 1).await, ["unknown", "failed"]);
    assert!(!shop.told_of::<PaymentRefundFailed>()[1].maybe_done);
    shop.books_agree();
}

#[tokio::test]
async fn a_refund_that_was_turned_away_is_tried_again_and_then_fails() {
    let shop = Shop::open();
    let order = shop.paid("pm_test_refundErrorThenSuccess").await;
    shop.refund(order, refund(1), 1000).await;
    shop.work_it_off().await;
    assert_eq!(states(&shop, 1).await, ["done"]);

    let shop = Shop::open();
    let order = shop.paid("pm_test_refundErrorAlways").await;
    shop.refund(order, refund(1), 1000).await;
    shop.work_it_off().await;
    assert_eq!(states(&shop, 1).await, ["failed"]);
    assert!(!shop.told_of::<PaymentRefundFailed>()[0].maybe_done);
    shop.refund(order, refund(2), 1290).await;
    assert_eq!(states(&shop, 1).await, ["failed", "pending"]);
    shop.books_agree();
}

#[tokio::test]
async fn a_refund_is_shown_with_its_payment() {
    let shop = Shop::open();
    let order = shop.paid("pm_card_refundFail").await;
    shop.refund(order, RefundDue::example().refund, 100).await;
    shop.work().await;
    let shown = shop.payment_of(order).await.refunds;
    assert_eq!(shown[0].amount, euro(100));
    assert_eq!(shown[0].message, "the bank of the card does not take the money back");
}
