//! A database that is older than its stream takes up what the stream still has of its own events.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, oneshot};

use crate::context::Ctx;
use crate::error::{Error, Kind, Result, reason};
use crate::message::Example;

/// Messages that one request takes up. The answer says how many are left.
pub const RECOVER_MESSAGES_MAX: u64 = 5_000;

/// Keys that one answer names of events that could not be taken up.
pub const RECOVER_KEYS_MAX: usize = 500;

/// Has a database take up the events that its stream has and it does not, or says what that would mean.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoverDatabase {
    /// Whether it is done, rather than only said what would be.
    #[serde(default)]
    pub apply: bool,
    /// Whether events also get their place in the outbox that the service cannot take up: its tables do not say
    /// what they say, and a person has to look.
    #[serde(default)]
    pub events_only: bool,
}

/// What a database takes up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// The stream.
    pub stream: String,
    /// The first message that the database does not have; one behind the last if it has all.
    pub first: u64,
    /// The last message that this is about.
    pub last: u64,
    /// Messages behind that one, for the next request.
    pub left: u64,
    /// Events of which the tables get what they say, by subject.
    pub taken: BTreeMap<String, u64>,
    /// Events that the service cannot take up, by subject.
    pub not_taken: BTreeMap<String, u64>,
    /// What those are about, each once, at most [`RECOVER_KEYS_MAX`]: a person has to look.
    pub keys: Vec<String>,
    /// Whether it was done.
    pub applied: bool,
}

/// Somebody asks, and the relay does it: it is the part that reads the stream.
#[derive(Debug, Default)]
pub(crate) struct Recovering {
    asked: Mutex<Option<Asked>>,
    woken: Notify,
}

type Asked = (RecoverDatabase, oneshot::Sender<Result<Recovery>>);

impl Recovering {
    /// Waits until somebody asks.
    pub(crate) async fn asked(&self) {
        self.woken.notified().await;
    }

    /// What is asked, if somebody asks.
    pub(crate) fn take(&self) -> Option<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn ask(&self, asked: RecoverDatabase) -> Result<Recovery> {
        let (answer, answered) = oneshot::channel();
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some((asked, answer));
        self.woken.notify_one();
        let gone = |_| {
            Error::unavailable(reason::STOPPING, "somebody else asked, or the service is ending; ask again")
        };
        answered.await.map_err(gone)?
    }
}

pub(super) async fn recover(ctx: Ctx, asked: RecoverDatabase) -> Result<Recovery> {
    let left = std::time::Duration::try_from(ctx.deadline.duration_since(ctx.now())).unwrap_or_default();
    let late = |_| {
        let what = "the database is not recovered yet; what was taken up stays so: ask again";
        Error::new(Kind::TimedOut, reason::TIMED_OUT, what)
    };
    tokio::time::timeout(left, ctx.vitals().recovering.ask(asked)).await.map_err(late)?
}

impl Example for RecoverDatabase {
    fn example() -> Self {
        Self { apply: true, events_only: false }
    }
}

impl Example for Recovery {
    fn example() -> Self {
        Self {
            stream: "THING".into(),
            first: 13,
            last: 15,
            left: 0,
            taken: BTreeMap::from([("events.thing.made".into(), 3)]),
            not_taken: BTreeMap::new(),
            keys: Vec::new(),
            applied: true,
        }
    }
}
