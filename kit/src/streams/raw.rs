//! Streams of raw messages: the keeper makes them for the service that drains them.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use serde::{Deserialize, Serialize};

use super::{ConsumerMade, Keeper, asking};
use crate::bus::Peer;
use crate::client::broker;
use crate::context::Ctx;
use crate::drain::RawStream;
use crate::error::{Error, Kind, Result, reason};
use crate::limits::{DRAINED_BATCHES_MAX, DRAINED_MESSAGES_MAX, DUPLICATE_WINDOW};
use crate::message::Example;
use crate::text::printable;

/// Makes a stream of raw messages that the caller drains, unless it is there, and the caller's consumer of it anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakeDrain {
    /// The stream.
    pub stream: String,
    /// The number of the first message to be drained.
    pub start: u64,
}

impl Example for MakeDrain {
    fn example() -> Self {
        Self { stream: "READINGS".into(), start: 1 }
    }
}

pub(super) async fn drain(
    keeper: Arc<Keeper>,
    peers: Arc<Vec<Peer>>,
    ctx: Ctx,
    asked: MakeDrain,
) -> Result<ConsumerMade> {
    let service = asking(&ctx)?;
    let own = peers.iter().filter(|peer| peer.name == service).flat_map(|peer| &peer.drains);
    let Some(raw) = own.into_iter().find(|raw| raw.stream == asked.stream) else {
        let what = format!("{service} does not drain {}; nothing was made", printable(&asked.stream));
        return Err(Error::new(Kind::Forbidden, reason::FORBIDDEN, what));
    };
    keeper.drain(&service, raw, asked.start).await?;
    Ok(ConsumerMade { stream: asked.stream, consumer: service })
}

impl Keeper {
    /// Makes a stream of raw messages as it should be, keeping what it holds, and a consumer of it anew.
    async fn drain(&self, service: &str, raw: &RawStream, start: u64) -> Result<()> {
        let _alone = self.changing.lock().await;
        let jetstream = self.jetstream().await?;
        let wanted = config(service, raw);
        let handle = match jetstream.get_stream(raw.stream).await {
            Ok(handle) => {
                let is = &handle.cached_info().config;
                if is.max_bytes != wanted.max_bytes
                    || is.max_messages_per_subject != wanted.max_messages_per_subject
                    || is.subjects != wanted.subjects
                {
                    jetstream.update_stream(wanted).await.map_err(broker)?;
                }
                handle
            }
            // What else could be wrong is said by making it.
            Err(_) => jetstream.create_stream(wanted).await.map_err(broker)?,
        };
        if let Err(error) = handle.delete_consumer(service).await {
            tracing::debug!(consumer = service, "Not deleted: {error}");
        }
        let config = pull::Config {
            durable_name: Some(service.to_owned()),
            description: Some(format!("What {service} drains of {}", raw.stream)),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: start.max(1) },
            ack_policy: AckPolicy::All,
            ack_wait: Duration::from_secs(30),
            max_ack_pending: ((DRAINED_BATCHES_MAX + 2) * DRAINED_MESSAGES_MAX) as i64,
            ..pull::Config::default()
        };
        handle.create_consumer(config).await.map_err(broker)?;
        Ok(())
    }
}

fn config(service: &str, raw: &RawStream) -> Config {
    Config {
        name: raw.stream.to_owned(),
        subjects: vec![raw.subjects.to_owned()],
        description: Some(format!("Raw messages on their way to {service}")),
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        storage: StorageType::File,
        max_bytes: raw.bytes_max,
        max_messages_per_subject: raw.of_one_max,
        num_replicas: 1,
        duplicate_window: DUPLICATE_WINDOW,
        allow_direct: true,
        ..Config::default()
    }
}
