//! How the shop is: the broker, every service, who is behind in which stream, the orders by stage.
//! All are asked at once, and whoever does not answer in time is a row that says so.

mod screen;

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::order::{CountOrders, OrderCounts, Stage};
use futures_util::future::join_all;
use jiff::Timestamp;
use kit::admin::GetHealth;
use kit::client::StreamState;
use kit::vitals::Health;
use kit::{Call, Client};
use serde::Serialize;

use crate::failure::{Failure, exit};
use crate::shop::Shop;
use crate::stack::{ALL_IN_ONE, BROKER, Folder, services};

pub(crate) use screen::{bytes, draw, up};

/// How long each may take to answer: nobody wants to wait for a screen.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// How the shop is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Status {
    /// Whether everything answers and nothing waits for a person.
    pub(crate) well: bool,
    pub(crate) at: Timestamp,
    pub(crate) broker: BrokerState,
    pub(crate) services: Vec<ServiceState>,
    pub(crate) streams: Vec<StreamLag>,
    /// By stage; none if nobody could say.
    pub(crate) orders: Option<OrderCounts>,
    /// What is wrong, for people.
    pub(crate) troubles: Vec<Trouble>,
}

/// The broker.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct BrokerState {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) url: String,
    pub(crate) round_trip_us: i64,
    #[serde(flatten)]
    pub(crate) process: Local,
}

/// A service.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ServiceState {
    pub(crate) name: String,
    pub(crate) state: State,
    /// What it says of itself; none if it does not answer.
    pub(crate) health: Option<Health>,
    #[serde(flatten)]
    pub(crate) process: Local,
}

/// Whether a service is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It answers, and everything is in order.
    Ok,
    /// It answers, and something is wrong.
    Trouble,
    /// It does not answer.
    Silent,
}

/// What is known of a process: by this machine, if `shopctl up` started it here, else as it tells.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Local {
    pub(crate) up_seconds: Option<i64>,
    pub(crate) memory_bytes: Option<u64>,
}

/// A stream, and how far behind it those who hear it are.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct StreamLag {
    #[serde(flatten)]
    pub(crate) stream: StreamState,
    /// How many messages each hearer has still to act on, by name.
    pub(crate) behind: BTreeMap<String, u64>,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Trouble {
    /// Whether nothing goes on until it is mended, rather than something waiting for a person.
    pub(crate) grave: bool,
    pub(crate) message: String,
    pub(crate) mend: String,
}

impl Status {
    /// Asks everybody.
    ///
    /// # Errors
    /// 11 if the broker does not answer; whatever else is wrong is part of the status.
    pub(crate) async fn ask(shop: &Shop) -> Result<Self, Failure> {
        let client = &shop.asker().await?;
        let wait = ANSWER_TIME.min(shop.timeout);
        let url = shop.address().url;
        let here = shop.folder().ok().filter(|folder| folder.broker_of_what_runs().as_ref() == Some(&url));
        let names = services::of(client, wait).await;
        let healths = join_all(names.iter().map(|name| health(client, name, wait)));
        let (round_trip, healths, streams, orders) = tokio::join!(
            client.round_trip(),
            healths,
            tokio::time::timeout(wait, streams(client)),
            client.call(&CountOrders {}, Call { timeout: wait, ..Call::default() }),
        );
        let round_trip_us = i64::try_from(round_trip.map_err(Failure::from)?.as_micros()).unwrap_or(i64::MAX);
        let now = shop.now();
        let (name, version) = client.broker();
        let process = Local::of(here.as_ref(), BROKER, now);
        let mut status = Self {
            well: false,
            at: now,
            broker: BrokerState { name, version, url, round_trip_us, process },
            services: Vec::new(),
            streams: Vec::new(),
            orders: orders.ok(),
            troubles: Vec::new(),
        };
        for (name, health) in names.into_iter().zip(healths) {
            status.add_service(name, health, Local::of(here.as_ref(), name, now));
        }
        let unknown = match streams {
            Ok(Ok(streams)) => {
                status.streams = streams;
                None
            }
            Ok(Err(error)) => Some(error.message),
            Err(_) => Some("the broker does not tell them in time".to_owned()),
        };
        if let Some(why) = unknown {
            status.add_trouble(true, format!("the streams are not known: {why}"), "shopctl logs broker");
        }
        status.note_attention();
        status.note_overdue();
        status.well = status.troubles.is_empty();
        Ok(status)
    }

    /// The exit code it stands for.
    pub(crate) fn exit(&self) -> Option<u8> {
        if self.services.iter().any(|service| service.state == State::Silent) {
            Some(exit::UNAVAILABLE)
        } else if self.well {
            None
        } else {
            Some(exit::PROBLEMS_FOUND)
        }
    }

    fn add_service(&mut self, name: &str, health: kit::Result<Health>, process: Local) {
        let state = match &health {
            Ok(health) if health.is_well() => State::Ok,
            Ok(health) => {
                self.note(health);
                State::Trouble
            }
            Err(error) => {
                self.add_trouble(
                    true,
                    format!("{name}: {}", error.message),
                    &format!("shopctl up      or see shopctl logs {name}"),
                );
                State::Silent
            }
        };
        let process = match &health {
            Ok(health) => process.or_as_told(health),
            Err(_) => process,
        };
        self.services.push(ServiceState { name: name.to_owned(), state, health: health.ok(), process });
    }

    fn note(&mut self, health: &Health) {
        let name = &health.service;
        for (part, state) in health.parts.iter().filter(|(_, state)| *state != "ok") {
            self.add_trouble(true, format!("{name}: {part}: {state}"), &format!("shopctl logs {name}"));
        }
        if health.dead_letters > 0 {
            let what = format!(
                "{name} could not act on {} events; {} more wait behind them",
                health.dead_letters, health.parked
            );
            self.add_trouble(false, what, &format!("shopctl dlq ls {name}"));
        }
        if health.effects_given_up > 0 {
            let what =
                format!("{name} gave up {} pieces of work on the outside world", health.effects_given_up);
            self.add_trouble(false, what, "shopctl doctor");
        }
    }

    fn note_attention(&mut self) {
        let stage = Stage::NeedsAttention;
        let waiting = self.orders.as_ref().and_then(|orders| orders.stages.get(&stage)).copied().unwrap_or(0);
        if waiting > 0 {
            let what = match waiting {
                1 => "1 order needs a person".to_owned(),
                many => format!("{many} orders need a person"),
            };
            self.add_trouble(
                false,
                what,
                "shopctl order ls --stage needs_attention      and shopctl trace ID",
            );
        }
    }

    fn note_overdue(&mut self) {
        let overdue = self.orders.as_ref().map_or(0, |orders| orders.overdue);
        if overdue > 0 {
            self.add_trouble(
                false,
                format!("{overdue} orders are past the deadline of their stage"),
                "shopctl order ls --stage placed,awaiting_payment      and shopctl trace ID",
            );
        }
    }

    fn add_trouble(&mut self, grave: bool, message: String, mend: &str) {
        self.troubles.push(Trouble { grave, message, mend: mend.to_owned() });
    }
}

impl ServiceState {
    /// How many events wait in its outbox to be told.
    pub(crate) fn untold(&self) -> u64 {
        self.health.as_ref().map_or(0, |health| health.outbox_newest.saturating_sub(health.outbox_published))
    }
}

impl Local {
    /// What a service tells of its process, where this machine knows nothing of it.
    fn or_as_told(self, health: &Health) -> Self {
        let up = health.now.duration_since(health.started_at).as_secs().max(0);
        let told = health.started_at > Timestamp::UNIX_EPOCH;
        Self {
            up_seconds: self.up_seconds.or(told.then_some(up)),
            memory_bytes: self.memory_bytes.or(Some(health.memory_bytes).filter(|bytes| *bytes > 0)),
        }
    }

    fn of(folder: Option<&Folder>, part: &str, now: Timestamp) -> Self {
        let found = folder.and_then(|folder| {
            let parts = [part, if part == BROKER { BROKER } else { ALL_IN_ONE }];
            parts.into_iter().find_map(|part| Some((folder.process(part)?, folder.pid_file(part))))
        });
        let Some((process, file)) = found else { return Self::default() };
        // The file is written when the process starts.
        let started = std::fs::metadata(file).and_then(|facts| facts.modified()).ok();
        let started = started.and_then(|time| Timestamp::try_from(time).ok());
        Self {
            up_seconds: started.map(|started| now.duration_since(started).as_secs().max(0)),
            memory_bytes: process.memory(),
        }
    }
}

async fn health(client: &Client, service: &str, timeout: Duration) -> kit::Result<Health> {
    client.call_as(&format!("{service}.health"), &GetHealth {}, Call { timeout, ..Call::default() }).await
}

async fn streams(client: &Client) -> kit::Result<Vec<StreamLag>> {
    let streams = client.streams().await?;
    let hearers = join_all(streams.iter().map(|stream| client.consumers(&stream.name))).await;
    let with_hearers = streams.into_iter().zip(hearers).map(|(stream, hearers)| {
        let behind = hearers?.into_iter().map(|hearer| {
            let handed_out = u64::try_from(hearer.unacknowledged).unwrap_or(u64::MAX);
            (hearer.name, hearer.pending.saturating_add(handed_out))
        });
        Ok(StreamLag { stream, behind: behind.collect() })
    });
    with_hearers.collect()
}
