//! Draining: one durable pull consumer a stream of raw messages. What is there is gathered into batches, each batch
//! is one job, and its acknowledgement follows its commit.
//!
//! Of a stream of our own the position says what was drained, and one acknowledgement, which is only housekeeping, is
//! for all before it. What came by MQTT stands in a stream of the broker that keeps a message until it is
//! acknowledged: each is, and one that comes again is recognised by what it says. A copy of it stands in ours, and is
//! passed over there once it is certain that the other comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{self, AckPolicy, pull};
use async_nats::jetstream::stream::{self, RawMessageErrorKind};
use async_nats::jetstream::{self, Message, context::GetStreamErrorKind};
use bytes::Bytes;
use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt, StreamExt};
use tokio_util::sync::CancellationToken;

use super::gathered::{Gathered, Turns, moment};
use super::keeping::Keeping;
use super::writer::Writer;
use crate::client::broker;
use crate::clock::SystemChance;
use crate::crash;
use crate::drain::{MQTT_STREAM, RawStream};
use crate::engine::drain::{ANEW, Drained, is_later};
use crate::engine::port::{Port, read};
use crate::engine::standing::{self, Course};
use crate::engine::{Job, mirror};
use crate::error::{Error, Result};
use crate::limits::{DRAINED_AHEAD_BYTES_MAX, DRAINED_MESSAGES_MAX, MQTT_SURE_AFTER, RETRY_WAIT};
use crate::streams::MakeDrain;
use crate::trace::Trace;
use crate::vitals::Vitals;

/// How long one pull may wait at the broker, and how often the broker says that it is still there.
const PULL: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(2));

pub(super) struct Drainer {
    pub(super) port: Arc<dyn Port>,
    pub(super) jetstream: jetstream::Context,
    pub(super) keeping: Keeping,
    pub(super) writer: Arc<Writer>,
    pub(super) vitals: Arc<Vitals>,
    pub(super) raw: RawStream,
    /// Whether this one drains what came by MQTT.
    pub(super) mqtt: bool,
    /// The streams in the account of devices.
    pub(super) devices: jetstream::Context,
    /// Since when what comes by MQTT is kept for its consumer, in milliseconds since 1970; 0 if it is not.
    pub(super) sure: Arc<AtomicI64>,
}

/// Where a drainer begins.
struct Start {
    consumer: consumer::Consumer<pull::Config>,
    origin: String,
    position: u64,
    /// How much the consumer has handed out.
    handed: u64,
}

impl Drainer {
    /// Drains until told to stop.
    pub(super) async fn run(self, stop: CancellationToken) {
        let stream = if self.mqtt { MQTT_STREAM } else { self.raw.stream };
        let mut wait = RETRY_WAIT.0;
        while !stop.is_cancelled() {
            let started = tokio::select! {
                started = self.begin() => started,
                () = stop.cancelled() => return,
            };
            let ended = match started {
                Ok(start) => {
                    self.vitals.say(stream, "ok");
                    self.listen(start, &stop, &mut wait).await
                }
                Err(error) => Err(error),
            };
            if self.mqtt {
                self.sure.store(0, Ordering::Relaxed);
            }
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

    async fn begin(&self) -> Result<Start> {
        if self.mqtt { self.start_mqtt().await } else { self.start().await }
    }

    /// Has the consumer of what came by MQTT made, unless it is there.
    async fn start_mqtt(&self) -> Result<Start> {
        self.keeping.drain(&MakeDrain { stream: MQTT_STREAM.to_owned(), start: 1 }).await?;
        let (consumer, created) = self.mqtt_consumer().await?;
        self.sure.store(sure_from(created), Ordering::Relaxed);
        Ok(Start { origin: created.to_string(), consumer, position: 0, handed: 0 })
    }

    /// The consumer of what came by MQTT, and when it was made, in nanoseconds since 1970.
    async fn mqtt_consumer(&self) -> Result<(consumer::Consumer<pull::Config>, i128)> {
        let name = self.port.service().name();
        let mut consumer: consumer::Consumer<pull::Config> =
            self.devices.get_consumer_from_stream(name, MQTT_STREAM).await.map_err(cannot_bind)?;
        let created = consumer.info().await.map_err(broker)?.created.unix_timestamp_nanos();
        Ok((consumer, created))
    }

    /// Looks since when what comes by MQTT is kept. It must be known before copies are passed over: a broker that has
    /// lost its disk has lost the consumer too, whether the one who drains that has noticed it yet or not.
    async fn look_how_sure(&self) {
        if self.raw.mqtt {
            let found = self.mqtt_consumer().await;
            self.sure.store(found.map_or(0, |(_, created)| sure_from(created)), Ordering::Relaxed);
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
        let position = self.position(&handle, &origin).await?;
        self.look_how_sure().await;
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

    /// Where the database stands in a stream; at its beginning if that does not hold what was drained: after a power cut,
    /// or with an older copy of its disk, a broker gives numbers anew.
    async fn position(&self, handle: &stream::Stream, origin: &str) -> Result<u64> {
        let (source, from) = (self.raw.stream, origin.to_owned());
        let (position, newest) = read(&*self.port, move |sql| {
            Ok((standing::position(sql, source, &from)?, standing::received(sql, source, &from)?))
        })
        .await?;
        let state = &handle.cached_info().state;
        let lost = match position {
            // It went back to the beginning; what is not held there any more was drained before.
            0 => newest.is_some(),
            _ if state.last_sequence < position => true,
            _ => match handle.get_raw_message(position).await {
                Ok(found) => is_later(moment(found.time.unix_timestamp_nanos()), newest),
                // It was forgotten since, because the stream is full.
                Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => false,
                Err(error) => return Err(broker(error)),
            },
        };
        if !lost {
            return Ok(position);
        }
        tracing::warn!(
            stream = source,
            "The stream has lost what was drained of it; all of it is drained again"
        );
        let (before, now) = (state.first_sequence.saturating_sub(1), self.port.now());
        let trace = Trace::begin(now, &mut SystemChance);
        let job = Job::drained_anew((source, origin.to_owned()), before, trace, now);
        self.writer.enqueue(job).await?.await?;
        Ok(before)
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
        let stream = if self.mqtt { MQTT_STREAM } else { self.raw.stream };
        let mut course = Course::at(start.position, start.handed);
        // One batch is written while the next one is gathered: the longer a commit takes, the more share the next.
        let mut committing = FuturesOrdered::new();
        let (mut gathered, mut turns) = (Gathered::default(), Turns::default());
        let mut after = start.position;
        loop {
            let ready = gathered.count > 0 && committing.is_empty();
            let rest = turns.wait(&gathered, Instant::now()).filter(|_| ready);
            if ready && rest.is_none() {
                turns.begins(Instant::now());
                crash::pause("drain.gathered", stream).await?;
                let (job, taken) = self.job(std::mem::take(&mut gathered), &start.origin, &mut after);
                let committed = self.writer.enqueue(job).await?;
                crash::pause("drain.before_commit", stream).await?;
                committing.push_back(async move { (taken, committed.await) });
            }
            tokio::select! {
                biased;
                Some((taken, committed)) = committing.next(), if !committing.is_empty() => {
                    let (taken, committed): (Vec<Message>, Result<Bytes>) = (taken, committed);
                    if committed? == ANEW {
                        return Err(Error::unavailable("drained_anew", format!("{stream} gives its numbers anew")));
                    }
                    crash::pause("drain.after_commit_before_ack", stream).await?;
                    *wait = RETRY_WAIT.0;
                    acknowledge(stream, taken).await?;
                }
                () = tokio::time::sleep(rest.unwrap_or_default()), if rest.is_some() => {}
                // What is gathered and not handed over is handed out again.
                () = stop.cancelled() => {
                    while let Some((taken, committed)) = committing.next().await {
                        committed?;
                        acknowledge(stream, taken).await?;
                    }
                    return Ok(());
                }
                message = messages.next(), if !gathered.is_full() => {
                    let mut next = Some(message);
                    while let Some(message) = next {
                        let message = match message {
                            Some(Ok(message)) => message,
                            Some(Err(error)) => return Err(broker(error)),
                            None => {
                                let what = format!("the consumer of {stream} is gone");
                                return Err(Error::unavailable("no_consumer", what));
                            }
                        };
                        if self.mqtt {
                            gathered.take_mqtt(message)?;
                        } else {
                            let sure = self.sure.load(Ordering::Relaxed);
                            gathered.take(message, &mut course, sure)?;
                        }
                        // What has come already is taken along.
                        next = if gathered.is_full() { None } else { messages.next().now_or_never() };
                    }
                    crash::pause("drain.gathering", stream).await?;
                }
            }
        }
    }

    fn job(&self, gathered: Gathered, origin: &str, after: &mut u64) -> (Job, Vec<Message>) {
        let Gathered { messages, last, received, taken, count, .. } = gathered;
        let source = if self.mqtt { MQTT_STREAM } else { self.raw.stream };
        let drained = Drained {
            stream: self.raw.stream,
            source: source.to_owned(),
            origin: origin.to_owned(),
            span: (!self.mqtt).then_some((*after, last)),
            messages,
            // Numbers are given without a gap, and nothing in between is handed out to anybody else.
            missed: if self.mqtt { 0 } else { last.saturating_sub(*after).saturating_sub(count as u64) },
            received,
        };
        *after = last.max(*after);
        let now = self.port.now();
        let trace = Trace::begin(now, &mut SystemChance);
        (Job::drained(Arc::clone(self.port.service()), drained, trace, now), taken)
    }
}

/// From when on it is certain, in milliseconds since 1970, that a consumer has what came by MQTT.
fn sure_from(created_nanos: i128) -> i64 {
    let created = i64::try_from(created_nanos / 1_000_000).unwrap_or(i64::MAX);
    created.saturating_add(MQTT_SURE_AFTER.as_millis() as i64)
}

/// Tells the broker what is committed. A lost acknowledgement is repaired by the next one, by the position, or by
/// handing out the message again.
async fn acknowledge(stream: &str, taken: Vec<Message>) -> Result<()> {
    for (at, message) in taken.into_iter().enumerate() {
        let _ = message.ack().await;
        if at == 0 {
            crash::pause("drain.after_ack", stream).await?;
        }
    }
    Ok(())
}

pub(super) fn cannot_bind(error: impl std::fmt::Display) -> Error {
    broker(CannotBind(error.to_string()))
}

/// An error of the client library that is no `std::error::Error` of its own.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct CannotBind(String);
