//! Nobody knows whether the card was charged: the order waits, and then a person looks.

use contracts::order::{OrderNeedsAttention, Stage};
use kit::Kind;
use order::checkout::{PAYMENT_LIMIT, UNKNOWN_LIMIT};

use crate::shop::Shop;

#[tokio::test]
async fn an_unknown_outcome_is_waited_for_and_noted() {
    let shop = Shop::open();
    let order = shop.reserved_order().await;
    shop.outcome_is_unknown(&order);
    shop.outcome_is_unknown(&order);

    let unknown = shop.order(&order).await;
    assert_eq!((unknown.stage, unknown.version), (Stage::AwaitingPayment, 3));
    assert_eq!(unknown.deadline, Some(shop.service.now() + UNKNOWN_LIMIT));
    let noted = shop.history(&order).await.pop().unwrap();
    assert_eq!((noted.from, noted.to), (Some(Stage::AwaitingPayment), Stage::AwaitingPayment));
    assert_eq!(
        (noted.cause.as_str(), noted.note.as_str()),
        (
            "outcome_unknown",
            "nobody knows whether 25.80 EUR were charged: no answer from the provider within 10 s"
        )
    );

    // Neither time nor an expired hold cancels an order that may be paid.
    shop.waits(PAYMENT_LIMIT * 2).await;
    shop.hold_expires(&order);
    shop.hold_expires(&order);
    assert_eq!(shop.stage_of(&order).await, Stage::AwaitingPayment);
    assert_eq!(shop.causes(&order).await[2..], ["outcome_unknown", "hold_expired"]);
    shop.captures(&order);
    assert_eq!(shop.stage_of(&order).await, Stage::Confirmed);
}

#[tokio::test]
async fn an_unknown_outcome_may_turn_out_as_declined() {
    let shop = Shop::open();
    let order = shop.reserved_order().await;
    shop.outcome_is_unknown(&order);
    shop.declines(&order);
    assert_eq!(shop.stage_of(&order).await, Stage::Cancelled);
    // What was overtaken opens nothing again.
    shop.outcome_is_unknown(&order);
    shop.outcome_is_given_up(&order);
    shop.declines(&order);
    assert_eq!(shop.told(), ["placed", "payment_due", "cancelled"]);
    shop.nothing_is_dead();
}

#[tokio::test]
async fn an_outcome_that_nobody_finds_out_needs_a_person() {
    for given_up in [true, false] {
        let shop = Shop::open();
        let order = shop.reserved_order().await;
        shop.outcome_is_unknown(&order);
        if given_up {
            shop.outcome_is_given_up(&order);
        } else {
            shop.waits(UNKNOWN_LIMIT).await;
        }
        let lost = shop.order(&order).await;
        assert_eq!((lost.stage, lost.reason.as_str()), (Stage::NeedsAttention, "payment_outcome_unknown"));
        assert!(
            lost.message.starts_with("nobody knows whether 25.80 EUR were charged: "),
            "{}",
            lost.message
        );
        assert_eq!(lost.deadline, None);
        let told: Vec<OrderNeedsAttention> = shop.service.told_of();
        assert_eq!((&told[0].reason, &told[0].message), (&lost.reason, &lost.message));

        // It is not for guessing: its payment must be reconciled.
        let refused = shop.cancels(&order).await.unwrap_err();
        assert_eq!((refused.kind, &*refused.reason), (Kind::Conflict, "wrong_stage"));
        assert!(refused.message.ends_with("by reconciling its payment"), "{}", refused.message);
        let refused = shop.refunds(&order, None).await.unwrap_err();
        assert_eq!(&*refused.reason, "wrong_stage");

        if given_up {
            shop.captures(&order);
            let confirmed = shop.order(&order).await;
            assert_eq!((confirmed.stage, confirmed.reason.as_str()), (Stage::Confirmed, ""));
        } else {
            shop.declines(&order);
            let ended = shop.order(&order).await;
            assert_eq!((ended.stage, ended.reason.as_str()), (Stage::Cancelled, "insufficient_funds"));
        }
    }
}

#[tokio::test]
async fn a_cancelled_order_whose_outcome_is_given_up_stays_visible_until_it_is_known() {
    for charged in [true, false] {
        let shop = Shop::open();
        let order = shop.reserved_order().await;
        shop.outcome_is_unknown(&order);
        shop.cancels(&order).await.unwrap();
        shop.outcome_is_unknown(&order);
        shop.outcome_is_given_up(&order);
        let open = shop.order(&order).await;
        assert_eq!((open.stage, open.reason.as_str()), (Stage::NeedsAttention, "payment_outcome_unknown"));

        if charged {
            shop.captures(&order);
        } else {
            shop.declines(&order);
        }
        let ended = shop.order(&order).await;
        assert_eq!((ended.stage, ended.reason.as_str()), (Stage::Cancelled, "asked_to_cancel"));
        assert_eq!(shop.refunds_due().len(), usize::from(charged));
        assert_eq!(shop.told().iter().filter(|word| *word == "cancelled").count(), 1);
    }
}
