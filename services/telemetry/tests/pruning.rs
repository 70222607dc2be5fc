//! Buckets are kept as long as their step says.

use std::time::Duration;

use contracts::telemetry::Step;
use telemetry::Settings;

use crate::house::{House, NOON, series};

#[tokio::test]
async fn minutes_go_first_and_days_stay() {
    let house = House::with(Settings::default());
    let own = series(1, "t");
    let hourly: Vec<(i64, f64)> = (0..24 * 100).map(|hour| (NOON - hour * 3_600_000, 1.0)).collect();
    house.hears(&own, &hourly);
    house.service.set_periods().await;
    house.service.advance(Duration::from_secs(1200)).await;
    let kept = house.buckets(&own, Step::Minute).await;
    assert_eq!(kept.len(), 24 * 90);
    assert_eq!(house.buckets(&own, Step::Hour).await.len(), 24 * 100);
    assert_eq!(house.buckets(&own, Step::Day).await.len(), 101);
}

#[tokio::test]
async fn a_late_reading_makes_no_bucket_that_would_look_whole_where_buckets_are_gone() {
    let house = House::with(Settings::default());
    let own = series(1, "t");
    let ago = NOON - 95 * 86_400_000;
    house.hears(&own, &[(ago, 1.0), (ago + 10_000, 2.0), (NOON, 3.0)]);
    house.service.set_periods().await;
    house.service.advance(Duration::from_secs(1200)).await;
    assert_eq!(house.buckets(&own, Step::Minute).await.len(), 1);
    house.hears(&own, &[(ago + 20_000, 9.0)]);
    assert_eq!(house.buckets(&own, Step::Minute).await.len(), 1, "the minute is gone");
    let hour = house.buckets(&own, Step::Hour).await.remove(0).figures;
    assert_eq!((hour.count, hour.max), (3, 9.0), "its hour is kept, and corrected");
}

#[tokio::test]
async fn a_clock_that_was_set_costs_nothing_within_a_day() {
    let house = House::with(Settings::keeping_days(1));
    let own = series(1, "t");
    house.service.set_periods().await;
    house.service.advance(Duration::from_secs(600)).await;
    house.hears(&own, &[(NOON, 1.0)]);
    house.service.set_clock(house.service.now() + Duration::from_secs(300 * 86_400));
    house.service.advance(Duration::from_secs(3000)).await;
    assert_eq!(house.buckets(&own, Step::Minute).await.len(), 1);
}
