//! Alert as a whole: a real database, what ingest and device tell, and a clock that waits.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod alarms;
mod conditions;
mod flood;
mod restart;
mod rules;
mod scales;
mod timing;

use std::ops::Deref;
use std::time::Duration;

use contracts::DeviceId;
use contracts::alert::{
    AlarmCleared, AlarmRaised, AlarmView, Beyond, Condition, ListAlarms, PutRule, Rule, Severity,
};
use contracts::device::{DeviceOffline, DeviceOnline, Gone};
use contracts::ingest::{ReadingsRecorded, RecordedSeries};
use contracts::readings::{Metric, Reading, Site};
use kit::id::Id;
use kit::testing::Scratch;
use kit::{Example, Result, Timestamp};

/// What a test looks at alert through.
struct Watchtower {
    scratch: Scratch,
}

impl Watchtower {
    fn empty() -> Self {
        Self { scratch: Scratch::of(alert::service()) }
    }

    async fn with(when: Condition) -> Self {
        let tower = Self::empty();
        tower.sets(rule(when)).await.unwrap();
        tower
    }

    async fn sets(&self, rule: Rule) -> Result<()> {
        self.ask(&PutRule { rule }).await.map(drop)
    }

    /// Hears values of a device, one each second up to now.
    fn hears(&self, device: DeviceId, values: &[f64]) {
        let last = self.now().as_millisecond();
        let first = last - 1000 * (values.len() as i64 - 1);
        let readings = (0..).zip(values).map(|(n, value)| Reading { time: first + 1000 * n, value: *value });
        self.hears_readings(device, true, readings.collect());
    }

    fn hears_readings(&self, device: DeviceId, live: bool, readings: Vec<Reading>) {
        let series = RecordedSeries { device, metric: Metric::example(), unit: None, live, readings };
        self.hear(&ReadingsRecorded { site: Site::example(), number: 0, series: vec![series] });
    }

    fn hears_online(&self, device: DeviceId) {
        self.hear(&DeviceOnline { device, site: Site::example(), since: self.now() });
    }

    fn hears_offline(&self, device: DeviceId) {
        let (site, since) = (Site::example(), self.now());
        self.hear(&DeviceOffline { device, site, since, why: Gone::Silent });
    }

    /// Lets time pass.
    async fn waits(&self, seconds: u64) {
        self.advance(Duration::from_secs(seconds)).await;
    }

    async fn open(&self) -> Vec<AlarmView> {
        self.ask(&ListAlarms::default()).await.unwrap().items
    }

    async fn all(&self) -> Vec<AlarmView> {
        self.ask(&ListAlarms { all: true, ..ListAlarms::default() }).await.unwrap().items
    }

    /// How many alarms were raised, and how many were over.
    fn counts(&self) -> (usize, usize) {
        (self.told_of::<AlarmRaised>().len(), self.told_of::<AlarmCleared>().len())
    }
}

impl Deref for Watchtower {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        &self.scratch
    }
}

impl Drop for Watchtower {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.dead_letters(), [], "everything heard was acted on");
        }
    }
}

fn device(number: u128) -> DeviceId {
    DeviceId::from_bits(number)
}

fn rule(when: Condition) -> Rule {
    Rule {
        name: "warm".parse().unwrap(),
        of: contracts::alert::Scope::All,
        when,
        severity: Severity::Minor,
        schedule: None,
        escalate_after: 0,
        action: None,
        enabled: true,
    }
}

/// Above 8, calm at 6 or less.
fn above(seconds: u32, clear_seconds: u32) -> Condition {
    Condition::Threshold {
        metric: Metric::example(),
        beyond: Beyond::Above,
        limit: 8.0,
        clear: Some(6.0),
        seconds,
        clear_seconds,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
