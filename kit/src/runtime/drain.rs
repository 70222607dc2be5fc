//! Draining: one durable pull consumer a stream of raw messages. What is there is gathered into batches, each batch
//! is one job, and its acknowledgement, which is only housekeeping, follows its commit.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{self, AckPolicy, pull};
use async_nats::jetstream::{self, Message, context::GetStreamErrorKind};
use bytes::Bytes;
use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt, StreamExt};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::keeping::Keeping;
use super::writer::Writer;
use crate::client::broker;
use crate::clock::SystemChance;
use crate::drain::{RawMessage, RawStream};
use crate::engine::drain::Drained;
use crate::engine::port::{Port, read};
use crate::engine::standing::{Course, position};
use crate::engine::{Job, mirror};
use crate::error::{Error, Result};
use crate::limits::{
    DRAINED_AHEAD_BYTES_MAX, DRAINED_BATCHES_MAX, DRAINED_BYTES_MAX, DRAINED_MESSAGES_MAX, RETRY_WAIT,
};
use crate::streams::MakeDrain;
use crate::trace::Trace;
use crate::vitals::Vitals;

/// How long one pull may wait at the broker, and how often the broker says that it is still there.
const PULL: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(2));

/// Between having committed one batch and taking up the next a moment may pass in which more comes: a batch costs
/// about as much as a hundred messages do.
const GATHER_TIME: Duration = Duration::from_millis(2);

pub(super) struct Drainer {
    pub(super) port: Arc<dyn Port>,
    pub(super) jetstream: jetstream::Context,
    pub(super) keeping: Keeping,
    pub(super) writer: Arc<Writer>,
    pub(super) vitals: Arc<Vitals>,
    pub(super) raw: RawStream,
}

/// Where a drainer begins.
struct Start {
    consumer: consumer::Consumer<pull::Config>,
    origin: String,
    position: u64,
    /// How much the consumer has handed out.
    handed: u64,
}

/// Messages that are gathered into a batch.
#[derive(Default)]
struct Gathered {
    messages: Vec<RawMessage>,
    bytes: usize,
    last: Option<Message>,
}

impl Drainer {
    /// Drains until told to stop.
    pub(super) async fn run(self, stop: CancellationToken) {
        let stream = self.raw.stream;
        let mut wait = RETRY_WAIT.0;
        while !stop.is_cancelled() {
            let started = tokio::select! {
                started = self.start() => started,
                () = stop.cancelled() => return,
            };
            let ended = match started {
                Ok(start) => {
                    self.vitals.say(stream, "ok");
                    self.listen(start, &stop, &mut wait).await
                }
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                self.vitals.say(stream, error.message.as_str());
                tracing::info!(stream, "Draining waits: {}", error.chain());
                tokio::select! {
                    () = tokio::time::sleep(wait) => wait = (wait * 2).min(RETRY_WAIT.1),
                    () = stop.cancelled() => {}
                }
            }
        }
    }

    /// Finds the stream and the consumer, or has them made where the database stands.
    async fn start(&self) -> Result<Start> {
        let name = self.port.service().name();
        let stream = self.raw.stream;
        let handle = match self.jetstream.get_stream(stream).await {
            Ok(handle) => handle,
            Err(error) if matches!(error.kind(), GetStreamErrorKind::JetStream(inner) if inner.code() == 404) =>
            {
                self.keeping.drain(&MakeDrain { stream: stream.to_owned(), start: 1 }).await?;
                self.jetstream.get_stream(stream).await.map_err(broker)?
            }
            Err(error) => return Err(broker(error)),
        };
        // A stream that is made anew counts from 1 again: when it was made tells the two apart.
        let info = handle.cached_info();
        let origin = info.created.unix_timestamp_nanos().to_string();
        let shaped = info.config.max_bytes == self.raw.bytes_max
            && info.config.max_messages_per_subject == self.raw.of_one_max;
        let from = origin.clone();
        let position = read(&*self.port, move |sql| position(sql, stream, &from)).await?;
        if let Ok(info) = handle.consumer_info(name).await
            && mirror::goes_on(info.delivered.stream_sequence, position)
            && info.config.ack_policy == AckPolicy::All
            && shaped
        {
            super::acks::catch_up(&self.jetstream, &info).await;
            let consumer = handle.get_consumer(name).await.map_err(cannot_bind)?;
            return Ok(Start { consumer, origin, position, handed: info.delivered.consumer_sequence });
        }
        self.keeping.drain(&MakeDrain { stream: stream.to_owned(), start: position + 1 }).await?;
        let consumer = handle.get_consumer(name).await.map_err(cannot_bind)?;
        Ok(Start { consumer, origin, position, handed: 0 })
    }

    /// Hands batch after batch to the writer, the next being gathered while one is written. An error means to begin
    /// again from the position.
    async fn listen(&self, start: Start, stop: &CancellationToken, wait: &mut Duration) -> Result<()> {
        let mut messages = start
            .consumer
            .stream()
            .max_messages_per_batch(DRAINED_MESSAGES_MAX)
            .max_bytes_per_batch(DRAINED_AHEAD_BYTES_MAX)
            .expires(PULL.0)
            .heartbeat(PULL.1)
            .messages()
            .await
            .map_err(broker)?;
        let mut course = Course::at(start.position, start.handed);
        let mut committing = FuturesOrdered::new();
        let mut after = start.position;
        loop {
            tokio::select! {
                biased;
                Some((last, committed)) = committing.next(), if !committing.is_empty() => {
                    let (last, committed): (Option<Message>, Result<Bytes>) = (last, committed);
                    committed?;
                    *wait = RETRY_WAIT.0;
                    acknowledge(last).await;
                }
                () = stop.cancelled() => {
                    while let Some((last, committed)) = committing.next().await {
                        committed?;
                        acknowledge(last).await;
                    }
                    return Ok(());
                }
                message = messages.next(), if committing.len() < DRAINED_BATCHES_MAX => {
                    let mut gathered = Gathered::default();
                    let mut next = message;
                    let mut waited = false;
                    loop {
                        let message = match next {
                            Some(Ok(message)) => message,
                            Some(Err(error)) => return Err(broker(error)),
                            None => {
                                let what = format!("the consumer of {} is gone", self.raw.stream);
                                return Err(Error::unavailable("no_consumer", what));
                            }
                        };
                        gathered.take(message, &mut course)?;
                        if gathered.is_full() {
                            break;
                        }
                        next = match messages.next().now_or_never() {
                            Some(next) => next,
                            // While a batch is being written there is time to wait for more.
                            None if !waited && !committing.is_empty() => {
                                waited = true;
                                match tokio::time::timeout(GATHER_TIME, messages.next()).await {
                                    Ok(next) => next,
                                    Err(_) => break,
                                }
                            }
                            None => break,
                        };
                    }
                    let (job, last) = self.job(gathered, &start.origin, &mut after);
                    let committed = self.writer.enqueue(job).await?;
                    committing.push_back(async move { (last, committed.await) });
                }
            }
        }
    }

    fn job(&self, gathered: Gathered, origin: &str, after: &mut u64) -> (Job, Option<Message>) {
        let Gathered { messages, last, .. } = gathered;
        let drained = Drained {
            stream: self.raw.stream,
            source: self.raw.stream.to_owned(),
            origin: origin.to_owned(),
            after: Some(*after),
            messages,
        };
        *after = drained.messages.last().map_or(*after, |message| message.sequence.max(*after));
        let now = self.port.now();
        let trace = Trace::begin(now, &mut SystemChance);
        (Job::drained(Arc::clone(self.port.service()), drained, trace, now), last)
    }
}

impl Gathered {
    fn take(&mut self, message: Message, course: &mut Course) -> Result<()> {
        let info = message.info().map_err(cannot_bind)?;
        let sequence = info.stream_sequence;
        course.takes(info.consumer_sequence, sequence)?;
        let nanos = info.published.unix_timestamp_nanos();
        let received = Timestamp::from_nanosecond(nanos).unwrap_or(Timestamp::UNIX_EPOCH);
        let body = message.payload.clone();
        self.bytes += body.len();
        self.messages.push(RawMessage { subject: message.subject.to_string(), body, sequence, received });
        self.last = Some(message);
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.messages.len() >= DRAINED_MESSAGES_MAX || self.bytes >= DRAINED_BYTES_MAX
    }
}

/// Tells the broker that everything up to a message is committed. A lost acknowledgement is repaired by the next one,
/// or by the position.
async fn acknowledge(last: Option<Message>) {
    if let Some(message) = last {
        let _ = message.ack().await;
    }
}

fn cannot_bind(error: impl std::fmt::Display) -> Error {
    broker(CannotBind(error.to_string()))
}

/// An error of the client library that is no `std::error::Error` of its own.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct CannotBind(String);
