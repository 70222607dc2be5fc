//! A rebuild gives the same buckets, whatever is recorded and heard meanwhile.

use std::time::Duration;

use contracts::telemetry::{RebuildTelemetry, Step};
use proptest::prelude::*;
use telemetry::Settings;

use crate::house::{House, NOON, series};

async fn rebuild(house: &House) {
    let asked = house.service.ask(&RebuildTelemetry {}).await.unwrap();
    assert!(asked.began);
    finish(house).await;
    assert_eq!(house.state().await.generation, asked.generation);
}

/// Asks on until there is nothing more to ask.
async fn finish(house: &House) {
    while house.state().await.rebuild.is_some() {
        assert!(house.service.work().await > 0, "a rebuild that runs has a question");
    }
    house.service.advance(Duration::ZERO).await;
}

#[tokio::test]
async fn a_rebuild_mends_what_is_wrong() {
    let house = House::open();
    for device in 1..=5 {
        house.record(
            &series(device, "t"),
            &(0..20).map(|at| (NOON + at * 1000, at as f64)).collect::<Vec<_>>(),
        );
    }
    // None of it was heard, as after a database was lost; what was told is gone.
    house.raw.lock().unwrap().untold.clear();
    rebuild(&house).await;
    for device in 1..=5 {
        house.agrees(&series(device, "t")).await;
    }
    rebuild(&house).await;
    let state = house.state().await;
    assert_eq!((state.series, state.generation, state.rebuilt_at), (5, 3, Some(house.service.now())));
    house.agrees(&series(3, "t")).await;
}

#[tokio::test]
async fn a_rebuild_goes_on_after_a_restart_and_a_second_one_is_the_first() {
    let house = House::open();
    let own = series(1, "t");
    house.hears(&own, &(0..30).map(|at| (NOON + at * 1000, 1.0)).collect::<Vec<_>>());
    let first = house.service.ask(&RebuildTelemetry {}).await.unwrap();
    house.service.work().await;
    house.service.work().await;
    let second = house.service.ask(&RebuildTelemetry {}).await.unwrap();
    assert_eq!((first.began, second.began, second.generation), (true, false, first.generation));
    house.service.reopen();
    let progress = house.state().await.rebuild.unwrap();
    assert_eq!((progress.generation, progress.readings), (2, 7));
    finish(&house).await;
    house.agrees(&own).await;
}

#[tokio::test]
async fn a_second_rebuild_before_everything_of_the_first_was_heard_counts_nothing_twice() {
    let house = House::open();
    let own = series(1, "t");
    house.record(&own, &[(NOON, 1.0), (NOON + 1000, 2.0)]);
    rebuild(&house).await;
    let second = house.service.ask(&RebuildTelemetry {}).await.unwrap();
    assert!(second.began);
    // The first rebuild has counted it; it is heard while the second has not read it yet.
    house.hear();
    house.agrees(&own).await;
    finish(&house).await;
    house.agrees(&own).await;
}

#[tokio::test]
async fn buckets_of_readings_that_are_not_kept_any_more_stay() {
    let house = House::open();
    let own = series(1, "t");
    house.hears(&own, &(0..40).map(|at| (NOON - at * 3_600_000, at as f64)).collect::<Vec<_>>());
    let before = house.buckets(&own, Step::Hour).await;
    let days = house.buckets(&own, Step::Day).await;
    // Ingest forgets all but the last five hours.
    house.raw.lock().unwrap().readings.get_mut(&own).unwrap().retain(|time, _| *time > NOON - 5 * 3_600_000);
    rebuild(&house).await;
    assert_eq!(house.buckets(&own, Step::Hour).await, before);
    assert_eq!(house.buckets(&own, Step::Day).await, days);
}

#[tokio::test]
async fn old_buckets_are_removed_and_an_empty_house_can_be_rebuilt() {
    let house = House::with(Settings::default());
    rebuild(&house).await;
    let own = series(1, "t");
    house.hears(&own, &(0..1500).map(|at| (NOON - at * 60_000, 1.0)).collect::<Vec<_>>());
    rebuild(&house).await;
    let generations = house.service.sql(telemetry::store::newest_generation).unwrap();
    assert_eq!(generations, 3);
    house.agrees(&own).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// 0: record; 1: hear one event; 2: ask one question; 3: restart.
    #[test]
    fn whatever_is_recorded_and_heard_during_a_rebuild_counts_once(
        said in prop::collection::vec((0..4_u8, 1..4_u128, 0..100_i64, 0..50_i64), 10..150),
        begins in 0..100_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let house = House::open();
            for (at, (what, device, from, tenths)) in said.iter().enumerate() {
                if at == begins % said.len() || at == said.len() / 2 {
                    house.service.ask(&RebuildTelemetry {}).await.unwrap();
                }
                match what {
                    0 => {
                        let times = (*from..from + 5).map(|at| (NOON + at * 20_000, *tenths as f64 / 10.0));
                        house.record(&series(*device, "t"), &times.collect::<Vec<_>>());
                    }
                    1 => {
                        let event = {
                            let mut raw = house.raw.lock().unwrap();
                            (!raw.untold.is_empty()).then(|| raw.untold.remove(0))
                        };
                        if let Some(event) = event {
                            house.service.hear(&event);
                        }
                    }
                    2 => drop(house.service.work().await),
                    _ => house.service.reopen(),
                }
            }
            finish(&house).await;
            house.hear();
            for device in 1..4 {
                let own = series(device, "t");
                if house.raw.lock().unwrap().readings.contains_key(&own) {
                    house.agrees(&own).await;
                }
            }
        });
    }
}
