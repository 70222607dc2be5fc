//! The keeper of the streams: the only service that may make, empty or delete a stream or a consumer,
//! and only those whose shape is written here.
//!
//! Each service asks it for its own: the name of the caller, which is proved, says which. So a service
//! that is no longer itself can neither let a stream collect what is meant for others, nor send what a
//! stream holds to where it does not belong.

mod raw;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{self, AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::{
    Config, ConsumerError, ConsumerErrorKind, DiscardPolicy, Info, RetentionPolicy, StorageType,
};
use async_nats::jetstream::{self, ErrorCode, context::GetStreamErrorKind};
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, OnceCell};

use crate::access::Position;
use crate::bus::Peer;
use crate::caller::Caller;
use crate::client::{Link, broker, connect};
use crate::context::Ctx;
use crate::crash;
use crate::error::{Error, Kind, Result, reason};
use crate::limits::{DUPLICATE_WINDOW, HEARD_IN_FLIGHT_MAX, STREAM_BYTES_MAX, SUBSCRIBERS_LOOKED_AT};
use crate::message::{Example, stream_of};
use crate::service::Service;
use crate::text::printable;

/// The name of the service.
pub const NAME: &str = "streams";

/// The name under which a stream's configuration keeps the identity of its database.
pub const ORIGIN: &str = "origin";

/// The name under which a stream's configuration keeps the first number that its teller has not forgotten.
pub const KEPT_FROM: &str = "kept_from";

/// The name under which a consumer's configuration says that it belongs to an outside subscriber,
/// for whom history is kept no longer than the retention.
pub const OUTSIDE: &str = "outside";

/// The name under which a stream's configuration says which services hear it, parted by spaces. Once all of
/// them have their consumers, it is known what everybody has heard.
pub const HEARERS: &str = "hearers";

pub use raw::MakeDrain;

/// How long the keeper waits for the broker.
const BROKER_TIME: Duration = Duration::from_secs(2);

/// How often it is looked whether every subscriber still has its consumers, though nobody came or went.
const CONSUMERS_LOOKED_AT: Duration = Duration::from_secs(30);

/// Subjects that one consumer may be filtered to.
const SUBJECTS_MAX: usize = 64;

crate::subjects! {
    act "streams.make" MakeStream -> StreamMade by [services], "Makes the stream of the service that asks, empty; one that is there goes.";
    act "streams.consume" MakeConsumer -> ConsumerMade by [services], "Makes the consumer of the service that asks; one that is there goes.";
    act "streams.drain" MakeDrain -> ConsumerMade by [services], "Makes the stream of raw messages that the service that asks drains, unless it is there, and its consumer anew.";
    act "streams.purge" PurgeStream -> StreamMade by [services], "Removes old messages from the stream of the service that asks.";
}

/// Makes the stream of the caller anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakeStream {
    /// The identity of the database whose mirror it is.
    pub origin: String,
    /// The number of its first message.
    pub first: u64,
}

/// A stream is as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamMade {
    /// Its name.
    pub stream: String,
}

/// Makes a consumer of the caller anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakeConsumer {
    /// The service whose events are heard.
    pub source: String,
    /// Which of them.
    pub subjects: Vec<String>,
    /// The number of the first message to be heard.
    pub start: u64,
}

/// A consumer is as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerMade {
    /// Its stream.
    pub stream: String,
    /// Its name: the one of the service that hears.
    pub consumer: String,
}

/// Removes old messages from the stream of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurgeStream {
    /// Every message before this one goes.
    pub before: u64,
}

/// The service. The peers say who hears whom: nobody gets a consumer of what they do not hear, which
/// would keep history from being forgotten.
pub fn service(link: Link, peers: Vec<Peer>) -> Service {
    let (keeper, peers) = (Arc::new(Keeper::new(link)), Arc::new(peers));
    let (making, consuming, draining) = (Arc::clone(&keeper), Arc::clone(&keeper), Arc::clone(&keeper));
    let (purging, drainers) = (keeper, Arc::clone(&peers));
    let hearing = Arc::clone(&peers);
    Service::new(NAME, env!("CARGO_PKG_VERSION"))
        .about("Keeps the streams and consumers of the others: nobody else may make or delete any.")
        .answers(move |ctx, asked| make(Arc::clone(&making), Arc::clone(&hearing), ctx, asked))
        .answers(move |ctx, asked| consume(Arc::clone(&consuming), Arc::clone(&peers), ctx, asked))
        .answers(move |ctx, asked| raw::drain(Arc::clone(&draining), Arc::clone(&drainers), ctx, asked))
        .answers(move |ctx, asked| purge(Arc::clone(&purging), ctx, asked))
}

/// The keeper's own connection to the broker, made when first needed.
pub struct Keeper {
    link: Link,
    broker: OnceCell<jetstream::Context>,
    /// A stream is not made anew while what its configuration says is changed.
    changing: Mutex<()>,
}

async fn make(keeper: Arc<Keeper>, peers: Arc<Vec<Peer>>, ctx: Ctx, asked: MakeStream) -> Result<StreamMade> {
    let service = asking(&ctx)?;
    let hearers = peers.iter().filter(|peer| peer.hears.contains(&service));
    let hearers: Vec<&str> = hearers.map(|peer| peer.name.as_str()).collect();
    keeper.make(&service, &asked.origin, asked.first, &hearers).await?;
    let outside = ctx.service().trust().members(Position::Subscriber);
    keeper.let_in(&service, &outside).await?;
    Ok(StreamMade { stream: stream_of(&service) })
}

async fn consume(
    keeper: Arc<Keeper>,
    peers: Arc<Vec<Peer>>,
    ctx: Ctx,
    asked: MakeConsumer,
) -> Result<ConsumerMade> {
    let service = asking(&ctx)?;
    if !peers.iter().any(|peer| peer.name == service && peer.hears.contains(&asked.source)) {
        let what = format!("{service} does not hear {}; no consumer was made", printable(&asked.source));
        return Err(Error::new(Kind::Forbidden, reason::FORBIDDEN, what));
    }
    keeper.consume(&service, &asked).await?;
    Ok(ConsumerMade { stream: stream_of(&asked.source), consumer: service })
}

async fn purge(keeper: Arc<Keeper>, ctx: Ctx, asked: PurgeStream) -> Result<StreamMade> {
    let service = asking(&ctx)?;
    keeper.purge(&service, asked.before).await?;
    Ok(StreamMade { stream: stream_of(&service) })
}

/// The service that asks. What it gets is its own, whatever it says.
fn asking(ctx: &Ctx) -> Result<String> {
    match ctx.caller() {
        Caller::Service(name) => Ok(name.clone()),
        _ => Err(Error::new(Kind::Forbidden, reason::FORBIDDEN, "only a service has a stream")),
    }
}

impl Keeper {
    /// A keeper on a connection of its own.
    pub(crate) fn new(link: Link) -> Self {
        Self { link, broker: OnceCell::new(), changing: Mutex::new(()) }
    }

    async fn jetstream(&self) -> Result<&jetstream::Context> {
        let connect = async {
            let nats = connect(&self.link, BROKER_TIME).await?;
            Ok(jetstream::ContextBuilder::new().timeout(BROKER_TIME).build(nats))
        };
        self.broker.get_or_try_init(|| connect).await
    }

    /// Makes the stream of a service anew, empty, for those who hear it.
    pub(crate) async fn make(&self, service: &str, origin: &str, first: u64, hearers: &[&str]) -> Result<()> {
        let _alone = self.changing.lock().await;
        let jetstream = self.jetstream().await?;
        let name = stream_of(service);
        if let Err(error) = jetstream.delete_stream(&name).await {
            tracing::debug!(stream = name, "Not deleted: {error}");
        }
        crash::pause("stream.after_delete", service).await?;
        let config = Config {
            subjects: vec![format!("events.{service}.>")],
            name,
            description: Some(format!("What {service} tells; a mirror of its outbox")),
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::New,
            storage: StorageType::File,
            max_bytes: STREAM_BYTES_MAX,
            num_replicas: 1,
            duplicate_window: DUPLICATE_WINDOW,
            allow_direct: true,
            deny_delete: true,
            first_sequence: Some(first).filter(|first| *first > 1),
            metadata: HashMap::from([
                (ORIGIN.to_owned(), printable(origin).into_owned()),
                (KEPT_FROM.to_owned(), first.max(1).to_string()),
                (HEARERS.to_owned(), hearers.join(" ")),
            ]),
            ..Config::default()
        };
        jetstream.create_stream(config).await.map_err(broker)?;
        crash::pause("stream.after_create", service).await
    }

    /// Removes old messages from the stream of a service. First it says so in what the stream's configuration
    /// says: who hears of a later message must not wait for them.
    pub(crate) async fn purge(&self, service: &str, before: u64) -> Result<()> {
        let _alone = self.changing.lock().await;
        let jetstream = self.jetstream().await?;
        let handle = jetstream.get_stream(stream_of(service)).await.map_err(broker)?;
        let mut config = handle.cached_info().config.clone();
        config.metadata.insert(KEPT_FROM.to_owned(), before.to_string());
        jetstream.update_stream(config).await.map_err(broker)?;
        handle.purge().sequence(before).await.map_err(broker)?;
        Ok(())
    }

    /// Makes the consumer of a service anew.
    pub(crate) async fn consume(&self, service: &str, asked: &MakeConsumer) -> Result<()> {
        let prefix = format!("events.{}.", asked.source);
        let plain = |subject: &String| subject.strip_prefix(&prefix).is_some_and(crate::text::is_name);
        if !crate::text::is_name(&asked.source)
            || asked.subjects.is_empty()
            || asked.subjects.len() > SUBJECTS_MAX
            || !asked.subjects.iter().all(plain)
        {
            let what =
                format!("a consumer hears 1 to {SUBJECTS_MAX} events of one service; nothing was made");
            return Err(Error::invalid("invalid_consumer", what));
        }
        let handle =
            self.jetstream().await?.get_stream_no_info(stream_of(&asked.source)).await.map_err(broker)?;
        if let Err(error) = handle.delete_consumer(service).await {
            tracing::debug!(consumer = service, "Not deleted: {error}");
        }
        crash::pause("consumer.after_delete", service).await?;
        let config = pull::Config {
            durable_name: Some(service.to_owned()),
            description: Some(format!("What {service} hears of {}", asked.source)),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: asked.start.max(1) },
            ack_policy: AckPolicy::All,
            ack_wait: Duration::from_secs(30),
            max_ack_pending: HEARD_IN_FLIGHT_MAX as i64,
            filter_subjects: asked.subjects.clone(),
            ..pull::Config::default()
        };
        let in_memory = pull::Config { memory_storage: true, ..config.clone() };
        match handle.create_consumer(config).await {
            Err(error) if is_unreadable(&error) => {
                // What is left of an earlier one cannot be read, and the broker makes none over it. Where the
                // hearer stands is in its own database, so one that is kept in memory does as well.
                tracing::warn!(consumer = service, "The consumer is kept in memory: {error}");
                handle.create_consumer(in_memory).await.map_err(broker)?;
            }
            made => drop(made.map_err(broker)?),
        }
        Ok(())
    }

    /// Gives every outside subscriber a consumer of the stream of a service, unless it has one, and
    /// takes those away that belong to nobody any more. They are named after their subscribers and
    /// hear everything.
    pub(crate) async fn let_in(&self, service: &str, subscribers: &[String]) -> Result<()> {
        let jetstream = self.jetstream().await?;
        let handle = match jetstream.get_stream(stream_of(service)).await {
            Ok(handle) => handle,
            Err(error) => {
                return match error.kind() {
                    GetStreamErrorKind::JetStream(inner) if inner.code() == 404 => Ok(()),
                    _ => Err(broker(error)),
                };
            }
        };
        let there: Vec<consumer::Info> = handle.consumers().try_collect().await.map_err(broker)?;
        let mut outside: Vec<&str> = there
            .iter()
            .filter(|info| info.config.metadata.contains_key(OUTSIDE))
            .map(|info| info.name.as_str())
            .collect();
        for name in outside.extract_if(.., |name| !subscribers.iter().any(|known| known == name)) {
            handle.delete_consumer(name).await.map_err(broker)?;
            tracing::info!(consumer = name, "The consumer of {service} that {name} had is gone");
        }
        for name in subscribers.iter().filter(|name| !outside.contains(&name.as_str())) {
            let config = pull::Config {
                durable_name: Some(name.clone()),
                description: Some(format!("What {name}, outside the shop, reads of {service}")),
                deliver_policy: DeliverPolicy::All,
                ack_policy: AckPolicy::Explicit,
                metadata: HashMap::from([(OUTSIDE.to_owned(), "true".to_owned())]),
                ..pull::Config::default()
            };
            handle.create_consumer(config).await.map_err(broker)?;
            tracing::info!(consumer = name, "A consumer of {service} was made for {name}");
        }
        Ok(())
    }

    /// Looks again and again whether the roster has other subscribers than before, and now and then
    /// whether each has its consumers.
    pub(crate) async fn look_after(&self, service: &Arc<Service>) {
        let (mut known, mut idle) = (None, Duration::ZERO);
        loop {
            tokio::time::sleep(SUBSCRIBERS_LOOKED_AT).await;
            idle += SUBSCRIBERS_LOOKED_AT;
            let subscribers = service.trust().members(Position::Subscriber);
            let nothing_to_do = subscribers.is_empty() || idle < CONSUMERS_LOOKED_AT;
            if known.as_ref() == Some(&subscribers) && nothing_to_do {
                continue;
            }
            let mut done = true;
            for name in service.trust().members(Position::Service) {
                if let Err(error) = self.let_in(&name, &subscribers).await {
                    tracing::debug!("Consumers of subscribers wait: {}", error.chain());
                    done = false;
                }
            }
            (known, idle) = (done.then_some(subscribers), Duration::ZERO);
        }
    }
}

/// The first number of a stream that its teller has not forgotten. A stream that does not say so is from before
/// that was noted: there it is the first that it holds.
pub fn kept_from(stream: &Info) -> u64 {
    let noted = stream.config.metadata.get(KEPT_FROM).and_then(|text| text.parse().ok());
    noted.unwrap_or(stream.state.first_sequence)
}

/// Whether the broker could not make the files of a consumer.
fn is_unreadable(error: &ConsumerError) -> bool {
    matches!(error.kind(), ConsumerErrorKind::JetStream(inner) if inner.error_code() == ErrorCode::CONSUMER_CREATE)
}

impl Example for MakeStream {
    fn example() -> Self {
        Self { origin: "01938f2e-6f7c-7cc1-a9c3-2f4c0d8c1b11".into(), first: 1 }
    }
}

impl Example for StreamMade {
    fn example() -> Self {
        Self { stream: "THING".into() }
    }
}

impl Example for MakeConsumer {
    fn example() -> Self {
        Self { source: "thing".into(), subjects: vec!["events.thing.made".into()], start: 1 }
    }
}

impl Example for ConsumerMade {
    fn example() -> Self {
        Self { stream: "THING".into(), consumer: "other".into() }
    }
}

impl Example for PurgeStream {
    fn example() -> Self {
        Self { before: 1000 }
    }
}
