//! Asking: everybody at once, each within its time. Who does not answer is a fact too.

use std::future::Future;
use std::time::{Duration, Instant};

use contracts::order::{CountOrders, ListOrders, Stage};
use contracts::payment::{ListPayments, PaymentState};
use futures_util::future::join_all;
use jiff::Timestamp;
use kit::admin::{CheckDatabase, DatabaseChecked, GetHealth};
use kit::client::ConsumerState;
use kit::limits::PAGE_MAX;
use kit::vitals::Health;
use kit::{Call, Client, Voice};
use serde::Deserialize;

use super::facts::{Answer, Asked, Broker, Facts, Hearer, Service, Store, Stream};
use super::limits::{ANSWER_TIME, DATABASE_TIME};
use super::local;
use crate::failure::{Failure, exit};
use crate::shop::Shop;
use crate::stack::services;

/// How much longer than its own limit a question may take.
const AFTER_LIMIT: Duration = Duration::from_millis(200);

/// Where the broker tells what it keeps for us.
const ACCOUNT: &str = "$JS.API.INFO";

/// What the broker tells there, as far as it matters.
#[derive(Deserialize)]
struct Account {
    storage: u64,
    limits: AccountLimits,
}

#[derive(Deserialize)]
struct AccountLimits {
    max_storage: i64,
}

/// Asks everybody.
///
/// # Errors
/// If nobody can be asked for another reason than that the broker is away.
pub(super) async fn ask(shop: &Shop, deep: bool) -> Result<Facts, Failure> {
    let here = local::look(shop);
    let client = match shop.asker().await {
        Ok(client) => client,
        Err(failure) if failure.exit() == exit::BROKER_UNREACHABLE => {
            let why = failure.message().to_owned();
            return Ok(Facts { here: here.await, ..nobody(shop.now(), &why) });
        }
        Err(failure) => return Err(failure),
    };
    let client = &client;
    let wait = ANSWER_TIME.min(shop.timeout);
    let database = if deep { DATABASE_TIME.1 } else { DATABASE_TIME.0 };
    let names = services::of(client, wait).await;
    let call = || Call { timeout: wait, ..Call::default() };
    let attention =
        ListOrders { stages: vec![Stage::NeedsAttention], limit: Some(1), ..ListOrders::default() };
    let unknown = ListPayments {
        states: vec![PaymentState::Unknown],
        limit: Some(PAGE_MAX),
        ..ListPayments::default()
    };
    let (round_trip, store, streams, services, orders, attention, unknown, here) = tokio::join!(
        within(wait, client.round_trip()),
        within(wait, store(client, wait)),
        within(wait, streams(client)),
        join_all(names.iter().map(|name| service(client, name, wait, CheckDatabase { deep }, database))),
        within(wait, client.call(&CountOrders {}, call())),
        within(wait, client.call(&attention, call())),
        within(wait, client.call(&unknown, call())),
        here,
    );
    let (name, version) = client.broker();
    Ok(Facts {
        at: shop.now(),
        broker: round_trip.map(|round_trip| Broker { name, version, round_trip }),
        store,
        streams,
        services,
        orders,
        attention: attention.map(|page| page.items),
        unknown: unknown.map(|page| page.items),
        here,
    })
}

/// What is known if the broker is away.
fn nobody(at: Timestamp, why: &str) -> Facts {
    Facts {
        at,
        broker: Err(why.to_owned()),
        store: Err(why.to_owned()),
        streams: Err(why.to_owned()),
        services: Vec::new(),
        orders: Err(why.to_owned()),
        attention: Err(why.to_owned()),
        unknown: Err(why.to_owned()),
        here: None,
    }
}

async fn within<T>(wait: Duration, ask: impl Future<Output = kit::Result<T>>) -> Asked<T> {
    // Whoever asks has a limit of its own, and says more about it.
    match tokio::time::timeout(wait + AFTER_LIMIT, ask).await {
        Ok(answer) => answer.map_err(|error| error.message),
        Err(_) => Err(format!("no answer within {:.1} s", wait.as_secs_f64())),
    }
}

/// The broker is asked like a service, but does not want to know who asks: it knows from the connection.
async fn store(client: &Client, wait: Duration) -> kit::Result<Store> {
    let call = Call { timeout: wait, ..Call::default() };
    let told = client.speaking(Voice::Nobody).call_raw(ACCOUNT, Vec::new().into(), call).await?;
    let account: Account = serde_json::from_slice(&told).map_err(|error| {
        kit::Error::internal(format!("what the broker tells of its store is not understood: {error}"))
    })?;
    Ok(Store { bytes: account.storage, bytes_max: u64::try_from(account.limits.max_storage).ok() })
}

async fn streams(client: &Client) -> kit::Result<Vec<Stream>> {
    let streams = client.streams().await?;
    let hearers = join_all(streams.iter().map(|stream| hearers(client, &stream.name))).await;
    let each = streams.into_iter().zip(hearers);
    Ok(each
        .map(|(state, hearers)| Stream { state, hearers: hearers.map_err(|error| error.message) })
        .collect())
}

async fn hearers(client: &Client, stream: &str) -> kit::Result<Vec<Hearer>> {
    let states = client.consumers(stream).await?;
    let since = join_all(states.iter().map(|state| waiting_since(client, state))).await;
    Ok(states.into_iter().zip(since).map(|(state, waiting_since)| Hearer { state, waiting_since }).collect())
}

/// When the first message was stored that a consumer hears and has not acted on.
async fn waiting_since(client: &Client, state: &ConsumerState) -> Option<Timestamp> {
    if state.pending == 0 && state.unacknowledged == 0 {
        return None;
    }
    let everything = vec![">".to_owned()];
    let subjects = if state.subjects.is_empty() { &everything } else { &state.subjects };
    let first =
        subjects.iter().map(|subject| client.message_from(&state.stream, subject, state.acknowledged + 1));
    let found = join_all(first).await.into_iter().filter_map(|message| message.ok().flatten());
    found.map(|message| message.stored_at).min()
}

/// Its database is looked at only if it answers: nobody waits twice for a service that hangs.
async fn service(
    client: &Client,
    name: &str,
    wait: Duration,
    check: CheckDatabase,
    patience: Duration,
) -> Service {
    let (asked_at, began) = (Client::now(), Instant::now());
    let call = Call { timeout: wait, ..Call::default() };
    let subject = format!("{name}.health");
    let answer = client.call_as::<_, Health>(&subject, &GetHealth {}, call);
    let answer = within(wait, answer).await.map(|health| {
        let took = began.elapsed();
        Answer { ahead_ms: ahead(asked_at, health.now, took), health, took }
    });
    let database = match &answer {
        Err(why) => Err(why.clone()),
        Ok(_) => {
            let call = Call { timeout: patience, ..Call::default() };
            let subject = format!("{name}.check_database");
            let checked = client.call_as::<_, DatabaseChecked>(&subject, &check, call);
            within(patience, checked).await.map(|checked| checked.findings)
        }
    };
    Service { name: name.to_owned(), answer, database }
}

/// By how many milliseconds another clock is ahead of ours, beyond what may be the way there or back.
fn ahead(asked_at: Timestamp, theirs: Timestamp, took: Duration) -> i64 {
    let took = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
    let difference = theirs.as_millisecond() - asked_at.as_millisecond();
    difference - difference.clamp(0, took)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_ahead_only_beyond_what_the_way_may_take() {
        let at = |millisecond| Timestamp::from_millisecond(millisecond).unwrap();
        let took = Duration::from_millis(10);
        let told: Vec<i64> = [995, 1000, 1007, 1010, 1012]
            .into_iter()
            .map(|theirs| ahead(at(1000), at(theirs), took))
            .collect();
        assert_eq!(told, [-5, 0, 0, 0, 2]);
    }
}
