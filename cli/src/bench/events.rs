//! From when an event became true until whoever hears it has committed what it made of it, as both have
//! written it down in their own journals.
//!
//! Both times are taken inside the services, the later one after the commit: nothing of whoever measures is
//! in it. Services on different machines have different clocks, and the times are as good as these agree.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use kit::{Client, Trace};

use super::times::{Spread, Times};
use crate::trace::ask::Silence;
use crate::trace::gather::{ANSWER_TIME, gather_many};
use crate::trace::{Flow, Step};

/// Flows that are looked at; of more, every second, every fourth and so on.
const SAMPLE_MAX: usize = 1000;

/// What stands between an event and who heard it.
const HEARD_BY: &str = " > ";

/// All of them together.
const ALL: &str = "heard";

/// Flows of which some are looked at afterwards, spread evenly over all.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    kept: RefCell<Vec<u128>>,
    seen: Cell<u64>,
    /// Every so many-th is kept, as a power of two.
    step: Cell<u32>,
}

impl Sample {
    /// Takes note of a flow.
    pub(crate) fn note(&self, trace: &Trace) {
        let seen = self.seen.replace(self.seen.get() + 1);
        if !seen.is_multiple_of(1 << self.step.get()) {
            return;
        }
        let mut kept = self.kept.borrow_mut();
        kept.push(trace.id);
        if kept.len() > SAMPLE_MAX {
            let mut place = 0;
            kept.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.step.set(self.step.get() + 1);
        }
    }

    /// Those that are looked at.
    pub(crate) fn traces(&self) -> Vec<String> {
        self.kept.borrow().iter().map(|trace| format!("{trace:032x}")).collect()
    }
}

/// Asks every journal, and answers how long it took, by event and by who heard it, and for all together.
pub(crate) async fn heard(client: &Client, traces: Vec<String>) -> (BTreeMap<String, Spread>, Silence) {
    let mut silence = Silence::new();
    let flows = gather_many(client, traces, ANSWER_TIME, &mut silence).await;
    (spread(&flows), silence)
}

fn spread(flows: &[Flow]) -> BTreeMap<String, Spread> {
    let mut times: BTreeMap<String, Times> = BTreeMap::new();
    for flow in flows {
        for (name, took) in hops(flow) {
            for name in [name, ALL.to_owned()] {
                times.entry(name).or_insert_with(Times::new).note_us(took);
            }
        }
    }
    times.into_iter().map(|(name, times)| (name, times.spread())).collect()
}

/// Each event of a flow with each who heard it, and the microseconds between.
fn hops(flow: &Flow) -> Vec<(String, u64)> {
    let steps = || flow.stretches.iter().flat_map(|stretch| &stretch.steps);
    let told: BTreeMap<(&str, u64), i64> = steps()
        .flat_map(|step| &step.emitted)
        .map(|told| ((told.stream.as_str(), told.sequence), told.at_us))
        .collect();
    let hop = |step: &Step| {
        let at = told.get(&(step.source.as_str(), step.sequence))?;
        let took = u64::try_from(step.committed_us? - at).ok()?;
        let subject = step.subject.strip_prefix("events.").unwrap_or(&step.subject);
        Some((format!("{subject}{HEARD_BY}{}", step.service), took))
    };
    steps().filter(|step| step.kind == "event").filter_map(hop).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Emitted, Stretch};

    #[test]
    fn the_time_is_from_when_it_became_true_until_the_commit_of_who_heard_it() {
        let told = Emitted { stream: "ORDER".into(), sequence: 4, at_us: 1000, ..Emitted::default() };
        let place =
            Step { service: "order".into(), kind: "request".into(), emitted: vec![told], ..Step::default() };
        let hears = |service: &str, sequence, committed_us| Step {
            service: service.into(),
            kind: "event".into(),
            subject: "events.order.placed".into(),
            source: "ORDER".into(),
            sequence,
            committed_us,
            ..Step::default()
        };
        let steps = vec![
            place,
            hears("inventory", 4, Some(3500)),
            hears("analytics", 4, Some(9000)),
            hears("cart", 4, None),
            hears("payment", 5, Some(9000)),
        ];
        let flow = Flow {
            trace: String::new(),
            began_us: 0,
            ended_us: 0,
            stretches: vec![Stretch { steps, ..Stretch::default() }],
            cut: vec![],
        };
        let expected =
            [("order.placed > inventory".to_owned(), 2500), ("order.placed > analytics".to_owned(), 8000)];
        assert_eq!(hops(&flow), expected);
        let spread = spread(&[flow]);
        assert_eq!((spread[ALL].count, spread["order.placed > inventory"].count), (2, 1));
    }

    #[test]
    fn a_sample_is_spread_evenly_over_all_and_has_a_limit() {
        let sample = Sample::default();
        for id in 1..=10_000_u128 {
            sample.note(&Trace { id, span: 1, parent: 0, sampled: true });
        }
        let kept = sample.kept.borrow();
        assert!((SAMPLE_MAX / 2..=SAMPLE_MAX).contains(&kept.len()), "{}", kept.len());
        let gaps: std::collections::BTreeSet<u128> = kept.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!((kept[0], gaps.len()), (1, 1), "{gaps:?}");
    }
}
