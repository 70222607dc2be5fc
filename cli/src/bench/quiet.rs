//! Waiting until everybody has heard everything: what is confirmed may still be counted, written down and
//! mailed by others, and a rate that leaves work behind would not last.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kit::admin::GetHealth;
use kit::vitals::Health;
use kit::{Call, Client};

use crate::stack::services;

/// How long it is waited for; then it is said that it was not seen.
const CATCH_UP_TIME: Duration = Duration::from_secs(120);

/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long one answer may take.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// Waits until every hearer has heard everything and no work is left; answers how long that took, and none
/// if it took too long.
pub(crate) async fn caught_up(client: &Client) -> Option<Duration> {
    let began = Instant::now();
    while began.elapsed() < CATCH_UP_TIME {
        let looked = Instant::now();
        if is_quiet(client).await.unwrap_or(false) {
            return Some(looked.saturating_duration_since(began));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    None
}

async fn is_quiet(client: &Client) -> kit::Result<bool> {
    // Those who tell first: what they have told by then is in the streams that are looked at after.
    let healths = join_all(services::names().into_iter().map(|service| health(client, service))).await;
    for health in healths {
        let health = health?;
        if health.outbox_newest != health.outbox_published || health.effects_due > 0 {
            return Ok(false);
        }
    }
    let streams = client.streams().await?;
    for consumers in join_all(streams.iter().map(|stream| client.consumers(&stream.name))).await {
        let behind =
            |one: &kit::client::ConsumerState| !one.outside && one.pending + one.unacknowledged as u64 > 0;
        if consumers?.iter().any(behind) {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn health(client: &Client, service: &str) -> kit::Result<Health> {
    let call = Call { timeout: ANSWER_TIME, ..Call::default() };
    client.call_as(&format!("{service}.health"), &GetHealth {}, call).await
}
