//! Readings lie in chunks, whatever the order in which they come, and nobody can tell.

use std::collections::BTreeMap;

use contracts::ingest::GetRange;
use ingest::chunk::READINGS_MAX;
use kit::Timestamp;
use proptest::prelude::*;

use crate::house::{House, id};

const DAY_S: i64 = 86_400;

/// A pack of readings of a device, each of so many seconds ago.
fn pack(ago: impl IntoIterator<Item = (i64, i64)>) -> String {
    let records: Vec<String> =
        ago.into_iter().map(|(ago, value)| format!(r#"{{"n":"t","t":-{ago},"v":{value}}}"#)).collect();
    format!("[{}]", records.join(","))
}

/// How many chunks there are.
fn chunks(house: &House) -> usize {
    house.0.sql(|sql| sql.get("SELECT count(*) FROM chunks", [], |row| row.get(0))).unwrap()
}

#[tokio::test]
async fn readings_that_come_one_by_one_fill_chunks() {
    let house = House::open();
    for ago in (1..=300).rev() {
        house.says(1, &pack([(ago, ago)]));
    }
    assert_eq!(chunks(&house), 300_usize.div_ceil(READINGS_MAX));
    assert_eq!(house.readings(1, "t").await.len(), 300);
}

#[tokio::test]
async fn readings_that_come_the_newest_first_take_twice_the_chunks_at_most() {
    let house = House::open();
    for ago in 1..=1000 {
        house.says(1, &pack([(ago, ago)]));
    }
    assert!(chunks(&house) <= 2 * 1000_usize.div_ceil(READINGS_MAX), "{} chunks", chunks(&house));
    let values: Vec<f64> = house.readings(1, "t").await.into_iter().map(|(_, value)| value).collect();
    assert_eq!(values, (1..=1000).rev().map(f64::from).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_range_can_be_read_page_by_page_across_chunks() {
    let house = House::open();
    house.says(1, &pack((0..500).map(|ago| (ago, ago))));
    house.says(1, &pack((0..20).map(|day| (day * DAY_S + 5, -day))));
    let (mut found, mut after): (Vec<(i64, f64)>, _) = (Vec::new(), None);
    loop {
        let from = Timestamp::from_millisecond(house.now() - 10 * DAY_S * 1000).unwrap();
        let metric = "t".parse().unwrap();
        let asked = GetRange { device: id(1), metric, from, to: house.0.now(), limit: Some(7), after };
        let page = house.0.ask(&asked).await.unwrap();
        assert!(page.readings.len() == 7 || page.next.is_none());
        found.extend(page.readings.into_iter().map(<(i64, f64)>::from));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let from = house.now() - 10 * DAY_S * 1000;
    let mut expected = house.readings(1, "t").await;
    expected.retain(|(time, _)| (from..house.now()).contains(time));
    assert_eq!(expected.len(), 499 + 9, "a second of now is left out, and ten days are not whole");
    assert_eq!(found, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_in_whichever_packs_is_there_by_its_time(
        packs in prop::collection::vec(
            (0..6_i64, 0..400_i64, prop::collection::vec(0..300_i64, 1..250)),
            1..25,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let house = House::open();
        let mut expected = BTreeMap::new();
        for (number, (day, begin, steps)) in packs.iter().enumerate() {
            let said: Vec<(i64, i64)> = steps
                .iter()
                .map(|step| (day * DAY_S * 3 / 2 + begin * 60 + step, number as i64))
                .collect();
            for (ago, value) in &said {
                expected.entry(house.now() - ago * 1000).or_insert(*value as f64);
            }
            house.says(1, &pack(said));
        }
        let found = runtime.block_on(house.readings(1, "t"));
        prop_assert_eq!(&found, &expected.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(runtime.block_on(house.tally(1)).accepted, found.len() as u64);
        let rows: Vec<(i64, i64, usize)> = house
            .0
            .sql(|sql| {
                sql.list("SELECT first_ms, last_ms, readings FROM chunks ORDER BY first_ms", [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
            })
            .unwrap();
        prop_assert!(rows.windows(2).all(|two| two[0].1 < two[1].0), "{:?}", rows);
        prop_assert!(rows.iter().all(|row| (1..=READINGS_MAX).contains(&row.2)));
        prop_assert_eq!(rows.iter().map(|row| row.2).sum::<usize>(), found.len());
    }
}
