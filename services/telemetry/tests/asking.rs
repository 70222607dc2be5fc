//! What may be asked, in which steps, and how much at once.

use std::time::Duration;

use contracts::telemetry::{GetSeries, GetSummary, Step};
use kit::Timestamp;

use crate::house::{House, NOON, series};

fn moment(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap()
}

fn asked(from: i64, to: i64, step: Option<Step>) -> GetSeries {
    let (device, metric) = series(1, "t");
    GetSeries { device, metric, from: moment(from), to: moment(to), step, limit: None, after: None }
}

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

#[tokio::test]
async fn the_step_is_the_shortest_that_does_not_give_too_many() {
    let house = House::open();
    house.hears(&series(1, "t"), &[(NOON, 1.0)]);
    for (long, step) in
        [(1, Step::Minute), (25 * HOUR, Step::Minute), (26 * HOUR, Step::Hour), (90 * DAY, Step::Day)]
    {
        let view = house.service.ask(&asked(NOON - long, NOON, None)).await.unwrap();
        assert_eq!(view.step, step, "{long}");
    }
}

#[tokio::test]
async fn a_span_is_that_of_whole_buckets_page_by_page() {
    let house = House::open();
    let readings: Vec<(i64, f64)> = (0..10).map(|minute| (NOON + minute * 60_000 + 1000, 1.0)).collect();
    house.hears(&series(1, "t"), &readings);
    let ask = asked(NOON + 90_000, NOON + 300_001, Some(Step::Minute));
    let view = house.service.ask(&ask).await.unwrap();
    assert_eq!((view.from, view.to, view.buckets.len()), (moment(NOON + 60_000), moment(NOON + 360_000), 5));
    assert_eq!(view.unit.as_ref().unwrap().as_str(), "Cel");
    let first = house.service.ask(&GetSeries { limit: Some(3), ..ask.clone() }).await.unwrap();
    let rest = house.service.ask(&GetSeries { after: first.next.clone(), ..ask.clone() }).await.unwrap();
    assert_eq!([first.buckets, rest.buckets].concat(), view.buckets);
    assert_eq!(rest.next, None);
    let to = house.service.ask(&GetSeries { to: moment(NOON + 300_000), ..ask }).await.unwrap().to;
    assert_eq!(to, moment(NOON + 300_000), "an end between two buckets takes none with it");
}

#[tokio::test]
async fn a_summary_is_that_of_all_buckets_of_each_metric() {
    let house = House::open();
    house.hears(&series(1, "t"), &[(NOON, 1.0), (NOON + 60_000, 3.0), (NOON + 120_000, 8.0)]);
    house.hears(&series(1, "a"), &[(NOON, 7.0)]);
    house.hears(&series(2, "t"), &[(NOON, 100.0)]);
    for long in [HOUR, 2 * DAY, 100 * DAY] {
        let (device, _) = series(1, "t");
        let summary = GetSummary { device, from: moment(NOON), to: moment(NOON + long) };
        let summary = house.service.ask(&summary).await.unwrap();
        let metrics: Vec<&str> = summary.metrics.iter().map(|one| one.metric.as_str()).collect();
        assert_eq!(metrics, ["a", "t"]);
        let t = summary.metrics[1].figures;
        assert_eq!((t.count, t.min, t.max, t.mean, t.last), (3, 1.0, 8.0, 4.0, 8.0), "{long}");
        assert_eq!(t.last_at, moment(NOON + 120_000));
    }
    let (device, _) = series(3, "t");
    let nothing = GetSummary { device, from: moment(NOON), to: moment(NOON + 1) };
    assert_eq!(house.service.ask(&nothing).await.unwrap().metrics, []);
}

#[tokio::test]
async fn what_cannot_be_told_is_said() {
    let house = House::open();
    let refused = |asked: GetSeries| {
        let house = &house;
        async move { house.service.ask(&asked).await.unwrap_err().reason.into_owned() }
    };
    assert_eq!(refused(asked(NOON, NOON + 1, None)).await, "series_unknown");
    assert_eq!(refused(asked(NOON, NOON, None)).await, "invalid_span");
    assert_eq!(refused(asked(NOON, NOON + 100 * DAY, Some(Step::Minute))).await, "span_too_long");
    assert_eq!(
        refused(GetSeries { limit: Some(3001), ..asked(NOON, NOON + 1, None) }).await,
        "invalid_limit"
    );
    let cursor = GetSeries { after: Some("x".into()), ..asked(NOON, NOON + 1, None) };
    assert_eq!(refused(cursor).await, "invalid_cursor");
    let all = GetSeries { from: Timestamp::MIN, to: Timestamp::MAX, ..asked(0, 1, None) };
    assert_eq!(refused(all).await, "span_too_long");
}

#[tokio::test]
async fn a_step_that_is_not_kept_any_more_is_not_chosen() {
    let house = House::with(telemetry::Settings::default());
    house.hears(&series(1, "t"), &[(NOON, 1.0)]);
    let ago = NOON - 91 * DAY;
    assert_eq!(house.service.ask(&asked(ago, ago + HOUR, None)).await.unwrap().step, Step::Hour);
    house.service.advance(Duration::ZERO).await;
}
