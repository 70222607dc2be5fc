//! The hours of a rule.

use contracts::alert::rule::{Day, Schedule};
use contracts::alert::{Beyond, Condition, Rule};
use contracts::readings::Metric;
use kit::Example;

use crate::{Watchtower, above, at, device, rule};

/// On weekdays from 8 to 17. The first of January 2026 is a Thursday.
fn at_work(when: Condition) -> Rule {
    let days = vec![Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday];
    let (from, to, zone) = ("08:00".to_owned(), "17:00".to_owned(), "UTC".to_owned());
    Rule { schedule: Some(Schedule { days, from, to, zone }), ..rule(when) }
}

#[tokio::test]
async fn outside_of_its_hours_a_rule_sees_nothing() {
    let tower = Watchtower::empty();
    tower.sets(at_work(above(0, 0))).await.unwrap();
    tower.set_clock(at("2026-01-01T17:00:00Z"));
    tower.hears(device(1), &[9.0]);
    tower.set_clock(at("2026-01-03T12:00:00Z"));
    tower.hears(device(1), &[9.0]);
    assert_eq!(tower.counts(), (0, 0));
    tower.set_clock(at("2026-01-05T08:00:00Z"));
    tower.hears(device(1), &[9.0]);
    assert_eq!(tower.counts(), (1, 0));
    // What is over is over at any time.
    tower.set_clock(at("2026-01-05T20:00:00Z"));
    tower.hears(device(1), &[5.0]);
    assert_eq!(tower.counts(), (1, 1));
}

#[tokio::test]
async fn a_device_that_was_silent_all_night_raises_an_alarm_in_the_morning() {
    let tower = Watchtower::empty();
    let name = "silent".parse().unwrap();
    let silent = at_work(Condition::Silent { metric: None, seconds: 600 });
    tower.sets(Rule { name, ..silent }).await.unwrap();
    tower.sets(at_work(Condition::Offline { seconds: 600 })).await.unwrap();
    tower.set_clock(at("2026-01-01T18:00:00Z"));
    tower.hears(device(1), &[5.0]);
    tower.hears_offline(device(1));
    tower.waits(13 * 3600).await;
    assert_eq!(tower.counts(), (0, 0));
    tower.waits(3600 + 60).await;
    assert_eq!(tower.counts(), (2, 0));
}

#[tokio::test]
async fn a_value_that_was_beyond_outside_of_its_hours_is_not_counted() {
    let tower = Watchtower::empty();
    let (metric, beyond) = (Metric::example(), Beyond::Above);
    let count = Condition::Count { metric, beyond, limit: 8.0, times: 3, of: 5, within_seconds: 0 };
    tower.sets(at_work(count)).await.unwrap();
    tower.set_clock(at("2026-01-01T07:59:00Z"));
    tower.hears(device(1), &[9.0; 10]);
    tower.set_clock(at("2026-01-01T08:01:00Z"));
    tower.hears(device(1), &[9.0; 2]);
    assert_eq!(tower.counts(), (0, 0));
    tower.waits(1).await;
    tower.hears(device(1), &[9.0]);
    assert_eq!(tower.counts(), (1, 0));
    // Still beyond in the evening: it stays open. Over is over at any time.
    tower.set_clock(at("2026-01-01T20:00:00Z"));
    tower.hears(device(1), &[9.0; 10]);
    assert_eq!(tower.counts(), (1, 0));
    tower.waits(60).await;
    tower.hears(device(1), &[5.0; 5]);
    assert_eq!(tower.counts(), (1, 1));
}
