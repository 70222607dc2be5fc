//! Taking up what the stream has of this database's own events and the database has not: it is older than its
//! stream, such as after one file was put back alone.
//!
//! Every number that was told stays what it was: a message becomes the row of its number again. What it says must
//! get into the tables too, so a service says how it takes up its own events; without that it is refused, unless
//! a person wants the numbers alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::RawMessageErrorKind;
use bytes::Bytes;

use super::relay::Relay;
use crate::admin::{RECOVER_KEYS_MAX, RECOVER_MESSAGES_MAX, RecoverDatabase, Recovery};
use crate::client::broker;
use crate::clock::{Clock, SystemClock};
use crate::engine::Job;
use crate::engine::outbox::{self, Row};
use crate::error::{Error, Result, reason};
use crate::service::Service;
use crate::streams::ORIGIN;
use crate::transaction::Tx;
use crate::wire;

/// Messages that are taken up in one transaction. After a crash the next try goes on behind the last of them.
const ROWS_AT_ONCE: usize = 200;

fn refused(why: String) -> Error {
    Error::refused(reason::NOT_RECOVERABLE, format!("the database was not recovered: {why}"))
}

impl Relay {
    /// Answers whoever asked for it, if somebody did.
    pub(super) async fn answer_recovery(&self) {
        if let Some((asked, answer)) = self.vitals.recovering.take() {
            // Whoever asked may have gone; what was taken up stays so.
            let _ = answer.send(self.recover(&asked).await);
        }
    }

    async fn recover(&self, asked: &RecoverDatabase) -> Result<Recovery> {
        let extent = self.read(outbox::extent).await?;
        let name = self.service.stream();
        let stream = self.jetstream.get_stream(&name).await.map_err(broker)?;
        let info = stream.cached_info().clone();
        if info.config.metadata.get(ORIGIN) != Some(&self.origin) {
            return Err(refused(format!(
                "the stream {name} is of another one, whose events say nothing about it"
            )));
        }
        let mut view = Recovery {
            stream: name.clone(),
            first: extent.newest + 1,
            last: info.state.last_sequence.min(extent.newest + RECOVER_MESSAGES_MAX),
            left: 0,
            taken: BTreeMap::new(),
            not_taken: BTreeMap::new(),
            keys: Vec::new(),
            applied: false,
        };
        view.left = info.state.last_sequence.saturating_sub(view.last);
        if view.last < view.first {
            view.last = extent.newest;
            return Ok(view);
        }
        if view.first < info.state.first_sequence {
            return Err(refused(format!(
                "it ends with row {}, and {name} begins with message {}: what was told between is gone",
                extent.newest, info.state.first_sequence
            )));
        }
        let message = async |number: u64| match stream.get_raw_message(number).await {
            Ok(message) => Ok(Some(message)),
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(broker(error)),
        };
        // What both have must be the same, or the two have gone apart before.
        if extent.newest > 0
            && let Some(theirs) = message(extent.newest).await?
        {
            let ours = self.read(move |sql| outbox::id_of(sql, extent.newest)).await?;
            if ours.as_deref() != wire::get(Some(&theirs.headers), wire::EVENT_ID) {
                return Err(refused(format!(
                    "row {} of it is another than message {} of {name}: both have gone on since they parted",
                    extent.newest, extent.newest
                )));
            }
        }
        let mut rows = Vec::new();
        for number in view.first..=view.last {
            let Some(message) = message(number).await? else {
                return Err(refused(format!("message {number} of {name} is gone")));
            };
            rows.push(self.row(number, message)?);
        }
        let mut keys = BTreeSet::new();
        for row in &rows {
            let count = if self.service.recovery(&row.subject).is_some() {
                view.taken.entry(row.subject.clone()).or_default()
            } else {
                keys.insert(row.key.clone());
                view.not_taken.entry(row.subject.clone()).or_default()
            };
            *count += 1;
        }
        view.keys = keys.into_iter().take(RECOVER_KEYS_MAX).collect();
        if !asked.apply {
            return Ok(view);
        }
        if !asked.events_only && !view.not_taken.is_empty() {
            let subjects: Vec<&str> = view.not_taken.keys().map(String::as_str).collect();
            return Err(refused(format!(
                "{} cannot take up what these of its own events say: {}; they do not say enough to write its tables again",
                self.service.name(),
                subjects.join(", ")
            )));
        }
        while !rows.is_empty() {
            let some: Vec<Row> = rows.drain(..rows.len().min(ROWS_AT_ONCE)).collect();
            let service = Arc::clone(&self.service);
            let take_up = move |tx: &mut Tx<'_>| some.iter().try_for_each(|row| take_up(tx, &service, row));
            let chore = Job::chore(SystemClock.now(), move |tx| take_up(tx).map(|()| Bytes::new()));
            self.writer.submit(chore).await?;
        }
        tracing::warn!(
            stream = name,
            first = view.first,
            last = view.last,
            "The database took up its own events"
        );
        view.applied = true;
        Ok(view)
    }

    /// The row that a message was. Whoever else may have written to the stream, the origin tells.
    fn row(&self, number: u64, message: StreamMessage) -> Result<Row> {
        let headers = Some(&message.headers);
        let foreign =
            || refused(format!("message {number} of {} is none that was told", self.service.stream()));
        let text = |name: &'static str| wire::get(headers, name).map(str::to_owned).ok_or_else(foreign);
        let own = format!("events.{}.", self.service.name());
        if text(wire::ORIGIN)? != self.origin || !message.subject.starts_with(&own) {
            return Err(foreign());
        }
        Ok(Row {
            seq: number,
            id: text(wire::EVENT_ID)?,
            subject: message.subject.to_string(),
            key: text(wire::EVENT_KEY)?,
            trace: wire::flow_of(headers).ok_or_else(foreign)?,
            at: text(wire::EVENT_TIME)?.parse().map_err(|_| foreign())?,
            told_before: wire::get(headers, wire::TOLD_BEFORE).map(str::to_owned),
            body: message.payload,
        })
    }
}

/// Writes a message as the row of its number, and has the service take up what it says.
fn take_up(tx: &mut Tx<'_>, service: &Service, row: &Row) -> Result<()> {
    outbox::insert(tx, row)?;
    tx.told_so_far.forget();
    if let Some(recovery) = service.recovery(&row.subject) {
        tx.hearing(&row.id);
        recovery(tx, &row.body).map_err(|error| {
            refused(format!("event {} of {} says what does not fit: {}", row.seq, row.subject, error.message))
        })?;
    }
    if outbox::extent(tx)?.newest != row.seq {
        return Err(Error::internal(format!("what took up event {} told something itself", row.seq)));
    }
    tx.done.refilled = true;
    Ok(())
}
