//! What can be asked of the engine: pieces of work, each to be done in a transaction.

use std::any::Any;

use bytes::Bytes;
use jiff::Timestamp;

use crate::backup::hold::Hold;
use crate::caller::Caller;
use crate::effect::Attempt;
use crate::engine::hearing::Heard;
use crate::engine::replies::ReplyKey;
use crate::error::{Error, Result};
use crate::trace::Trace;
use crate::transaction::Tx;

/// A closure that does its work inside a transaction and answers with a body.
pub type Run = Box<dyn FnOnce(&mut Tx<'_>) -> Result<Bytes> + Send>;

/// A piece of work, and where it came from.
pub struct Job {
    /// `request`, `event`, `timer` or `effect`; `chore` for what has no row in the journal.
    pub kind: &'static str,
    /// The subject that was received, or the kind of timer, or the name of the effect.
    pub subject: String,
    /// What it is about, if that is known beforehand.
    pub key: String,
    /// The flow it belongs to, and its own place in it.
    pub trace: Trace,
    /// Who it is done for.
    pub caller: Caller,
    /// When it reached this process.
    pub received: Timestamp,
    /// Which try this is, the first being 1.
    pub attempt: u32,
    /// What to do.
    pub work: Work,
}

/// What a job does.
pub enum Work {
    /// The recording part of a request. Its answer is kept under the key, if there is one.
    Write {
        /// The idempotency key.
        reply: Option<ReplyKey>,
        /// The closure of the handler.
        run: Run,
    },
    /// A request was refused before it came to recording; the refusal is its answer for good.
    Remember {
        /// The idempotency key.
        reply: ReplyKey,
        /// The refusal.
        error: Error,
    },
    /// A request was answered without recording anything; only the journal gets a row.
    Note {
        /// `ok`, or the reason of the error.
        outcome: String,
        /// When the handler was done.
        finished: Timestamp,
    },
    /// An event was received.
    Hear(Heard),
    /// A timer is due.
    Timer,
    /// A try of an effect has ended.
    Effect {
        /// The row.
        id: i64,
        /// How it ended.
        attempt: Attempt<Box<dyn Any + Send>>,
    },
    /// A part of something larger that has its own row: none in the journal.
    Piece(Run),
    /// The writer stands still, between two groups. An engine without a thread of its own cannot do that.
    Hold(Hold),
    /// Housekeeping: no row in the journal, and done also while nothing else is accepted.
    Chore(Run),
}

impl Job {
    /// An event that a service told, in the flow that it came in.
    pub fn heard(heard: Heard, teller: &str, trace: Trace, now: Timestamp) -> Self {
        Self {
            kind: "event",
            subject: heard.subject.clone(),
            key: heard.key.clone(),
            trace,
            caller: Caller::Service(teller.to_owned()),
            received: now,
            attempt: 1,
            work: Work::Hear(heard),
        }
    }

    /// A job of housekeeping.
    pub fn chore(now: Timestamp, run: impl FnOnce(&mut Tx<'_>) -> Result<Bytes> + Send + 'static) -> Self {
        Self::without_row(now, Work::Chore(Box::new(run)))
    }

    /// A part of something larger.
    pub fn piece(now: Timestamp, run: impl FnOnce(&mut Tx<'_>) -> Result<Bytes> + Send + 'static) -> Self {
        Self::without_row(now, Work::Piece(Box::new(run)))
    }

    /// Has the writer stand still.
    pub fn hold(now: Timestamp, hold: Hold) -> Self {
        Self::without_row(now, Work::Hold(hold))
    }

    fn without_row(now: Timestamp, work: Work) -> Self {
        Self {
            kind: "chore",
            subject: String::new(),
            key: String::new(),
            trace: Trace { id: 1, span: 1, parent: 0, sampled: false },
            caller: Caller::Anonymous,
            received: now,
            attempt: 1,
            work,
        }
    }
}
