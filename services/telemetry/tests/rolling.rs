//! Buckets are a function of the set of readings, in whatever order and pieces they come.

use contracts::telemetry::Step;
use proptest::prelude::*;

use crate::house::{House, NOON, series};

#[tokio::test]
async fn late_readings_correct_the_buckets_they_belong_to() {
    let house = House::open();
    let own = series(1, "t");
    house.hears(&own, &[(NOON, 4.0), (NOON + 30_000, 6.0)]);
    house.hears(&own, &[(NOON + 10_000, 20.0)]);
    let minute = house.buckets(&own, Step::Minute).await.remove(0).figures;
    assert_eq!((minute.count, minute.min, minute.max, minute.mean), (3, 4.0, 20.0, 10.0));
    assert_eq!((minute.last, minute.last_at.as_millisecond()), (6.0, NOON + 30_000), "the last by its time");
    house.hears(&own, &[(NOON - 86_400_000, 1.0)]);
    house.agrees(&own).await;
    assert_eq!(house.state().await.readings, 4);
}

#[tokio::test]
async fn an_event_that_comes_twice_counts_once() {
    let house = House::open();
    let own = series(1, "t");
    house.record(&own, &[(NOON, 4.0)]);
    let body = serde_json::to_vec(&house.raw.lock().unwrap().untold[0]).unwrap();
    for _ in 0..2 {
        house.service.hear_at(1, "events.ingest.recorded", "seattle", body.clone()).unwrap();
    }
    assert_eq!(house.buckets(&own, Step::Day).await[0].figures.count, 1);
}

#[tokio::test]
async fn values_that_cannot_be_summed_are_passed_over() {
    let house = House::open();
    let own = series(1, "t");
    house.hears(&own, &[(NOON, 1e290), (NOON + 1, 1e308), (NOON + 2, 1e290)]);
    let day = house.buckets(&own, Step::Day).await.remove(0).figures;
    assert_eq!((day.count, day.mean), (2, 1e290));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn in_any_order_and_any_pieces_buckets_are_those_of_a_plain_computation(
        said in prop::collection::vec((0..200_000_000_i64, -500..500_i64), 1..300),
        cuts in prop::collection::vec(1..60_usize, 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let own = series(1, "t");
        let readings: Vec<(i64, f64)> =
            said.iter().map(|(ago, tenths)| (NOON - ago, *tenths as f64 / 10.0)).collect();
        let play = |readings: &[(i64, f64)]| {
            let house = House::open();
            let mut rest = readings;
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at(*cut.min(&rest.len()));
                house.hears(&own, now);
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            house
        };
        // Twice each, so that there are repeats; of each time the first counts.
        let mut sorted = readings.clone();
        sorted.sort_by_key(|(time, _)| *time);
        sorted.dedup_by_key(|(time, _)| *time);
        let backwards: Vec<(i64, f64)> = sorted.iter().rev().chain(&sorted).copied().collect();
        let (forth, back) = (play(&sorted), play(&backwards));
        runtime.block_on(async {
            forth.agrees(&own).await;
            for step in Step::ALL {
                assert_eq!(forth.buckets(&own, step).await, back.buckets(&own, step).await);
            }
            play(&readings).agrees(&own).await;
        });
    }
}
