//! Where the time of many flows goes, hop by hop.
//!
//! A hop is what one service does at one point of a flow: a subject it answers, an event it hears, a
//! timer, an effect. Its time is what it waited, what it worked and what its commit took.

mod screen;

use std::collections::HashMap;

use serde::Serialize;

use super::{Flow, Step};

pub(crate) use screen::{Screen, draw};

/// Where the time goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    /// How many flows were looked at.
    pub(crate) flows: usize,
    /// When the oldest of them began, in microseconds since 1970.
    pub(crate) from_us: i64,
    /// When the newest of them began.
    pub(crate) to_us: i64,
    /// How long they took, without long pauses.
    pub(crate) took: Times,
    /// The hops, in the order they happen.
    pub(crate) hops: Vec<Hop>,
    /// The slowest flows, the slowest first.
    pub(crate) slowest: Vec<Slow>,
}

/// One hop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Hop {
    /// Who does it.
    pub(crate) service: String,
    /// `request`, `event`, `timer` or `effect`.
    pub(crate) kind: String,
    /// What it does.
    pub(crate) subject: String,
    /// How often it was done.
    pub(crate) count: usize,
    /// How often it failed.
    pub(crate) failed: usize,
    /// How long it waited.
    pub(crate) waiting: Times,
    /// How long it worked.
    pub(crate) working: Times,
    /// How long its commit took.
    pub(crate) commit: Times,
    /// All of these together.
    pub(crate) took: Times,
    /// Its part of the time of all hops, in thousandths.
    pub(crate) share: u32,
    /// When it began, on average, after the beginning of its flow.
    #[serde(skip)]
    at_us: i64,
}

/// How long something took, in microseconds: half of the times it took no longer, and 99 of 100 times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Times {
    pub(crate) p50_us: i64,
    pub(crate) p99_us: i64,
}

/// A slow flow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Slow {
    /// Its number.
    pub(crate) trace: String,
    /// How long it took, without long pauses, in microseconds.
    pub(crate) took_us: i64,
}

/// Slow flows that are named.
const SLOWEST_MAX: usize = 5;

impl Times {
    /// The times among these, by the nearest rank.
    pub(crate) fn of(mut all: Vec<i64>) -> Self {
        all.sort_unstable();
        let rank = |percent: usize| {
            let place = (all.len() * percent).div_ceil(100).saturating_sub(1);
            all.get(place).copied().unwrap_or(0)
        };
        Self { p50_us: rank(50), p99_us: rank(99) }
    }
}

#[derive(Default)]
struct Samples {
    failed: usize,
    waiting: Vec<i64>,
    working: Vec<i64>,
    commit: Vec<i64>,
    took: Vec<i64>,
    at: i128,
}

/// Where the time of these flows goes.
pub(crate) fn report(flows: &[Flow]) -> Report {
    let mut by_hop: HashMap<(&str, &str, &str), Samples> = HashMap::new();
    for flow in flows {
        // What was told and is in no journal has no times.
        for step in flow.steps().filter(|step| !step.subject.is_empty()) {
            let samples = by_hop.entry((&step.service, &step.kind, &step.subject)).or_default();
            add(samples, step, flow.began_us);
        }
    }
    let all_us: i128 = by_hop.values().flat_map(|samples| &samples.took).map(|us| i128::from(*us)).sum();
    let mut hops: Vec<Hop> = by_hop
        .into_iter()
        .map(|((service, kind, subject), samples)| hop([service, kind, subject], samples, all_us))
        .collect();
    hops.sort_by(|a, b| (a.at_us, &a.service, &a.subject).cmp(&(b.at_us, &b.service, &b.subject)));
    let mut slowest: Vec<Slow> =
        flows.iter().map(|flow| Slow { trace: flow.trace.clone(), took_us: flow.worked_us() }).collect();
    slowest.sort_by(|a, b| b.took_us.cmp(&a.took_us).then_with(|| a.trace.cmp(&b.trace)));
    slowest.truncate(SLOWEST_MAX);
    Report {
        flows: flows.len(),
        from_us: flows.iter().map(|flow| flow.began_us).min().unwrap_or(0),
        to_us: flows.iter().map(|flow| flow.began_us).max().unwrap_or(0),
        took: Times::of(flows.iter().map(Flow::worked_us).collect()),
        hops,
        slowest,
    }
}

fn add(samples: &mut Samples, step: &Step, flow_began_us: i64) {
    // Clocks that disagree make no time.
    let waiting = step.waited_us().unwrap_or(0).max(0);
    let working = step.finished_us.saturating_sub(step.began_us).max(0);
    let commit = step.ended_us().saturating_sub(step.finished_us).max(0);
    samples.failed += usize::from(!step.is_ok());
    samples.waiting.push(waiting);
    samples.working.push(working);
    samples.commit.push(commit);
    samples.took.push(waiting.saturating_add(working).saturating_add(commit));
    samples.at += i128::from(step.began_us.saturating_sub(flow_began_us));
}

fn hop([service, kind, subject]: [&str; 3], samples: Samples, all_us: i128) -> Hop {
    let count = samples.took.len();
    let own_us: i128 = samples.took.iter().map(|us| i128::from(*us)).sum();
    let share = if all_us > 0 { (own_us * 1000 + all_us / 2) / all_us } else { 0 };
    Hop {
        service: service.to_owned(),
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        count,
        failed: samples.failed,
        waiting: Times::of(samples.waiting),
        working: Times::of(samples.working),
        commit: Times::of(samples.commit),
        took: Times::of(samples.took),
        share: u32::try_from(share).unwrap_or(0),
        at_us: i64::try_from(samples.at / i128::try_from(count.max(1)).unwrap_or(1)).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;

    #[test]
    fn percentiles_are_by_the_nearest_rank() {
        let times = Times::of((1..=100).rev().collect());
        assert_eq!((times.p50_us, times.p99_us), (50, 99));
        assert_eq!(Times::of(vec![7]), Times { p50_us: 7, p99_us: 7 });
        assert_eq!(Times::of(vec![]), Times::default());
        let few = Times::of(vec![1, 2, 1000]);
        assert_eq!((few.p50_us, few.p99_us), (2, 1000));
    }

    #[test]
    fn hops_stand_in_the_order_they_happen_with_their_share_of_the_time() {
        let flows: Vec<Flow> = (0..3).flat_map(|_| sample::paid_order().flows).collect();
        let report = report(&flows);
        let names: Vec<&str> = report.hops.iter().map(|hop| hop.subject.as_str()).collect();
        assert_eq!(names[..3], ["order.place", "catalog.quote", "events.order.placed"]);
        assert_eq!((report.flows, report.took.p99_us), (3, 436_200));
        let charge = report.hops.iter().find(|hop| hop.subject == "charge_card").unwrap();
        assert_eq!((charge.count, charge.failed), (6, 3), "two tries in each flow");
        assert_eq!(charge.took.p99_us, 286_400, "a second try has waited for its turn");
        assert!(charge.share > 800, "{}", charge.share);
        let shares: u32 = report.hops.iter().map(|hop| hop.share).sum();
        assert!((990..=1010).contains(&shares), "{shares}");
        assert_eq!(super::report(&[]), Report::default());
    }
}
