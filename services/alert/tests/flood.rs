//! A flood costs little: the database is asked once a rule and device, however many readings come.

use contracts::alert::Rule;
use contracts::ingest::{ReadingsRecorded, RecordedSeries};
use contracts::readings::{Metric, Reading, Site};
use kit::Example;

use crate::{Watchtower, above, device, rule};

fn series(number: u128, first: i64, readings: usize) -> RecordedSeries {
    let at =
        |n: usize| Reading { time: first + n as i64, value: if n.is_multiple_of(2) { 9.0 } else { 7.0 } };
    RecordedSeries {
        device: device(number),
        metric: Metric::example(),
        unit: None,
        live: true,
        readings: (0..readings).map(at).collect(),
    }
}

#[tokio::test]
async fn thousands_of_readings_of_a_device_are_one_alarm_and_one_row() {
    let tower = Watchtower::with(above(0, 0)).await;
    let first = tower.now().as_millisecond();
    for batch in 0..10 {
        let series = vec![series(1, first + batch * 5000, 5000)];
        tower.hear(&ReadingsRecorded { site: Site::example(), number: 0, series });
    }
    assert_eq!(tower.counts(), (1, 0));
    assert_eq!(tower.open().await[0].count, 25_000);
    let rows = tower.sql(|sql| sql.get("SELECT count(*) FROM watches", [], |row| row.get::<_, i64>(0)));
    assert_eq!(rows.unwrap(), 1);
}

#[tokio::test]
async fn devices_that_no_rule_is_for_leave_nothing_behind() {
    let tower = Watchtower::empty();
    let of = contracts::alert::Scope::Devices(vec![device(1)]);
    tower.sets(Rule { of, ..rule(above(0, 0)) }).await.unwrap();
    let first = tower.now().as_millisecond();
    let series = (1..=1000).map(|number| series(number, first, 3)).collect();
    tower.hear(&ReadingsRecorded { site: Site::example(), number: 0, series });
    let rows = tower.sql(|sql| sql.get("SELECT count(*) FROM watches", [], |row| row.get::<_, i64>(0)));
    assert_eq!((rows.unwrap(), tower.counts()), (1, (1, 0)));
}
