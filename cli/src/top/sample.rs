//! What is asked of everybody at one moment.

use std::collections::BTreeMap;
use std::time::Duration;

use kit::Client;
use kit::error::reason;
use serde::Serialize;

use super::stuck::{self, Found};
use crate::failure::{Failure, exit};
use crate::shop::Shop;
use crate::status::Status;

/// How long a whole sample may take: after that it is given up, and the next one asks anew.
const SAMPLE_TIME: Duration = Duration::from_secs(4);
/// How long the broker may take to answer at all. While it is away nobody else is asked, so that
/// nothing piles up for the moment in which it is back.
const BROKER_TIME: Duration = Duration::from_secs(2);
/// How long a service may take to list what is stuck.
const LIST_TIME: Duration = Duration::from_millis(1_500);

/// How long services have to tell how much they were asked: all answer at once, and nobody knows when
/// the last has.
const STATS_TIME: Duration = Duration::from_millis(250);

/// How the shop is, and what is stuck in it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sample {
    /// The broker, the services, the streams, the orders by stage.
    #[serde(flatten)]
    pub(crate) status: Status,
    /// What does not go on by itself.
    pub(crate) stuck: Found,
    /// How much each service was asked, as far as it says so.
    pub(crate) asked: BTreeMap<String, Asked>,
}

/// How much a service was asked since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Asked {
    /// How many requests it answered.
    pub(crate) requests: u64,
    /// How many of them with an error, refusals included.
    pub(crate) errors: u64,
}

impl Sample {
    /// Asks everybody.
    ///
    /// # Errors
    /// 11 if the broker does not answer; whatever else is wrong is part of the sample.
    pub(crate) async fn ask(shop: &Shop) -> Result<Self, Failure> {
        let away = |_| {
            Failure::new(exit::BROKER_UNREACHABLE, reason::BROKER_UNREACHABLE, "the broker does not answer")
        };
        let client = &shop.asker().await?;
        tokio::time::timeout(BROKER_TIME, client.round_trip()).await.map_err(away)??;
        let all = async {
            let (status, asked) = tokio::join!(Status::ask(shop), asked(client));
            let status = status?;
            let stuck = stuck::find(client, &status, LIST_TIME.min(shop.timeout)).await;
            Ok(Self { status, stuck, asked })
        };
        tokio::time::timeout(SAMPLE_TIME, all).await.map_err(away)?
    }
}

async fn asked(client: &Client) -> BTreeMap<String, Asked> {
    let mut asked: BTreeMap<String, Asked> = BTreeMap::new();
    for service in client.service_stats(STATS_TIME).await.unwrap_or_default() {
        let sum = asked.entry(service.name).or_default();
        for endpoint in service.endpoints {
            sum.requests = sum.requests.saturating_add(endpoint.requests);
            sum.errors = sum.errors.saturating_add(endpoint.errors);
        }
    }
    asked
}
