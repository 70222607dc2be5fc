//! A restart forgets nothing: not what is pending, not what is open.

use contracts::alert::{AlarmRaised, Condition};
use contracts::device::DeviceOffline;
use kit::{Event, Example};

use crate::{Watchtower, above, device};

#[tokio::test]
async fn a_rule_that_is_half_way_through_its_ten_minutes_goes_on_after_a_restart() {
    let tower = Watchtower::with(above(600, 0)).await;
    tower.hears(device(1), &[9.0]);
    let since = tower.now();
    tower.waits(300).await;
    tower.reopen();
    tower.waits(299).await;
    tower.hears(device(1), &[9.3]);
    assert_eq!(tower.counts(), (0, 0));
    tower.waits(1).await;
    let told = tower.told_of::<AlarmRaised>();
    assert_eq!((told.len(), told[0].since), (1, since));
    assert_eq!(told[0].why, "temperature is 9.3, above 8 for 10 minutes");
}

#[tokio::test]
async fn the_readings_themselves_end_the_ten_minutes_too() {
    let tower = Watchtower::with(above(600, 0)).await;
    // The clock of the device goes five minutes ahead in two of the shop's.
    tower.hears(device(1), &[9.0; 302]);
    tower.reopen();
    tower.waits(120).await;
    tower.hears(device(1), &[9.0; 2]);
    assert_eq!(tower.counts(), (0, 0));
    tower.waits(180).await;
    tower.hears(device(1), &[9.0]);
    assert_eq!(tower.counts(), (1, 0));
}

#[tokio::test]
async fn what_ends_before_its_ten_minutes_raises_nothing() {
    let tower = Watchtower::with(above(600, 0)).await;
    for value in [9.0, 8.0, 9.0] {
        tower.hears(device(1), &[value]);
        tower.waits(500).await;
    }
    tower.hears(device(1), &[7.0]);
    tower.waits(1000).await;
    assert_eq!(tower.counts(), (0, 0));
}

#[tokio::test]
async fn an_open_alarm_is_still_the_one_after_a_restart() {
    let tower = Watchtower::with(above(0, 0)).await;
    tower.hears(device(1), &[9.0]);
    tower.reopen();
    tower.waits(60).await;
    tower.hears(device(1), &[9.0]);
    assert_eq!((tower.counts(), tower.open().await[0].count), ((1, 0), 2));
    tower.reopen();
    tower.waits(60).await;
    tower.hears(device(1), &[5.0]);
    assert_eq!(tower.counts(), (1, 1));
}

#[tokio::test]
async fn a_service_that_was_away_hears_first_what_was_said_meanwhile() {
    let tower = Watchtower::with(Condition::Silent { metric: None, seconds: 60 }).await;
    tower.hears(device(1), &[5.0]);
    // Nothing is fired while it is away.
    tower.set_clock(tower.now() + std::time::Duration::from_secs(3600));
    tower.reopen();
    tower.waits(1).await;
    assert_eq!(tower.counts(), (0, 0));
    tower.hears(device(1), &[5.0]);
    tower.waits(59).await;
    assert_eq!(tower.counts(), (0, 0));
    tower.waits(61).await;
    assert_eq!(tower.counts(), (1, 0));
}

#[tokio::test]
async fn an_event_that_is_heard_twice_raises_one_alarm() {
    let tower = Watchtower::with(Condition::Offline { seconds: 0 }).await;
    let event = DeviceOffline { device: device(1), ..DeviceOffline::example() };
    let number = tower.hear(&event);
    let body = serde_json::to_vec(&event).unwrap();
    tower.hear_at(number, DeviceOffline::SUBJECT, &event.key(), body).unwrap();
    tower.hear(&event);
    assert_eq!(tower.counts(), (1, 0));
}
