//! What is older than what is kept is forgotten, bit by bit.

use std::time::Duration;

use ingest::chunk::READINGS_MAX;
use ingest::prune::CHUNKS_AT_ONCE;

use crate::house::House;

/// Readings of a device, one a second, the last of now.
fn says_for(house: &House, device: u128, seconds: usize) {
    let records: Vec<String> = (0..seconds).map(|ago| format!(r#"{{"n":"t","t":-{ago},"v":1}}"#)).collect();
    house.says(device, &format!("[{}]", records.join(",")));
}

#[tokio::test]
async fn old_readings_go_and_the_latest_stays_known() {
    let house = House::keeping_days(1);
    house.0.set_periods().await;
    // More chunks than one piece of a round removes.
    let seconds = (CHUNKS_AT_ONCE + 10) * READINGS_MAX;
    says_for(&house, 1, seconds);
    says_for(&house, 2, 10);
    for _ in 0..30 {
        // In steps, as a clock runs that nobody sets.
        house.passes(Duration::from_secs(50 * 60)).await;
    }
    house.says(2, r#"[{"n":"t","v":2}]"#);
    assert_eq!(house.readings(1, "t").await, []);
    assert_eq!(house.readings(2, "t").await.len(), 1);
    assert_eq!(house.latest(1).await.metrics[0].value, 1.0);
}

#[tokio::test]
async fn a_clock_that_was_set_costs_nothing_within_a_day() {
    let house = House::keeping_days(1);
    house.0.set_periods().await;
    house.passes(Duration::from_secs(60)).await;
    says_for(&house, 1, 10);
    house.0.set_clock(house.0.now() + Duration::from_secs(400 * 86_400));
    house.passes(Duration::from_secs(600)).await;
    assert_eq!(house.readings(1, "t").await.len(), 10);
}

#[tokio::test]
async fn a_reading_goes_when_the_newest_of_its_day_may() {
    let house = House::keeping_days(2);
    house.0.set_periods().await;
    let records: Vec<String> =
        (0..8).map(|at| format!(r#"{{"n":"t","t":-{},"v":1}}"#, at * 6 * 3600)).collect();
    house.says(1, &format!("[{}]", records.join(",")));
    let hours_pass = async |hours: u64| {
        for _ in 0..hours {
            house.passes(Duration::from_secs(3600)).await;
        }
        house
            .readings(1, "t")
            .await
            .iter()
            .map(|(time, _)| (house.now() - time) / 3_600_000)
            .collect::<Vec<_>>()
    };
    // A chunk covers a day: five of these, and then three.
    assert_eq!(hours_pass(20).await, [62, 56, 50, 44, 38, 32, 26, 20]);
    assert_eq!(hours_pass(11).await, [43, 37, 31]);
}
