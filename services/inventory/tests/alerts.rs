//! The low-stock alert: once for each crossing, and armed again only above a higher mark.

use contracts::inventory::{ListStock, StockLow, StockRestocked, reason};

use crate::{HOLD, House, order};

/// A house with mugs, low at 5 and enough again at 10.
async fn watched(pieces: u64) -> House {
    let house = House::with(&[("mug", pieces)]).await;
    house.marks("mug", 5, 10).await.unwrap();
    house
}

fn alerts(house: &House) -> Vec<String> {
    let marks = ["events.inventory.low_stock", "events.inventory.restocked"];
    let told = house.told().into_iter().filter(|subject| marks.contains(&&**subject));
    told.map(|subject| subject.rsplit('.').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_alert_is_given_once_when_stock_falls_to_its_low_mark() {
    let house = watched(8).await;
    house.hears_placed(order(1), &[("mug", 2)]);
    assert!(alerts(&house).is_empty());
    for number in 2..6 {
        house.hears_placed(order(number), &[("mug", 1)]);
    }
    let [low] = &house.told_of::<StockLow>()[..] else { panic!("one alert is given") };
    assert_eq!((low.sku.as_str(), low.available, low.low_mark), ("mug", 5, 5));
    assert!(house.stock_of("mug").await.low);
}

#[tokio::test]
async fn stock_that_goes_up_and_down_around_its_low_mark_is_told_of_once() {
    let house = watched(6).await;
    for number in 1..5 {
        house.hears_placed(order(number), &[("mug", 3)]);
        house.hears_cancelled(order(number));
    }
    assert_eq!(alerts(&house), ["low_stock"]);
}

#[tokio::test]
async fn the_alert_is_armed_again_at_the_high_mark() {
    let house = watched(6).await;
    house.adjusts("mug", -1).await.unwrap();
    house.receives("mug", 4).await.unwrap();
    assert_eq!(alerts(&house), ["low_stock"]);
    house.receives("mug", 1).await.unwrap();
    assert_eq!(house.told_of::<StockRestocked>()[0].available, 10);
    assert!(!house.stock_of("mug").await.low);
    house.adjusts("mug", -9).await.unwrap();
    assert_eq!(alerts(&house), ["low_stock", "restocked", "low_stock"]);
}

#[tokio::test]
async fn stock_that_is_given_back_arms_the_alert_too() {
    let house = watched(12).await;
    house.hears_placed(order(1), &[("mug", 8)]);
    house.advance(HOLD).await;
    assert_eq!(alerts(&house), ["low_stock", "restocked"]);
}

#[tokio::test]
async fn selling_what_is_held_changes_nothing_about_what_can_be_ordered() {
    let house = watched(12).await;
    house.hears_placed(order(1), &[("mug", 6)]);
    house.hears_confirmed(order(1), &[("mug", 6)]);
    assert_eq!(alerts(&house), [] as [&str; 0]);
    assert_eq!(house.stock_of("mug").await.available, 6);
}

#[tokio::test]
async fn marks_that_are_set_on_low_stock_are_told_of_at_once() {
    let house = watched(3).await;
    assert_eq!(alerts(&house), ["low_stock"]);
    house.marks("mug", 4, 9).await.unwrap();
    assert_eq!(alerts(&house), ["low_stock"]);
    house.marks("mug", 1, 3).await.unwrap();
    assert_eq!(alerts(&house), ["low_stock", "restocked"]);
}

#[tokio::test]
async fn without_a_low_mark_nothing_is_told() {
    let house = watched(3).await;
    let stock = house.marks("mug", 0, 0).await.unwrap();
    assert!(!stock.low);
    house.adjusts("mug", -3).await.unwrap();
    house.receives("mug", 100).await.unwrap();
    assert_eq!(alerts(&house), ["low_stock"]);
}

#[tokio::test]
async fn the_low_mark_is_below_the_high_mark() {
    let house = watched(7).await;
    for (low, high) in [(5, 5), (6, 5), (1, 0), (0, u64::MAX), (u64::MAX - 1, u64::MAX)] {
        assert_eq!(house.marks("mug", low, high).await.unwrap_err().reason, reason::INVALID_MARKS);
    }
    let stock = house.stock_of("mug").await;
    assert_eq!((stock.low_mark, stock.high_mark), (5, 10));
}

#[tokio::test]
async fn only_what_is_low_is_listed_when_asked_for() {
    let house = watched(3).await;
    house.receives("tee", 3).await.unwrap();
    let page = house.ask(&ListStock { low: true, ..ListStock::default() }).await.unwrap();
    let skus: Vec<_> = page.items.iter().map(|stock| stock.sku.as_str()).collect();
    assert_eq!(skus, ["mug"]);
}
