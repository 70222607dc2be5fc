//! The forms in which devices say their readings.

use contracts::ingest::Refusal;
use proptest::prelude::*;

use crate::house::House;

/// Noon of 1 January 2026, which the clock of a scratch service shows.
const NOON: i64 = 1_767_268_800_000;

/// What is recorded of one message: metric, unit, time from now on in milliseconds, value.
async fn recorded(body: &str) -> Vec<(String, String, i64, f64)> {
    let house = House::open();
    house.says(1, body);
    let mut all: Vec<(String, String, i64, f64)> = Vec::new();
    for series in house.told().into_iter().flat_map(|event| event.series) {
        let unit = series.unit.map(|unit| unit.to_string()).unwrap_or_default();
        let one = |reading: contracts::readings::Reading| {
            (series.metric.to_string(), unit.clone(), reading.time - NOON, reading.value)
        };
        all.extend(series.readings.into_iter().map(one));
    }
    all.sort_by(|a, b| (&a.0, a.2).cmp(&(&b.0, b.2)));
    all
}

fn one(metric: &str, unit: &str, time: i64, value: f64) -> (String, String, i64, f64) {
    (metric.to_owned(), unit.to_owned(), time, value)
}

#[tokio::test]
async fn a_bare_number_is_a_value_of_now() {
    assert_eq!(recorded("21.5").await, [one("value", "", 0, 21.5)]);
    assert_eq!(recorded(" -3\n").await, [one("value", "", 0, -3.0)]);
}

#[tokio::test]
async fn a_bare_object_has_a_metric_in_each_field() {
    let said = r#"{"temperature": 4, "open": true}"#;
    assert_eq!(recorded(said).await, [one("open", "", 0, 1.0), one("temperature", "", 0, 4.0)]);
    let said = r#"{"temperature": 4.5, "time": "2026-01-01T11:59:00Z"}"#;
    assert_eq!(recorded(said).await, [one("temperature", "", -60_000, 4.5)]);
}

#[tokio::test]
async fn one_time_may_have_several_values_and_a_list_several_times() {
    let said =
        r#"[{"ts": 1767268799000, "values": {"a": 1, "b": 2}}, {"ts": 1767268798, "values": {"a": 3}}]"#;
    assert_eq!(
        recorded(said).await,
        [one("a", "", -2000, 3.0), one("a", "", -1000, 1.0), one("b", "", -1000, 2.0)]
    );
}

#[tokio::test]
async fn an_object_may_name_its_metric_and_its_unit() {
    let said = r#"{"metric": "weight", "value": 1.25, "unit": "kg", "time": 1767268800500}"#;
    assert_eq!(recorded(said).await, [one("weight", "kg", 500, 1.25)]);
}

#[tokio::test]
async fn the_multiple_datapoints_of_the_rfc_are_read_with_their_base_values() {
    // RFC 8428, section 5.1.2, with times before the clock of the test.
    let said = r#"[{"bn":"urn:dev:ow:10e2073a0108006:","bt":1767268700.001,"bu":"A","bver":5,
                    "n":"voltage","u":"V","v":120.1},
                   {"n":"current","t":-5,"v":1.2},{"n":"current","t":-4,"v":1.3},{"n":"current","v":1.7}]"#;
    let name = |end: &str| format!("urn:dev:ow:10e2073a0108006:{end}");
    assert_eq!(
        recorded(said).await,
        [
            one(&name("current"), "A", -104_999, 1.2),
            one(&name("current"), "A", -103_999, 1.3),
            one(&name("current"), "A", -99_999, 1.7),
            one(&name("voltage"), "V", -99_999, 120.1),
        ]
    );
}

#[tokio::test]
async fn times_below_two_to_the_28th_are_relative_to_the_receipt() {
    let said = r#"[{"n":"a","v":1},{"n":"b","t":0,"v":1},{"n":"c","t":-60.5,"v":1},{"n":"d","t":30,"v":1}]"#;
    let times: Vec<i64> = recorded(said).await.iter().map(|(_, _, time, _)| *time).collect();
    assert_eq!(times, [0, 0, -60_500, 30_000]);
    // What counts is the sum of both: a base time of now makes absolute times of small ones.
    let said = r#"[{"bn":"a","bt":1767268740,"v":1},{"t":30,"v":2}]"#;
    let times: Vec<i64> = recorded(said).await.iter().map(|(_, _, time, _)| *time).collect();
    assert_eq!(times, [-60_000, -30_000]);
    // The largest of the relative ones, and the smallest of the absolute ones.
    let house = House::open();
    house.says(1, r#"[{"n":"a","t":268435455,"v":1},{"n":"a","t":268435456,"v":1}]"#);
    assert_eq!(house.refused(1).await, [(Refusal::TooFarAhead, 1), (Refusal::TooOld, 1)]);
}

#[tokio::test]
async fn base_values_are_added_and_sums_and_truths_are_metrics() {
    let said = r#"[{"bn":"m/","bv":20,"bs":100,"n":"a","v":1.5,"s":7},{"n":"b","vb":true},{"n":"c","s":-1}]"#;
    assert_eq!(
        recorded(said).await,
        [
            one("m/a", "", 0, 21.5),
            one("m/a:sum", "", 0, 107.0),
            one("m/b", "", 0, 1.0),
            one("m/c:sum", "", 0, 99.0)
        ]
    );
}

#[tokio::test]
async fn a_record_may_stand_alone() {
    let said = r#"{"bn":"urn:dev:","n":"temperature","u":"Cel","t":-5,"v":4.2}"#;
    assert_eq!(recorded(said).await, [one("urn:dev:temperature", "Cel", -5000, 4.2)]);
    // An object whose fields only have such names is none.
    assert_eq!(recorded(r#"{"v":230,"n":4}"#).await, [one("n", "", 0, 4.0), one("v", "", 0, 230.0)]);
}

#[tokio::test]
async fn a_pack_that_must_be_understood_and_is_not_is_put_aside_whole() {
    for said in [
        r#"[{"bver":11,"n":"a","v":1}]"#,
        r#"[{"n":"a","v":1},{"n":"b","v":2,"key_":1}]"#,
        r#"[{"bn":7,"n":"a","v":1}]"#,
        r#"[{"n":"a","bt":"now","v":1}]"#,
        r#"{"n":"a","v":1,"key_":1}"#,
    ] {
        let house = House::open();
        house.says(1, said);
        assert_eq!(house.refused(1).await, [(Refusal::Unreadable, 1)], "{said}");
        let letters = house.0.dead_letters();
        assert_eq!((letters.len(), letters[0].body.as_str()), (1, said));
        assert_eq!(letters[0].reason, "unreadable");
        assert!(house.told().is_empty());
    }
    assert_eq!(recorded(r#"[{"bver":10,"n":"a","v":1}]"#).await, [one("a", "", 0, 1.0)]);
}

#[tokio::test]
async fn a_record_without_a_value_only_sets_the_base() {
    let said = r#"[{"bn":"t","bu":"Cel"},{"v":4.1}]"#;
    assert_eq!(recorded(said).await, [one("t", "Cel", 0, 4.1)]);
}

#[tokio::test]
async fn texts_with_escapes_are_read_too() {
    assert_eq!(recorded(r#"[{"n":"temp\u0065rature","v":1}]"#).await, [one("temperature", "", 0, 1.0)]);
}

#[test]
fn an_empty_object_takes_no_room() {
    // Of a message of a megabyte that says nothing else there are hundreds of thousands.
    let objects: Vec<ingest::json::Object<'_>> = serde_json::from_str("[{},{}]").unwrap();
    assert!(objects.iter().all(|object| object.0.capacity() == 0));
}

proptest! {
    #[test]
    fn whatever_a_device_says_nothing_is_found_before_an_error_and_no_value_is_none(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        text in r#"[\[\]{}",:0-9.eE+ntvbs\-]{0,60}"#,
    ) {
        for body in [&bytes[..], text.as_bytes()] {
            let mut found = 0;
            let read = ingest::payload::read(body, NOON, |item| {
                found += 1;
                assert!(item.is_ok_and(|item| item.value.is_finite()) || item.is_err());
            });
            prop_assert!(read.is_ok() || found == 0);
        }
    }
}
