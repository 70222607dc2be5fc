//! What a rule remembers of one device, and how readings and time move it. No I/O.
//!
//! ```text
//! calm ──beyond──▶ pending ──for long enough──▶ open ──calm for long enough──▶ calm
//!                     └──not beyond──▶ calm      └──beyond again: counted──┘
//! ```
//!
//! Of readings only those later than the last count, by the device's clock. Where nothing comes any more, the
//! shop's clock goes on in its place.

use contracts::AlarmId;
use contracts::alert::{Beyond, Condition};
use contracts::readings::Reading;
use serde::{Deserialize, Serialize};

/// What a rule remembers of one device. Times are milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// The latest reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Reading>,
    /// Since when it is beyond.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// When it has been so for long enough, by the shop's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_due: Option<i64>,
    /// Since when it is calm while an alarm is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calm: Option<i64>,
    /// When it has been so for long enough, by the shop's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calm_due: Option<i64>,
    /// The latest readings, and whether each was beyond; only for a rule that counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<(i64, bool)>,
    /// The reading from which a change is measured, or a rest began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Reading>,
    /// Whether the scale has come to rest since then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub told: bool,
    /// When it has, though nothing more comes, by the shop's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_due: Option<i64>,
    /// How many pieces were counted last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pieces: Option<u64>,
    /// When the device was heard last, by the shop's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<i64>,
    /// The open alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<AlarmId>,
    /// When the timer is set to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timer: Option<i64>,
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// What became of a watch in one batch: at most one alarm begins and at most one is over in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// The rule began to hold: since when, and the measure that was beyond.
    pub raised: Option<(i64, f64)>,
    /// How often it was seen to hold while an alarm was open.
    pub hits: u64,
    /// When it was seen to hold last, and the value then.
    pub last: Option<(i64, Option<f64>)>,
    /// Whether the alarm that was open, or was just raised, is over.
    pub over: bool,
    /// A scale came to rest: when, and with how much on it.
    pub settled: Option<Reading>,
}

/// What one look says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Look {
    Beyond(f64),
    /// Neither beyond nor calm: between the limit and where it counts as calm.
    Between,
    Calm,
}

/// Takes readings and time for one watch, and gathers what becomes of it.
#[derive(Debug)]
pub struct Mover<'a> {
    when: &'a Condition,
    watch: &'a mut Watch,
    open: bool,
    outcome: Outcome,
}

impl<'a> Mover<'a> {
    /// Begins with a watch as it was left.
    pub fn of(when: &'a Condition, watch: &'a mut Watch) -> Self {
        let open = watch.open.is_some();
        Self { when, watch, open, outcome: Outcome::default() }
    }

    /// Takes a reading. `counts` is whether the rule counts at its time.
    pub fn take(&mut self, reading: Reading, counts: bool) {
        if self.watch.latest.is_some_and(|latest| reading.time <= latest.time) {
            return;
        }
        self.watch.latest = Some(reading);
        if let Some(look) = self.look_at(reading, counts) {
            self.see(look, reading.time, Some(reading.value), counts);
        }
    }

    /// Notes that the device was heard, for a rule about silence.
    pub fn heard(&mut self, at: i64) {
        self.watch.seen = self.watch.seen.max(Some(at));
        self.see(Look::Calm, at, None, true);
    }

    /// Notes that the device came or went, for a rule about that.
    pub fn came_or_went(&mut self, at: i64, gone: bool, counts: bool) {
        let look = if gone { Look::Beyond(0.0) } else { Look::Calm };
        self.see(look, at, None, counts);
    }

    /// Lets the shop's clock decide where nothing came. Outside of its hours a rule about silence or being
    /// offline waits; one about a value that is beyond begins anew.
    pub fn pass(&mut self, now: i64, counts: bool) {
        let due = |time: Option<i64>| time.filter(|time| *time <= now);
        let latest = self.watch.latest;
        match self.when {
            Condition::Silent { seconds, .. } => {
                let silent = self.watch.seen.filter(|seen| due(Some(seen + millis(*seconds))).is_some());
                if let Some(seen) = silent.filter(|_| counts && !self.open) {
                    self.raise(seen, 0.0);
                    self.hit(seen, None);
                }
            }
            Condition::Settled { .. } if due(self.watch.rest_due).is_some() => self.settle(latest, counts),
            _ if !self.open && due(self.watch.since_due).is_some() => {
                let since = self.watch.since.unwrap_or(now);
                if counts {
                    self.raise(since, latest.map_or(0.0, |latest| latest.value));
                    self.hit(latest.map_or(since, |latest| latest.time), latest.map(|latest| latest.value));
                } else if !matches!(self.when, Condition::Offline { .. }) {
                    self.rest();
                }
            }
            _ if self.open && due(self.watch.calm_due).is_some() => self.over(),
            _ => {}
        }
    }

    /// Ends the batch: what is pending gets its time by the shop's clock. Answers what became of the watch: a
    /// short calm between two bouts in one batch is none, so at most one alarm begins, and at most one is over.
    pub fn end(mut self, now: i64) -> Outcome {
        let was_open = self.watch.open.is_some();
        if was_open {
            self.outcome.raised = None;
        }
        self.outcome.over = !self.open && (was_open || self.outcome.raised.is_some());
        let latest = self.watch.latest.map(|latest| latest.time);
        let due = |since: i64, seconds: u32| {
            let passed = latest.map_or(0, |latest| (latest - since).max(0));
            now + (millis(seconds) - passed).max(0)
        };
        let (seconds, clear_seconds) = durations(self.when);
        let watch = &mut *self.watch;
        let pending = watch.since.filter(|_| !self.open);
        watch.since_due = pending.map(|since| watch.since_due.unwrap_or_else(|| due(since, seconds)));
        let calm = watch.calm.filter(|_| self.open);
        watch.calm_due = calm.map(|calm| watch.calm_due.unwrap_or_else(|| due(calm, clear_seconds)));
        if let Condition::Settled { seconds, .. } = self.when {
            let moving = watch.base.filter(|_| !watch.told);
            watch.rest_due = moving.map(|base| watch.rest_due.unwrap_or_else(|| due(base.time, *seconds)));
        }
        self.outcome
    }

    fn look_at(&mut self, reading: Reading, counts: bool) -> Option<Look> {
        let Reading { time, value } = reading;
        match self.when {
            Condition::Threshold { beyond, limit, clear, .. } => Some(match clear.unwrap_or(*limit) {
                _ if is_beyond(*beyond, value, *limit) => Look::Beyond(value),
                clear if is_beyond(*beyond, value, clear) => Look::Between,
                _ => Look::Calm,
            }),
            Condition::Count { beyond, limit, times, of, within_seconds, .. } => {
                let is = is_beyond(*beyond, value, *limit);
                // Outside of its hours a rule sees no value that is beyond; one that is not may end an alarm.
                if is && !counts {
                    return None;
                }
                let counted = &mut self.watch.counted;
                counted.push((time, is));
                counted.retain(|(at, _)| *within_seconds == 0 || time - at < millis(*within_seconds));
                let surplus = counted.len().saturating_sub(*of as usize);
                counted.drain(..surplus);
                Some(match counted.iter().filter(|(_, beyond)| *beyond).count() {
                    0 => Look::Calm,
                    hits if hits >= *times as usize => Look::Beyond(value),
                    _ => Look::Between,
                })
            }
            Condition::Rate { beyond, limit, over_seconds, .. } => {
                let base = self.watch.base.get_or_insert(reading);
                let apart = time - base.time;
                if apart < millis(*over_seconds) {
                    return None;
                }
                let a_minute = (value - base.value) / (apart as f64 / 60_000.0);
                *base = reading;
                Some(if is_beyond(*beyond, a_minute, *limit) { Look::Beyond(a_minute) } else { Look::Calm })
            }
            Condition::Settled { within, seconds, .. } => {
                match self.watch.base {
                    Some(base) if (value - base.value).abs() <= *within => {
                        if time - base.time >= millis(*seconds) {
                            self.settle(Some(reading), counts);
                        }
                    }
                    _ => {
                        self.watch.base = Some(reading);
                        self.watch.told = false;
                        self.watch.rest_due = None;
                    }
                }
                None
            }
            Condition::Silent { .. } | Condition::Offline { .. } => None,
        }
    }

    fn see(&mut self, look: Look, at: i64, value: Option<f64>, counts: bool) {
        let (seconds, clear_seconds) = durations(self.when);
        match look {
            Look::Beyond(_) if !counts && matches!(self.when, Condition::Offline { .. }) => {
                self.watch.since.get_or_insert(at);
            }
            Look::Beyond(_) if !counts => self.rest(),
            Look::Beyond(measure) => {
                self.watch.calm = None;
                self.watch.calm_due = None;
                let since = *self.watch.since.get_or_insert(at);
                if !self.open && at - since >= millis(seconds) {
                    self.raise(since, measure);
                }
                if self.open {
                    self.hit(at, value);
                }
            }
            Look::Between => self.rest(),
            Look::Calm if self.open => {
                let calm = *self.watch.calm.get_or_insert(at);
                if at - calm >= millis(clear_seconds) {
                    self.over();
                }
            }
            Look::Calm => self.rest(),
        }
    }

    /// It is not beyond now, and not calm either if an alarm is open.
    fn rest(&mut self) {
        self.watch.since = None;
        self.watch.since_due = None;
        self.watch.calm = None;
        self.watch.calm_due = None;
    }

    fn raise(&mut self, since: i64, measure: f64) {
        self.open = true;
        if self.outcome.raised.is_none() {
            self.outcome.raised = Some((since, measure));
        }
        self.watch.since = None;
        self.watch.since_due = None;
    }

    fn hit(&mut self, at: i64, value: Option<f64>) {
        self.outcome.hits += 1;
        self.outcome.last = Some((at, value));
        self.watch.since = None;
    }

    fn over(&mut self) {
        self.open = false;
        self.outcome.over = true;
        self.rest();
        // The next alarm needs its count anew.
        self.watch.counted.clear();
    }

    fn settle(&mut self, reading: Option<Reading>, counts: bool) {
        if counts && !self.watch.told {
            self.watch.told = true;
            self.watch.rest_due = None;
            self.outcome.settled = reading;
        }
    }
}

impl Watch {
    /// When the shop's clock may change something, though nothing comes.
    pub fn due(&self, when: &Condition) -> Option<i64> {
        match when {
            Condition::Silent { seconds, .. } if self.open.is_none() => {
                self.seen.map(|seen| seen + millis(*seconds))
            }
            Condition::Silent { .. } => None,
            Condition::Settled { .. } => self.rest_due,
            _ => self.since_due.into_iter().chain(self.calm_due).min(),
        }
    }

    /// Forgets what was pending, after an alarm was cleared by hand: if the rule still holds, it must hold anew. That
    /// nothing is heard of a device, and that it is offline, holds on from now.
    pub fn reset(&mut self, when: &Condition, now: i64) {
        let (latest, base, timer) = (self.latest, self.base, self.timer);
        *self = Self { latest, base, timer, ..Self::default() };
        match when {
            Condition::Silent { .. } => self.seen = Some(now),
            Condition::Offline { .. } => self.since = Some(now),
            _ => {}
        }
    }
}

fn is_beyond(beyond: Beyond, value: f64, limit: f64) -> bool {
    match beyond {
        Beyond::Above => value > limit,
        Beyond::Below => value < limit,
    }
}

/// For how long it must be beyond, and then calm.
fn durations(when: &Condition) -> (u32, u32) {
    match when {
        Condition::Threshold { seconds, clear_seconds, .. } => (*seconds, *clear_seconds),
        Condition::Offline { seconds } => (*seconds, 0),
        _ => (0, 0),
    }
}

/// Seconds as milliseconds.
pub fn millis(seconds: u32) -> i64 {
    i64::from(seconds) * 1000
}
