//! What the broker and `$SRV` tell: streams, what they hold, consumers, running services.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{RawMessageError, RawMessageErrorKind};
use async_nats::jetstream::{self, consumer};
use futures_util::stream::{self, Stream};
use futures_util::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::seen::{ConsumerState, ServiceInfo, ServiceStats, Stored, StreamState};
use super::{Client, broker};
use crate::error::Result;
use crate::limits::READ_AHEAD;
use crate::streams::{ORIGIN, OUTSIDE};
use crate::wire;

impl Client {
    /// The streams of the broker, by name.
    ///
    /// # Errors
    /// `broker_unreachable`, or what the broker says.
    pub async fn streams(&self) -> Result<Vec<StreamState>> {
        let asking = async { self.jetstream().streams().try_collect().await.map_err(broker) };
        let found: Vec<jetstream::stream::Info> = self.permitted("$JS.API.STREAM.LIST", asking).await?;
        let mut streams: Vec<StreamState> = found
            .into_iter()
            .map(|info| StreamState {
                origin: info.config.metadata.get(ORIGIN).cloned().unwrap_or_default(),
                name: info.config.name,
                messages: info.state.messages,
                bytes: info.state.bytes,
                bytes_max: info.config.max_bytes,
                // The broker says 0 of a stream that never held anything.
                first: info.state.first_sequence.max(1),
                last: info.state.last_sequence,
                last_at: rfc3339(info.state.last_timestamp.unix_timestamp_nanos()),
                first_at: rfc3339(info.state.first_timestamp.unix_timestamp_nanos()),
                consumers: info.state.consumer_count,
                deleted: info.state.deleted_count.unwrap_or(0),
                subjects: info.config.subjects,
                made_at: rfc3339(info.created.unix_timestamp_nanos()),
            })
            .collect();
        streams.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(streams)
    }

    /// The consumers of a stream, by name.
    ///
    /// # Errors
    /// `broker_unreachable`, or what the broker says.
    pub async fn consumers(&self, stream: &str) -> Result<Vec<ConsumerState>> {
        let handle = self.jetstream().get_stream_no_info(stream).await.map_err(broker)?;
        let asking = async { handle.consumers().try_collect().await.map_err(broker) };
        let found: Vec<consumer::Info> =
            self.permitted(&format!("$JS.API.CONSUMER.LIST.{stream}"), asking).await?;
        let mut consumers: Vec<ConsumerState> = found
            .into_iter()
            .map(|info| {
                let config = info.config;
                let one = Some(config.filter_subject).filter(|subject| !subject.is_empty());
                let last = |nanos: Option<i128>| nanos.map(rfc3339).unwrap_or_default();
                ConsumerState {
                    stream: info.stream_name,
                    name: info.name,
                    delivered: info.delivered.stream_sequence,
                    acknowledged: info.ack_floor.stream_sequence,
                    unacknowledged: info.num_ack_pending,
                    pending: info.num_pending,
                    subjects: config.filter_subjects.into_iter().chain(one).collect(),
                    redelivered: info.num_redelivered,
                    delivered_at: last(info.delivered.last_active.map(|time| time.unix_timestamp_nanos())),
                    acknowledged_at: last(info.ack_floor.last_active.map(|time| time.unix_timestamp_nanos())),
                    made_at: rfc3339(info.created.unix_timestamp_nanos()),
                    outside: config.metadata.contains_key(OUTSIDE),
                }
            })
            .collect();
        consumers.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(consumers)
    }

    /// A message of a stream by its number; none if it is not there.
    ///
    /// # Errors
    /// `broker_unreachable`, or what the broker says.
    pub async fn message(&self, stream: &str, sequence: u64) -> Result<Option<Stored>> {
        let handle = self.jetstream().get_stream_no_info(stream).await.map_err(broker)?;
        self.stored(stream, handle.get_raw_message(sequence)).await
    }

    /// The first message with a number or a later one whose subject is as wanted, wildcards allowed;
    /// none if there is none.
    ///
    /// # Errors
    /// As [`Self::message`].
    pub async fn message_from(&self, stream: &str, subject: &str, sequence: u64) -> Result<Option<Stored>> {
        let handle = self.jetstream().get_stream_no_info(stream).await.map_err(broker)?;
        self.stored(stream, handle.get_first_raw_message_by_subject(subject, sequence)).await
    }

    async fn stored(
        &self,
        stream: &str,
        asking: impl Future<Output = Result<StreamMessage, RawMessageError>>,
    ) -> crate::Result<Option<Stored>> {
        let asking = async {
            match asking.await {
                Ok(message) => Ok(Some(stored(stream, message))),
                Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
                Err(error) => Err(broker(error)),
            }
        };
        self.permitted(&format!("$JS.API.STREAM.MSG.GET.{stream}"), asking).await
    }

    /// The messages of a stream from one number to another, in order, each with its number, several
    /// asked for at once. None stands for a message that is not there.
    pub fn messages<'a>(
        &'a self,
        stream: &'a str,
        sequences: impl Iterator<Item = u64> + Send + 'a,
    ) -> impl Stream<Item = (u64, Result<Option<Stored>>)> + 'a {
        stream::iter(sequences)
            .map(move |sequence| async move { (sequence, self.message(stream, sequence).await) })
            .buffered(READ_AHEAD)
    }

    /// The services that answer `$SRV.INFO` within a time, by name.
    ///
    /// # Errors
    /// `broker_unreachable`.
    pub async fn services(&self, wait: Duration) -> Result<Vec<ServiceInfo>> {
        let found =
            self.discover("$SRV.INFO", wait, |info: &ServiceInfo| (info.name.clone(), info.id.clone()));
        found.await
    }

    /// The figures of the services that answer `$SRV.STATS` within a time, by name.
    ///
    /// # Errors
    /// `broker_unreachable`.
    pub async fn service_stats(&self, wait: Duration) -> Result<Vec<ServiceStats>> {
        let found =
            self.discover("$SRV.STATS", wait, |info: &ServiceStats| (info.name.clone(), info.id.clone()));
        found.await
    }

    async fn discover<T: DeserializeOwned>(
        &self,
        subject: &str,
        wait: Duration,
        name: impl Fn(&T) -> (String, String),
    ) -> Result<Vec<T>> {
        let inbox = self.nats.new_inbox();
        let mut answers = self.nats.subscribe(inbox.clone()).await.map_err(broker)?;
        let mut found = BTreeMap::new();
        let collect = async {
            while let Some(message) = answers.next().await {
                if let Ok(info) = serde_json::from_slice::<T>(&message.payload) {
                    found.insert(name(&info), info);
                }
            }
        };
        // Nobody knows how many there are; whoever has not answered by now is taken for absent.
        let all = async {
            self.publish_with_reply(subject, inbox).await?;
            let _ = tokio::time::timeout(wait, collect).await;
            Ok(())
        };
        self.permitted(subject, all).await?;
        Ok(found.into_values().collect())
    }

    fn jetstream(&self) -> jetstream::Context {
        jetstream::new(self.nats.clone())
    }
}

fn stored(stream: &str, message: StreamMessage) -> Stored {
    let headers = Some(&message.headers);
    let text = |name| wire::get(headers, name).unwrap_or_default().to_owned();
    let trace = wire::flow_of(headers);
    let mut all: Vec<(String, String)> = message
        .headers
        .iter()
        .flat_map(|(name, values)| values.iter().map(|value| (name.to_string(), value.as_str().to_owned())))
        .collect();
    all.sort();
    Stored {
        stream: stream.to_owned(),
        sequence: message.sequence,
        stored_at: Timestamp::from_nanosecond(message.time.unix_timestamp_nanos())
            .unwrap_or(Timestamp::UNIX_EPOCH),
        id: text(wire::EVENT_ID),
        key: text(wire::EVENT_KEY),
        origin: text(wire::ORIGIN),
        trace: trace.map(|trace| format!("{:032x}", trace.id)).unwrap_or_default(),
        subject: message.subject.to_string(),
        headers: all,
        body: message.payload,
    }
}

fn rfc3339(nanos: i128) -> String {
    // A stream without messages has a time before everything.
    Timestamp::from_nanosecond(nanos)
        .ok()
        .filter(|time| time.as_second() > 0)
        .map(|time| time.to_string())
        .unwrap_or_default()
}
