//! Each reading is recorded once, and what is late is history.

use std::time::Duration;

use contracts::ingest::ReadingCounts;
use proptest::prelude::*;

use crate::house::{House, subject};

fn at(house: &House, seconds_ago: i64, value: f64) -> String {
    format!(r#"{{"ts":{},"values":{{"t":{value}}}}}"#, house.now() - seconds_ago * 1000)
}

#[tokio::test]
async fn of_each_time_the_first_value_counts() {
    let house = House::open();
    house.says(1, &at(&house, 10, 1.0));
    house.says(1, &at(&house, 10, 1.0));
    house.says(1, &at(&house, 10, 2.0));
    house.hears(&[
        (subject(1), at(&house, 5, 7.0)),
        (subject(1), at(&house, 5, 8.0)),
        (subject(1), at(&house, 5, 7.0)),
    ]);
    let expected = ReadingCounts { accepted: 2, repeated: 2, conflicting: 2, ..ReadingCounts::default() };
    assert_eq!(house.tally(1).await, expected);
    let now = house.now();
    assert_eq!(house.readings(1, "t").await, [(now - 10_000, 1.0), (now - 5000, 7.0)]);
    let told: usize =
        house.told().iter().flat_map(|event| &event.series).map(|series| series.readings.len()).sum();
    assert_eq!(told, 2, "a repeat is not told");
}

#[tokio::test]
async fn two_devices_and_two_metrics_do_not_repeat_each_other() {
    let house = House::open();
    house.says(1, r#"{"a":1,"b":1}"#);
    house.says(2, r#"{"a":1,"b":1}"#);
    let total = house.counts().await.total;
    assert_eq!((total.accepted, total.repeated), (4, 0));
}

#[tokio::test]
async fn late_readings_are_history_and_never_the_latest() {
    let house = House::open();
    house.says(1, &at(&house, 0, 20.0));
    house.says(1, &at(&house, 30, 10.0));
    house.says(1, &at(&house, 3600, 5.0));
    let latest = house.latest(1).await;
    assert_eq!((latest.metrics.len(), latest.metrics[0].value), (1, 20.0));
    assert_eq!(house.readings(1, "t").await.len(), 3);
    assert_eq!(house.tally(1).await.late, 2);
    let live: Vec<bool> =
        house.told().iter().flat_map(|event| &event.series).map(|series| series.live).collect();
    assert_eq!(live, [true, false, false]);
}

#[tokio::test]
async fn what_is_gathered_for_a_few_minutes_is_live_and_what_is_older_is_not() {
    let house = House::open();
    let pack: Vec<String> = [600, 299, 1].map(|ago| at(&house, ago, 1.0)).into();
    house.says(1, &format!("[{}]", pack.join(",")));
    let told = house.told();
    let series: Vec<(bool, usize)> =
        told[0].series.iter().map(|series| (series.live, series.readings.len())).collect();
    assert_eq!((told.len(), series), (1, vec![(false, 1), (true, 2)]));
}

#[tokio::test]
async fn the_time_of_receipt_is_kept_beside_the_device_s() {
    let house = House::open();
    house.says(1, &at(&house, 90, 1.0));
    house.says(1, &at(&house, -2, 1.0));
    let range = house.range(1, "t").await.unwrap();
    assert_eq!(range.after_ms, [90_000, -2000]);
    let latest = house.latest(1).await;
    assert_eq!(latest.metrics[0].received, house.0.now());
    assert_eq!(house.tally(1).await.ahead, 1);
}

#[tokio::test]
async fn a_repeat_after_a_restart_is_still_a_repeat() {
    let house = House::open();
    let said = at(&house, 1, 1.0);
    house.says(1, &said);
    house.0.reopen();
    house.passes(Duration::from_secs(60)).await;
    house.says(1, &said);
    assert_eq!(house.tally(1).await.repeated, 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_order_the_cuts_and_the_repeats_each_time_has_its_first_value(
        said in prop::collection::vec((0..60_i64, 0..3_i32), 1..200),
        cuts in prop::collection::vec(1..40_usize, 1..20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let house = House::open();
        let mut expected = std::collections::BTreeMap::new();
        let mut rest: Vec<(String, String)> = said
            .iter()
            .map(|(ago, value)| {
                expected.entry(house.now() - ago * 1000).or_insert(f64::from(*value));
                (subject(1), at(&house, *ago, f64::from(*value)))
            })
            .collect();
        for cut in cuts.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let later = rest.split_off(cut.min(rest.len()));
            house.hears(&std::mem::replace(&mut rest, later));
        }
        let found = runtime.block_on(house.readings(1, "t"));
        prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        let counts = runtime.block_on(house.tally(1));
        prop_assert_eq!(counts.accepted + counts.repeated + counts.conflicting, said.len() as u64);
        let mut told: Vec<(i64, f64)> = house
            .told()
            .into_iter()
            .flat_map(|event| event.series)
            .flat_map(|series| series.readings)
            .map(Into::into)
            .collect();
        told.sort_by_key(|(time, _)| *time);
        prop_assert_eq!(told, runtime.block_on(house.readings(1, "t")), "each is told once");
    }
}
