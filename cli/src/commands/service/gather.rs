//! Asking everybody at once: what they announce, and how they are.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{join, join_all};
use kit::admin::GetHealth;
use kit::client::ServiceStats;
use kit::vitals::Health;
use kit::{Call, Client};

use super::instance::{Instance, State, join as join_instances};
use crate::failure::{Failure, exit};
use crate::shop::Shop;
use crate::stack::services;
use crate::stream::name;

/// How long services have to announce themselves.
const DISCOVERY_TIME: Duration = Duration::from_millis(300);

/// How long each has to say how it is: nobody wants to wait for a list.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// How often each instance is asked for its health beyond once: which one answers is chance.
const ASKED_FOR_EACH: usize = 4;

/// Every instance of every service; of one service only, if one is meant. Absent ones are among them.
///
/// # Errors
/// 3 if there is no such service, 11 if the broker does not answer.
pub(super) async fn instances(shop: &Shop, typed: Option<&str>) -> Result<Vec<Instance>, Failure> {
    let client = shop.asker().await?;
    let known = services::names();
    let wait = ANSWER_TIME.min(shop.timeout);
    let healths = join_all(known.iter().map(|service| health(&client, service, wait)));
    let (announced, healths) = join(client.service_stats(DISCOVERY_TIME.min(wait)), healths).await;
    let mut by_name: BTreeMap<String, Vec<ServiceStats>> = BTreeMap::new();
    for stats in announced? {
        by_name.entry(stats.name.clone()).or_default().push(stats);
    }
    let mut all = Vec::new();
    for (service, first) in known.iter().zip(healths) {
        let announced = by_name.remove(*service).unwrap_or_default();
        all.extend(of_service(&client, service, announced, first, wait).await);
    }
    // Services that no contract knows, such as those of a newer version.
    for (service, announced) in by_name {
        let first = health(&client, &service, wait).await;
        all.extend(of_service(&client, &service, announced, first, wait).await);
    }
    let Some(typed) = typed else { return Ok(all) };
    let mut names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    names.dedup();
    let wanted = name::among("service", typed, &names, "shopctl service ls")?.to_owned();
    all.retain(|one| one.name == wanted);
    Ok(all)
}

/// The exit code that a list stands for: 10 if somebody does not answer.
pub(super) fn ending(instances: &[Instance]) -> Result<(), Failure> {
    let silent = instances.iter().any(|one| matches!(one.state, State::Silent | State::Mute));
    if silent { Err(Failure::shown(exit::UNAVAILABLE)) } else { Ok(()) }
}

async fn of_service(
    client: &Client,
    service: &str,
    announced: Vec<ServiceStats>,
    first: kit::Result<Health>,
    wait: Duration,
) -> Vec<Instance> {
    let why = first.as_ref().err().map(|error| error.message.clone()).unwrap_or_default();
    let mut healths: Vec<Health> = first.into_iter().collect();
    if announced.len() > 1 {
        let again = (0..announced.len() * ASKED_FOR_EACH).map(|_| health(client, service, wait));
        healths.extend(join_all(again).await.into_iter().flatten());
        healths.sort_by_key(|health| (health.started_at, health.pid));
        healths.dedup_by_key(|health| (health.started_at, health.pid));
    }
    join_instances(service, announced, healths, &why)
}

async fn health(client: &Client, service: &str, timeout: Duration) -> kit::Result<Health> {
    client.call_as(&format!("{service}.health"), &GetHealth {}, Call { timeout, ..Call::default() }).await
}
