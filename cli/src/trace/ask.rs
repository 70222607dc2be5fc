//! Asking every service the same at once: who is asked, for how long, and who kept silent.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use kit::client::{Call, Client, ServiceInfo};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Silent;

/// How long services that no contract knows have to say that they exist.
const DISCOVERY_TIME: Duration = Duration::from_millis(150);

/// Services that did not answer, with why.
pub(crate) type Silence = BTreeMap<String, String>;

/// The services that the contracts know.
pub(crate) fn known() -> BTreeSet<String> {
    contracts::words().map(|word| word.owner().to_owned()).collect()
}

/// Services that run here and that no contract knows, such as those of a newer version.
pub(crate) async fn others(client: &Client, known: &BTreeSet<String>) -> BTreeSet<String> {
    let running = client.services(DISCOVERY_TIME).await.unwrap_or_default();
    let answers_trace = |info: &ServiceInfo| {
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

/// Asks each of the services for `<service>.<what>`, all at once.
pub(crate) async fn ask_all<Q: Serialize, P: DeserializeOwned>(
    client: &Client,
    services: &BTreeSet<String>,
    what: &str,
    asked: &Q,
    wait: Duration,
) -> Vec<(String, Result<P, String>)> {
    join_all(
        services
            .iter()
            .map(|service| async move { (service.clone(), ask(client, service, what, asked, wait).await) }),
    )
    .await
}

/// Asks everybody who is there: those whom the contracts know, and those who run beside them.
pub(crate) async fn ask_everybody<Q: Serialize, P: DeserializeOwned>(
    client: &Client,
    what: &str,
    asked: &Q,
    wait: Duration,
) -> Vec<(String, Result<P, String>)> {
    let known = known();
    let (mut answers, others) =
        futures_util::future::join(ask_all(client, &known, what, asked, wait), others(client, &known)).await;
    answers.extend(ask_all(client, &others, what, asked, wait).await);
    answers
}

/// Asks one service.
pub(crate) async fn ask<Q: Serialize, P: DeserializeOwned>(
    client: &Client,
    service: &str,
    what: &str,
    asked: &Q,
    wait: Duration,
) -> Result<P, String> {
    let call = Call { timeout: wait, ..Call::default() };
    let answer = client.call_as(&format!("{service}.{what}"), asked, call).await;
    answer.map_err(|error| why(&error, wait))
}

/// Takes out who kept silent, and notes it.
pub(crate) fn heard<P>(answers: Vec<(String, Result<P, String>)>, silence: &mut Silence) -> Vec<(String, P)> {
    let mut told = Vec::with_capacity(answers.len());
    for (service, answer) in answers {
        match answer {
            Ok(view) => told.push((service, view)),
            Err(why) => {
                silence.entry(service).or_insert(why);
            }
        }
    }
    told
}

/// The same as a list.
pub(crate) fn silent(silence: Silence) -> Vec<Silent> {
    silence.into_iter().map(|(service, why)| Silent { service, why }).collect()
}

fn why(error: &kit::Error, wait: Duration) -> String {
    if error.kind.is_retryable() {
        format!("no answer within {} s", wait.as_secs_f64())
    } else {
        error.message.clone()
    }
}
