//! A year of real readings: see tests/data of the repository.

use contracts::DeviceId;
use contracts::readings::Metric;
use contracts::telemetry::Step;
use kit::Timestamp;

use crate::house::{House, series};

/// The readings of a file, as pairs of time and tenths of a degree.
fn file(name: &str) -> Vec<(i64, f64)> {
    let path = format!("{}/../../tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let time_first = lines.next().unwrap().starts_with("date");
    lines
        .map(|line| {
            let (one, two) = line.split_once(',').unwrap();
            let (date, temp) = if time_first { (one, two) } else { (two, one) };
            let date = date.replace('/', "-").replace(' ', "T");
            let seconds = if date.len() == 16 { ":00Z" } else { "Z" };
            let time: Timestamp = format!("{date}{seconds}").parse().unwrap();
            (time.as_millisecond(), temp.parse().unwrap())
        })
        .collect()
}

/// Plays readings in pieces.
fn play(house: &House, own: &(DeviceId, Metric), readings: &[(i64, f64)], piece: usize) {
    for piece in readings.chunks(piece) {
        house.hears(own, piece);
    }
}

#[tokio::test]
async fn a_year_of_readings_comes_to_the_same_in_order_out_of_order_twice_and_cut() {
    let house = House::open();
    for (device, name) in [(1, "seattle-temps.csv"), (2, "sf-temps.csv")] {
        let readings = file(name);
        assert!(readings.len() > 8700, "{}", readings.len());
        let (whole, cut, mixed) = (series(device, "whole"), series(device, "cut"), series(device, "mixed"));
        play(&house, &whole, &readings, 500);
        // Cut in the middle: the second half comes first, the first one after a restart, and then all of it again.
        let (first, second) = readings.split_at(readings.len() / 2 + 7);
        play(&house, &cut, second, 333);
        house.service.reopen();
        play(&house, &cut, first, 100);
        play(&house, &cut, &readings, 1000);
        // Every seventh reading after another, and each twice.
        let mut order: Vec<(i64, f64)> =
            (0..7).flat_map(|part| readings.iter().skip(part).step_by(7)).copied().collect();
        order.extend(order.clone());
        play(&house, &mixed, &order, 91);
        house.agrees(&whole).await;
        for step in Step::ALL {
            let expected = house.buckets(&whole, step).await;
            assert_eq!(house.buckets(&cut, step).await, expected);
            assert_eq!(house.buckets(&mixed, step).await, expected);
        }
    }
}
