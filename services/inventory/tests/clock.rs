//! A clock that jumps: what is held is given back once, and never sold twice.

use std::time::Duration;

use contracts::inventory::HoldExpired;

use crate::{HOLD, House, order};

const HOUR: Duration = Duration::from_secs(60 * 60);

#[tokio::test]
async fn a_hold_runs_out_once_however_often_the_clock_jumps_over_its_end() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_placed(order(1), &[("mug", 3)]);
    let start = house.now();
    for _ in 0..3 {
        house.set_clock(start + HOUR);
        house.advance(Duration::ZERO).await;
        house.set_clock(start - HOUR);
        house.advance(Duration::ZERO).await;
    }
    assert_eq!(house.told_of::<HoldExpired>().len(), 1);
    assert_eq!(house.count("mug").await, (7, 0));
}

#[tokio::test]
async fn a_clock_that_goes_back_holds_stock_for_longer_and_gives_it_back_in_the_end() {
    let house = House::with(&[("mug", 7)]).await;
    house.hears_placed(order(1), &[("mug", 3)]);
    house.set_clock(house.now() - HOUR);
    house.advance(HOLD).await;
    assert_eq!(house.count("mug").await, (7, 3));
    house.advance(HOUR).await;
    assert_eq!(house.count("mug").await, (7, 0));
    assert_eq!(house.told_of::<HoldExpired>().len(), 1);
}
