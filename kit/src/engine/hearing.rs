//! Hearing an event: position, reaction and dead letters, all in one transaction.

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{named_params, params};
use serde::{Deserialize, Serialize};

use crate::crash;
use crate::engine::perform::{attempt, caught};
use crate::engine::standing;
use crate::engine::together::Way;
use crate::error::{Error, Kind, Result, reason};
use crate::limits::{RETRY_WAIT, TIMER_TRIES_MAX};
use crate::service::Service;
use crate::sql::{Sql, time};
use crate::trace::Trace;
use crate::transaction::Tx;

/// The source of dead letters that were timers.
pub const TIMER_SOURCE: &str = "timer";

/// An event as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The stream.
    pub source: String,
    /// The database that emitted it; a new database starts a new count.
    pub origin: String,
    /// Its number in the stream.
    pub sequence: u64,
    /// The number of the message handed out before it. If that one has not been acted on, this one
    /// must wait: its group failed to commit.
    pub previous: u64,
    /// The number of the last event before it that is heard here too, whether or not it came; 0 if there is none
    /// that its teller still keeps.
    pub due: u64,
    /// The identifier of the event.
    pub event_id: String,
    /// Where it was told.
    pub subject: String,
    /// What it is about.
    pub key: String,
    /// What it says.
    pub body: Bytes,
}

/// How an event ended, for the journal. `None`: it was heard before, nothing was done.
pub(crate) type Ending = Option<String>;

/// Acts on an event. Together with others any error means that all of them must be heard again, each alone.
pub(crate) fn hear(tx: &mut Tx<'_>, service: &Service, heard: &Heard, mut way: Way<'_>) -> Result<Ending> {
    let (position, letters) = match &mut way {
        Way::Alone => (standing::position(tx, &heard.source, &heard.origin)?, true),
        Way::Together(positions) => match positions.before(tx, heard)? {
            Some(position) => (position, positions.letters()),
            None => return Err(Error::unavailable("another_origin", "its source has another database")),
        },
    };
    if heard.sequence <= position {
        return Ok(None);
    }
    if heard.previous > position {
        return Err(Error::unavailable(
            "out_of_step",
            format!(
                "message {} of {} comes before {} was acted on",
                heard.sequence, heard.source, heard.previous
            ),
        ));
    }
    if heard.due > position {
        return Err(Error::unavailable(
            reason::EVENT_MISSING,
            format!(
                "before message {} of {} message {} was told, and did not come",
                heard.sequence, heard.source, heard.due
            ),
        ));
    }
    if letters && is_blocked(tx, heard)? {
        let waits = Error::new(Kind::Unavailable, "parked", "waits behind a dead letter of the same key");
        if matches!(way, Way::Together(_)) {
            return Err(waits);
        }
        put_aside(tx, "parked", heard, &waits, 0)?;
        return Ok(Some("parked".into()));
    }
    tx.hearing(&heard.event_id);
    if let Way::Together(positions) = way {
        return caught(tx, |tx| react(tx, service, &heard.subject, &heard.body)).map(|()| {
            positions.moves(heard);
            Some("ok".into())
        });
    }
    // Position and reaction are one: neither stands without the other.
    let mut cut_short = false;
    let reacted = attempt(tx, |tx| {
        standing::note(tx, &heard.source, &heard.origin, heard.sequence)?;
        react(tx, service, &heard.subject, &heard.body)?;
        crash::point("hear.in_transaction", &heard.subject).inspect_err(|_| cut_short = true)
    });
    match reacted {
        Ok(()) => Ok(Some("ok".into())),
        Err(error) if error.is_storage() || cut_short => Err(error),
        Err(error) => {
            tracing::error!(
                event.id = heard.event_id,
                msg.subject = heard.subject,
                msg.key = heard.key,
                "An event became a dead letter: {}",
                error.chain()
            );
            put_aside(tx, "dead", heard, &error, 1)?;
            Ok(Some(error.reason.into_owned()))
        }
    }
}

/// Whether an event has to wait behind a dead letter of the same key.
fn is_blocked(sql: &Sql<'_>, heard: &Heard) -> Result<bool> {
    let found = sql.find(
        "SELECT 1 FROM dead_letter WHERE source = ?1 AND key = ?2 LIMIT 1",
        [&heard.source, &heard.key],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

fn react(tx: &mut Tx<'_>, service: &Service, subject: &str, body: &[u8]) -> Result<()> {
    let Some(reaction) = service.reaction(subject) else { return Ok(()) };
    crash::point("hear.reaction", subject).and_then(|()| reaction(tx, body))
}

/// Keeps an event as a letter and passes it, both or neither: what cannot even become a letter must come again.
fn put_aside(tx: &mut Tx<'_>, state: &str, heard: &Heard, error: &Error, attempts: u32) -> Result<()> {
    attempt(tx, |tx| {
        standing::note(tx, &heard.source, &heard.origin, heard.sequence)?;
        insert(tx, state, heard, error, attempts)
    })
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    state: &str,
    heard: &Heard,
    error: &Error,
    attempts: u32,
) -> Result<()> {
    let trace = tx.trace();
    tx.execute(
        "INSERT INTO dead_letter (state, source, origin, sequence, event_id, subject, key, body, trace_id, span_id,
                                  reason, message, attempts, first_at_ms, last_at_ms)
         VALUES (:state, :source, :origin, :sequence, :event_id, :subject, :key, :body, :trace_id, :span_id,
                 :reason, :message, :attempts, :now, :now)",
        named_params! {
            ":state": state,
            ":source": heard.source,
            ":origin": heard.origin,
            ":sequence": heard.sequence,
            ":event_id": heard.event_id,
            ":subject": heard.subject,
            ":key": heard.key,
            ":body": &heard.body[..],
            ":trace_id": trace.id.to_be_bytes(),
            ":span_id": trace.span.cast_signed(),
            ":reason": &*error.reason,
            ":message": error.message,
            ":attempts": attempts,
            ":now": tx.now().as_millisecond(),
        },
    )?;
    crash::point("dead_letter.write", &heard.subject)
}

/// A due timer: acts on it, or puts it off, or after too many tries keeps it as a dead letter.
pub(crate) fn timer(
    tx: &mut Tx<'_>,
    service: &Service,
    kind: &str,
    key: &str,
    attempts: u32,
) -> Result<Ending> {
    if !super::timers::is_due(tx, kind, key, tx.now())? {
        return Ok(None);
    }
    let failed = attempt(tx, |tx| {
        super::timers::cancel(tx, kind, key)?;
        service.ring(tx, kind, key)
    });
    let Err(error) = failed else { return Ok(Some("ok".into())) };
    if error.is_storage() {
        return Err(error);
    }
    if attempts + 1 < TIMER_TRIES_MAX {
        let wait = RETRY_WAIT.1.saturating_mul(1 << attempts.min(8));
        super::timers::put_off(tx, kind, key, tx.now() + wait)?;
    } else {
        super::timers::cancel(tx, kind, key)?;
        let sequence = tx.get(
            "SELECT coalesce(max(sequence), 0) + 1 FROM dead_letter WHERE source = ?1",
            [TIMER_SOURCE],
            |row| row.get(0),
        )?;
        let letter = Heard {
            source: TIMER_SOURCE.into(),
            origin: String::new(),
            sequence,
            previous: 0,
            due: 0,
            event_id: String::new(),
            subject: kind.into(),
            key: key.into(),
            body: Bytes::new(),
        };
        insert(tx, "dead", &letter, &error, attempts + 1)?;
    }
    tracing::error!(timer = kind, msg.key = key, attempt = attempts + 1, "A timer failed: {}", error.chain());
    tx.done.timers = true;
    Ok(Some(error.reason.into_owned()))
}

/// A dead letter, or an event that is parked behind one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Its number in this service.
    pub id: i64,
    /// `dead`, or `parked` behind a dead one of the same key.
    pub state: String,
    /// The stream, or `timer`.
    pub source: String,
    /// Its number in the stream.
    pub sequence: u64,
    /// The identifier of the event.
    pub event_id: String,
    /// Where it was told.
    pub subject: String,
    /// What it is about.
    pub key: String,
    /// What it says, as far as it is text.
    pub body: String,
    /// Why it could not be acted on.
    pub reason: String,
    /// The same, for people.
    pub message: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was first received.
    pub first_at: Timestamp,
    /// When it was last tried.
    pub last_at: Timestamp,
    /// The flow it came in, as 32 hexadecimal digits.
    #[serde(default)]
    pub trace: String,
    /// The piece of work that could not act on it.
    #[serde(default)]
    pub span: String,
}

/// The dead letters and what is parked, the oldest first, behind a number.
///
/// # Errors
/// If the table cannot be read.
pub fn dead_letters(sql: &Sql<'_>, after: i64, rows_max: usize) -> Result<Vec<DeadLetter>> {
    letters(sql, "WHERE id > ?1 ORDER BY id LIMIT ?2", params![after, rows_max])
}

/// The dead letters and what is parked of one flow, the oldest first.
///
/// # Errors
/// If the table cannot be read.
pub(crate) fn of_trace(sql: &Sql<'_>, trace: u128, rows_max: usize) -> Result<Vec<DeadLetter>> {
    letters(sql, "WHERE trace_id = ?1 ORDER BY id LIMIT ?2", params![trace.to_be_bytes(), rows_max])
}

fn letters(sql: &Sql<'_>, which: &str, params: impl rusqlite::Params) -> Result<Vec<DeadLetter>> {
    sql.list(
        &format!(
            "SELECT id, state, source, sequence, event_id, subject, key, body, reason, message, attempts,
                    first_at_ms, last_at_ms, trace_id, span_id FROM dead_letter {which}"
        ),
        params,
        |row| {
            Ok(DeadLetter {
                id: row.get("id")?,
                state: row.get("state")?,
                source: row.get("source")?,
                sequence: row.get("sequence")?,
                event_id: row.get("event_id")?,
                subject: row.get("subject")?,
                key: row.get("key")?,
                body: String::from_utf8_lossy(&row.get::<_, Vec<u8>>("body")?).into_owned(),
                reason: row.get("reason")?,
                message: row.get("message")?,
                attempts: row.get("attempts")?,
                first_at: time(row, "first_at_ms")?,
                last_at: time(row, "last_at_ms")?,
                trace: format!("{:032x}", u128::from_be_bytes(row.get("trace_id")?)),
                span: format!("{:016x}", row.get::<_, i64>("span_id")?.cast_unsigned()),
            })
        },
    )
}

/// How many are dead, and how many are parked.
///
/// # Errors
/// If the table cannot be read.
pub fn counts(sql: &Sql<'_>) -> Result<(u64, u64)> {
    sql.get(
        "SELECT count(*) FILTER (WHERE state = 'dead'), count(*) FILTER (WHERE state = 'parked') FROM dead_letter",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

struct Letter {
    id: i64,
    source: String,
    event_id: String,
    subject: String,
    key: String,
    body: Vec<u8>,
    trace: Trace,
}

fn letter(sql: &Sql<'_>, which: &str, params: impl rusqlite::Params) -> Result<Option<Letter>> {
    sql.find(
        &format!("SELECT id, source, event_id, subject, key, body, trace_id, span_id FROM dead_letter WHERE {which}"),
        params,
        |row| {
            Ok(Letter {
                id: row.get("id")?,
                source: row.get("source")?,
                event_id: row.get("event_id")?,
                subject: row.get("subject")?,
                key: row.get("key")?,
                body: row.get("body")?,
                trace: Trace {
                    id: u128::from_be_bytes(row.get("trace_id")?),
                    span: row.get::<_, i64>("span_id")?.cast_unsigned(),
                    parent: 0,
                    sampled: true,
                },
            })
        },
    )
}

/// Tries a dead letter again, or drops it, and then acts on what is parked behind it, in order.
/// Stops at the first that fails: that one is the dead letter now. Answers how many were done.
pub(crate) fn settle(tx: &mut Tx<'_>, service: &Service, id: i64, retry: bool) -> Result<u64> {
    let unknown = || Error::not_found(reason::DEAD_LETTER_UNKNOWN, format!("there is no dead letter {id}"));
    let first = letter(tx, "id = ?1 AND state = 'dead'", [id])?.ok_or_else(unknown)?;
    tx.about(&first.key);
    let (source, key) = (first.source.clone(), first.key.clone());
    let mut next = Some(first);
    let mut done = 0;
    while let Some(letter) = next {
        let dropped = letter.id == id && !retry;
        if !dropped && let Err(error) = react_again(tx, service, &letter) {
            tx.execute(
                "UPDATE dead_letter SET state = 'dead', attempts = attempts + 1, reason = ?2, message = ?3, last_at_ms = ?4
                 WHERE id = ?1",
                params![letter.id, &*error.reason, error.message, tx.now().as_millisecond()],
            )?;
            return if error.is_storage() { Err(error) } else { Ok(done) };
        }
        tx.execute("DELETE FROM dead_letter WHERE id = ?1", [letter.id])?;
        done += 1;
        next = self::letter(tx, "source = ?1 AND key = ?2 ORDER BY id LIMIT 1", [&source, &key])?;
    }
    Ok(done)
}

/// The flow of the letter is the one it came in, not the one of whoever retries it.
fn react_again(tx: &mut Tx<'_>, service: &Service, letter: &Letter) -> Result<()> {
    let asked_in = tx.follow(letter.trace);
    let ended = if letter.source == TIMER_SOURCE {
        attempt(tx, |tx| service.ring(tx, &letter.subject, &letter.key))
    } else {
        tx.hearing(&letter.event_id);
        match service.drain_of(&letter.source) {
            Some(stream) => {
                let body = Bytes::copy_from_slice(&letter.body);
                attempt(tx, |tx| super::drain::again(tx, service, stream, &letter.subject, body))
            }
            None => attempt(tx, |tx| react(tx, service, &letter.subject, &letter.body)),
        }
    };
    tx.follow(asked_in);
    ended
}
