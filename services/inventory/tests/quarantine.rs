//! What alarms and scales do to stock.

use std::time::Duration;

use contracts::AlarmId;
use contracts::alert::{Action, AlarmRaised, StockCounted};
use contracts::inventory::{ReleaseStock, StockLow, StockRefused, StockRestocked, StockView, reason};
use kit::id::Id;
use kit::{Event, Example, Result};

use crate::{HOLD, House, named, order};

impl House {
    pub(crate) fn hears_alarm(&self, number: u128, sku: &str) {
        let action = Some(Action::HoldLot { sku: named(sku) });
        self.hear(&AlarmRaised { alarm: AlarmId::from_bits(number), action, ..AlarmRaised::example() });
    }

    pub(crate) fn hears_count(&self, sku: &str, pieces: u64, second: i64) {
        let at = kit::Timestamp::from_second(second).unwrap();
        self.hear(&StockCounted { sku: named(sku), pieces, at, ..StockCounted::example() });
    }

    pub(crate) async fn releases(&self, sku: &str) -> Result<StockView> {
        self.ask(&ReleaseStock { sku: named(sku), reason: "the probe was warm".into() }).await
    }
}

#[tokio::test]
async fn what_an_alarm_puts_aside_is_sold_to_nobody_until_it_is_released() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_alarm(1, "mug");
    let stock = house.stock_of("mug").await;
    assert_eq!((stock.on_hand, stock.held, stock.available, stock.quarantined), (7, 0, 0, true));
    house.hears_placed(order(1), &[("mug", 1)]);
    assert_eq!(house.told_of::<StockRefused>()[0].short[0].available, 0);
    // New goods are put beside the others.
    assert_eq!(house.receives("mug", 3).await.unwrap().available, 0);

    let stock = house.releases("mug").await.unwrap();
    assert_eq!((stock.on_hand, stock.available, stock.quarantined), (10, 10, false));
    house.hears_placed(order(2), &[("mug", 1)]);
    assert_eq!(house.state_of(order(2)).await, "held");
    assert_eq!(house.causes("mug").await, ["received", "quarantined", "received", "freed", "held"]);
}

#[tokio::test]
async fn the_ledger_names_the_alarm() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_alarm(1, "mug");
    let entry = house.ledger_of("mug").await.remove(0);
    let event = AlarmRaised::example();
    let wanted = format!("{} of rule {} for {}", AlarmId::from_bits(1), event.rule, event.device);
    assert_eq!((entry.cause.as_str(), entry.reason), ("quarantined", wanted));
    assert_eq!((entry.on_hand_change, entry.held_change, entry.on_hand), (0, 0, 7));
}

#[tokio::test]
async fn an_alarm_that_is_heard_of_again_does_nothing() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_alarm(1, "mug");
    house.hears_alarm(1, "mug");
    house.releases("mug").await.unwrap();
    house.hears_alarm(1, "mug");
    assert!(!house.stock_of("mug").await.quarantined);
    assert_eq!(house.causes("mug").await, ["received", "quarantined", "freed"]);
    house.hears_alarm(2, "mug");
    assert!(house.stock_of("mug").await.quarantined);
}

#[tokio::test]
async fn an_alarm_without_an_action_or_about_unknown_goods_changes_nothing() {
    let house = House::with(&[("mug", 7)]).await;
    house.hear(&AlarmRaised { action: None, ..AlarmRaised::example() });
    house.hears_alarm(1, "tee");
    house.hears_count("tee", 5, 1);
    assert_eq!(house.causes("mug").await, ["received"]);
    assert_eq!(house.number("SELECT count(*) FROM stock"), 1);
}

#[tokio::test]
async fn two_alarms_are_released_at_once() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_alarm(1, "mug");
    house.hears_alarm(2, "mug");
    assert!(!house.releases("mug").await.unwrap().quarantined);
    let error = house.releases("mug").await.unwrap_err();
    assert_eq!(error.reason, reason::NOT_QUARANTINED);
    assert_eq!(house.number("SELECT count(*) FROM quarantines WHERE released_at_ms IS NULL"), 0);
}

#[tokio::test]
async fn what_is_held_for_an_order_was_promised_and_stays_held() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_placed(order(1), &[("mug", 2)]);
    house.hears_placed(order(2), &[("mug", 3)]);
    house.hears_alarm(1, "mug");
    house.hears_confirmed(order(1), &[("mug", 2)]);
    assert_eq!(house.state_of(order(1)).await, "sold");
    // What comes back stays aside.
    house.hears_cancelled(order(2));
    let stock = house.stock_of("mug").await;
    assert_eq!((stock.on_hand, stock.held, stock.available), (5, 0, 0));
    // What was spoiled is thrown away.
    house.adjusts("mug", -5).await.unwrap();
}

#[tokio::test]
async fn an_order_whose_hold_had_ended_is_refused_from_quarantined_stock() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_placed(order(1), &[("mug", 2)]);
    house.advance(HOLD).await;
    house.hears_alarm(1, "mug");
    house.hears_confirmed(order(1), &[("mug", 2)]);
    assert_eq!(house.state_of(order(1)).await, "refused");
}

#[tokio::test]
async fn quarantined_stock_counts_as_low_and_released_stock_as_restocked() {
    let house = House::with(&[("mug", 20)]).await;
    house.marks("mug", 5, 10).await.unwrap();
    house.hears_alarm(1, "mug");
    assert_eq!(house.told_of::<StockLow>()[0].available, 0);
    house.releases("mug").await.unwrap();
    assert_eq!(house.told_of::<StockRestocked>()[0].available, 20);
}

#[tokio::test]
async fn a_scale_counts_stock_and_an_older_count_changes_nothing() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_count("mug", 9, 10);
    assert_eq!(house.count("mug").await, (9, 0));
    house.hears_count("mug", 5, 8);
    house.hears_count("mug", 5, 10);
    assert_eq!(house.count("mug").await, (9, 0));
    house.hears_count("mug", 5, 12);
    assert_eq!(house.count("mug").await, (5, 0));
    let entry = house.ledger_of("mug").await.remove(0);
    let event = StockCounted::example();
    let wanted = format!("5 counted by {}, rule {}", event.device, event.rule);
    assert_eq!((entry.cause.as_str(), entry.on_hand_change, entry.reason), ("counted", -4, wanted));
    house.hears_count("mug", 5, 13);
    assert_eq!(house.causes("mug").await, ["received", "counted", "counted"]);
}

#[tokio::test]
async fn a_count_that_is_heard_twice_counts_once() {
    let house = House::with(&[("mug", 7)]).await;
    let event = StockCounted { sku: named("mug"), pieces: 5, ..StockCounted::example() };
    let number = house.hear(&event);
    house.receives("mug", 1).await.unwrap();
    let body = serde_json::to_vec(&event).unwrap();
    house.hear_at(number, StockCounted::SUBJECT, &event.key(), body).unwrap();
    house.hear(&event);
    assert_eq!(house.count("mug").await, (6, 0));
}

#[tokio::test]
async fn a_scale_takes_nothing_from_orders_whose_time_is_not_over() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_placed_until(order(1), &[("mug", 2)], house.now() - Duration::from_secs(1));
    house.hears_placed(order(2), &[("mug", 3)]);
    house.hears_count("mug", 1, 1);
    assert_eq!(house.count("mug").await, (3, 3));
    assert_eq!(
        (house.state_of(order(1)).await, house.state_of(order(2)).await),
        ("expired".into(), "held".into())
    );
}
