//! Receiving, correcting, and asking what is there.

use contracts::inventory::{GetStock, ReceiveStock, STOCK_MAX, reason};
use kit::Kind;

use crate::{House, named, order};

#[tokio::test]
async fn what_is_received_can_be_ordered() {
    let house = House::empty();
    let stock = house.receives("mug", 7).await.unwrap();
    assert_eq!((stock.on_hand, stock.held, stock.available, stock.low), (7, 0, 7, false));
    assert_eq!(house.receives("mug", 3).await.unwrap().available, 10);
    assert_eq!(house.stock_of("mug").await.on_hand, 10);
}

#[tokio::test]
async fn every_change_has_a_cause_and_a_reason() {
    let house = House::with(&[("mug", 7)]).await;
    house.adjusts("mug", -2).await.unwrap();
    house.hears_placed(order(1), &[("mug", 3)]);
    house.hears_confirmed(order(1), &[("mug", 3)]);

    let ledger = house.ledger_of("mug").await;
    let told: Vec<_> = ledger
        .iter()
        .map(|entry| {
            (
                &*entry.cause,
                entry.on_hand_change,
                entry.held_change,
                entry.on_hand,
                entry.held,
                entry.order,
                &*entry.reason,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("sold", -3, -3, 2, 0, Some(order(1)), ""),
            ("held", 0, 3, 5, 3, Some(order(1)), ""),
            ("adjusted", -2, 0, 5, 0, None, "counted"),
            ("received", 7, 0, 7, 0, None, "delivery 4711"),
        ]
    );
}

#[tokio::test]
async fn a_delivery_needs_no_reason() {
    let house = House::empty();
    house.ask(&ReceiveStock { sku: named("mug"), quantity: 1, reason: String::new() }).await.unwrap();
    assert_eq!(house.count("mug").await, (1, 0));
}

#[tokio::test]
async fn a_delivery_that_is_told_twice_under_one_key_came_once() {
    let house = House::empty();
    let delivery = |quantity| ReceiveStock { sku: named("mug"), quantity, reason: "delivery 4711".into() };
    let first = house.ask_as("delivery-4711", &delivery(7)).await.unwrap();
    assert_eq!(house.ask_as("delivery-4711", &delivery(7)).await.unwrap(), first);
    let other = house.ask_as("delivery-4711", &delivery(8)).await.unwrap_err();
    assert_eq!(other.reason, kit::error::reason::IDEMPOTENCY_KEY_REUSED);
    assert_eq!(house.count("mug").await, (7, 0));
}

#[tokio::test]
async fn what_is_held_cannot_be_corrected_away() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_placed(order(1), &[("mug", 4)]);

    let refused = house.adjusts("mug", -4).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Refused, reason::NOT_ENOUGH_STOCK));
    assert_eq!(
        refused.details.unwrap(),
        serde_json::json!({ "sku": "mug", "fewer": 4, "on_hand": 7, "held": 4 })
    );
    assert_eq!(house.count("mug").await, (7, 4));
    assert_eq!(house.adjusts("mug", -3).await.unwrap().available, 0);
}

#[tokio::test]
async fn what_should_be_free_by_now_can_be_corrected_away() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_placed_until(order(1), &[("mug", 4)], house.now());
    assert_eq!(house.adjusts("mug", -7).await.unwrap().on_hand, 0);
    assert_eq!(house.state_of(order(1)).await, "expired");
}

#[tokio::test]
async fn there_is_no_more_than_can_be_counted() {
    let house = House::with(&[("mug", STOCK_MAX)]).await;
    for refused in [house.receives("mug", 1).await, house.adjusts("mug", 1).await] {
        let refused = refused.unwrap_err();
        assert_eq!((refused.kind, &*refused.reason), (Kind::Refused, reason::TOO_MUCH_STOCK));
    }
    assert_eq!(house.count("mug").await, (STOCK_MAX, 0));
}

#[tokio::test]
async fn what_was_never_received_is_not_known() {
    let house = House::with(&[("mug", 7)]).await;
    let unknown = [
        house.ask(&GetStock { sku: named("cup") }).await.unwrap_err(),
        house.adjusts("cup", 1).await.unwrap_err(),
        house.adjusts("cup", -1).await.unwrap_err(),
        house.marks("cup", 1, 2).await.unwrap_err(),
    ];
    for error in unknown {
        assert_eq!((error.kind, &*error.reason), (Kind::NotFound, reason::UNKNOWN_SKU));
        assert_eq!(error.message, "no stock of cup was ever received");
    }
}
