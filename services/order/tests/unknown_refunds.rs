//! Money that did not go back, or of which nobody knows whether it did: a person looks, and nothing goes back twice.

use contracts::order::{OrderNeedsAttention, RefundState, Stage};

use crate::shop::{Shop, eur};

#[tokio::test]
async fn a_refund_that_fails_needs_a_person_who_may_ask_again() {
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    shop.refunds(&order, Some(1000)).await.unwrap();
    let due = shop.refund_due();
    shop.fails_to_give_back(&due);
    shop.fails_to_give_back(&due);

    let open = shop.order(&order).await;
    assert_eq!((open.stage, open.reason.as_str()), (Stage::NeedsAttention, "refund_failed"));
    assert_eq!(open.message, "10.00 EUR could not be given back: the account is closed");
    assert_eq!((open.refunds[0].state, open.refunded), (RefundState::Failed, eur(0)));
    let told: Vec<OrderNeedsAttention> = shop.service.told_of();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].message, open.message);
    assert_eq!(&*shop.cancels(&order).await.unwrap_err().reason, "wrong_stage");

    // What failed is not counted as given back: all of it can go.
    let again = shop.refunds(&order, None).await.unwrap();
    assert_eq!((again.stage, again.reason.as_str()), (Stage::Confirmed, ""));
    assert_eq!(shop.refund_due().amount, eur(2580));
    shop.gives_back(&shop.refund_due());
    assert_eq!(shop.stage_of(&order).await, Stage::Refunded);
    shop.nothing_is_dead();
}

#[tokio::test]
async fn money_that_may_have_gone_back_cannot_go_back_again() {
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    shop.refunds(&order, Some(1000)).await.unwrap();
    let due = shop.refund_due();
    shop.loses_track_of(&due);

    let open = shop.order(&order).await;
    assert_eq!((open.stage, open.reason.as_str()), (Stage::NeedsAttention, "refund_outcome_unknown"));
    assert_eq!(open.message, "nobody knows whether 10.00 EUR went back: its payment must be reconciled");
    let told: Vec<OrderNeedsAttention> = shop.service.told_of();
    assert_eq!((&told[0].reason, &told[0].message), (&open.reason, &open.message));
    assert_eq!((open.refunds[0].state, open.refunded), (RefundState::Pending, eur(0)));
    let refused = shop.refunds(&order, Some(2580)).await.unwrap_err();
    assert_eq!(&*refused.reason, "refund_exceeds_payment");
    let advice = "; nobody knows whether 10.00 EUR of it went back: its payment must be reconciled";
    assert!(refused.message.ends_with(advice), "{}", refused.message);

    // The rest can go, whatever became of the first.
    shop.refunds(&order, None).await.unwrap();
    assert_eq!(shop.refund_due().amount, eur(1580));
    shop.gives_back(&shop.refund_due());
    // Somebody asked the provider: it had gone back.
    shop.gives_back(&due);
    let end = shop.order(&order).await;
    assert_eq!((end.stage, end.refunded), (Stage::Refunded, eur(2580)));
    shop.nothing_is_dead();
}

#[tokio::test]
async fn a_person_must_look_until_it_is_known_what_became_of_a_refund() {
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    shop.refunds(&order, Some(1000)).await.unwrap();
    let due = shop.refund_due();
    // The second time somebody has asked the provider, and it was silent again.
    shop.loses_track_of(&due);
    shop.loses_track_of(&due);
    assert_eq!(shop.service.told_of::<OrderNeedsAttention>().len(), 1);

    // Asking for other money says nothing of this.
    let asked = shop.refunds(&order, Some(500)).await.unwrap();
    assert_eq!((asked.stage, asked.reason.as_str()), (Stage::NeedsAttention, "refund_outcome_unknown"));
    shop.gives_back(&shop.refund_due());
    assert_eq!(shop.order(&order).await.reason, "refund_outcome_unknown");

    shop.gives_back(&due);
    let sold = shop.order(&order).await;
    assert_eq!((sold.stage, sold.reason.as_str(), sold.refunded), (Stage::Confirmed, "", eur(1500)));
    // What is repeated later, or was overtaken, opens nothing again.
    shop.loses_track_of(&due);
    assert_eq!(shop.order(&order).await, sold);
    assert_eq!(
        shop.causes(&order).await[3..],
        ["asked_to_refund", "refund_unknown", "asked_to_refund_rest", "part_refunded", "refund_mended"]
    );
    shop.nothing_is_dead();
}

#[tokio::test]
async fn money_of_which_it_is_found_out_that_it_did_not_go_back_can_go_again() {
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    shop.refunds(&order, None).await.unwrap();
    let due = shop.refund_due();
    shop.loses_track_of(&due);
    assert_eq!(&*shop.refunds(&order, Some(1)).await.unwrap_err().reason, "refund_exceeds_payment");
    shop.fails_to_give_back(&due);
    shop.refunds(&order, None).await.unwrap();
    shop.gives_back(&shop.refund_due());
    assert_eq!(shop.stage_of(&order).await, Stage::Refunded);
    shop.nothing_is_dead();
}

#[tokio::test]
async fn a_cancelled_order_stays_open_until_nobody_keeps_its_money() {
    let shop = Shop::open();
    let order = shop.reserved_order().await;
    shop.cancels(&order).await.unwrap();
    shop.captures(&order);
    shop.fails_to_give_back(&shop.refund_due());
    let open = shop.order(&order).await;
    assert_eq!((open.stage, open.reason.as_str()), (Stage::NeedsAttention, "refund_failed"));

    shop.refunds(&order, Some(2000)).await.unwrap();
    shop.gives_back(&shop.refund_due());
    assert_eq!(shop.stage_of(&order).await, Stage::NeedsAttention);
    shop.refunds(&order, None).await.unwrap();
    shop.fails_to_give_back(&shop.refund_due());
    shop.refunds(&order, None).await.unwrap();
    assert_eq!(shop.refund_due().amount, eur(580));
    shop.gives_back(&shop.refund_due());

    let ended = shop.order(&order).await;
    assert_eq!(
        (ended.stage, ended.refunded, ended.reason.as_str()),
        (Stage::Cancelled, eur(2580), "asked_to_cancel")
    );
}

#[tokio::test]
async fn a_refund_that_failed_cannot_have_been_made() {
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    shop.refunds(&order, Some(1000)).await.unwrap();
    let due = shop.refund_due();
    shop.fails_to_give_back(&due);
    shop.loses_track_of(&due);
    shop.nothing_is_dead();
    shop.gives_back(&due);
    assert_eq!(shop.dead_reason(), "contradiction");
    assert_eq!(shop.order(&order).await.refunded, eur(0));
}

#[tokio::test]
async fn whatever_else_happens_what_nobody_knows_is_not_forgotten() {
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    for cents in [1000, 500, 80] {
        shop.refunds(&order, Some(cents)).await.unwrap();
    }
    let due = shop.refunds_due();
    let reason = async || shop.order(&order).await.reason;
    shop.loses_track_of(&due[0]);
    shop.fails_to_give_back(&due[1]);
    shop.loses_track_of(&due[2]);
    assert_eq!(
        shop.order(&order).await.message,
        "nobody knows whether 10.80 EUR went back: its payment must be reconciled"
    );

    // What failed is to be looked at still, once all is found out.
    shop.gives_back(&due[0]);
    assert_eq!(reason().await, "refund_outcome_unknown");
    shop.gives_back(&due[2]);
    assert_eq!(reason().await, "refund_failed");
    shop.refunds(&order, Some(500)).await.unwrap();
    assert_eq!(shop.stage_of(&order).await, Stage::Confirmed);

    // Whoever asks again has looked at what failed, but not at what nobody knows.
    let due = shop.refund_due();
    shop.loses_track_of(&due);
    shop.refunds(&order, Some(20)).await.unwrap();
    shop.fails_to_give_back(&shop.refund_due());
    assert_eq!(reason().await, "refund_outcome_unknown");
    shop.refunds(&order, Some(20)).await.unwrap();
    assert_eq!(reason().await, "refund_outcome_unknown");
    shop.gives_back(&due);
    let sold = shop.order(&order).await;
    assert_eq!((sold.stage, sold.reason.as_str(), sold.refunded), (Stage::Confirmed, "", eur(1580)));
    shop.nothing_is_dead();
}

#[tokio::test]
async fn a_cancelled_order_stays_open_while_nobody_knows_whether_its_money_went_back() {
    for made in [true, false] {
        let shop = Shop::open();
        let order = shop.reserved_order().await;
        shop.cancels(&order).await.unwrap();
        shop.captures(&order);
        let due = shop.refund_due();
        shop.loses_track_of(&due);
        let open = shop.order(&order).await;
        assert_eq!((open.stage, open.reason.as_str()), (Stage::NeedsAttention, "refund_outcome_unknown"));
        assert_eq!(&*shop.refunds(&order, None).await.unwrap_err().reason, "refund_exceeds_payment");

        if made {
            shop.gives_back(&due);
        } else {
            shop.fails_to_give_back(&due);
            assert_eq!(shop.order(&order).await.reason, "refund_failed");
            shop.refunds(&order, None).await.unwrap();
            shop.gives_back(&shop.refund_due());
        }
        let ended = shop.order(&order).await;
        assert_eq!((ended.stage, ended.refunded), (Stage::Cancelled, eur(2580)));
        assert_eq!(ended.reason, "asked_to_cancel");
        shop.nothing_is_dead();
    }
}

#[tokio::test]
async fn an_order_whose_stock_is_gone_gives_back_no_more_than_the_rest() {
    let shop = Shop::open();
    let order = shop.confirmed_order().await;
    shop.refunds(&order, Some(1000)).await.unwrap();
    let due = shop.refund_due();
    shop.loses_track_of(&due);
    shop.refuses(&order, &[("mug-blue", 2, 0)]);
    assert_eq!(shop.refund_due().amount, eur(1580));
    shop.gives_back(&shop.refund_due());
    assert_eq!(shop.order(&order).await.reason, "refund_outcome_unknown");

    shop.fails_to_give_back(&due);
    shop.refunds(&order, None).await.unwrap();
    shop.gives_back(&shop.refund_due());
    let ended = shop.order(&order).await;
    assert_eq!((ended.stage, ended.refunded), (Stage::Refunded, eur(2580)));
    shop.nothing_is_dead();
}
