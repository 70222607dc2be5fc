//! What must hold for an alarm, and what ends it.

use contracts::alert::{AlarmRaised, Beyond, Condition, Scope};
use contracts::device::{DeviceMoved, DeviceOffline, DeviceRegistered, DeviceRevoked, Gone};
use contracts::readings::{Metric, Reading, Site};
use kit::Example;

use crate::{Watchtower, above, device, rule};

#[tokio::test]
async fn a_value_beyond_its_limit_raises_one_alarm_that_is_updated_until_it_is_calm() {
    let tower = Watchtower::with(above(0, 0)).await;
    tower.hears(device(1), &[5.0, 8.0]);
    assert_eq!(tower.counts(), (0, 0));
    tower.waits(1).await;
    tower.hears(device(1), &[9.5]);
    for value in [9.0, 10.0, 11.0] {
        tower.waits(60).await;
        tower.hears(device(1), &[value]);
    }
    let [alarm] = &tower.open().await[..] else { panic!("not one alarm") };
    assert_eq!((alarm.count, alarm.last_value, alarm.last_at), (4, Some(11.0), tower.now()));
    assert_eq!(alarm.why, "temperature is 9.5, above 8");
    tower.waits(60).await;
    tower.hears(device(1), &[6.0]);
    assert_eq!(tower.counts(), (1, 1));
    assert_eq!(tower.all().await[0].cleared_by, "calm");
}

#[tokio::test]
async fn a_value_around_its_limit_raises_one_alarm_and_not_many() {
    let tower = Watchtower::with(above(0, 0)).await;
    for value in [9.0, 7.5, 9.0, 6.5, 8.5, 7.0] {
        tower.waits(1).await;
        tower.hears(device(1), &[value]);
    }
    assert_eq!(tower.counts(), (1, 0));
    assert_eq!(tower.open().await[0].count, 3);
}

#[tokio::test]
async fn a_short_calm_does_not_end_an_alarm_that_asks_for_a_long_one() {
    let tower = Watchtower::with(above(0, 60)).await;
    for value in [9.0, 5.0, 9.0, 5.0] {
        tower.hears(device(1), &[value]);
        tower.waits(30).await;
    }
    assert_eq!(tower.counts(), (1, 0));
    // Nothing more comes: the clock decides.
    tower.waits(60).await;
    assert_eq!(tower.counts(), (1, 1));
}

#[tokio::test]
async fn up_and_down_in_one_batch_is_one_alarm_at_most() {
    let tower = Watchtower::with(above(0, 0)).await;
    tower.hears(device(1), &[9.0, 5.0, 9.0, 5.0, 9.0, 5.0]);
    assert_eq!(tower.counts(), (1, 1));
    tower.waits(60).await;
    tower.hears(device(1), &[9.0]);
    tower.waits(60).await;
    tower.hears(device(1), &[9.0, 5.0, 9.0]);
    assert_eq!(tower.counts(), (2, 1));
    assert_eq!(tower.open().await[0].count, 3);
}

#[tokio::test]
async fn a_value_below_its_limit_is_seen_too() {
    let metric = Metric::example();
    let below = Condition::Threshold {
        metric,
        beyond: Beyond::Below,
        limit: 2.0,
        clear: None,
        seconds: 0,
        clear_seconds: 0,
    };
    let tower = Watchtower::with(below).await;
    tower.hears(device(1), &[2.0, 1.9]);
    assert_eq!(tower.counts(), (1, 0));
    tower.waits(5).await;
    tower.hears(device(1), &[2.0]);
    assert_eq!(tower.counts(), (1, 1));
}

#[tokio::test]
async fn so_many_of_the_latest_readings_raise_an_alarm_and_none_of_them_ends_it() {
    let metric = Metric::example();
    let count =
        Condition::Count { metric, beyond: Beyond::Above, limit: 8.0, times: 3, of: 5, within_seconds: 0 };
    let tower = Watchtower::with(count).await;
    tower.hears(device(1), &[9.0, 5.0, 9.0, 5.0, 5.0]);
    assert_eq!(tower.counts(), (0, 0));
    tower.waits(60).await;
    tower.hears(device(1), &[9.0, 9.0, 9.0]);
    assert_eq!(tower.counts(), (1, 0));
    tower.waits(60).await;
    tower.hears(device(1), &[5.0, 5.0, 5.0, 5.0]);
    assert_eq!(tower.counts(), (1, 0));
    tower.waits(60).await;
    tower.hears(device(1), &[5.0]);
    assert_eq!(tower.counts(), (1, 1));
}

#[tokio::test]
async fn readings_that_are_too_old_do_not_count() {
    let metric = Metric::example();
    let count =
        Condition::Count { metric, beyond: Beyond::Above, limit: 8.0, times: 3, of: 10, within_seconds: 60 };
    let tower = Watchtower::with(count).await;
    for _ in 0..4 {
        tower.hears(device(1), &[9.0]);
        tower.waits(30).await;
    }
    assert_eq!(tower.counts(), (0, 0));
    tower.hears(device(1), &[9.0, 9.0, 9.0]);
    assert_eq!(tower.counts(), (1, 0));
}

#[tokio::test]
async fn a_value_that_falls_too_fast_raises_an_alarm() {
    let metric = Metric::example();
    let fall = Condition::Rate { metric, beyond: Beyond::Below, limit: -2.0, over_seconds: 60 };
    let tower = Watchtower::with(fall).await;
    for value in [20.0, 19.0, 16.5] {
        tower.hears(device(1), &[value]);
        tower.waits(60).await;
    }
    let told = tower.told_of::<AlarmRaised>();
    assert_eq!(told[0].why, "temperature falls by 2.5 a minute, faster than 2");
    assert_eq!(told[0].value, Some(16.5));
    tower.hears(device(1), &[16.0]);
    assert_eq!(tower.counts(), (1, 1));
}

#[tokio::test]
async fn a_device_that_says_nothing_any_more_raises_an_alarm_and_its_next_word_ends_it() {
    let tower = Watchtower::with(Condition::Silent { metric: None, seconds: 300 }).await;
    for _ in 0..3 {
        tower.hears(device(1), &[5.0]);
        tower.waits(299).await;
    }
    assert_eq!(tower.counts(), (0, 0));
    tower.waits(1).await;
    assert_eq!(tower.told_of::<AlarmRaised>()[0].why, "nothing is heard for 5 minutes");
    tower.waits(3000).await;
    assert_eq!(tower.counts(), (1, 0));
    tower.hears(device(1), &[5.0]);
    assert_eq!(tower.counts(), (1, 1));
    tower.waits(300).await;
    assert_eq!(tower.counts(), (2, 1));
}

#[tokio::test]
async fn a_device_that_is_offline_for_long_enough_raises_an_alarm() {
    let tower = Watchtower::with(Condition::Offline { seconds: 60 }).await;
    tower.hears_offline(device(1));
    tower.waits(59).await;
    tower.hears_online(device(1));
    tower.waits(100).await;
    assert_eq!(tower.counts(), (0, 0));
    tower.hears_offline(device(1));
    tower.waits(60).await;
    let told = tower.told_of::<AlarmRaised>();
    assert_eq!(told[0].why, "the device is offline for 1 minute");
    assert_eq!((told[0].value, &told[0].metric), (None, &None));
    tower.hears_online(device(1));
    assert_eq!(tower.counts(), (1, 1));
}

#[tokio::test]
async fn what_was_not_heard_when_it_was_measured_raises_nothing() {
    let tower = Watchtower::with(above(0, 0)).await;
    let time = tower.now().as_millisecond();
    tower.hears_readings(device(1), false, vec![Reading { time, value: 50.0 }]);
    assert_eq!(tower.counts(), (0, 0));
    // And it ends nothing.
    tower.hears(device(1), &[9.0]);
    tower.hears_readings(device(1), false, vec![Reading { time: time + 1, value: 5.0 }]);
    assert_eq!(tower.counts(), (1, 0));
}

#[tokio::test]
async fn a_reading_that_is_older_than_the_last_one_changes_nothing() {
    let tower = Watchtower::with(above(0, 0)).await;
    tower.hears(device(1), &[5.0]);
    let time = tower.now().as_millisecond() - 1;
    tower.hears_readings(device(1), true, vec![Reading { time, value: 9.0 }]);
    assert_eq!(tower.counts(), (0, 0));
}

#[tokio::test]
async fn a_rule_is_for_the_devices_that_it_names() {
    let tower = Watchtower::empty();
    let profile = "cold_store".to_owned();
    tower.hear(&DeviceRegistered { device: device(1), site: Site::example(), profile: profile.clone() });
    let of = [
        ("profile", Scope::Profile(profile)),
        ("site", Scope::Site(Site::example())),
        ("elsewhere", Scope::Site("oslo".parse().unwrap())),
        ("devices", Scope::Devices(vec![device(2)])),
        ("all", Scope::All),
    ];
    for (name, of) in of {
        let name = name.parse().unwrap();
        tower.sets(contracts::alert::Rule { name, of, ..rule(above(0, 0)) }).await.unwrap();
    }
    for number in [1, 2] {
        tower.hears(device(number), &[9.0]);
    }
    let told = tower.told_of::<AlarmRaised>();
    let of = |number| -> Vec<&str> {
        told.iter().filter(|told| told.device == device(number)).map(|told| told.rule.as_str()).collect()
    };
    assert_eq!(of(1), ["all", "profile", "site"]);
    assert_eq!(of(2), ["all", "devices", "site"]);
}

#[tokio::test]
async fn a_device_that_is_revoked_has_no_alarms_and_is_not_missed() {
    let tower = Watchtower::with(above(0, 0)).await;
    let silent = Condition::Silent { metric: None, seconds: 60 };
    let name = "silent".parse().unwrap();
    tower.sets(contracts::alert::Rule { name, ..rule(silent) }).await.unwrap();
    tower.hears(device(1), &[9.0]);
    tower.hear(&DeviceRevoked { device: device(1), site: Site::example() });
    tower.waits(1000).await;
    assert_eq!(tower.counts(), (1, 1));
    assert_eq!(tower.all().await[0].cleared_by, "device_revoked");
}

#[tokio::test]
async fn a_device_that_comes_back_with_other_credentials_is_still_of_its_profile() {
    let tower = Watchtower::empty();
    let profile = "cold_store".to_owned();
    let of = Scope::Profile(profile.clone());
    tower.sets(contracts::alert::Rule { of, ..rule(above(0, 0)) }).await.unwrap();
    tower.hear(&DeviceRegistered { device: device(1), site: Site::example(), profile });
    tower.hear(&DeviceRevoked { device: device(1), site: Site::example() });
    tower.hears_online(device(1));
    tower.hears(device(1), &[9.0]);
    assert_eq!(tower.counts(), (1, 0));
}

#[tokio::test]
async fn what_is_heard_late_of_a_device_that_is_revoked_raises_nothing() {
    let tower = Watchtower::with(above(0, 0)).await;
    let others = [
        ("silent", Condition::Silent { metric: None, seconds: 60 }),
        ("offline", Condition::Offline { seconds: 0 }),
    ];
    for (name, when) in others {
        tower.sets(contracts::alert::Rule { name: name.parse().unwrap(), ..rule(when) }).await.unwrap();
    }
    tower.hears(device(1), &[5.0]);
    tower.hear(&DeviceRevoked { device: device(1), site: Site::example() });
    let (site, since) = (Site::example(), tower.now());
    tower.hear(&DeviceOffline { device: device(1), site, since, why: Gone::ShutOut });
    // What it said before, and ingest recorded after.
    tower.waits(1).await;
    tower.hears(device(1), &[9.0]);
    tower.waits(1000).await;
    assert_eq!(tower.counts(), (0, 0));
    tower.hears_online(device(1));
    tower.hears(device(1), &[9.0]);
    assert_eq!(tower.counts(), (1, 0));
    tower.waits(60).await;
    assert_eq!(tower.counts(), (2, 0));
}

#[tokio::test]
async fn a_device_that_moves_leaves_the_alarms_of_its_site_behind_and_keeps_the_others() {
    let tower = Watchtower::empty();
    let silent = Condition::Silent { metric: None, seconds: 60 };
    let of = Scope::Site(Site::example());
    tower.sets(contracts::alert::Rule { of: of.clone(), ..rule(above(0, 0)) }).await.unwrap();
    for (name, of, when) in [("everywhere", Scope::All, above(0, 0)), ("silent", of, silent)] {
        tower.sets(contracts::alert::Rule { name: name.parse().unwrap(), of, ..rule(when) }).await.unwrap();
    }
    tower.hears(device(1), &[9.0]);
    let (site, before): (Site, _) = ("oslo".parse().unwrap(), Site::example());
    tower.hear(&DeviceMoved { device: device(1), site, before });
    tower.waits(1000).await;
    let left: Vec<_> = tower.open().await.into_iter().map(|alarm| alarm.rule.as_str().to_owned()).collect();
    assert_eq!((left, tower.counts()), (vec!["everywhere".to_owned()], (2, 1)));
    let over = tower.all().await.into_iter().find(|alarm| !alarm.cleared_by.is_empty()).unwrap();
    assert_eq!(over.cleared_by, "device_moved");
}
