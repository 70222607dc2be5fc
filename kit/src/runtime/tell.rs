//! Telling: rows of the outbox go to the stream, many at a time, and not each is confirmed by itself.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::jetstream;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use tokio_util::sync::CancellationToken;

use super::relay::Relay;
use super::stored::not_stored;
use crate::client::broker;
use crate::crash;
use crate::engine::outbox::{self, Row};
use crate::error::{Error, Result};
use crate::limits::{
    RELAY_BYTES_IN_FLIGHT_MAX, RELAY_IN_FLIGHT_MAX, RELAY_LOOKS_EVERY, RELAY_ROWS_MAX, RETRY_WAIT,
};
use crate::wire;

const EXPECTED_LAST_SEQUENCE: &str = "Nats-Expected-Last-Sequence";

/// Many rows are on their way at once. Without this, a message that somebody else brought into the stream
/// would take the number of one row, which is refused, and the next would fit behind it.
const EXPECTED_LAST_ID: &str = "Nats-Expected-Last-Msg-Id";

/// Rows on their way, of which the last is confirmed. Each says what it expects before it, so where the last is
/// stored, all before it are.
struct Told {
    last: u64,
    rows: usize,
    bytes: usize,
    ack: std::result::Result<jetstream::publish::PublishAck, jetstream::context::PublishError>,
}

impl Relay {
    /// Publishes rows from a number on, many at a time, in order. Answers true when stopped with
    /// nothing left, false when it is time to look at the stream again.
    pub(super) async fn publish(
        &mut self,
        mut next: u64,
        stop: &CancellationToken,
        wait: &mut Duration,
    ) -> Result<bool> {
        let source = format!("/shop/{}", self.service.name());
        let mut on_their_way = FuturesOrdered::new();
        let (mut rows_told, mut bytes_told) = (0, 0);
        // Before the first of them stands what was just compared.
        let mut before: Option<String> = None;
        self.emitted.mark_unchanged();
        let mut newest = self.read(outbox::extent).await?.newest;
        let look = tokio::time::sleep(RELAY_LOOKS_EVERY);
        tokio::pin!(look);
        loop {
            while next <= newest && rows_told < RELAY_IN_FLIGHT_MAX && bytes_told < RELAY_BYTES_IN_FLIGHT_MAX
            {
                let rows = self.rows(next, RELAY_ROWS_MAX.min(RELAY_IN_FLIGHT_MAX - rows_told)).await?;
                let (mut count, mut bytes, mut left) = (0, 0, rows.len());
                for row in rows {
                    (count, bytes, left) = (count + 1, bytes + row.body.len(), left - 1);
                    let (seq, id) = (row.seq, row.id.clone());
                    next = seq + 1;
                    crash::pause("relay.before_publish", &row.subject).await?;
                    // The first is confirmed by itself: what is wrong with the stream is said of that one, of
                    // those behind it only that something is missing before them.
                    let is_confirmed = left == 0 || before.is_none();
                    let ack = self.send(row, before.as_deref(), &source, is_confirmed).await?;
                    before = Some(id);
                    if let Some(ack) = ack {
                        (rows_told, bytes_told) = (rows_told + count, bytes_told + bytes);
                        let (rows, bytes) = (std::mem::take(&mut count), std::mem::take(&mut bytes));
                        on_their_way
                            .push_back(async move { Told { last: seq, rows, bytes, ack: ack.await } });
                    }
                }
            }
            tokio::select! {
                Some(told) = on_their_way.next(), if !on_their_way.is_empty() => {
                    (rows_told, bytes_told) = (rows_told - told.rows, bytes_told - told.bytes);
                    crash::pause("relay.after_publish_before_ack", "").await?;
                    let ack = told.ack.map_err(|error| not_stored(&self.service.stream(), error))?;
                    if ack.sequence != told.last {
                        let what = format!("row {} was stored as message {}", told.last, ack.sequence);
                        return Err(Error::internal(what));
                    }
                    self.vitals.published.store(told.last, Ordering::Relaxed);
                    crash::pause("relay.after_ack", "").await?;
                    *wait = RETRY_WAIT.0;
                }
                Ok(()) = self.emitted.changed(), if next > newest => newest = *self.emitted.borrow_and_update(),
                () = &mut look, if next > newest && on_their_way.is_empty() => return Ok(false),
                () = self.vitals.remaking.asked() => return Ok(false),
                () = self.vitals.recovering.asked() => return Ok(false),
                () = stop.cancelled(), if next > newest && on_their_way.is_empty() => {
                    newest = self.read(outbox::extent).await?.newest;
                    if next > newest {
                        return Ok(true);
                    }
                }
            }
        }
    }

    /// Rows from a number on, so many at most: those that the writer has just handed on, or what the outbox says.
    async fn rows(&self, next: u64, rows_max: usize) -> Result<Vec<Row>> {
        let mut rows = self.signals.untold.take(next, rows_max);
        if rows.is_empty() {
            rows = self.read(move |sql| outbox::from(sql, next, rows_max)).await?;
        }
        if rows.first().is_none_or(|row| row.seq != next) {
            return Err(Error::internal(format!("row {next} of the outbox is missing")));
        }
        Ok(rows)
    }

    /// Sends a row, and answers what becomes ready when the broker has stored it, if that is asked.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that tells, and only what stands in the outbox"
    )]
    async fn send(
        &self,
        row: Row,
        before: Option<&str>,
        source: &str,
        is_confirmed: bool,
    ) -> Result<Option<jetstream::context::PublishAckFuture>> {
        let mut headers = wire::event_headers(&row, source, &self.origin);
        headers.insert(EXPECTED_LAST_SEQUENCE, (row.seq - 1).to_string().as_str());
        if let Some(before) = before {
            headers.insert(EXPECTED_LAST_ID, before);
        }
        if is_confirmed {
            let ack = self.jetstream.publish_with_headers(row.subject, headers, row.body).await;
            return ack.map(Some).map_err(broker);
        }
        self.jetstream.client().publish_with_headers(row.subject, headers, row.body).await.map_err(broker)?;
        Ok(None)
    }
}
