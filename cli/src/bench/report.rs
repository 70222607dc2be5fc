//! What was measured, as it stands in JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::drive::{Driven, Plan};
use super::limit::{Limit, Shares, guess};
use super::machine::{Look, MEASURER, Machine};
use super::pace::{Pace, Until};
use super::tally::{Point, tenth};
use super::times::{Spread, Times};
use crate::audit;
use crate::failure::exit;

/// What was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// `orders`, `requests`, `events` or `mix`.
    pub(crate) what: &'static str,
    pub(crate) at: Timestamp,
    pub(crate) broker: Broker,
    pub(crate) settings: Settings,
    /// How long was counted, in seconds.
    pub(crate) seconds: f64,
    /// How many ended well, a second.
    pub(crate) rate: f64,
    /// How many ended well.
    pub(crate) done: u64,
    /// How many failed, by reason.
    pub(crate) failed: BTreeMap<String, u64>,
    /// At a fixed rate: how many should have begun and never did.
    pub(crate) unsent: u64,
    /// How many were under way when it was broken off.
    pub(crate) unfinished: u64,
    pub(crate) interrupted: bool,
    /// How long it took, by what is timed.
    pub(crate) times: BTreeMap<String, Spread>,
    /// At a fixed rate: how late whoever measures began each; it is contained in the times.
    pub(crate) begun_late: Spread,
    /// How long after the end until every hearer had heard everything; none if that was not seen.
    pub(crate) caught_up_s: Option<f64>,
    pub(crate) machine: Used,
    pub(crate) limited_by: Limit,
    /// Over time.
    pub(crate) points: Vec<Point>,
    /// Whether the books agree; none if there was no audit.
    pub(crate) audit: Option<Audited>,
    /// What stays in the shop.
    pub(crate) left: Left,
}

/// The broker it ran on.
#[derive(Debug, Serialize)]
pub(crate) struct Broker {
    pub(crate) url: String,
    pub(crate) version: String,
}

/// How it was measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Settings {
    /// In a closed loop: so many were under way.
    pub(crate) in_flight: Option<usize>,
    /// In an open loop: so many began each second.
    pub(crate) rate: Option<f64>,
    pub(crate) count: Option<u64>,
    pub(crate) seconds: Option<f64>,
    pub(crate) warm_up_s: f64,
    /// What was asked or ordered.
    pub(crate) about: String,
}

/// What the shop used of this machine while it was counted.
#[derive(Debug, Serialize)]
pub(crate) struct Used {
    /// Whether the shop is on this machine: else only whoever measures is known.
    pub(crate) here: bool,
    pub(crate) cores: usize,
    /// Share of all processors that somebody used.
    pub(crate) busy: Option<f64>,
    /// Share of the time in which somebody waited for a disk.
    pub(crate) disk_waits: Option<f64>,
    pub(crate) processes: Vec<Process>,
    /// Memory of the shop and its broker at the end, without whoever measures.
    pub(crate) memory_bytes: Option<u64>,
    /// Bytes in the data folder before and after.
    pub(crate) disk_before_bytes: Option<u64>,
    pub(crate) disk_after_bytes: Option<u64>,
    /// Of these, for each that ended well.
    pub(crate) disk_each_bytes: Option<u64>,
}

/// A process.
#[derive(Debug, Serialize)]
pub(crate) struct Process {
    pub(crate) name: String,
    /// Seconds of processor time while it was counted.
    pub(crate) cpu_s: f64,
    /// The same for each that ended well, in microseconds.
    pub(crate) cpu_each_us: f64,
    pub(crate) memory_bytes: u64,
    /// The most since it began.
    pub(crate) peak_bytes: u64,
    /// Bytes it wrote to disks while it was counted.
    pub(crate) written_bytes: u64,
    /// Seconds of processor time by the name of its threads: the busiest few.
    pub(crate) threads: BTreeMap<String, f64>,
}

/// What the audit found.
#[derive(Debug, Serialize)]
pub(crate) struct Audited {
    pub(crate) sound: bool,
    pub(crate) orders: usize,
    /// Whether there were more orders than an audit looks at, so that these are the newest.
    pub(crate) cut: bool,
    pub(crate) seconds: f64,
    /// Who did not answer, with why.
    pub(crate) unanswered: BTreeMap<String, String>,
    /// What does not agree: the first of it.
    pub(crate) findings: Vec<String>,
    #[serde(skip)]
    pub(crate) exit: u8,
}

/// What stays in the shop.
#[derive(Debug, Default, Clone, Serialize)]
pub(crate) struct Left {
    pub(crate) orders: u64,
    pub(crate) products: u32,
}

/// What was looked at before and after.
#[derive(Debug)]
pub(crate) struct Looks {
    pub(crate) before: Look,
    pub(crate) after: Look,
    pub(crate) disk: (Option<u64>, Option<u64>),
}

/// Names of threads of one process that stand in the report.
const THREADS_MAX: usize = 6;

/// Findings that stand in the report; `shopctl audit` tells all.
const FINDINGS_MAX: usize = 20;

impl Settings {
    pub(crate) fn of(plan: &Plan, about: String) -> Self {
        let (in_flight, rate) = match plan.pace {
            Pace::Closed { in_flight } => (Some(in_flight), None),
            Pace::Open { rate } => (None, Some(rate)),
        };
        let (count, seconds) = match plan.until {
            Until::Count(count) => (Some(count), None),
            Until::Time(time) => (None, Some(time.as_secs_f64())),
        };
        Self { in_flight, rate, count, seconds, warm_up_s: plan.warm_up.as_secs_f64(), about }
    }
}

impl Used {
    pub(crate) fn of(machine: &Machine, looks: &Looks, shares: &Shares, done: u64, all_done: u64) -> Self {
        let processes: Vec<Process> = looks
            .after
            .parts
            .iter()
            .map(|(name, now)| {
                let then = looks.before.parts.get(name).copied().unwrap_or_default();
                let cpu_s = (now.cpu_s - then.cpu_s).max(0.0);
                Process {
                    name: name.clone(),
                    cpu_s: hundredth(cpu_s),
                    cpu_each_us: if done == 0 { 0.0 } else { tenth(cpu_s * 1e6 / done as f64) },
                    memory_bytes: now.memory_bytes,
                    peak_bytes: now.peak_bytes,
                    written_bytes: now.written_bytes.saturating_sub(then.written_bytes),
                    threads: busiest(looks, name),
                }
            })
            .collect();
        let shop = processes.iter().filter(|process| process.name != MEASURER);
        let (before, after) = looks.disk;
        let grown = before.zip(after).map(|(before, after)| after.saturating_sub(before));
        Self {
            here: machine.is_here(),
            cores: machine.cores(),
            busy: shares.anybody.map(hundredth),
            disk_waits: shares.disk.map(hundredth),
            memory_bytes: machine.is_here().then(|| shop.map(|process| process.memory_bytes).sum()),
            processes,
            disk_before_bytes: before,
            disk_after_bytes: after,
            disk_each_bytes: grown.and_then(|grown| grown.checked_div(all_done)),
        }
    }
}

impl Audited {
    pub(crate) fn of(report: &audit::Report, took: Duration) -> Self {
        let says = report.findings.iter().map(|fault| format!("{} {}", fault.about, fault.says));
        Self {
            sound: report.sound,
            orders: report.looked_at.orders,
            cut: report.cut,
            seconds: tenth(took.as_secs_f64()),
            unanswered: report.unanswered.clone(),
            findings: says.take(FINDINGS_MAX).collect(),
            exit: report.exit(),
        }
    }
}

impl Report {
    /// What was driven, and what it used; the audit comes later.
    pub(crate) fn of(
        (what, at): (&'static str, Timestamp),
        (broker, settings): (Broker, Settings),
        (driven, names, pace): (Driven, Vec<&'static str>, Pace),
        machine: &Machine,
        looks: &Looks,
    ) -> Self {
        let shares = Shares::between(&looks.before, &looks.after, machine.cores());
        let shares = if machine.is_here() { shares } else { Shares { ours: None, ..shares } };
        let (rate, tally) = (driven.rate(), &driven.tally);
        let counted = driven.counted;
        Self {
            what,
            at,
            broker,
            settings,
            seconds: (counted.as_secs_f64() * 1000.0).round() / 1000.0,
            rate,
            done: tally.done,
            failed: tally.failed.clone(),
            unsent: driven.unsent,
            unfinished: driven.unfinished,
            interrupted: driven.interrupted,
            times: names.into_iter().map(str::to_owned).zip(tally.times.iter().map(Times::spread)).collect(),
            begun_late: match pace {
                Pace::Open { .. } => tally.late.spread(),
                Pace::Closed { .. } => Spread::default(),
            },
            caught_up_s: None,
            machine: Used::of(machine, looks, &shares, tally.done, tally.all_done),
            limited_by: guess(&shares, pace, driven.unsent > 0, counted),
            points: driven.tally.points,
            audit: None,
            left: Left::default(),
        }
    }

    /// Notes who did not say afterwards what they had done: as if they had not answered the audit.
    pub(crate) fn note_silence(&mut self, silent: BTreeMap<String, String>) {
        let Some(audit) = self.audit.as_mut().filter(|_| !silent.is_empty()) else { return };
        audit.unanswered.extend(silent);
        if audit.exit == 0 {
            audit.exit = exit::UNAVAILABLE;
        }
    }

    /// How many failed.
    pub(crate) fn failures(&self) -> u64 {
        self.failed.values().sum()
    }
}

/// What the threads of a part used between two looks, by their names: the busiest.
fn busiest(looks: &Looks, part: &str) -> BTreeMap<String, f64> {
    let none = Vec::new();
    let before = looks.before.threads.get(part).unwrap_or(&none);
    let mut used: BTreeMap<String, f64> = BTreeMap::new();
    for thread in looks.after.threads.get(part).unwrap_or(&none) {
        let then = before.iter().find(|then| then.id == thread.id).map_or(0.0, |then| then.cpu_s);
        *used.entry(thread.name.clone()).or_default() += (thread.cpu_s - then).max(0.0);
    }
    let mut used: Vec<(String, f64)> =
        used.into_iter().map(|(name, cpu_s)| (name, hundredth(cpu_s))).collect();
    used.sort_by(|a, b| b.1.total_cmp(&a.1));
    used.truncate(THREADS_MAX);
    used.into_iter().filter(|(_, cpu_s)| *cpu_s > 0.0).collect()
}

fn hundredth(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
