//! What may be asked, in pages.

use contracts::ingest::{GetLatest, GetRange, ListSeries};
use kit::{Kind, Timestamp};

use crate::house::{House, id};

fn moment(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap()
}

#[tokio::test]
async fn a_range_is_told_page_by_page_without_its_end() {
    let house = House::open();
    let records: Vec<String> = (0..25).map(|at| format!(r#"{{"n":"t","t":-{at},"v":{at}}}"#)).collect();
    house.says(1, &format!("[{}]", records.join(",")));
    let (from, to) = (moment(house.now() - 20_000), moment(house.now() - 3000));
    let (mut after, mut ago, mut pages) = (None, Vec::new(), 0);
    loop {
        let metric = "t".parse().unwrap();
        let asked = GetRange { device: id(1), metric, from, to, limit: Some(5), after };
        let page = house.0.ask(&asked).await.unwrap();
        ago.extend(page.readings.iter().map(|reading| (house.now() - reading.time) / 1000));
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((ago, pages), ((4..=20).rev().collect::<Vec<_>>(), 4));
}

#[tokio::test]
async fn series_are_listed_in_the_order_in_which_they_came() {
    let house = House::open();
    house.says(1, r#"{"a":1,"b":2}"#);
    house.says(2, r#"{"a":1}"#);
    let page = house.0.ask(&ListSeries { limit: Some(2), ..ListSeries::default() }).await.unwrap();
    let rest = house.0.ask(&ListSeries { after: page.next.clone(), ..ListSeries::default() }).await.unwrap();
    let all: Vec<_> =
        page.items.iter().chain(&rest.items).map(|one| (one.device, one.metric.to_string())).collect();
    assert_eq!(all, [(id(1), "a".to_owned()), (id(1), "b".to_owned()), (id(2), "a".to_owned())]);
    let own = house.0.ask(&ListSeries { device: Some(id(2)), ..ListSeries::default() }).await.unwrap();
    assert_eq!(own.items.len(), 1);
    let nobody = house.0.ask(&ListSeries { device: Some(id(9)), ..ListSeries::default() }).await.unwrap();
    assert_eq!((nobody.items, nobody.next), (vec![], None));
}

#[tokio::test]
async fn what_cannot_be_told_is_said() {
    let house = House::open();
    house.says(1, "7");
    let unknown = house.0.ask(&GetLatest { device: id(2), metric: None }).await.unwrap_err();
    assert_eq!((unknown.kind, &*unknown.reason), (Kind::NotFound, "series_unknown"));
    let metric = Some("weight".parse().unwrap());
    let unknown = house.0.ask(&GetLatest { device: id(1), metric }).await.unwrap_err();
    assert_eq!(&*unknown.reason, "series_unknown");
    assert_eq!(house.range(1, "weight").await.unwrap_err().reason, "series_unknown");
    let range = GetRange {
        device: id(1),
        metric: "value".parse().unwrap(),
        from: moment(house.now()),
        to: moment(house.now()),
        limit: None,
        after: None,
    };
    assert_eq!(house.0.ask(&range).await.unwrap_err().reason, "invalid_span");
    let to = moment(house.now() + 1);
    for limit in [0, 10_001] {
        let asked = GetRange { limit: Some(limit), to, ..range.clone() };
        assert_eq!(house.0.ask(&asked).await.unwrap_err().reason, "invalid_limit");
    }
    let asked = GetRange { after: Some("x".to_owned()), to, ..range };
    assert_eq!(house.0.ask(&asked).await.unwrap_err().reason, "invalid_cursor");
}
