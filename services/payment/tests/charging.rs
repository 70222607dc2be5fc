//! Charging: every method of the table, repeats, and connections that fail.

use std::time::Duration;

use contracts::payment::{PaymentCaptured, PaymentDeclined, PaymentOutcomeUnknown, PaymentState, code};
use contracts::{Currency, Money};
use payment::provider::methods::STRIPES;

use crate::{CHARGED_ONCE, NOT_CHARGED, Shop, due, order};

#[tokio::test]
async fn a_good_card_is_charged_once_the_payment_is_due() {
    let shop = Shop::open();
    shop.due(order(1), "pm_card_visa");
    let pending = shop.payment_of(order(1)).await;
    assert_eq!((pending.state, pending.attempts, pending.captured.amount()), (PaymentState::Pending, 0, 0));

    assert_eq!(shop.work().await, 1);

    let paid = shop.payment_of(order(1)).await;
    assert_eq!((paid.state, paid.attempts), (PaymentState::Captured, 1));
    assert_eq!(paid.captured, paid.amount);
    let told = PaymentCaptured { order: order(1), payment: paid.payment, amount: paid.amount };
    assert_eq!(shop.told_of::<PaymentCaptured>(), [told]);
    assert_eq!(shop.provider_has(order(1)), CHARGED_ONCE);
    shop.books_agree();
}

#[tokio::test]
async fn every_published_test_method_does_what_it_says() {
    let shop = Shop::open();
    for (number, method) in (1..).zip(STRIPES) {
        shop.due(order(number), method.name);
    }
    shop.work().await;

    for (number, method) in (1..).zip(STRIPES) {
        let seen = shop.payment_of(order(number)).await;
        let seen = (seen.state, &*seen.code, &*seen.decline_code);
        let (code, decline_code) = method.declined;
        let state = if code.is_empty() { PaymentState::Captured } else { PaymentState::Declined };
        assert_eq!(seen, (state, code, decline_code), "{}", method.name);
    }
    shop.books_agree();
}

#[tokio::test]
async fn each_decline_has_its_own_code() {
    let shop = Shop::open();
    let rows = [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", ""),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", ""),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", ""),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
        ("pm_card_authenticationRequired", code::AUTHENTICATION_REQUIRED, code::AUTHENTICATION_REQUIRED),
        ("pm_card_threeDSecure2Required", code::AUTHENTICATION_REQUIRED, code::AUTHENTICATION_REQUIRED),
        ("pm_card_nobody_knows", code::INVALID_PAYMENT_METHOD, ""),
        ("paypal", code::INVALID_PAYMENT_METHOD, ""),
    ];
    for (number, (method, code, decline_code)) in (1..).zip(rows) {
        shop.due(order(number), method);
        shop.work().await;
        let seen = shop.payment_of(order(number)).await;
        assert_eq!((&*seen.code, &*seen.decline_code), (code, decline_code), "{method}");
        assert_eq!(seen.payment_method, method);
        assert_eq!(shop.told_of::<PaymentDeclined>().last().unwrap().code, code, "{method}");
        assert_eq!(shop.provider_has(order(number)), NOT_CHARGED);
    }
    assert_eq!(shop.told().len(), rows.len());
    shop.books_agree();
}

#[tokio::test]
async fn a_payment_that_is_heard_twice_is_captured_once() {
    let shop = Shop::open();
    for _ in 0..3 {
        shop.due(order(1), "pm_card_visa");
    }
    assert_eq!(shop.work().await, 1);
    shop.due(order(1), "pm_card_mastercard");
    shop.hear(&contracts::order::PaymentDue { amount: crate::euro(1), ..due(order(1), "pm_card_visa") });

    assert_eq!(shop.work().await, 0);
    assert_eq!(shop.told(), ["events.payment.captured"]);
    assert_eq!(shop.provider_has(order(1)), CHARGED_ONCE);
    shop.books_agree();
}

#[tokio::test]
async fn a_payment_of_nothing_needs_no_card() {
    let shop = Shop::open();
    let nothing = Money::zero(Currency::EUR);
    shop.hear(&contracts::order::PaymentDue {
        amount: nothing,
        ..due(order(1), "pm_card_visa_chargeDeclined")
    });

    assert_eq!(shop.work().await, 0);
    let paid = shop.payment_of(order(1)).await;
    assert_eq!((paid.state, paid.captured), (PaymentState::Captured, nothing));
    assert_eq!(shop.told(), ["events.payment.captured"]);
    shop.books_agree();
}

#[tokio::test(start_paused = true)]
async fn a_time_out_before_the_charge_ends_with_one_charge() {
    let shop = Shop::open();
    shop.due(order(1), "pm_test_timeoutBeforeCharge");
    shop.work().await;

    let unknown = shop.payment_of(order(1)).await;
    assert_eq!((unknown.state, &*unknown.message), (PaymentState::Unknown, "no answer within 2 s"));
    assert_eq!(shop.provider_has(order(1)), NOT_CHARGED);
    shop.work_it_off().await;

    let paid = shop.payment_of(order(1)).await;
    assert_eq!((paid.state, paid.attempts, &*paid.message), (PaymentState::Captured, 2, ""));
    assert_eq!(shop.told(), ["events.payment.outcome_unknown", "events.payment.captured"]);
    assert_eq!(shop.provider_has(order(1)), CHARGED_ONCE);
    shop.books_agree();
}

#[tokio::test(start_paused = true)]
async fn a_time_out_after_the_charge_ends_with_one_charge() {
    let shop = Shop::open();
    shop.due(order(1), "pm_test_timeoutAfterCharge");
    shop.work().await;

    assert_eq!(shop.payment_of(order(1)).await.state, PaymentState::Unknown);
    assert_eq!(shop.provider_has(order(1)), CHARGED_ONCE);
    shop.work_it_off().await;

    let paid = shop.payment_of(order(1)).await;
    assert_eq!((paid.state, paid.attempts), (PaymentState::Captured, 2));
    assert_eq!(shop.told(), ["events.payment.outcome_unknown", "events.payment.captured"]);
    assert_eq!(shop.provider_has(order(1)), CHARGED_ONCE);
    shop.books_agree();
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_never_answers_leaves_the_outcome_to_a_person() {
    let shop = Shop::open();
    shop.due(order(1), "pm_test_timeoutAlways");
    shop.work_it_off().await;

    let unknown = shop.payment_of(order(1)).await;
    assert_eq!((unknown.state, unknown.attempts), (PaymentState::Unknown, 10));
    let told: Vec<bool> =
        shop.told_of::<PaymentOutcomeUnknown>().iter().map(|event| event.given_up).collect();
    assert_eq!(told, [false, true]);
    assert_eq!(shop.told().len(), 2);
    assert_eq!(shop.provider_has(order(1)), NOT_CHARGED);
    shop.books_agree();
}

#[tokio::test(start_paused = true)]
async fn a_slow_provider_is_waited_for() {
    let shop = Shop::open();
    shop.due(order(1), "pm_test_slow");
    let began = tokio::time::Instant::now();
    shop.work().await;

    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(shop.payment_of(order(1)).await.attempts, 1);
    assert_eq!(shop.told(), ["events.payment.captured"]);
    shop.books_agree();
}

#[tokio::test]
async fn a_charge_that_was_turned_away_is_tried_again_in_silence() {
    let shop = Shop::open();
    shop.due(order(1), "pm_test_errorThenSuccess");
    shop.work().await;
    assert_eq!(shop.payment_of(order(1)).await.state, PaymentState::Pending);
    shop.work_it_off().await;

    assert_eq!(shop.payment_of(order(1)).await.attempts, 2);
    assert_eq!(shop.told(), ["events.payment.captured"]);
    assert_eq!(shop.provider_has(order(1)), CHARGED_ONCE);
    shop.books_agree();
}

#[tokio::test]
async fn a_charge_that_is_always_turned_away_is_declined() {
    let shop = Shop::open();
    shop.due(order(1), "pm_test_errorAlways");
    shop.work_it_off().await;

    let declined = shop.payment_of(order(1)).await;
    assert_eq!((declined.state, &*declined.code), (PaymentState::Declined, code::PROVIDER_UNAVAILABLE));
    assert_eq!(declined.attempts, 10);
    assert_eq!(shop.told(), ["events.payment.declined"]);
    shop.books_agree();
}

#[tokio::test]
async fn a_hundred_payments_at_once_are_each_captured_once() {
    let shop = Shop::open();
    for number in 1..=100 {
        shop.due(order(number), "pm_card_visa");
        shop.due(order(number), "pm_card_visa");
    }
    assert_eq!(shop.work().await, 100);
    assert_eq!(shop.told_of::<PaymentCaptured>().len(), 100);
    shop.books_agree();
}
