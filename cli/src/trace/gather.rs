//! Asking every service at once what it did.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use kit::admin::{DeadLetters, GetTrace, ListDeadLetters, TraceView};
use kit::client::Client;
use kit::engine::hearing::DeadLetter;
use kit::limits::PAGE_MAX;

use super::ask::{Silence, ask, ask_all, ask_everybody, heard, silent};
use super::join::join as join_flow;
use super::stuck::{count_behind, with_letters};
use super::{Flow, Silent};

/// How long a service has to say what it did.
pub(crate) const ANSWER_TIME: Duration = Duration::from_secs(2);
/// Flows that are drawn of one thing; the newest are.
pub(crate) const FLOWS_MAX: usize = 20;
/// Flows that a service is asked for at once, if many are wanted.
const FLOWS_AT_ONCE: usize = 25;
/// Pages of dead letters that are looked at to count what waits behind one.
const LETTER_PAGES_MAX: usize = 5;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// The flows, the oldest first.
    pub(crate) flows: Vec<Flow>,
    /// Services that did not answer.
    pub(crate) silent: Vec<Silent>,
    /// Older flows that were left out.
    pub(crate) left_out: usize,
}

/// What is looked for.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    /// One flow, by its 32 hexadecimal digits.
    Trace(String),
    /// Every flow in which a key occurs.
    Key(String),
}

/// Asks every service, first in which flows the key occurs, then what it did in each of them:
/// most work for an order is done by services that have never seen the order's number as a key.
pub(crate) async fn gather(client: &Client, wanted: Wanted, bodies: bool, wait: Duration) -> Gathered {
    let mut silence = Silence::new();
    let key = match &wanted {
        Wanted::Key(key) => key.clone(),
        Wanted::Trace(_) => String::new(),
    };
    let by_key = GetTrace { key, ..GetTrace::default() };
    let found = heard(ask_everybody(client, "trace", &by_key, wait).await, &mut silence);
    let mut first_us: BTreeMap<String, i64> = BTreeMap::new();
    let mut services = BTreeSet::new();
    for (service, view) in found {
        note_flows(&mut first_us, &view);
        services.insert(service);
    }
    if let Wanted::Trace(trace) = wanted {
        first_us.insert(trace, 0);
    }
    let mut traces: Vec<(i64, String)> = first_us.into_iter().map(|(trace, at)| (at, trace)).collect();
    traces.sort_unstable();
    let left_out = traces.len().saturating_sub(FLOWS_MAX);
    let traces = traces.into_iter().skip(left_out).map(|(_, trace)| trace);
    let told = join_all(traces.map(|trace| async {
        let asked = GetTrace { traces: vec![trace.clone()], bodies, ..GetTrace::default() };
        (trace, ask_all::<_, TraceView>(client, &services, "trace", &asked, wait).await)
    }));
    let mut flows = Vec::new();
    for (trace, answers) in told.await {
        let views = heard(answers, &mut silence);
        flows.extend(join_flow(&trace, &views));
    }
    flows.sort_by_key(|flow| flow.began_us);
    count_waiting_letters(client, &mut flows, wait).await;
    Gathered { flows, silent: silent(silence), left_out }
}

/// What many flows consist of, a number of them at a time. Whoever does not answer once is not asked
/// again.
pub(crate) async fn gather_many(
    client: &Client,
    traces: Vec<String>,
    wait: Duration,
    silence: &mut Silence,
) -> Vec<Flow> {
    let known = super::ask::known();
    let others = super::ask::others(client, &known).await;
    let mut services: BTreeSet<String> = known.into_iter().chain(others).collect();
    let mut left: Vec<Vec<String>> = traces.chunks(FLOWS_AT_ONCE).rev().map(<[String]>::to_vec).collect();
    let mut flows = Vec::new();
    while let Some(some) = left.pop() {
        services.retain(|service| !silence.contains_key(service));
        let asked = GetTrace { traces: some.clone(), ..GetTrace::default() };
        let answers = ask_all::<_, TraceView>(client, &services, "trace", &asked, wait).await;
        let views = heard(answers, silence);
        // An answer has room for so many rows only.
        if some.len() > 1 && views.iter().any(|(_, view)| view.cut) {
            let (first, second) = some.split_at(some.len() / 2);
            left.extend([second.to_vec(), first.to_vec()]);
            continue;
        }
        flows.extend(some.iter().filter_map(|trace| join_flow(trace, &views)));
    }
    flows
}

/// Notes when each flow began. A service gives its oldest rows first and only so many: a flow of
/// which it gave none is newer than the others.
fn note_flows(first_us: &mut BTreeMap<String, i64>, view: &TraceView) {
    for trace in &view.traces {
        let rows = view.entries.iter().filter(|entry| entry.trace == *trace);
        let began_us = rows.map(|entry| entry.received_us).min().unwrap_or(i64::MAX);
        let known = first_us.entry(trace.clone()).or_insert(began_us);
        *known = began_us.min(*known);
    }
}

/// What waits behind a dead letter came in other flows, so the services are asked for it.
async fn count_waiting_letters(client: &Client, flows: &mut [Flow], wait: Duration) {
    let stuck = with_letters(flows);
    let letters = join_all(stuck.into_iter().map(|service| async move {
        let letters = letters_of(client, &service, wait).await;
        (service, letters)
    }));
    let all: BTreeMap<String, Vec<DeadLetter>> = letters.await.into_iter().collect();
    if !all.is_empty() {
        count_behind(flows, &all);
    }
}

async fn letters_of(client: &Client, service: &str, wait: Duration) -> Vec<DeadLetter> {
    let mut letters: Vec<DeadLetter> = Vec::new();
    for _ in 0..LETTER_PAGES_MAX {
        let after = letters.last().map_or(0, |letter| letter.id);
        let asked = ListDeadLetters { after, limit: Some(PAGE_MAX) };
        let page: Result<DeadLetters, String> = ask(client, service, "dead_letters", &asked, wait).await;
        match page {
            Ok(page) if !page.items.is_empty() => letters.extend(page.items),
            _ => break,
        }
    }
    letters
}
