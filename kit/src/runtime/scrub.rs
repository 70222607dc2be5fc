//! Reading again what the stream should hold: a broker may count messages that it can no longer read.
//!
//! After each new connection, because the broker may have come back with a damaged store, the newest messages at
//! once, and all others soon. Then a few at each look of an idle relay, first what some hearer has still to hear, else
//! round and round.

use std::sync::atomic::Ordering;

use async_nats::jetstream::consumer;
use async_nats::jetstream::stream::{RawMessageErrorKind, Stream};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::relay::Relay;
use crate::client::broker;
use crate::engine::outbox::{self, Digest, Extent, checksum};
use crate::error::Result;
use crate::wire;

/// Messages that are read again after a new connection: the newest.
const NEWEST: u64 = 256;
/// Messages that are read again at a look. A stream of a million is read through in about half a day.
const AT_A_LOOK: u64 = 50;
/// Messages that are read again at a look until all were read once after a new connection.
const AT_A_LOOK_AT_FIRST: u64 = 1000;
/// Messages that are asked for at once.
const AT_ONCE: usize = 16;

/// How far it was read.
#[derive(Debug, Default)]
pub(super) struct Scrub {
    /// The connection after which the newest were read.
    connection: u64,
    /// The last number that was read on the way round.
    behind: u64,
    /// Whether all were read since that connection.
    is_round: bool,
}

impl Relay {
    /// Reads some messages again. Answers the number of one that is not there any more, or says something else
    /// than was told.
    ///
    /// # Errors
    /// If the broker does not answer, or the outbox cannot be read.
    pub(super) async fn scrub(&mut self, extent: Extent, told: u64) -> Result<Option<u64>> {
        if told < extent.oldest {
            return Ok(None);
        }
        let stream = self.jetstream.get_stream_no_info(self.service.stream()).await.map_err(broker)?;
        let connection = self.jetstream.client().statistics().connects.load(Ordering::Relaxed);
        if self.scrub.connection != connection {
            let behind = told.saturating_sub(NEWEST).max(extent.oldest - 1);
            let found = self.unreadable(&stream, behind, told).await?;
            self.scrub = Scrub { connection, behind: 0, is_round: false };
            return Ok(found);
        }
        if let Some(heard) = waits_behind(&stream).await? {
            let behind = heard.max(extent.oldest - 1);
            return self.unreadable(&stream, behind, told.min(behind + AT_A_LOOK)).await;
        }
        if self.scrub.behind >= told {
            self.scrub.is_round = true;
            self.scrub.behind = 0;
        }
        let behind = self.scrub.behind.max(extent.oldest - 1);
        let many = if self.scrub.is_round { AT_A_LOOK } else { AT_A_LOOK_AT_FIRST };
        let last = told.min(behind + many);
        let found = self.unreadable(&stream, behind, last).await?;
        self.scrub.behind = last;
        Ok(found)
    }

    async fn unreadable(&self, stream: &Stream<()>, behind: u64, last: u64) -> Result<Option<u64>> {
        let many = usize::try_from(last.saturating_sub(behind)).unwrap_or(0);
        let rows = self.read(move |sql| outbox::digests(sql, behind, many)).await?;
        // A damaged row says nothing about its message.
        let told = rows.into_iter().filter(|row| row.intact && row.sequence <= last);
        let mut looks = stream::iter(told.map(|row| is_there(stream, row))).buffered(AT_ONCE);
        while let Some((sequence, is_there)) = looks.try_next().await? {
            if !is_there {
                return Ok(Some(sequence));
            }
        }
        Ok(None)
    }
}

/// Whether a message says what its row says.
async fn is_there(stream: &Stream<()>, row: Digest) -> Result<(u64, bool)> {
    match stream.get_raw_message(row.sequence).await {
        Ok(message) => {
            let headers = Some(&message.headers);
            let [id, key] =
                [wire::EVENT_ID, wire::EVENT_KEY].map(|name| wire::get(headers, name).unwrap_or_default());
            let told_before = wire::get(headers, wire::TOLD_BEFORE);
            let sum = checksum(id, &message.subject, key, &message.payload, told_before);
            Ok((row.sequence, sum == row.checksum))
        }
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok((row.sequence, false)),
        Err(error) => Err(broker(error)),
    }
}

/// Up to where everybody has heard, if a service of the shop has still something to hear.
async fn waits_behind(stream: &Stream<()>) -> Result<Option<u64>> {
    let all: Vec<consumer::Info> = stream.consumers().try_collect().await.map_err(broker)?;
    let waiting = all.iter().filter(|info| info.num_pending > 0 || info.num_ack_pending > 0);
    let inside = waiting.filter(|info| !info.config.metadata.contains_key(crate::streams::OUTSIDE));
    Ok(inside.map(|info| info.ack_floor.stream_sequence).min())
}
