//! What an order's events do to its stock: held, extended, sold, given back; once each.

use contracts::inventory::{HoldExpired, StockRefused, StockReserved};

use crate::{HOLD, House, lines_of, minutes, order};

#[tokio::test]
async fn an_order_holds_what_it_asks_for() {
    let house = House::with(&[("mug", 7), ("tee", 2)]).await;
    house.hears_placed(order(1), &[("tee", 2), ("mug", 3)]);

    assert_eq!(house.count("mug").await, (7, 3));
    assert_eq!(house.count("tee").await, (2, 2));
    let [reserved] = &house.told_of::<StockReserved>()[..] else { panic!("one order is told of") };
    let hold = house.hold_of(order(1)).await.unwrap();
    assert_eq!(
        (reserved.order, reserved.hold, reserved.expires_at),
        (order(1), hold.hold, house.now() + HOLD)
    );
    assert_eq!((&*hold.state, hold.pinned, hold.expires_at), ("held", false, reserved.expires_at));
}

#[tokio::test]
async fn an_order_holds_everything_or_nothing_and_hears_of_every_short_line() {
    let house = House::with(&[("mug", 7), ("tee", 2), ("hat", 1)]).await;
    house.hears_placed(order(1), &[("tee", 3), ("mug", 7), ("hat", 5), ("cup", 1)]);

    let [refused] = &house.told_of::<StockRefused>()[..] else { panic!("one order is told of") };
    let short: Vec<_> =
        refused.short.iter().map(|line| (line.sku.as_str(), line.asked.get(), line.available)).collect();
    assert_eq!(short, [("cup", 1, 0), ("hat", 5, 1), ("tee", 3, 2)]);
    for sku in ["mug", "tee", "hat"] {
        assert_eq!(house.causes(sku).await, ["received"]);
    }
    assert_eq!(house.state_of(order(1)).await, "refused");
}

#[tokio::test]
async fn a_product_that_an_order_lists_twice_is_held_once_in_sum() {
    let house = House::with(&[("mug", 3)]).await;
    house.hears_placed(order(1), &[("mug", 2), ("mug", 1)]);
    house.hears_placed(order(2), &[("mug", 1), ("mug", 1)]);
    assert_eq!(house.count("mug").await, (3, 3));
    let refused = house.told_of::<StockRefused>();
    assert_eq!((refused[0].order, refused[0].short[0].asked.get()), (order(2), 2));
}

#[tokio::test]
async fn hundreds_of_orders_for_the_last_seven_leave_seven_reserved() {
    let house = House::with(&[("mug", 7)]).await;
    for number in 0..300 {
        house.hears_placed(order(number), &[("mug", 1)]);
    }
    assert_eq!(house.told_of::<StockReserved>().len(), 7);
    assert_eq!(house.told_of::<StockRefused>().len(), 293);
    assert_eq!(house.count("mug").await, (7, 7));
}

#[tokio::test]
async fn an_order_that_is_heard_of_again_changes_nothing() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_placed(order(1), &[("mug", 5)]);
    house.hears_placed(order(2), &[("mug", 3)]);
    let told = house.told();
    house.receives("mug", 10).await.unwrap();
    for _ in 0..3 {
        house.hears_placed(order(1), &[("mug", 5)]);
        house.hears_placed(order(2), &[("mug", 3)]);
    }
    assert_eq!(house.told(), told);
    assert_eq!(house.count("mug").await, (17, 5));
}

#[tokio::test]
async fn a_hold_expires_when_its_time_is_over() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_placed(order(1), &[("mug", 5)]);
    house.advance(HOLD - minutes(1)).await;
    assert_eq!(house.count("mug").await, (7, 5));

    house.advance(minutes(1)).await;
    assert_eq!(house.count("mug").await, (7, 0));
    assert_eq!(house.causes("mug").await, ["received", "held", "expired"]);
    let [expired] = &house.told_of::<HoldExpired>()[..] else { panic!("one order is told of") };
    let hold = house.hold_of(order(1)).await.unwrap();
    assert_eq!((expired.order, expired.hold, &*hold.state), (order(1), hold.hold, "expired"));
}

#[tokio::test]
async fn a_payment_that_is_being_tried_keeps_the_stock() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_placed(order(1), &[("mug", 5)]);
    let until = house.now() + 3 * HOLD;
    house.hears_payment_due(order(1), until);
    assert_eq!(house.hold_of(order(1)).await.unwrap().expires_at, until);

    house.advance(2 * HOLD).await;
    assert_eq!(house.state_of(order(1)).await, "held");
    house.advance(HOLD).await;
    assert_eq!(house.state_of(order(1)).await, "expired");
    assert_eq!(house.told_of::<HoldExpired>().len(), 1);
}

#[tokio::test]
async fn a_hold_is_never_shortened() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_placed(order(1), &[("mug", 5)]);
    house.hears_payment_due(order(1), house.now() + minutes(1));
    assert_eq!(house.hold_of(order(1)).await.unwrap().expires_at, house.now() + HOLD);
    house.advance(minutes(2)).await;
    assert_eq!(house.state_of(order(1)).await, "held");
}

#[tokio::test]
async fn a_hold_that_has_ended_is_not_extended() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_placed(order(1), &[("mug", 5)]);
    house.hears_cancelled(order(1));
    house.hears_payment_due(order(1), house.now() + 3 * HOLD);
    house.hears_payment_due(order(2), house.now() + 3 * HOLD);
    house.advance(5 * HOLD).await;
    assert_eq!(house.state_of(order(1)).await, "released");
    assert_eq!(house.state_of(order(2)).await, "none");
}

#[tokio::test]
async fn a_hold_waits_for_the_person_who_decides() {
    let house = House::with(&[("mug", 7)]).await;
    for number in [1, 2] {
        house.hears_placed(order(number), &[("mug", 3)]);
        house.hears_needs_attention(order(number));
    }
    // The word of a payment that was asked for before comes late, and again.
    house.hears_payment_due(order(1), house.now() + 2 * HOLD);
    house.hears_needs_attention(order(1));
    house.advance(100 * HOLD).await;
    assert!(house.hold_of(order(1)).await.unwrap().pinned);
    assert_eq!(house.count("mug").await, (7, 6));
    house.hears_placed(order(3), &[("mug", 2)]);
    assert_eq!(house.state_of(order(3)).await, "refused");

    house.hears_confirmed(order(1), &[("mug", 3)]);
    house.hears_cancelled(order(2));
    assert_eq!(house.count("mug").await, (4, 0));
}

#[tokio::test]
async fn a_cancelled_order_gives_its_stock_back() {
    let house = House::with(&[("mug", 7), ("tee", 2)]).await;
    house.hears_placed(order(1), &[("mug", 5), ("tee", 2)]);
    house.hears_cancelled(order(1));
    assert_eq!(house.count("mug").await, (7, 0));
    assert_eq!(house.count("tee").await, (2, 0));
    let last = house.ledger_of("mug").await.remove(0);
    assert_eq!((&*last.cause, &*last.reason), ("released", "the card was declined: insufficient funds"));
}

#[tokio::test]
async fn stock_is_given_back_once_however_often_and_in_whatever_way() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_placed(order(1), &[("mug", 5)]);
    house.hears_cancelled(order(1));
    house.hears_cancelled(order(1));
    house.advance(2 * HOLD).await;
    house.hears_cancelled(order(1));
    assert_eq!(house.causes("mug").await, ["received", "held", "released"]);

    house.hears_placed(order(2), &[("mug", 5)]);
    house.advance(2 * HOLD).await;
    house.hears_cancelled(order(2));
    assert_eq!(house.causes("mug").await[3..], ["held", "expired"]);
    assert_eq!(house.told_of::<HoldExpired>().len(), 1);
}

#[tokio::test]
async fn a_paid_order_takes_its_stock_out_of_the_house_once() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_placed(order(1), &[("mug", 5)]);
    for _ in 0..3 {
        house.hears_confirmed(order(1), &[("mug", 5)]);
    }
    house.hears_cancelled(order(1));
    house.hears_needs_attention(order(1));
    house.advance(2 * HOLD).await;
    assert_eq!(house.count("mug").await, (2, 0));
    assert_eq!(house.causes("mug").await, ["received", "held", "sold"]);
    assert_eq!(house.state_of(order(1)).await, "sold");
}

#[tokio::test]
async fn an_order_that_is_paid_after_its_hold_expired_gets_its_stock_if_there_is_enough() {
    let house = House::with(&[("mug", 7), ("tee", 2)]).await;
    let lines = [("mug", 5), ("tee", 1)];
    house.hears_placed(order(1), &lines);
    house.advance(2 * HOLD).await;
    house.hears_confirmed(order(1), &lines);
    house.hears_confirmed(order(1), &lines);

    assert_eq!(house.count("mug").await, (2, 0));
    assert_eq!(house.causes("tee").await, ["received", "held", "expired", "held", "sold"]);
    assert_eq!(house.state_of(order(1)).await, "sold");
    assert_eq!(house.told_of::<StockRefused>(), []);
    // What was never heard of as placed is sold all the same.
    house.hears_confirmed(order(2), &[("mug", 2)]);
    assert_eq!(house.count("mug").await, (0, 0));
}

#[tokio::test]
async fn an_order_that_is_paid_too_late_hears_of_every_short_line_once() {
    let house = House::with(&[("mug", 7), ("tee", 2), ("hat", 1)]).await;
    let lines = [("mug", 5), ("tee", 1), ("hat", 1)];
    house.hears_placed(order(1), &lines);
    house.advance(2 * HOLD).await;
    house.hears_placed(order(2), &[("mug", 6), ("hat", 1)]);
    house.hears_confirmed(order(1), &lines);

    let [refused] = &house.told_of::<StockRefused>()[..] else { panic!("one order is told of") };
    let short: Vec<_> =
        refused.short.iter().map(|line| (line.sku.as_str(), line.asked.get(), line.available)).collect();
    assert_eq!((refused.order, short), (order(1), vec![("hat", 1, 0), ("mug", 5, 1)]));
    assert_eq!(house.count("tee").await, (2, 0));

    // Its money is on the way back: stock that comes in meanwhile is not for it.
    house.receives("mug", 100).await.unwrap();
    house.receives("hat", 100).await.unwrap();
    house.hears_confirmed(order(1), &lines);
    assert_eq!(house.told_of::<StockRefused>().len(), 1);
    assert_eq!(house.count("mug").await, (107, 6));
    assert_eq!(house.state_of(order(1)).await, "refused");
}

#[tokio::test]
async fn nobody_is_refused_because_a_timer_is_late() {
    let house = House::with(&[("mug", 7), ("tee", 1)]).await;
    let over = house.now();
    house.hears_placed_until(order(1), &[("mug", 3)], over - minutes(2));
    house.hears_placed_until(order(2), &[("mug", 3), ("tee", 1)], over - minutes(3));
    house.hears_placed_until(order(3), &[("tee", 1)], over);
    assert_eq!(house.state_of(order(2)).await, "expired");
    assert_eq!(house.state_of(order(1)).await, "held");

    // One of them was asked for the tee; the other goes when its mugs are wanted.
    house.hears_placed(order(4), &[("mug", 5)]);
    assert_eq!(house.state_of(order(1)).await, "expired");
    assert_eq!(house.state_of(order(4)).await, "held");
    assert_eq!(house.count("mug").await, (7, 5));
    house.advance(minutes(1)).await;
    assert_eq!(house.state_of(order(3)).await, "expired");
    let expired: Vec<_> = house.told_of::<HoldExpired>().into_iter().map(|hold| hold.order).collect();
    assert_eq!(expired, [order(2), order(1), order(3)]);
}

#[tokio::test]
async fn a_hold_whose_time_is_over_is_still_sold_if_nobody_else_took_it() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_placed_until(order(1), &[("mug", 3)], house.now());
    house.hears_confirmed(order(1), &[("mug", 3)]);
    assert_eq!(house.causes("mug").await, ["received", "held", "sold"]);
}

#[tokio::test]
async fn an_order_that_was_cancelled_first_holds_nothing() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_cancelled(order(1));
    house.hears_placed(order(1), &[("mug", 3)]);
    assert_eq!(house.count("mug").await, (7, 0));
    assert_eq!(house.told(), [] as [&str; 0]);
}

#[tokio::test]
async fn an_event_that_should_not_exist_is_set_aside_and_the_world_goes_on() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_placed(order(1), &[]);
    house.hears_placed(order(2), &[("mug", 10_000), ("mug", 1)]);
    house.hear_raw("events.order.placed", &order(3).to_string(), "{\"order\":");
    house.hears_placed(order(4), &[("mug", 1)]);
    let reasons: Vec<_> = house.dead_letters().into_iter().map(|letter| letter.reason).collect();
    assert_eq!(reasons, ["nothing_to_hold", "invalid_quantity", "invalid_body"]);
    assert_eq!(house.count("mug").await, (7, 1));
}

#[tokio::test]
async fn an_order_of_very_many_products_is_held_and_given_back() {
    let skus: Vec<String> = (0..100).map(|number| format!("mug-{number:03}")).collect();
    let stock: Vec<_> = skus.iter().map(|sku| (&**sku, 2)).collect();
    let house = House::with(&stock).await;
    let lines: Vec<_> = skus.iter().map(|sku| (&**sku, 2)).collect();
    assert_eq!(lines_of(&lines).len(), 100);
    house.hears_placed(order(1), &lines);
    house.hears_placed(order(2), &lines);
    assert_eq!(house.told_of::<StockRefused>()[0].short.len(), 100);
    house.hears_cancelled(order(1));
    assert_eq!(house.number("SELECT sum(held) FROM stock"), 0);
}
