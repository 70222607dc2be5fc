//! Draining a batch of raw messages: position, handler and dead letters, all in one transaction.

use bytes::Bytes;
use jiff::Timestamp;

use crate::clock::SystemChance;
use crate::crash;
use crate::drain::{Batch, RawMessage, Unfit};
use crate::engine::hearing::{self, Heard};
use crate::engine::job::{Job, Run, Work};
use crate::engine::perform::attempt;
use crate::engine::standing;
use crate::error::{Error, Result};
use crate::id::{EventId, Id, uuid_v7};
use crate::limits::{LETTERS_OF_ONE_MAX, LETTERS_OF_STREAM_MAX};
use crate::service::Service;
use crate::sql::Sql;
use crate::trace::Trace;
use crate::transaction::Tx;

/// Where the messages of a batch come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drained {
    /// The stream that is drained, by the name under which the service does.
    pub stream: &'static str,
    /// The stream the messages stand in, which its letters bear.
    pub source: String,
    /// What tells this stream apart from one of the same name that was made later.
    pub origin: String,
    /// The number of the message handed out before the first of these, and that of the last one: if the one before is
    /// not committed, these must wait. None: their numbers mean nothing, and a repeat is recognised by what it says.
    pub span: Option<(u64, u64)>,
    /// The messages, by their numbers; without those of the span that are passed over.
    pub messages: Vec<RawMessage>,
    /// How many messages between the one before and the last the stream has forgotten.
    pub missed: u64,
    /// When the last of the span was received.
    pub received: Timestamp,
}

/// What a job answers whose numbers were given anew: begin again from the position.
pub const ANEW: Bytes = Bytes::from_static(b"anew");

impl Job {
    /// A batch of raw messages.
    pub(crate) fn drained(
        service: std::sync::Arc<Service>,
        drained: Drained,
        trace: Trace,
        now: Timestamp,
    ) -> Self {
        let subject =
            service.drained().find(|raw| raw.stream == drained.stream).map_or("", |raw| raw.subjects);
        let run = move |tx: &mut Tx<'_>| drain(tx, &service, drained);
        Self::of_stream(subject, trace, now, Box::new(run))
    }

    /// Goes back to before the first message that a stream holds: it does not hold any more what was drained.
    pub(crate) fn drained_anew(
        (source, origin): (&'static str, String),
        before: u64,
        trace: Trace,
        now: Timestamp,
    ) -> Self {
        let run = move |tx: &mut Tx<'_>| standing::note(tx, source, &origin, before).map(|()| Bytes::new());
        Self::of_stream(source, trace, now, Box::new(run))
    }

    fn of_stream(subject: &str, trace: Trace, now: Timestamp, run: Run) -> Self {
        Self {
            kind: "event",
            subject: subject.to_owned(),
            key: String::new(),
            trace,
            caller: crate::caller::Caller::Anonymous,
            received: now,
            attempt: 1,
            work: Work::Write { reply: None, run },
        }
    }
}

/// Acts on a batch. Messages that were committed before are passed over.
fn drain(tx: &mut Tx<'_>, service: &Service, drained: Drained) -> Result<Bytes> {
    let Drained { stream, source, origin, span, mut messages, missed, received } = drained;
    let mut batch = Batch { messages: Vec::new(), missed, stream: format!("{source} {origin}") };
    if let Some((after, last)) = span {
        let position = standing::position(tx, &source, &origin)?;
        if after > position {
            let what = format!("messages of {source} come before {after} was acted on");
            return Err(Error::unavailable("out_of_step", what));
        }
        let newest = standing::received(tx, &source, &origin)?;
        let is_anew = |sequence, received| sequence <= position && is_later(received, newest);
        if is_anew(last, received) || messages.iter().any(|own| is_anew(own.sequence, own.received)) {
            tracing::warn!(
                stream,
                "The stream has lost what it held, and gives its numbers anew; all is drained again"
            );
            standing::note(tx, &source, &origin, 0)?;
            return Ok(ANEW);
        }
        if last <= position {
            return Ok(Bytes::new());
        }
        messages.retain(|message| message.sequence > position);
        standing::note(tx, &source, &origin, last)?;
        if is_later(received, newest.or(Some(0))) {
            standing::note_received(tx, &source, &origin, nanos(received))?;
        }
    }
    if messages.is_empty() && batch.missed == 0 {
        return Ok(Bytes::new());
    }
    batch.messages = messages;
    let unfit = match attempt(tx, |tx| service.drain(tx, stream, &batch)) {
        Ok(unfit) => unfit,
        Err(error) if error.is_storage() => return Err(error),
        Err(error) => {
            tracing::warn!(stream, "A batch is done again message by message: {}", error.chain());
            one_by_one(tx, service, stream, &batch)?
        }
    };
    for Unfit { at, error } in unfit {
        if let Some(message) = batch.messages.get(at) {
            put_aside(tx, (&source, &origin), message, &error)?;
        }
    }
    crash::point("drain.in_transaction", &source)?;
    Ok(Bytes::new())
}

/// Whether a message was received after everything that was drained, as far as that is known. The broker's clock may have
/// been set back: so it is compared with the latest time, not with the last.
pub(crate) fn is_later(received: Timestamp, newest: Option<i64>) -> bool {
    newest.is_some_and(|newest| nanos(received) > newest)
}

fn nanos(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX)
}

/// Acts on each message of a batch alone, so that one that cannot be acted on takes no other along.
fn one_by_one(tx: &mut Tx<'_>, service: &Service, stream: &str, batch: &Batch) -> Result<Vec<Unfit>> {
    let mut unfit = Vec::new();
    for (at, message) in batch.messages.iter().enumerate() {
        let missed = if at == 0 { batch.missed } else { 0 };
        let alone = Batch { messages: vec![message.clone()], missed, stream: batch.stream.clone() };
        match attempt(tx, |tx| service.drain(tx, stream, &alone)) {
            Ok(found) => unfit.extend(found.into_iter().map(|found| Unfit { at, ..found })),
            Err(error) if error.is_storage() => return Err(error),
            Err(error) => unfit.push(Unfit { at, error }),
        }
    }
    Ok(unfit)
}

/// Keeps a message as a dead letter with its bytes, unless there are so many already that nobody will read them.
fn put_aside(
    tx: &mut Tx<'_>,
    (source, origin): (&str, &str),
    message: &RawMessage,
    error: &Error,
) -> Result<()> {
    let key = message.subject.rsplit('.').next().unwrap_or_default();
    if known(tx, source, origin, message.sequence)?
        || has(tx, source, key, LETTERS_OF_ONE_MAX)?
        || has_letters(tx, source, LETTERS_OF_STREAM_MAX)?
    {
        return Ok(());
    }
    tracing::warn!(
        stream = source,
        msg.subject = %crate::text::printable(&message.subject),
        "A message became a dead letter: {}",
        error.chain()
    );
    // Its identifier holds when it was received, as that of an event holds when it was told.
    let id = EventId::from_bits(uuid_v7(message.received, &mut SystemChance));
    let letter = Heard {
        source: source.to_owned(),
        origin: origin.to_owned(),
        sequence: message.sequence,
        previous: 0,
        due: 0,
        event_id: id.to_string(),
        subject: message.subject.clone(),
        key: key.to_owned(),
        body: message.body.clone(),
    };
    hearing::insert(tx, "dead", &letter, error, 1)
}

fn known(sql: &Sql<'_>, source: &str, origin: &str, sequence: u64) -> Result<bool> {
    let found = sql.find(
        "SELECT 1 FROM dead_letter WHERE source = ?1 AND origin = ?2 AND sequence = ?3",
        rusqlite::params![source, origin, sequence],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

fn has(sql: &Sql<'_>, source: &str, key: &str, letters: usize) -> Result<bool> {
    let found = sql.find(
        "SELECT 1 FROM dead_letter WHERE source = ?1 AND key = ?2 ORDER BY id LIMIT 1 OFFSET ?3",
        rusqlite::params![source, key, letters - 1],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

fn has_letters(sql: &Sql<'_>, source: &str, letters: usize) -> Result<bool> {
    let found = sql.find(
        "SELECT 1 FROM dead_letter WHERE source = ?1 LIMIT 1 OFFSET ?2",
        rusqlite::params![source, letters - 1],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Tries a dead letter of a drained stream again: it is a batch of its own.
pub(crate) fn again(
    tx: &mut Tx<'_>,
    service: &Service,
    stream: &str,
    subject: &str,
    body: Bytes,
) -> Result<()> {
    let message = RawMessage { subject: subject.to_owned(), body, sequence: 0, received: tx.told_at() };
    let batch = Batch { messages: vec![message], missed: 0, stream: String::new() };
    match service.drain(tx, stream, &batch)?.pop() {
        None => Ok(()),
        Some(unfit) => Err(unfit.error),
    }
}
