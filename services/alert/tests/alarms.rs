//! What people do with alarms, and what happens if they do not.

use contracts::alert::{
    AcknowledgeAlarm, AlarmAcknowledged, AlarmEscalated, AlarmState, ClearAlarm, Condition, GetAlarm,
    ListAlarms, Rule, Severity, reason,
};
use contracts::ingest::{ReadingsRecorded, RecordedSeries};
use contracts::readings::{Metric, Reading, Site};
use kit::Example;

use crate::{Watchtower, above, device, rule};

#[tokio::test]
async fn an_alarm_that_nobody_acknowledges_is_escalated_a_bounded_number_of_times() {
    let tower = Watchtower::empty();
    tower.sets(Rule { escalate_after: 600, ..rule(above(0, 0)) }).await.unwrap();
    tower.hears(device(1), &[9.0]);
    tower.waits(599).await;
    assert_eq!(tower.told_of::<AlarmEscalated>(), []);
    tower.waits(100_000).await;
    let told: Vec<_> =
        tower.told_of::<AlarmEscalated>().iter().map(|told| (told.escalation, told.severity)).collect();
    let critical = Severity::Critical;
    assert_eq!(told, [(1, Severity::Major), (2, critical), (3, critical), (4, critical), (5, critical)]);
    let alarm = &tower.open().await[0];
    assert_eq!((alarm.severity, alarm.escalations), (critical, 5));
}

#[tokio::test]
async fn an_alarm_that_is_acknowledged_is_escalated_no_further() {
    let tower = Watchtower::empty();
    tower.sets(Rule { escalate_after: 600, ..rule(above(0, 0)) }).await.unwrap();
    tower.hears(device(1), &[9.0]);
    let alarm = tower.open().await[0].alarm;
    for note in ["on my way", "the door was open"] {
        let shown = tower.ask(&AcknowledgeAlarm { alarm, note: note.into() }).await.unwrap();
        assert_eq!((shown.state, shown.note.as_str()), (AlarmState::Acknowledged, note));
        assert_eq!(shown.acknowledged_at, Some(tower.now()));
    }
    tower.waits(10_000).await;
    assert_eq!(tower.told_of::<AlarmEscalated>(), []);
    assert_eq!(tower.told_of::<AlarmAcknowledged>().len(), 1);
    // It is still the one alarm, and can be over.
    tower.hears(device(1), &[9.0]);
    tower.waits(1).await;
    tower.hears(device(1), &[5.0]);
    assert_eq!(tower.counts(), (1, 1));
    let refused = tower.ask(&AcknowledgeAlarm { alarm, note: String::new() }).await.unwrap_err();
    assert_eq!(refused.reason, reason::ALARM_IS_OVER);
}

#[tokio::test]
async fn an_alarm_that_is_cleared_by_hand_is_raised_anew_if_its_rule_still_holds() {
    let tower = Watchtower::with(above(60, 0)).await;
    tower.hears(device(1), &[9.0; 61]);
    let alarm = tower.open().await[0].alarm;
    let shown = tower.ask(&ClearAlarm { alarm, note: "a test".into() }).await.unwrap();
    assert_eq!(
        (shown.state, shown.cleared_by.as_str(), shown.note.as_str()),
        (AlarmState::Cleared, "by_hand", "a test")
    );
    assert_eq!(tower.counts(), (1, 1));
    tower.waits(1).await;
    tower.hears(device(1), &[9.0]);
    assert_eq!(tower.counts(), (1, 1));
    tower.waits(60).await;
    assert_eq!(tower.counts(), (2, 1));
    let refused = tower.ask(&ClearAlarm { alarm, note: String::new() }).await.unwrap_err();
    assert_eq!(refused.reason, reason::ALARM_IS_OVER);
}

#[tokio::test]
async fn a_device_that_stays_away_raises_an_alarm_anew_after_one_is_cleared_by_hand() {
    for when in [Condition::Silent { metric: None, seconds: 300 }, Condition::Offline { seconds: 300 }] {
        let tower = Watchtower::with(when).await;
        tower.hears(device(1), &[5.0]);
        tower.hears_offline(device(1));
        tower.waits(300).await;
        let alarm = tower.open().await[0].alarm;
        tower.ask(&ClearAlarm { alarm, note: String::new() }).await.unwrap();
        tower.waits(299).await;
        assert_eq!(tower.counts(), (1, 1));
        tower.waits(1).await;
        assert_eq!(tower.counts(), (2, 1));
        tower.hears_online(device(1));
        tower.hears(device(1), &[5.0]);
        assert_eq!(tower.counts(), (2, 2));
    }
}

#[tokio::test]
async fn alarms_are_listed_the_newest_first_a_page_at_a_time() {
    let tower = Watchtower::with(above(0, 0)).await;
    for number in 1..=5 {
        tower.hears(device(number), &[9.0]);
        tower.waits(1).await;
    }
    tower.hears(device(3), &[5.0]);
    let devices: Vec<_> = tower.open().await.iter().map(|alarm| alarm.device).collect();
    assert_eq!(devices, [5, 4, 2, 1].map(device));
    let ask = ListAlarms { all: true, limit: Some(3), ..ListAlarms::default() };
    let first = tower.ask(&ask).await.unwrap();
    let second = tower.ask(&ListAlarms { after: first.next.clone(), ..ask }).await.unwrap();
    assert_eq!((first.items.len(), second.items.len(), second.next), (3, 2, None));
    let one = ListAlarms { all: true, device: Some(device(3)), ..ListAlarms::default() };
    assert_eq!(tower.ask(&one).await.unwrap().items.len(), 1);
    let none = ListAlarms { rule: Some("other".parse().unwrap()), ..ListAlarms::default() };
    assert_eq!(tower.ask(&none).await.unwrap().items, []);
}

#[tokio::test]
async fn an_alarm_that_was_over_long_ago_is_forgotten() {
    let tower = Watchtower::with(above(0, 0)).await;
    tower.set_periods().await;
    tower.hears(device(1), &[9.0]);
    tower.hears(device(2), &[9.0]);
    tower.waits(1).await;
    tower.hears(device(1), &[5.0]);
    tower.waits(91 * 24 * 3600).await;
    let left: Vec<_> = tower.all().await.iter().map(|alarm| alarm.device).collect();
    assert_eq!(left, [device(2)]);
}

impl Watchtower {
    /// So many devices are beyond for a moment, each with an alarm that is over.
    fn hears_short_bouts(&self, devices: u128) {
        let time = self.now().as_millisecond();
        let readings = vec![Reading { time: time - 1000, value: 9.0 }, Reading { time, value: 5.0 }];
        let of = |number| {
            let (device, metric, readings) = (device(number), Metric::example(), readings.clone());
            RecordedSeries { device, metric, unit: None, live: true, readings }
        };
        let series = (1..=devices).map(of).collect();
        self.hear(&ReadingsRecorded { site: Site::example(), number: 0, series });
    }
}

#[tokio::test]
async fn however_many_alarms_were_over_long_ago_all_are_forgotten() {
    let tower = Watchtower::with(above(0, 0)).await;
    tower.set_periods().await;
    tower.hears_short_bouts(1200);
    assert_eq!(tower.counts(), (1200, 1200));
    // It is looked for them once an hour: once since they are old enough.
    tower.waits(90 * 24 * 3600 + 3600).await;
    let rows = tower.sql(|sql| sql.get("SELECT count(*) FROM alarms", [], |row| row.get::<_, i64>(0)));
    assert_eq!(rows.unwrap(), 0);
}

#[tokio::test]
async fn the_thousandth_alarm_is_reached_page_by_page() {
    let tower = Watchtower::with(above(0, 0)).await;
    tower.hears_short_bouts(1000);
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let ask = ListAlarms { all: true, limit: Some(200), after, ..ListAlarms::default() };
        let page = tower.ask(&ask).await.unwrap();
        found.extend(page.items.into_iter().map(|alarm| alarm.alarm));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(found.len(), 1000);
    assert!(found.is_sorted_by(|one, next| one > next));
}

#[tokio::test]
async fn what_does_not_exist_is_said_so() {
    let tower = Watchtower::empty();
    let error = tower.ask(&GetAlarm::example()).await.unwrap_err();
    assert_eq!(error.reason, reason::UNKNOWN_ALARM);
}
