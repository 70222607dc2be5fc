//! The relay: outbox row n becomes message n of the stream, and the stream can be thrown away.
//!
//! Each message is published with the sequence it expects before it. Only this service may publish
//! to its stream, so the header fences off a second writer, a restored old database and a stream
//! that was rolled back, all at once; a repeat can never be stored twice. Beside it stands the identifier
//! that it expects before it, which fences off what somebody else brought into the stream. There is no cursor: the
//! cursor is the stream's last sequence.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_nats::jetstream::stream::{Info, RawMessageErrorKind, Stream};
use async_nats::jetstream::{self, ErrorCode, context::GetStreamErrorKind};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::keeping::Keeping;
use super::readers::Readers;
use super::scrub::Scrub;
use super::writer::{Signals, Writer};
use crate::client::broker;
use crate::engine::mirror::{self, Figures, Found};
use crate::engine::outbox::{self, Extent};
use crate::engine::schema;
use crate::error::{Error, Result, reason};
use crate::limits::{DIGESTS_MAX, RETRY_WAIT};
use crate::service::Service;
use crate::streams::ORIGIN;
use crate::vitals::Vitals;
use crate::wire;

/// What the broker answers about a stream that it does not open, because it, or one of its consumers, says
/// of itself what this broker does not know.
const OFFLINE: ErrorCode = ErrorCode::STREAM_OFFLINE_REASON;

pub(super) struct Relay {
    pub(super) service: Arc<Service>,
    pub(super) jetstream: jetstream::Context,
    pub(super) keeping: Keeping,
    pub(super) readers: Readers,
    pub(super) writer: Arc<Writer>,
    pub(super) vitals: Arc<Vitals>,
    pub(super) origin: String,
    pub(super) emitted: watch::Receiver<u64>,
    pub(super) signals: Arc<Signals>,
    pub(super) scrub: Scrub,
}

impl Relay {
    /// Publishes until told to stop, and then what is left, as long as the caller waits.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut wait = RETRY_WAIT.0;
        loop {
            self.answer_recovery().await;
            let trouble = match self.reconcile().await {
                Ok(Ok(next)) => {
                    self.vitals.say("relay", "ok");
                    match self.publish(next, &stop, &mut wait).await {
                        Ok(true) => return,
                        Ok(false) => continue,
                        Err(error) => error,
                    }
                }
                Ok(Err(refusal)) => {
                    wait = RETRY_WAIT.1;
                    refusal
                }
                Err(error) => error,
            };
            self.vitals.say("relay", trouble.message.as_str());
            tracing::warn!(stream = self.service.stream(), "Telling waits: {}", trouble.chain());
            tokio::select! {
                () = tokio::time::sleep(wait) => wait = (wait * 2).min(RETRY_WAIT.1),
                () = self.vitals.remaking.asked() => {}
                () = self.vitals.recovering.asked() => {}
                () = stop.cancelled() => {
                    // One more try at the end, unless nothing is left to tell, or nothing may be told.
                    if trouble.reason == reason::DATABASE_BEHIND_STREAM || self.is_told().await {
                        return;
                    }
                    tokio::time::sleep(RETRY_WAIT.0).await;
                }
            }
        }
    }

    /// Whether the stream has confirmed every row.
    async fn is_told(&self) -> bool {
        let published = Vitals::get(&self.vitals.published);
        self.read(outbox::extent).await.is_ok_and(|extent| extent.newest <= published)
    }

    /// Compares the outbox with the stream, mends the stream, and answers which row comes next.
    /// The inner error means that the database is older than its stream: no job is accepted then.
    pub(super) async fn reconcile(&mut self) -> Result<Result<u64>> {
        let extent = self.read(outbox::extent).await?;
        let remaking = self.vitals.remaking.turn();
        let found = match self.compare(extent).await? {
            Found::Continue(_) if remaking.is_some() => Found::Rebuild("a person asked for it"),
            Found::Continue(next) => match self.scrub(extent, next - 1).await? {
                Some(_) => Found::Rebuild("one of its messages cannot be read, or says something else"),
                None => Found::Continue(next),
            },
            found => found,
        };
        match found {
            Found::Continue(next) => {
                self.writer.fence(None);
                self.vitals.published.store(next - 1, Ordering::Relaxed);
                Ok(Ok(next))
            }
            Found::Make(why) | Found::Rebuild(why) => {
                let stream = self.service.stream();
                // Whatever becomes of the stream, it does not know more than the database.
                self.writer.fence(None);
                if matches!(found, Found::Rebuild(_))
                    && let Some(fault) = self.fault(extent).await?
                {
                    let what = format!(
                        "{fault}; the stream {stream} should be made anew ({why}) and is not, for it may hold what the \
                         outbox has lost: stop {0} and put back the newest backup of {0}.db",
                        self.service.name()
                    );
                    let error = Error::unavailable(reason::OUTBOX_DAMAGED, what);
                    if let Some(turn) = remaking {
                        self.vitals.remaking.end(turn, Some(error.clone()));
                    }
                    return Err(error);
                }
                if extent.newest == 0 {
                    tracing::info!(stream, "The stream {stream} is made");
                } else {
                    let (first, last) = (extent.oldest, extent.newest);
                    tracing::warn!(stream, first, last, "The stream {stream} is made anew: {why}");
                }
                self.rebuild(extent.oldest).await?;
                self.vitals.published.store(extent.oldest - 1, Ordering::Relaxed);
                if let Some(turn) = remaking {
                    self.vitals.remaking.end(turn, None);
                }
                Ok(Ok(extent.oldest))
            }
            Found::Refuse(why) => {
                let error = Error::unavailable(
                    reason::DATABASE_BEHIND_STREAM,
                    format!(
                        "{why}; nothing is accepted and nothing told until the newer {0}.db is put back, or takes up what \
                         the stream has: shopctl db recover {0}; or all services are put back to one moment: shopctl \
                         backup restore FOLDER --replace",
                        self.service.name(),
                    ),
                );
                self.writer.fence(Some(error.clone()));
                if let Some(turn) = remaking {
                    self.vitals.remaking.end(turn, Some(error.clone()));
                }
                Ok(Err(error))
            }
        }
    }

    /// Looks before anything is accepted, and answers why nothing is, if so: the database is older than its stream,
    /// or the broker cannot tell, and a yes given now could be one that is taken back. In that case the relay goes
    /// on asking, and lifts the fence once it knows better. A stream that is missing needs the keeper, who may need
    /// a moment: that holds nobody up.
    pub(super) async fn look(&mut self) -> Option<Error> {
        let compared = async { self.compare(self.read(outbox::extent).await?).await }.await;
        let looked = match compared {
            Ok(Found::Refuse(_)) => self.reconcile().await.map(std::result::Result::err),
            Ok(Found::Continue(_) | Found::Make(_) | Found::Rebuild(_)) => Ok(None),
            Err(error) => Err(error),
        };
        looked.unwrap_or_else(|error| {
            let what = format!(
                "the broker does not say what the stream {} holds, so it is not known whether {}.db is the newest; \
                 nothing is accepted until it does, then the service goes on by itself: {}",
                self.service.stream(),
                self.service.name(),
                error.message
            );
            let unknown = Error::unavailable(reason::STREAM_UNKNOWN, what).caused_by(error);
            self.writer.fence(Some(unknown.clone()));
            Some(unknown)
        })
    }

    async fn compare(&self, extent: Extent) -> Result<Found> {
        let info = match self.jetstream.get_stream(self.service.stream()).await {
            Ok(stream) => stream.cached_info().clone(),
            Err(error) => {
                return match error.kind() {
                    GetStreamErrorKind::JetStream(inner) if inner.code() == 404 => {
                        Ok(mirror::compare(None, extent, &self.origin, None))
                    }
                    // What the broker wrote about it was damaged: it opens it no more, and tells of it nothing.
                    GetStreamErrorKind::JetStream(inner) if inner.error_code() == OFFLINE => {
                        Ok(Found::Rebuild("the broker does not open it"))
                    }
                    _ => Err(broker(error)),
                };
            }
        };
        let owner = info.config.metadata.get(ORIGIN).cloned().unwrap_or_default();
        if owner != self.origin && self.read(schema::replaced).await?.contains(&owner) {
            return Ok(Found::Rebuild("it belongs to the database in whose place this one was put"));
        }
        let stream = self.jetstream.get_stream_no_info(self.service.stream()).await.map_err(broker)?;
        let (told, told_id) = last_told(&stream, &info).await?;
        let ours = self.read(move |sql| outbox::id_of(sql, told)).await?;
        let state = &info.state;
        let figures = Figures {
            name: info.config.name.clone(),
            owner: info.config.metadata.get(ORIGIN).cloned().unwrap_or_default(),
            first: state.first_sequence,
            last: state.last_sequence,
            messages: state.messages,
            deleted: state.deleted_count.unwrap_or(0),
            told,
            told_id,
        };
        Ok(mirror::compare(Some(&figures), extent, &self.origin, ours.as_deref()))
    }

    /// What is wrong with the outbox, if anything: it is read from end to end, as it would be told.
    async fn fault(&self, extent: Extent) -> Result<Option<String>> {
        let mut after = extent.oldest - 1;
        loop {
            let (last, mut faults) = self.read(move |sql| outbox::faults(sql, after, DIGESTS_MAX, 1)).await?;
            if !faults.is_empty() || last == after {
                return Ok(faults.pop());
            }
            after = last;
        }
    }

    async fn rebuild(&self, first: u64) -> Result<()> {
        self.keeping.make(&self.origin, first).await
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&crate::sql::Sql<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.readers.get(read).await
    }
}

/// The last message that the owner of a stream told, with its identifier; the one before the first, and
/// none, if there is no such message.
///
/// Nothing that was told follows something foreign, because each message names what it expects before it.
/// So where one ends and the other begins is found in a few steps, however much was brought in.
async fn last_told(stream: &Stream<()>, info: &Info) -> Result<(u64, Option<String>)> {
    let state = &info.state;
    if state.messages == 0 {
        return Ok((state.last_sequence, None));
    }
    let owner = info.config.metadata.get(ORIGIN).map(String::as_str);
    let (mut told, mut foreign) = (state.first_sequence - 1, state.last_sequence + 1);
    let (mut looked_at, mut id) = (state.last_sequence, None);
    while foreign - told > 1 {
        let message = match stream.get_raw_message(looked_at).await {
            Ok(message) => Some(message),
            // A hole says nothing; the figures tell that there is one.
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => None,
            Err(error) => return Err(broker(error)),
        };
        let headers = message.as_ref().map(|message| &message.headers);
        if message.is_some() && wire::get(headers, wire::ORIGIN) != owner {
            foreign = looked_at;
        } else {
            told = looked_at;
            id = wire::get(headers, wire::EVENT_ID).map(str::to_owned);
        }
        looked_at = told + (foreign - told) / 2;
    }
    Ok((told, id))
}
