//! From journals to a flow: which work was caused by which, and what waited for what.

use std::collections::{BTreeMap, HashMap};

use kit::admin::{EmittedView, TraceView};
use kit::engine::journal::Entry;
use serde_json::Value;

use super::stuck::{give_letters, give_undone};
use super::{Emitted, Flow, Step, Stretch};

/// A pause shorter than this is drawn as a pause.
const PAUSE_US_MIN: i64 = 1_000_000;
/// A pause is long if the work before it would fill less than one part in so many.
const PAUSE_FACTOR: i64 = 10;

/// Joins what each service told of one flow. None if nobody has anything.
pub(crate) fn join(trace: &str, told: &[(String, TraceView)]) -> Option<Flow> {
    let (mut steps, mut cut): (Vec<Step>, Vec<String>) = (Vec::new(), Vec::new());
    for (service, view) in told {
        let entries = view.entries.iter().filter(|entry| entry.trace == trace);
        let mut own: Vec<Step> = entries.map(|entry| step_of(service, entry)).collect();
        let emitted = view.emitted.iter().filter(|emitted| emitted.trace == trace);
        give_emitted(service, &mut own, emitted);
        give_letters(service, &mut own, view.dead_letters.iter().filter(|letter| letter.trace == trace));
        give_undone(service, &mut own, view.effects.iter().filter(|effect| effect.trace == trace));
        if view.cut {
            cut.push(service.clone());
        }
        steps.append(&mut own);
    }
    find_waits(&mut steps);
    steps.sort_by_key(|step| (step.began_us, step.ended_us()));
    let began_us = steps.first()?.began_us;
    let ended_us = steps.iter().map(Step::ended_us).max()?.max(began_us);
    let stretches = stretches(steps);
    Some(Flow { trace: trace.to_owned(), began_us, ended_us, stretches, cut })
}

fn step_of(service: &str, entry: &Entry) -> Step {
    // An event and a timer wait for the writer until it turns to them. What a handler or a worker
    // does begins as soon as it is received; the writer is only its end.
    let began_us = match entry.kind.as_str() {
        "event" | "timer" => entry.started_us,
        _ => entry.received_us,
    };
    Step {
        service: service.to_owned(),
        kind: entry.kind.clone(),
        subject: entry.subject.clone(),
        key: entry.key.clone(),
        span: entry.span.clone(),
        parent: entry.parent.clone(),
        attempt: entry.attempt,
        outcome: entry.outcome.clone(),
        source: entry.source.clone(),
        sequence: entry.sequence,
        // Until it is known when the event was told: since it was received.
        waiting_us: (entry.kind == "event").then_some(entry.received_us),
        began_us,
        finished_us: entry.finished_us,
        committed_us: (entry.committed_us > 0).then_some(entry.committed_us),
        group_jobs: entry.group_jobs,
        ..Step::default()
    }
}

/// Puts what was told beside the work that told it.
fn give_emitted<'a>(service: &str, steps: &mut Vec<Step>, told: impl Iterator<Item = &'a EmittedView>) {
    for view in told {
        let emitted = Emitted {
            stream: view.stream.clone(),
            sequence: view.sequence,
            id: view.id.clone(),
            subject: view.subject.clone(),
            key: view.key.clone(),
            at_us: view.at_us,
            body: (view.body != Value::Null).then(|| view.body.clone()),
        };
        if let Some(step) = steps.iter_mut().find(|step| step.span == view.span) {
            step.emitted.push(emitted);
            continue;
        }
        // Its work is not among the rows that were given, but that it was told is certain.
        steps.push(Step {
            service: service.to_owned(),
            kind: "event".to_owned(),
            key: view.key.clone(),
            span: view.span.clone(),
            attempt: 1,
            outcome: "ok".to_owned(),
            began_us: view.at_us,
            finished_us: view.at_us,
            emitted: vec![emitted],
            ..Step::default()
        });
    }
}

/// Finds out since when each piece of work could have been done: an event since it was committed
/// where it was told, an effect since it was asked for or last tried.
fn find_waits(steps: &mut [Step]) {
    let mut told: HashMap<(String, u64), i64> = HashMap::new();
    let mut ended: HashMap<String, i64> = HashMap::new();
    let mut tried: HashMap<(String, String, String, u32), i64> = HashMap::new();
    for step in steps.iter() {
        for emitted in &step.emitted {
            let at_us = step.committed_us.unwrap_or(emitted.at_us).max(emitted.at_us);
            told.insert((emitted.stream.clone(), emitted.sequence), at_us);
        }
        ended.entry(step.span.clone()).or_insert(step.ended_us());
        if step.kind == "effect" {
            tried.insert(try_of(step, step.attempt), step.ended_us());
        }
    }
    for step in steps.iter_mut() {
        match step.kind.as_str() {
            "event" => {
                let since = told.get(&(step.source.clone(), step.sequence)).copied();
                step.waiting_us = since.or(step.waiting_us);
            }
            "effect" => {
                let before = tried.get(&try_of(step, step.attempt.wrapping_sub(1)));
                step.waiting_us = before.or_else(|| ended.get(&step.parent)).copied();
            }
            _ => {}
        }
    }
}

fn try_of(step: &Step, attempt: u32) -> (String, String, String, u32) {
    (step.service.clone(), step.subject.clone(), step.parent.clone(), attempt)
}

/// Cuts the work where nothing happened for long, so that a minute of waiting does not press a
/// millisecond of work into nothing.
fn stretches(steps: Vec<Step>) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for step in steps {
        let pause_us = stretches.last().map(|open| step.began_us.saturating_sub(open.ended_us));
        match (stretches.last_mut(), pause_us) {
            (Some(open), Some(pause_us)) if !is_long(pause_us, open) => {
                open.ended_us = open.ended_us.max(step.ended_us());
                open.steps.push(step);
            }
            (_, pause_us) => stretches.push(Stretch {
                pause_us: pause_us.unwrap_or(0),
                began_us: step.began_us,
                ended_us: step.ended_us().max(step.began_us),
                steps: vec![step],
            }),
        }
    }
    for stretch in &mut stretches {
        stretch.steps = in_order_of_cause(std::mem::take(&mut stretch.steps));
    }
    stretches
}

fn is_long(pause_us: i64, open: &Stretch) -> bool {
    let worked_us = open.ended_us.saturating_sub(open.began_us);
    pause_us >= PAUSE_US_MIN && pause_us / PAUSE_FACTOR >= worked_us
}

/// Each piece of work followed by what it caused, in the order it began.
fn in_order_of_cause(steps: Vec<Step>) -> Vec<Step> {
    let mut by_span: HashMap<&str, usize> = HashMap::new();
    for (index, step) in steps.iter().enumerate() {
        by_span.entry(&step.span).or_insert(index);
    }
    // Only what began earlier in the list can be a cause: rows that name each other in a circle,
    // which no service writes, would otherwise vanish.
    let causes: Vec<Option<usize>> = steps
        .iter()
        .enumerate()
        .map(|(index, step)| by_span.get(step.parent.as_str()).copied().filter(|cause| *cause < index))
        .collect();
    let mut caused: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (index, cause) in causes.iter().enumerate() {
        caused.entry(*cause).or_default().push(index);
    }
    let mut waiting: Vec<(usize, usize, bool)> = Vec::new();
    let put_off = |waiting: &mut Vec<_>, cause: Option<usize>, depth: usize| {
        let effects = caused.get(&cause).map(Vec::as_slice).unwrap_or_default();
        waiting.extend(
            effects
                .iter()
                .enumerate()
                .rev()
                .map(|(place, index)| (*index, depth, place + 1 == effects.len())),
        );
    };
    put_off(&mut waiting, None, 0);
    let mut order = Vec::with_capacity(steps.len());
    while let Some((index, depth, last)) = waiting.pop() {
        order.push((index, depth, last));
        put_off(&mut waiting, Some(index), depth + 1);
    }
    let mut steps: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|(index, depth, last)| steps[index].take().map(|step| Step { depth, last, ..step }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample::{BEGAN_US, Journals, Row, TRACE, paid_order};

    fn steps_of(journals: Journals) -> Vec<Step> {
        journals
            .story()
            .flows
            .into_iter()
            .flat_map(|flow| flow.stretches)
            .flat_map(|stretch| stretch.steps)
            .collect()
    }

    fn row(span: u64, parent: u64, at: i64) -> Row {
        let (received, started, finished, committed) = (at, at + 100, at + 200, at + 300);
        Row { kind: "request", subject: "a.b", span, parent, received, started, finished, committed }
    }

    #[test]
    fn an_event_waits_since_it_was_committed_where_it_was_told() {
        let story = paid_order();
        let steps: Vec<&Step> = story.flows[0].steps().collect();
        let heard = steps.iter().find(|step| step.service == "inventory").unwrap();
        assert_eq!(heard.waiting_us, Some(BEGAN_US + 6_100));
        let second = steps.iter().find(|step| step.attempt == 2).unwrap();
        assert_eq!(second.waiting_us, Some(BEGAN_US + 109_800), "a second try waits since the first ended");
    }

    #[test]
    fn each_step_is_followed_by_what_it_caused() {
        let story = paid_order();
        let order: Vec<(&str, usize, bool)> =
            story.flows[0].steps().map(|step| (step.service.as_str(), step.depth, step.last)).collect();
        assert_eq!(
            order[..6],
            [
                ("order", 0, true),
                ("catalog", 1, false),
                ("inventory", 1, true),
                ("order", 2, true),
                ("inventory", 3, false),
                ("payment", 3, true),
            ]
        );
    }

    #[test]
    fn rows_that_name_each_other_as_their_cause_are_all_shown() {
        let mut journals = Journals::default();
        journals.row("order", row(1, 2, 0));
        journals.row("order", row(2, 1, 1_000));
        journals.row("order", row(3, 3, 2_000));
        journals.row("order", row(3, 7, 3_000));
        assert_eq!(steps_of(journals).len(), 4);
    }

    #[test]
    fn what_was_told_is_shown_also_if_its_work_is_not_known() {
        let mut journals = Journals::default();
        journals.told("order", 5, 12, "events.order.placed", 500);
        let steps = steps_of(journals);
        assert_eq!((steps.len(), steps[0].emitted.len(), steps[0].took_us()), (1, 1, 0));
    }

    #[test]
    fn other_flows_stay_out_and_nothing_is_no_flow() {
        let mut journals = Journals::default();
        journals.row("order", row(1, 0, 0)).trace = "0".repeat(32);
        assert!(journals.story().flows.is_empty());
        assert_eq!(join(TRACE, &[]), None);
    }
}
