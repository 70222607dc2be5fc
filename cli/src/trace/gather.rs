//! Asking every service at once what it did.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::{join, join_all};
use kit::admin::{GetTrace, TraceView};
use kit::client::{Call, Client};

use super::join::join as join_flow;
use super::{Flow, Silent};

/// How long a service has to say what it did.
pub(crate) const ANSWER_TIME: Duration = Duration::from_secs(2);
/// How long services that no contract knows have to say that they exist.
const DISCOVERY_TIME: Duration = Duration::from_millis(150);
/// Flows that are drawn of one thing; the newest are.
pub(crate) const FLOWS_MAX: usize = 20;

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
    let known: BTreeSet<String> = contracts::words().map(|word| word.owner().to_owned()).collect();
    let mut silent: BTreeMap<String, String> = BTreeMap::new();
    let key = match &wanted {
        Wanted::Key(key) => key.clone(),
        Wanted::Trace(_) => String::new(),
    };
    let by_key = GetTrace { key, ..GetTrace::default() };
    let (found, others) = join(ask_all(client, &known, &by_key, wait), others(client, &known)).await;
    let found = found.into_iter().chain(ask_all(client, &others, &by_key, wait).await);
    let mut first_us: BTreeMap<String, i64> = BTreeMap::new();
    let mut services = BTreeSet::new();
    for (service, answer) in found {
        match answer {
            Ok(view) => {
                note_flows(&mut first_us, &view);
                services.insert(service);
            }
            Err(why) => {
                silent.insert(service, why);
            }
        }
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
        (trace, ask_all(client, &services, &asked, wait).await)
    }));
    let mut flows = Vec::new();
    for (trace, answers) in told.await {
        let mut views = Vec::new();
        for (service, answer) in answers {
            match answer {
                Ok(view) => views.push((service, view)),
                Err(why) => {
                    silent.entry(service).or_insert(why);
                }
            }
        }
        flows.extend(join_flow(&trace, &views));
    }
    flows.sort_by_key(|flow| flow.began_us);
    let silent = silent.into_iter().map(|(service, why)| Silent { service, why }).collect();
    Gathered { flows, silent, left_out }
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

/// Services that run here and that no contract knows, such as those of a newer version.
async fn others(client: &Client, known: &BTreeSet<String>) -> BTreeSet<String> {
    let running = client.services(DISCOVERY_TIME).await.unwrap_or_default();
    let answers_trace = |info: &kit::client::ServiceInfo| {
        let subject = format!("{}.trace", info.name);
        info.endpoints.iter().any(|endpoint| endpoint.subject == subject)
    };
    running
        .into_iter()
        .filter(answers_trace)
        .map(|info| info.name)
        .filter(|name| !known.contains(name))
        .collect()
}

async fn ask_all(
    client: &Client,
    services: &BTreeSet<String>,
    asked: &GetTrace,
    wait: Duration,
) -> Vec<(String, Result<TraceView, String>)> {
    join_all(services.iter().map(|service| async move {
        let call = Call { timeout: wait, ..Call::default() };
        let answer = client.call_as(&format!("{service}.trace"), asked, call).await;
        (service.clone(), answer.map_err(|error| why(&error, wait)))
    }))
    .await
}

fn why(error: &kit::Error, wait: Duration) -> String {
    if error.kind.is_retryable() {
        format!("no answer within {} s", wait.as_secs_f64())
    } else {
        error.message.clone()
    }
}
