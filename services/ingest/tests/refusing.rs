//! What is not recorded is counted by its reason, and takes nothing else along.

use std::time::Duration;

use contracts::ingest::{GetCounts, Refusal};
use ingest::gather::METRICS_MAX;
use ingest::rate::{READINGS_AT_ONCE, READINGS_PER_SECOND};
use proptest::prelude::*;

use crate::house::{House, id, site, subject};

#[tokio::test]
async fn what_is_wrong_in_a_message_is_counted_and_the_rest_recorded() {
    let house = House::open();
    house.says(
        1,
        r#"{"good":1,"text":"warm","list":[1],"none":null,"deep":{"a":1},"no name":2,"huge":1e300,"also_good":2}"#,
    );
    assert_eq!(house.refused(1).await, [(Refusal::NotANumber, 5), (Refusal::InvalidMetric, 1)]);
    assert_eq!(house.tally(1).await.accepted, 2);
    assert_eq!(house.0.dead_letters(), []);
}

#[tokio::test]
async fn a_clock_may_differ_only_so_much() {
    let house = House::open();
    let now = house.now();
    let five_minutes = 5 * 60 * 1000;
    for (metric, ts) in [
        ("ahead", now + five_minutes),
        ("too_far_ahead", now + five_minutes + 1),
        ("old", now - 90 * 86_400_000),
        ("too_old", now - 90 * 86_400_000 - 1),
    ] {
        house.says(1, &format!(r#"{{"ts":{ts},"values":{{"{metric}":1}}}}"#));
    }
    assert_eq!(house.refused(1).await, [(Refusal::TooFarAhead, 1), (Refusal::TooOld, 1)]);
    let metrics: Vec<String> =
        house.latest(1).await.metrics.iter().map(|one| one.metric.to_string()).collect();
    assert_eq!(metrics, ["ahead", "old"]);
}

#[tokio::test]
async fn a_time_that_is_none_is_refused() {
    let house = House::open();
    house.says(1, r#"{"ts":"yesterday","values":{"a":1,"b":2}}"#);
    house.says(1, r#"[{"n":"a","t":1e300,"v":1}]"#);
    house.says(1, r#"[{"n":"a","t":"now","v":1}]"#);
    assert_eq!(house.refused(1).await, [(Refusal::InvalidTime, 4)]);
}

#[tokio::test]
async fn what_cannot_be_read_becomes_a_dead_letter_with_its_bytes_and_can_be_tried_again() {
    let house = House::open();
    for body in ["", "warm", "{\"a\":", "[21.5]", "\u{0}\u{1}", "[{\"n\":\"a\",\"v\":1}"] {
        house.says(1, body);
    }
    house.says(1, "7");
    let bodies: Vec<String> = house.0.dead_letters().into_iter().map(|letter| letter.body).collect();
    assert_eq!(bodies, ["", "warm", "{\"a\":", "[21.5]", "\u{0}\u{1}", "[{\"n\":\"a\",\"v\":1}"]);
    assert_eq!(house.refused(1).await, [(Refusal::Unreadable, 6)]);
    assert_eq!(house.tally(1).await.accepted, 1, "the others were heard");
    let letter = house.0.dead_letters().remove(0);
    assert_eq!((letter.source.as_str(), letter.key), ("READINGS", id(1).to_string()));
    let retry = serde_json::json!({"id": letter.id}).to_string();
    house.0.ask_raw("ingest.retry_dead_letter", Some("a"), retry.clone()).await.unwrap();
    assert_eq!(house.0.dead_letters().len(), 6, "it is still not understood");
    house.0.ask_raw("ingest.drop_dead_letter", Some("b"), retry).await.unwrap();
    assert_eq!(house.0.dead_letters().len(), 5);
}

#[tokio::test]
async fn a_device_that_says_nonsense_for_ever_fills_no_disk() {
    let house = House::open();
    for _ in 0..5 {
        house.hears(&(0..10).map(|_| (subject(1), "nonsense".to_owned())).collect::<Vec<_>>());
    }
    assert_eq!(house.0.dead_letters().len(), kit::limits::LETTERS_OF_ONE_MAX);
    assert_eq!(house.refused(1).await, [(Refusal::Unreadable, 50)]);
}

#[tokio::test]
async fn who_is_no_device_is_put_aside() {
    let house = House::open();
    house.hears(&[
        ("telemetry.seattle.thermometer".to_owned(), "7".to_owned()),
        (format!("telemetry.Seattle.{}", id(1)), "7".to_owned()),
    ]);
    let letters = house.0.dead_letters();
    assert_eq!(
        letters.iter().map(|letter| letter.reason.as_str()).collect::<Vec<_>>(),
        ["invalid_sender"; 2]
    );
    assert_eq!(house.counts().await.items, []);
}

#[tokio::test]
async fn a_device_measures_only_so_many_things() {
    let house = House::open();
    let fields = |from: usize, to: usize| {
        let fields: Vec<String> = (from..to).map(|at| format!("\"m{at}\":1")).collect();
        format!("{{{}}}", fields.join(","))
    };
    house.says(1, &fields(0, METRICS_MAX + 3));
    house.says(1, &fields(METRICS_MAX, METRICS_MAX + 2));
    assert_eq!(house.refused(1).await, [(Refusal::TooManyMetrics, 5)]);
    assert_eq!(house.latest(1).await.metrics.len(), METRICS_MAX);
}

/// A pack of so many readings of one device, beginning so many milliseconds ago.
fn pack(readings: i64, ago: i64) -> String {
    let records: Vec<String> = (0..readings)
        .map(|at| format!(r#"{{"n":"a","t":-{}.{:03},"v":1}}"#, (ago - at) / 1000, (ago - at) % 1000))
        .collect();
    format!("[{}]", records.join(","))
}

#[tokio::test]
async fn a_device_that_says_too_much_loses_its_own_readings_and_nobody_else_s() {
    let house = House::open();
    let noisy: Vec<(String, String)> =
        (0..12).map(|at| (subject(1), pack(10_000, 10_000 * (at + 1)))).collect();
    house.hears(&noisy);
    house.says(2, "7");
    let once = u64::try_from(READINGS_AT_ONCE).unwrap();
    assert_eq!(house.tally(1).await.accepted, once);
    assert_eq!(house.refused(1).await, [(Refusal::TooFast, 120_000 - once)]);
    assert_eq!(house.tally(2).await.accepted, 1);
    house.passes(Duration::from_secs(2)).await;
    house.says(1, &pack(10_000, 10_000));
    let more = u64::try_from(2 * READINGS_PER_SECOND).unwrap();
    let counts = house.tally(1).await;
    assert_eq!(counts.accepted + counts.repeated, once + more);
}

#[tokio::test]
async fn counts_are_told_by_device_and_site_page_by_page() {
    let house = House::open();
    for device in 1..=5 {
        let place = if device == 3 { "tacoma" } else { "seattle" };
        house.hears(&[(contracts::readings::subject(&site(place), id(device)), "7".to_owned())]);
    }
    let ask = |asked: GetCounts| {
        let house = &house;
        async move { house.0.ask(&asked).await.unwrap() }
    };
    let first = ask(GetCounts { limit: Some(2), ..GetCounts::default() }).await;
    let second = ask(GetCounts { limit: Some(2), after: first.next.clone(), ..GetCounts::default() }).await;
    let third = ask(GetCounts { limit: Some(2), after: second.next.clone(), ..GetCounts::default() }).await;
    let devices: Vec<_> =
        [first, second, third].iter().flat_map(|page| page.items.iter().map(|one| one.device)).collect();
    assert_eq!(devices, [1, 2, 3, 4, 5].map(id));
    let tacoma = ask(GetCounts { site: Some(site("tacoma")), ..GetCounts::default() }).await;
    assert_eq!((tacoma.items.len(), tacoma.items[0].device, tacoma.total.accepted), (1, id(3), 5));
    let nobody = ask(GetCounts { device: Some(id(9)), ..GetCounts::default() }).await;
    assert_eq!((nobody.items.len(), nobody.next), (0, None));
}

/// A name of a field of one of the forms, or of none.
fn label() -> impl Strategy<Value = String> {
    let labels = [
        "bn",
        "n",
        "bu",
        "u",
        "bt",
        "t",
        "bv",
        "v",
        "bs",
        "s",
        "vb",
        "vs",
        "vd",
        "bver",
        "ut",
        "x_",
        "ts",
        "values",
        "metric",
        "value",
        "time",
        "unit",
        "temperature",
    ];
    prop_oneof![8 => prop::sample::select(labels.map(str::to_owned).to_vec()), 1 => "[a-z.:/]{0,70}"]
}

/// What may stand in a field, as it is written.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<f64>()
            .prop_filter("JSON has no other", |number| number.is_finite())
            .prop_map(|n| format!("{n:e}")),
        (-400_i64..400).prop_map(|seconds| seconds.to_string()),
        (-400_i64..400).prop_map(|seconds| (1_767_268_800 + seconds).to_string()),
        (-400_000_i64..400_000).prop_map(|millis| (1_767_268_800_000 + millis).to_string()),
        Just("1e400".to_owned()),
        Just("-0.0".to_owned()),
        Just("18446744073709551616".to_owned()),
        any::<bool>().prop_map(|said| said.to_string()),
        "[a-z%°\u{7f}\u{200b}]{0,20}".prop_map(|text| format!("{text:?}").replace("\\u{", "\\\\u{")),
        Just("null".to_owned()),
        Just(r#"{"a":1,"b":-2.5}"#.to_owned()),
        Just("[1]".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_said_in_the_words_of_the_forms_the_rest_of_the_batch_is_recorded(
        said in prop::collection::vec(
            prop::collection::vec(prop::collection::vec((label(), field()), 0..6), 0..5),
            1..8,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let house = House::open();
        let object = |fields: &Vec<(String, String)>| {
            let fields: Vec<String> = fields.iter().map(|(label, field)| format!("{label:?}:{field}")).collect();
            format!("{{{}}}", fields.join(","))
        };
        let mut batch: Vec<(String, String)> = said
            .iter()
            .map(|objects| match &objects[..] {
                [alone] => (subject(1), object(alone)),
                many => (subject(1), format!("[{}]", many.iter().map(object).collect::<Vec<_>>().join(","))),
            })
            .collect();
        batch.push((subject(2), "7".to_owned()));
        house.hears(&batch);
        prop_assert_eq!(runtime.block_on(house.readings(2, "value")), [(house.now(), 7.0)]);
        for letter in house.0.dead_letters() {
            prop_assert_eq!(&letter.reason, "unreadable", "{}", letter.body);
        }
        // Each reading was told that is there, and no other.
        let counts = runtime.block_on(house.counts()).total;
        let told: usize = house
            .told()
            .iter()
            .flat_map(|event| &event.series)
            .map(|series| series.readings.len())
            .sum();
        prop_assert_eq!(u64::try_from(told).unwrap(), counts.accepted);
    }
}
