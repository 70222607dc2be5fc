//! What is told of what was recorded.

use crate::house::{House, id, site, subject};

#[tokio::test]
async fn a_batch_is_one_event_a_site_and_events_are_numbered() {
    let house = House::open();
    let at = |place: &str, device| contracts::readings::subject(&site(place), id(device));
    house.hears(&[
        (at("seattle", 1), r#"{"a":1,"b":2}"#.to_owned()),
        (at("tacoma", 2), "7".to_owned()),
        (at("seattle", 3), "8".to_owned()),
    ]);
    house.says(1, "9");
    let told = house.told();
    let sizes: Vec<(&str, u64, usize)> =
        told.iter().map(|event| (event.site.as_str(), event.number, event.series.len())).collect();
    assert_eq!(sizes, [("seattle", 1, 3), ("tacoma", 2, 1), ("seattle", 3, 1)]);
    assert_eq!(house.range(1, "a").await.unwrap().number, 3);
}

#[tokio::test]
async fn a_batch_of_repeats_is_not_told() {
    let house = House::open();
    house.says(1, "7");
    house.says(1, "7");
    house.says(1, "nonsense");
    assert_eq!(house.told().len(), 1);
}

#[tokio::test]
async fn a_unit_is_that_which_was_said_last() {
    let house = House::open();
    house.says(1, r#"[{"n":"t","u":"Cel","v":1}]"#);
    house.says(1, r#"[{"n":"t","t":-1,"v":2}]"#);
    house.says(1, r#"[{"n":"t","t":-2,"u":"K","v":3},{"n":"t","t":-3,"u":"far too long a unit","v":3}]"#);
    let units: Vec<String> = house
        .told()
        .iter()
        .flat_map(|event| &event.series)
        .map(|series| series.unit.as_ref().map(ToString::to_string).unwrap_or_default())
        .collect();
    assert_eq!(units, ["Cel", "Cel", "K"]);
    assert_eq!(house.latest(1).await.metrics[0].unit.as_ref().unwrap().as_str(), "K");
}

#[tokio::test]
async fn a_device_that_moved_is_where_it_was_last() {
    let house = House::open();
    house.says(1, "7");
    house.hears(&[(contracts::readings::subject(&site("tacoma"), id(1)), r#"{"a":1}"#.to_owned())]);
    let latest = house.latest(1).await;
    assert_eq!((latest.site.as_str(), latest.metrics.len()), ("tacoma", 2));
    assert_ne!(subject(1), contracts::readings::subject(&site("tacoma"), id(1)));
}
