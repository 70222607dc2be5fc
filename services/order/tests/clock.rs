//! A clock that jumps: every deadline comes once, and no order is lost from a list.

use std::time::Duration;

use contracts::order::{ListOrders, Stage};
use order::checkout::PLACED_LIMIT;

use crate::shop::Shop;

const HOUR: Duration = Duration::from_secs(60 * 60);
const TWO_DAYS: Duration = Duration::from_secs(48 * 60 * 60);
const NOTHING: Duration = Duration::ZERO;

#[tokio::test]
async fn a_deadline_comes_once_however_often_the_clock_jumps_over_it() {
    let shop = Shop::open();
    let order = shop.places_two_mugs().await;
    let start = shop.service.now();
    for jump in [TWO_DAYS, HOUR, NOTHING, TWO_DAYS] {
        shop.service.set_clock(start + jump);
        shop.waits(NOTHING).await;
        shop.service.set_clock(start - HOUR);
        shop.waits(NOTHING).await;
    }
    assert_eq!(shop.stage_of(&order).await, Stage::Cancelled);
    assert_eq!(shop.told(), ["placed", "cancelled"]);
    shop.nothing_is_dead();
}

#[tokio::test]
async fn a_clock_that_goes_back_makes_a_deadline_late_by_as_much_and_does_not_lose_it() {
    let shop = Shop::open();
    let order = shop.places_two_mugs().await;
    shop.service.set_clock(shop.service.now() - HOUR);
    shop.waits(PLACED_LIMIT).await;
    assert_eq!(shop.stage_of(&order).await, Stage::Placed, "by the clock it is not due");
    shop.waits(HOUR).await;
    assert_eq!(shop.stage_of(&order).await, Stage::Cancelled);
    assert_eq!(shop.told(), ["placed", "cancelled"]);
}

#[tokio::test]
async fn a_clock_that_stands_still_fires_nothing_and_the_order_goes_on_by_what_is_heard() {
    let shop = Shop::open();
    let order = shop.places_two_mugs().await;
    for _ in 0..3 {
        shop.waits(NOTHING).await;
    }
    shop.reserves(&order);
    shop.captures(&order);
    assert_eq!(shop.stage_of(&order).await, Stage::Confirmed);
    assert_eq!(shop.told(), ["placed", "payment_due", "confirmed"]);
}

#[tokio::test]
async fn stock_and_money_that_come_after_a_deadline_that_a_jump_brought_are_undone() {
    let shop = Shop::open();
    let order = shop.reserved_order().await;
    let start = shop.service.now();
    shop.service.set_clock(start + TWO_DAYS);
    shop.waits(NOTHING).await;
    assert_eq!(shop.stage_of(&order).await, Stage::Cancelled);
    shop.service.set_clock(start);
    shop.captures(&order);
    let due = shop.refund_due();
    assert_eq!(due.amount, order.total);
    shop.gives_back(&due);
    let ended = shop.order(&order).await;
    assert_eq!((ended.stage, ended.refunded), (Stage::Cancelled, order.total));
    shop.nothing_is_dead();
}

#[tokio::test]
async fn a_list_shows_each_order_once_whatever_the_clock_did_between_them() {
    let shop = Shop::open();
    let mut placed = Vec::new();
    for round in 0..4_u32 {
        for _ in 0..3 {
            placed.push(shop.places_two_mugs().await.order);
        }
        let now = shop.service.now();
        shop.service.set_clock(if round % 2 == 0 { now - HOUR } else { now + TWO_DAYS });
    }
    let mut listed = Vec::new();
    let mut page = ListOrders { limit: Some(2), ..ListOrders::default() };
    loop {
        let found = shop.service.ask(&page).await.unwrap();
        listed.extend(found.items.into_iter().map(|order| order.order));
        page.after = found.next;
        if page.after.is_none() {
            break;
        }
    }
    placed.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, placed);
}
