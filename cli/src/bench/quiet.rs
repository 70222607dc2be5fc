//! Waiting until everybody has heard everything: what is confirmed may still be counted, written down and
//! mailed by others, and a rate that leaves work behind would not last.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kit::admin::GetHealth;
use kit::client::ConsumerState;
use kit::vitals::Health;
use kit::{Call, Client};

use crate::stack::services;

/// How long it is waited for; then it is said that it was not seen.
const CATCH_UP_TIME: Duration = Duration::from_secs(120);

/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long one answer may take.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// Work on the outside world that is still to be done, by all services together.
///
/// # Errors
/// If one of them does not answer.
pub(crate) async fn effects_due(client: &Client) -> kit::Result<u64> {
    healths(client).await?.iter().map(|health| Ok(health.effects_due)).sum()
}

/// Waits until every hearer has heard everything, and no more work on the outside world is left than there was
/// before; answers how long that took, and none if it took too long or if somebody does not answer.
pub(crate) async fn caught_up(client: &Client, effects_before: u64) -> Option<Duration> {
    let began = Instant::now();
    while began.elapsed() < CATCH_UP_TIME {
        let looked = Instant::now();
        if is_quiet(client, effects_before).await.ok()? {
            return Some(looked.saturating_duration_since(began));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    None
}

async fn is_quiet(client: &Client, effects_before: u64) -> kit::Result<bool> {
    // Those who tell first: what they have told by then is in the streams that are looked at after.
    let healths = healths(client).await?;
    let untold = healths.iter().any(|health| health.outbox_newest != health.outbox_published);
    if untold || healths.iter().map(|health| health.effects_due).sum::<u64>() > effects_before {
        return Ok(false);
    }
    let streams = client.streams().await?;
    for consumers in join_all(streams.iter().map(|stream| client.consumers(&stream.name))).await {
        let behind = |one: &ConsumerState| !one.outside && one.pending + one.unacknowledged as u64 > 0;
        if consumers?.iter().any(behind) {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn healths(client: &Client) -> kit::Result<Vec<Health>> {
    let all = services::of(client, ANSWER_TIME).await;
    let asked = all.into_iter().map(|service| health(client, service));
    join_all(asked).await.into_iter().collect()
}

async fn health(client: &Client, service: &str) -> kit::Result<Health> {
    let call = Call { timeout: ANSWER_TIME, ..Call::default() };
    client.call_as(&format!("{service}.health"), &GetHealth {}, call).await
}
