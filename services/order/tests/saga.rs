//! Checkout, path by path: what an order becomes, what others are told, and what the history says.

use std::time::Duration;

use contracts::order::{OrderCancelled, OrderConfirmed, OrderPlaced, OrderRefunded, PaymentDue, Stage};
use contracts::payment::{PaymentCaptured, PaymentDeclined};
use contracts::{Money, PaymentId};
use kit::{Example, Kind};
use order::checkout::{HOLD_MARGIN, PAYMENT_LIMIT, PLACED_LIMIT, UNKNOWN_LIMIT};

use crate::shop::{Shop, eur};

const MOMENT: Duration = Duration::from_secs(1);

#[tokio::test]
async fn an_order_is_placed_paid_and_confirmed() {
    let shop = Shop::open();
    let order = shop.places_two_mugs().await;
    shop.reserves(&order);
    shop.captures(&order);

    let confirmed = shop.order(&order).await;
    assert_eq!((confirmed.stage, confirmed.version), (Stage::Confirmed, 3));
    assert_eq!((confirmed.payment, confirmed.deadline), (Some(PaymentId::example()), None));
    assert_eq!((confirmed.reason.as_str(), confirmed.message.as_str()), ("", ""));
    assert_eq!(shop.told(), ["placed", "payment_due", "confirmed"]);
    assert_eq!(shop.causes(&order).await, ["asked_to_place", "stock_reserved", "payment_captured"]);

    let told: Vec<OrderConfirmed> = shop.service.told_of();
    assert_eq!((&told[0].lines, told[0].total), (&order.lines, eur(2580)));
    assert_eq!(told[0].email, order.email);
}

#[tokio::test]
async fn stock_is_held_longer_than_an_order_may_wait() {
    let shop = Shop::open();
    let start = shop.service.now();
    let order = shop.reserved_order().await;

    let placed: Vec<OrderPlaced> = shop.service.told_of();
    assert_eq!(placed[0].hold_until, start + PLACED_LIMIT + HOLD_MARGIN);
    let due: Vec<PaymentDue> = shop.service.told_of();
    assert_eq!((due[0].amount, due[0].payment_method.as_str()), (eur(2580), "pm_card_visa"));
    assert_eq!(due[0].hold_until, start + PAYMENT_LIMIT + UNKNOWN_LIMIT + HOLD_MARGIN);
    assert!(due[0].hold_until > order.deadline.unwrap());
}

#[tokio::test]
async fn all_short_lines_are_named_when_an_order_ends_for_lack_of_stock() {
    let shop = Shop::open();
    let order = shop.places(&[("mug-blue", 2), ("tee", 3), ("pen", 9)]).await;
    shop.refuses(&order, &[("mug-blue", 2, 1), ("pen", 9, 0)]);

    let ended = shop.order(&order).await;
    assert_eq!((ended.stage, ended.reason.as_str()), (Stage::Cancelled, "out_of_stock"));
    assert_eq!(
        ended.message,
        "only 1 of mug-blue is left, 2 were asked for; none of pen is left, 9 were asked for"
    );
    assert_eq!(shop.told(), ["placed", "cancelled"]);
    let told: Vec<OrderCancelled> = shop.service.told_of();
    assert_eq!((&told[0].reason, &told[0].message), (&ended.reason, &ended.message));
    let last = shop.history(&order).await.pop().unwrap();
    assert_eq!(
        (last.from, last.to, last.cause.as_str()),
        (Some(Stage::Placed), Stage::Cancelled, "stock_refused")
    );
    assert_eq!(last.note, ended.message);
}

#[tokio::test]
async fn a_declined_card_ends_the_order_with_what_the_provider_says() {
    let shop = Shop::open();
    let order = shop.reserved_order().await;
    shop.declines(&order);

    let ended = shop.order(&order).await;
    assert_eq!((ended.stage, ended.reason.as_str()), (Stage::Cancelled, "insufficient_funds"));
    assert_eq!(ended.message, "the card was declined: insufficient funds");
    assert_eq!(shop.told(), ["placed", "payment_due", "cancelled"]);
}

#[tokio::test]
async fn whatever_the_provider_writes_stays_on_one_line() {
    let shop = Shop::open();
    let order = shop.reserved_order().await;
    let message = format!("no\r\nBcc: x@y.z\u{1b}[2J{}", "!".repeat(10_000));
    shop.hears(&PaymentDeclined {
        order: order.order,
        code: "No Funds!\n".into(),
        message,
        ..PaymentDeclined::example()
    });

    let ended = shop.order(&order).await;
    assert_eq!(ended.reason, "payment_declined");
    assert!(ended.message.starts_with("no\\r\\nBcc: x@y.z\\u{1b}[2J!!"), "{}", ended.message);
    assert!(ended.message.len() < 400);
}

#[tokio::test]
async fn an_order_whose_stock_nobody_holds_in_time_is_cancelled() {
    let shop = Shop::open();
    let order = shop.places_two_mugs().await;
    assert_eq!(order.deadline, Some(shop.service.now() + PLACED_LIMIT));
    shop.waits(PLACED_LIMIT - MOMENT).await;
    assert_eq!(shop.stage_of(&order).await, Stage::Placed);
    shop.waits(MOMENT).await;

    let ended = shop.order(&order).await;
    assert_eq!((ended.stage, ended.reason.as_str(), ended.deadline), (Stage::Cancelled, "too_late", None));
    assert_eq!(ended.message, "its stock was not held within 60 s");

    // The inventory has heard `cancelled` by the time it is asked for stock again.
    shop.reserves(&order);
    assert_eq!(shop.told(), ["placed", "cancelled"]);
    shop.nothing_is_dead();
}

#[tokio::test]
async fn an_order_whose_payment_nobody_hears_of_is_cancelled() {
    let shop = Shop::open();
    let order = shop.places_two_mugs().await;
    shop.waits(PLACED_LIMIT - MOMENT).await;
    shop.reserves(&order);
    // The deadline of the stage before has moved along.
    shop.waits(PAYMENT_LIMIT - MOMENT).await;
    assert_eq!(shop.stage_of(&order).await, Stage::AwaitingPayment);
    shop.waits(MOMENT).await;

    let ended = shop.order(&order).await;
    assert_eq!((ended.stage, ended.reason.as_str()), (Stage::Cancelled, "too_late"));
    assert_eq!(shop.told(), ["placed", "payment_due", "cancelled"]);
}

#[tokio::test]
async fn a_confirmed_order_has_no_deadline_left() {
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    shop.waits(UNKNOWN_LIMIT * 3).await;
    assert_eq!(shop.order(&order).await, order);
    shop.nothing_is_dead();
}

#[tokio::test]
async fn an_order_whose_hold_expires_is_cancelled() {
    for reserved in [false, true] {
        let shop = Shop::open();
        let order = if reserved { shop.reserved_order().await } else { shop.places_two_mugs().await };
        shop.hold_expires(&order);
        let ended = shop.order(&order).await;
        assert_eq!((ended.stage, ended.reason.as_str()), (Stage::Cancelled, "hold_expired"));
    }
}

#[tokio::test]
async fn a_capture_that_comes_after_the_end_is_given_back_in_full() {
    let shop = Shop::open();
    let order = shop.reserved_order().await;
    shop.hold_expires(&order);
    shop.captures(&order);

    let late = shop.order(&order).await;
    assert_eq!((late.stage, late.reason.as_str()), (Stage::Cancelled, "hold_expired"));
    let due = shop.refund_due();
    assert_eq!((due.amount, due.payment), (eur(2580), PaymentId::example()));
    assert_eq!(due.reason, "paid after the order had ended: the time for which its stock was held ran out");

    shop.gives_back(&due);
    let ended = shop.order(&order).await;
    assert_eq!((ended.stage, ended.refunded), (Stage::Cancelled, eur(2580)));
    assert_eq!(ended.reason, "hold_expired");
    assert_eq!(shop.told(), ["placed", "payment_due", "cancelled", "refund_due", "refunded"]);
    let told: Vec<OrderRefunded> = shop.service.told_of();
    assert_eq!((told[0].amount, told[0].refunded, told[0].in_full), (eur(2580), eur(2580), true));
}

#[tokio::test]
async fn whoever_asks_in_time_cancels_the_order() {
    for reserved in [false, true] {
        let shop = Shop::open();
        let order = if reserved { shop.reserved_order().await } else { shop.places_two_mugs().await };
        let ended = shop.cancels(&order).await.unwrap();
        assert_eq!((ended.stage, ended.reason.as_str()), (Stage::Cancelled, "asked_to_cancel"));
        assert_eq!(ended.message, "changed my mind");
        assert_eq!(ended, shop.order(&order).await);
        assert_eq!(shop.told().last().unwrap(), "cancelled");
    }
}

#[tokio::test]
async fn cancelling_and_capturing_at_once_is_decided_once() {
    // The capture is heard first: it is too late to cancel.
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    let refused = shop.cancels(&order).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Conflict, "wrong_stage"));
    assert_eq!(
        refused.message,
        format!(
            "{} was not cancelled: its stage is confirmed; its money can be given back by a refund",
            order.order
        )
    );
    assert_eq!(refused.details.unwrap()["stage"], "confirmed");
    assert_eq!(shop.told(), ["placed", "payment_due", "confirmed"]);

    // The cancellation is recorded first: the capture is given back.
    let shop = Shop::open();
    let order = shop.reserved_order().await;
    shop.cancels(&order).await.unwrap();
    shop.captures(&order);
    assert_eq!(shop.told(), ["placed", "payment_due", "cancelled", "refund_due"]);
    assert_eq!(shop.stage_of(&order).await, Stage::Cancelled);
}

#[tokio::test]
async fn an_order_is_cancelled_once() {
    let shop = Shop::open();
    let order = shop.places_two_mugs().await;
    shop.cancels(&order).await.unwrap();
    let refused = shop.cancels(&order).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Conflict, "wrong_stage"));
    assert_eq!(refused.details.unwrap()["stage"], "cancelled");
}

#[tokio::test]
async fn stock_that_is_gone_at_a_late_confirmation_gives_the_money_back() {
    let shop = Shop::open();
    let order = shop.reserved_order().await;
    shop.outcome_is_unknown(&order);
    shop.hold_expires(&order);
    shop.captures(&order);
    shop.refuses(&order, &[("mug-blue", 2, 0)]);
    shop.refuses(&order, &[("mug-blue", 2, 0)]);

    let owed = shop.order(&order).await;
    assert_eq!((owed.stage, owed.reason.as_str()), (Stage::NeedsAttention, "out_of_stock"));
    assert_eq!(shop.told()[2..], ["confirmed", "refund_due", "needs_attention"]);
    assert_eq!(shop.refund_due().amount, eur(2580));

    // It stays visible until all of the money is back, whoever does what.
    shop.fails_to_give_back(&shop.refund_due());
    shop.refunds(&order, Some(80)).await.unwrap();
    shop.gives_back(&shop.refund_due());
    assert_eq!(shop.stage_of(&order).await, Stage::NeedsAttention);
    assert_eq!(&*shop.cancels(&order).await.unwrap_err().reason, "wrong_stage");
    shop.refunds(&order, None).await.unwrap();
    shop.gives_back(&shop.refund_due());
    let ended = shop.order(&order).await;
    assert_eq!((ended.stage, ended.refunded), (Stage::Refunded, eur(2580)));
    assert_eq!(
        (ended.reason.as_str(), ended.message.as_str()),
        ("out_of_stock", "none of mug-blue is left, 2 were asked for")
    );
}

#[tokio::test]
async fn hearing_twice_is_hearing_once() {
    let shop = Shop::open();
    let order = shop.places_two_mugs().await;
    for _ in 0..3 {
        shop.reserves(&order);
    }
    for _ in 0..3 {
        shop.captures(&order);
    }
    shop.reserves(&order);
    shop.hold_expires(&order);
    shop.outcome_is_unknown(&order);
    assert_eq!(shop.told(), ["placed", "payment_due", "confirmed"]);
    assert_eq!(shop.order(&order).await.version, 3);

    let late = Shop::open();
    let order = late.reserved_order().await;
    late.cancels(&order).await.unwrap();
    for _ in 0..3 {
        late.captures(&order);
    }
    for _ in 0..3 {
        late.gives_back(&late.refund_due());
    }
    late.captures(&order);
    late.refuses(&order, &[("mug-blue", 2, 0)]);
    assert_eq!(late.told(), ["placed", "payment_due", "cancelled", "refund_due", "refunded"]);
    late.nothing_is_dead();
}

#[tokio::test]
async fn what_cannot_be_true_is_left_to_a_person() {
    // Paid before it was asked for.
    let shop = Shop::open();
    let order = shop.places_two_mugs().await;
    shop.captures(&order);
    assert_eq!(shop.dead_reason(), "contradiction");
    assert_eq!(shop.stage_of(&order).await, Stage::Placed);

    // Another amount than was due.
    let shop = Shop::open();
    let order = shop.reserved_order().await;
    shop.hears(&PaymentCaptured { order: order.order, payment: PaymentId::example(), amount: eur(2579) });
    assert_eq!(shop.dead_reason(), "contradiction");
    assert_eq!(shop.stage_of(&order).await, Stage::AwaitingPayment);

    // Charged twice.
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    let other = "pay_01h455vb4pex5vsknk084sn02q".parse().unwrap();
    shop.hears(&PaymentCaptured { order: order.order, payment: other, amount: eur(2580) });
    assert_eq!(shop.dead_reason(), "contradiction");

    // Declined after it was charged.
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    shop.declines(&order);
    assert_eq!(shop.dead_reason(), "contradiction");
    assert_eq!(shop.order(&order).await, order);

    // An order that nobody placed.
    let shop = Shop::open();
    shop.hears(&PaymentCaptured::example());
    assert_eq!(shop.dead_reason(), "unknown_order");

    // Not an event at all.
    let shop = Shop::open();
    shop.service.hear_raw("events.payment.captured", "ord_x", "{\"order\": \"ord.*\"}");
    assert_eq!(shop.dead_reason(), "invalid_body");
}

#[tokio::test]
async fn a_free_order_goes_the_same_way() {
    let shop = Shop::open();
    shop.service.stub(|asked: contracts::catalog::QuotePrices| {
        let free = |sku| contracts::catalog::Quote {
            sku,
            name: "Sample".into(),
            price: Money::zero(eur(0).currency()),
            version: 1,
        };
        Ok(contracts::catalog::Quotes { items: asked.skus.into_iter().map(free).collect(), missing: vec![] })
    });
    let order = shop.reserved_order().await;
    shop.cancels(&order).await.unwrap();
    shop.captures(&order);
    // There is nothing to give back.
    assert_eq!(shop.told(), ["placed", "payment_due", "cancelled"]);
    assert_eq!(shop.causes(&order).await.last().unwrap(), "payment_captured");
    shop.nothing_is_dead();
}
