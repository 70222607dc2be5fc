//! Hearing: one durable pull consumer a source, delivered in sequence, each message a job whose
//! transaction also notes the position. The acknowledgement is only housekeeping.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{self, AckPolicy, pull};
use async_nats::jetstream::{self, Message, context::GetStreamErrorKind};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::keeping::Keeping;
use super::writer::Writer;
use crate::client::broker;
use crate::clock::SystemChance;
use crate::crash;
use crate::engine::hearing::Heard;
use crate::engine::port::{Port, read};
use crate::engine::standing::{self, CLOSED, Course, position};
use crate::engine::{Job, mirror};
use crate::error::{Error, Result};
use crate::limits::{HEARD_BATCH_MAX, HEARD_BYTES_MAX, HEARD_IN_FLIGHT_MAX, RETRY_WAIT};
use crate::message::stream_of;
use crate::streams::{MakeConsumer, ORIGIN, kept_from};
use crate::trace::Trace;
use crate::vitals::Vitals;
use crate::wire;

/// How long one pull may wait at the broker, and how often the broker says that it is still there.
const PULL: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(2));

/// After so many messages one acknowledgement is sent, also if more are on their way.
const ACK_EVERY: u64 = 200;

/// How long the acknowledgement of a message may wait for those of others: one says that all before it were
/// acted on, and costs the broker as much as handing out a message does. It is far less than the time after
/// which the broker would hand it out again.
const ACK_WITHIN: Duration = Duration::from_millis(100);

pub(super) struct Hearer {
    pub(super) port: Arc<dyn Port>,
    pub(super) jetstream: jetstream::Context,
    pub(super) keeping: Keeping,
    pub(super) writer: Arc<Writer>,
    pub(super) vitals: Arc<Vitals>,
    /// The service that is heard.
    pub(super) source: &'static str,
    pub(super) subjects: Vec<&'static str>,
}

/// Where a hearer begins.
struct Start {
    consumer: consumer::Consumer<pull::Config>,
    origin: String,
    position: u64,
    /// How much the consumer has handed out.
    handed: u64,
    /// The first number that the source has not forgotten; nobody waits for what stood before it.
    kept_from: u64,
}

impl Hearer {
    /// Hears until told to stop.
    pub(super) async fn run(self, stop: CancellationToken) {
        let stream = stream_of(self.source);
        let mut wait = RETRY_WAIT.0;
        while !stop.is_cancelled() {
            let started = tokio::select! {
                started = self.start(&stream) => started,
                () = stop.cancelled() => return,
            };
            let ended = match started {
                Ok(Some(start)) => {
                    self.vitals.say(&stream, "ok");
                    self.listen(&stream, start, &stop, &mut wait).await
                }
                Ok(None) if self.port.service().can_miss(self.source) => {
                    self.vitals.say(&stream, "ok");
                    tokio::select! {
                        () = tokio::time::sleep(wait) => wait = (wait * 2).min(RETRY_WAIT.1),
                        () = stop.cancelled() => {}
                    }
                    continue;
                }
                Ok(None) => Err(Error::unavailable("no_stream", format!("{stream} does not exist yet"))),
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                self.vitals.say(&stream, error.message.as_str());
                tracing::info!(stream, "Hearing waits: {}", error.chain());
                tokio::select! {
                    () = tokio::time::sleep(wait) => wait = (wait * 2).min(RETRY_WAIT.1),
                    () = stop.cancelled() => {}
                }
            }
        }
    }

    /// Finds the consumer, or makes it anew at the position when the two disagree.
    async fn start(&self, stream: &str) -> Result<Option<Start>> {
        let handle = match self.jetstream.get_stream(stream).await {
            Ok(handle) => handle,
            Err(error) => {
                return match error.kind() {
                    GetStreamErrorKind::JetStream(inner) if inner.code() == 404 => Ok(None),
                    _ => Err(broker(error)),
                };
            }
        };
        let Some(origin) = handle.cached_info().config.metadata.get(ORIGIN).cloned() else {
            return Err(Error::unavailable(
                "foreign_stream",
                format!("{stream} was not made by {}", self.source),
            ));
        };
        let (source, from) = (stream.to_owned(), origin.clone());
        let position = read(&*self.port, move |sql| position(sql, &source, &from)).await?;
        if position == CLOSED {
            let what = format!(
                "{stream} is of a database in whose place another was put; it is made anew by its owner"
            );
            return Err(Error::unavailable("replaced_stream", what));
        }
        let name = self.port.service().name();
        let filters: Vec<String> = self.subjects.iter().map(|subject| (*subject).to_owned()).collect();
        let kept_from = kept_from(handle.cached_info());
        if let Ok(info) = handle.consumer_info(name).await {
            let agrees = mirror::goes_on(info.delivered.stream_sequence, position)
                && info.config.ack_policy == AckPolicy::All
                && info.config.filter_subjects == filters;
            if agrees {
                super::acks::catch_up(&self.jetstream, &info).await;
                let consumer =
                    handle.get_consumer(name).await.map_err(|error| broker(CannotBind(error.to_string())))?;
                let handed = info.delivered.consumer_sequence;
                return Ok(Some(Start { consumer, origin, position, handed, kept_from }));
            }
        }
        let asked = MakeConsumer { source: self.source.to_owned(), subjects: filters, start: position + 1 };
        self.keeping.consume(&asked).await?;
        let consumer =
            handle.get_consumer(name).await.map_err(|error| broker(CannotBind(error.to_string())))?;
        Ok(Some(Start { consumer, origin, position, handed: 0, kept_from }))
    }

    /// The identity of the database that a stream mirrors.
    async fn owner_of(&self, stream: &str) -> Result<Option<String>> {
        let handle = self.jetstream.get_stream(stream).await.map_err(broker)?;
        Ok(handle.cached_info().config.metadata.get(ORIGIN).cloned())
    }

    /// Hands every message to the writer, in order, many before the first has committed. An error
    /// means to begin again from the position.
    async fn listen(
        &self,
        stream: &str,
        start: Start,
        stop: &CancellationToken,
        wait: &mut Duration,
    ) -> Result<()> {
        let mut messages = start
            .consumer
            .stream()
            .max_messages_per_batch(HEARD_BATCH_MAX)
            .max_bytes_per_batch(HEARD_BYTES_MAX)
            .expires(PULL.0)
            .heartbeat(PULL.1)
            .messages()
            .await
            .map_err(broker)?;
        let mut course = Course::at(start.position, start.handed);
        let mut committing = FuturesOrdered::new();
        let (mut unacknowledged, mut bytes) = (0, 0);
        let mut last: Option<Message> = None;
        // Set by the first message that waits to be acknowledged; nobody looks at it before.
        let rest = tokio::time::sleep(ACK_WITHIN);
        tokio::pin!(rest);
        loop {
            tokio::select! {
                biased;
                Some((message, committed)) = committing.next(), if !committing.is_empty() => {
                    let (message, committed): (Message, Result<Bytes>) = (message, committed);
                    bytes -= message.payload.len();
                    committed?;
                    crash::pause("hear.after_commit_before_ack", &message.subject).await?;
                    *wait = RETRY_WAIT.0;
                    if unacknowledged == 0 {
                        rest.as_mut().reset(Instant::now() + ACK_WITHIN);
                    }
                    unacknowledged += 1;
                    last = Some(message);
                    if unacknowledged >= ACK_EVERY {
                        acknowledge(&mut last).await;
                        unacknowledged = 0;
                    }
                }
                () = &mut rest, if unacknowledged > 0 => {
                    acknowledge(&mut last).await;
                    unacknowledged = 0;
                }
                () = stop.cancelled() => {
                    while let Some((message, committed)) = committing.next().await {
                        committed?;
                        last = Some(message);
                    }
                    acknowledge(&mut last).await;
                    return Ok(());
                }
                message = messages.next(), if committing.len() < HEARD_IN_FLIGHT_MAX && bytes < HEARD_BYTES_MAX => {
                    let message = match message {
                        Some(Ok(message)) => message,
                        Some(Err(error)) => return Err(broker(error)),
                        None => return Err(Error::unavailable("no_consumer", format!("the consumer of {stream} is gone"))),
                    };
                    let info = message.info().map_err(|error| broker(CannotBind(error.to_string())))?;
                    let sequence = info.stream_sequence;
                    let previous = course.takes(info.consumer_sequence, sequence)?;
                    if wire::get(message.headers.as_ref(), wire::ORIGIN) != Some(&start.origin) {
                        if self.owner_of(stream).await?.as_ref() != Some(&start.origin) {
                            return Err(Error::unavailable(
                                "another_origin",
                                format!("{stream} was made anew from another database"),
                            ));
                        }
                        // The teller makes its stream anew as soon as it sees this; then the number is told again.
                        tracing::warn!(stream, sequence, "A message that {} did not tell is passed over", self.source);
                        continue;
                    }
                    let job = self.job(stream, &start, (sequence, previous), &message);
                    let committed = self.writer.enqueue(job).await?;
                    crash::pause("hear.before_commit", &message.subject).await?;
                    bytes += message.payload.len();
                    committing.push_back(async move { (message, committed.await) });
                }
            }
        }
    }

    fn job(&self, stream: &str, start: &Start, (sequence, previous): (u64, u64), message: &Message) -> Job {
        let headers = message.headers.as_ref();
        let text = |name| wire::get(headers, name).unwrap_or_default().to_owned();
        let cause = wire::flow_of(headers);
        let told_before = wire::get(headers, wire::TOLD_BEFORE).unwrap_or_default();
        let due = standing::due_before(told_before, self.source, &self.subjects);
        let heard = Heard {
            source: stream.to_owned(),
            origin: start.origin.clone(),
            sequence,
            previous,
            due: if due >= start.kept_from { due } else { 0 },
            event_id: text(wire::EVENT_ID),
            subject: message.subject.to_string(),
            key: text(wire::EVENT_KEY),
            body: message.payload.clone(),
        };
        let trace = match cause {
            Some(cause) => cause.child(&mut SystemChance),
            None => Trace::begin(self.port.now(), &mut SystemChance),
        };
        Job::heard(heard, self.source, trace, self.port.now())
    }
}

/// Tells the broker that everything up to a message was acted on. A lost acknowledgement is repaired by the next
/// one, or by the position.
async fn acknowledge(last: &mut Option<Message>) {
    if let Some(message) = last.take() {
        let _ = message.ack().await;
    }
}

/// An error of the client library that is no `std::error::Error` of its own.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct CannotBind(String);
