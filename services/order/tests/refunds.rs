//! Giving money back: all of it or a part, and never more than was paid.

use contracts::order::{OrderRefunded, RefundState, Stage};
use contracts::payment::PaymentRefunded;
use kit::Kind;
use order::order::REFUNDS_MAX;
use serde_json::json;

use crate::shop::{Shop, another_refund, eur};

#[tokio::test]
async fn all_of_the_money_goes_back() {
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    let asked = shop.refunds(&order, None).await.unwrap();
    assert_eq!((asked.stage, asked.refunded), (Stage::Confirmed, eur(0)));
    assert_eq!((asked.refunds[0].state, asked.refunds[0].amount), (RefundState::Pending, eur(2580)));
    assert_eq!(asked.refunds[0].reason, "broken on arrival");
    let due = shop.refund_due();
    assert_eq!(
        (due.refund, due.amount, due.payment),
        (asked.refunds[0].refund, eur(2580), order.payment.unwrap())
    );

    shop.gives_back(&due);
    let ended = shop.order(&order).await;
    assert_eq!((ended.stage, ended.refunded), (Stage::Refunded, eur(2580)));
    assert_eq!(ended.refunds[0].state, RefundState::Done);
    let told: Vec<OrderRefunded> = shop.service.told_of();
    assert_eq!((told[0].amount, told[0].refunded, told[0].in_full), (eur(2580), eur(2580), true));
    assert_eq!(shop.causes(&order).await[3..], ["asked_to_refund", "all_refunded"]);
    assert_eq!(shop.history(&order).await[3].note, "25.80 EUR: broken on arrival");
}

#[tokio::test]
async fn parts_go_back_until_nothing_is_left() {
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    shop.refunds(&order, Some(1000)).await.unwrap();
    shop.gives_back(&shop.refund_due());
    let part = shop.order(&order).await;
    assert_eq!((part.stage, part.refunded), (Stage::Confirmed, eur(1000)));

    // What is said nothing about is the rest.
    shop.refunds(&order, Some(580)).await.unwrap();
    shop.refunds(&order, None).await.unwrap();
    assert_eq!(shop.refund_due().amount, eur(1000));
    let due = shop.refunds_due();
    shop.gives_back(&due[2]);
    assert_eq!(shop.stage_of(&order).await, Stage::Confirmed);
    shop.gives_back(&due[1]);

    let ended = shop.order(&order).await;
    assert_eq!((ended.stage, ended.refunded), (Stage::Refunded, eur(2580)));
    let in_full: Vec<bool> =
        shop.service.told_of::<OrderRefunded>().iter().map(|told| told.in_full).collect();
    assert_eq!(in_full, [false, false, true]);
    let amounts: Vec<_> = ended.refunds.iter().map(|refund| refund.amount).collect();
    assert_eq!(amounts, [eur(1000), eur(580), eur(1000)]);
}

#[tokio::test]
async fn no_more_goes_back_than_was_paid() {
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    let refused = shop.refunds(&order, Some(2581)).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Refused, "refund_exceeds_payment"));

    shop.refunds(&order, Some(1000)).await.unwrap();
    shop.gives_back(&shop.refund_due());
    shop.refunds(&order, Some(1500)).await.unwrap();
    let refused = shop.refunds(&order, Some(81)).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Refused, "refund_exceeds_payment"));
    assert_eq!(
        refused.message,
        format!(
            "nothing of {} was given back: 25.80 EUR were paid, 10.00 EUR are given back and 15.00 EUR being given \
             back, so 0.81 EUR more would be too much",
            order.order
        )
    );
    let eur = |cents: i64| json!({ "amount": cents, "currency": "EUR" });
    assert_eq!(
        refused.details.unwrap(),
        json!({ "paid": eur(2580), "refunded": eur(1000), "pending": eur(1500), "unknown": eur(0), "asked": eur(81) })
    );
    shop.refunds(&order, Some(80)).await.unwrap();
    // Nothing is left, though not all of it has gone back yet.
    let refused = shop.refunds(&order, None).await.unwrap_err();
    assert_eq!(&*refused.reason, "refund_exceeds_payment");
    assert_eq!(shop.refunds_due().len(), 3);
}

#[tokio::test]
async fn the_same_key_gives_back_once() {
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    let asked =
        contracts::order::RefundOrder { order: order.order, amount: Some(eur(500)), reason: String::new() };
    let first = shop.service.ask_as("key-1", &asked).await.unwrap();
    assert_eq!(shop.service.ask_as("key-1", &asked).await.unwrap(), first);
    assert_eq!(shop.refunds_due().len(), 1);
}

#[tokio::test]
async fn a_refund_of_nothing_or_of_another_currency_is_refused() {
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    let refused = shop.refunds(&order, Some(0)).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Invalid, "invalid_amount"));

    let dollars = contracts::Money::new(100, "USD".parse().unwrap()).unwrap();
    let asked =
        contracts::order::RefundOrder { order: order.order, amount: Some(dollars), reason: String::new() };
    let refused = shop.service.ask(&asked).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Refused, "mixed_currencies"));
    assert_eq!(shop.order(&order).await, order);
}

#[tokio::test]
async fn only_what_was_paid_goes_back() {
    let shop = Shop::open();
    let placed = shop.places_two_mugs().await;
    let awaiting = shop.reserved_order().await;
    let cancelled = shop.places_two_mugs().await;
    shop.cancels(&cancelled).await.unwrap();
    let refunded = shop.confirmed_order().await;
    shop.refunds(&refunded, None).await.unwrap();
    shop.gives_back(&shop.refund_due());
    let before = shop.told().len();
    for (order, stage) in
        [(placed, "placed"), (awaiting, "awaiting_payment"), (cancelled, "cancelled"), (refunded, "refunded")]
    {
        let refused = shop.refunds(&order, Some(1)).await.unwrap_err();
        assert_eq!((refused.kind, &*refused.reason), (Kind::Conflict, "wrong_stage"), "{stage}");
        assert_eq!(refused.details.unwrap()["stage"], stage);
    }
    assert_eq!(shop.told().len(), before);
}

#[tokio::test]
async fn a_refund_that_nobody_asked_for_is_left_to_a_person() {
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    let (payment, amount) = (order.payment.unwrap(), eur(100));
    shop.hears(&PaymentRefunded { order: order.order, payment, refund: another_refund(), amount });
    assert_eq!(shop.dead_reason(), "contradiction");

    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    shop.refunds(&order, Some(100)).await.unwrap();
    let mut due = shop.refund_due();
    due.amount = eur(99);
    shop.gives_back(&due);
    assert_eq!(shop.dead_reason(), "contradiction");
    assert_eq!(shop.order(&order).await.refunded, eur(0));
}

#[tokio::test]
async fn an_order_has_not_endless_refunds() {
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    for _ in 0..REFUNDS_MAX {
        shop.refunds(&order, Some(1)).await.unwrap();
    }
    let refused = shop.refunds(&order, Some(1)).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Refused, "too_many_refunds"));

    // Money that must go back by itself still does.
    shop.refuses(&order, &[("mug-blue", 2, 0)]);
    assert_eq!(shop.refund_due().amount, eur(2480));
    for due in shop.refunds_due() {
        shop.gives_back(&due);
    }
    let ended = shop.order(&order).await;
    assert_eq!((ended.stage, ended.refunds.len()), (Stage::Refunded, REFUNDS_MAX + 1));
    assert_eq!(shop.history(&order).await.len(), 3 + 2 * (REFUNDS_MAX + 1));
}
