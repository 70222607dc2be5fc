//! What a request handler is given: ask others, read, and record once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::access::Asker;
use crate::caller::Caller;
use crate::crash;
use crate::engine::job::{Job, Work};
use crate::engine::port::{self, Port};
use crate::engine::replies::ReplyKey;
use crate::error::{Error, Result};
use crate::limits::REPLY_BYTES_MAX;
use crate::message::Request;
use crate::service::Service;
use crate::sql::Sql;
use crate::trace::Trace;
use crate::transaction::Tx;
use crate::vitals::Vitals;

/// The surroundings of one request.
///
/// A handler has three beats: **ask** others with [`call`](Self::call), **decide** with plain
/// functions, **record** with [`write`](Self::write). Recording takes the context away, because a
/// request records once: its answer is kept in the same transaction.
pub struct Ctx {
    pub(crate) port: Arc<dyn Port>,
    pub(crate) subject: String,
    pub(crate) trace: Trace,
    pub(crate) caller: Caller,
    pub(crate) asker: Asker,
    pub(crate) key: Option<ReplyKey>,
    pub(crate) received: Timestamp,
    pub(crate) deadline: Timestamp,
    pub(crate) recorded: Recorded,
}

/// What a handler has recorded: nothing yet, or the answer that was kept.
pub(crate) type Recorded = Arc<Mutex<Option<Result<Bytes>>>>;

impl Ctx {
    /// The time now. A transaction has its own, which does not move.
    pub fn now(&self) -> Timestamp {
        self.port.now()
    }

    /// Who asks.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// For whom this request is answered: to be compared with the owner of whatever it is about.
    pub fn asker(&self) -> Asker {
        self.asker.clone()
    }

    /// The flow this request belongs to.
    pub fn trace(&self) -> Trace {
        self.trace
    }

    /// Asks a neighbour, on behalf of whoever this request is answered for, and waits for the answer
    /// no longer than the caller of this request does.
    ///
    /// # Errors
    /// What the neighbour says, with its kind and reason; `no_responders` if nobody answers and
    /// `timed_out` if nobody did in time.
    pub async fn call<R: Request>(&self, request: &R) -> Result<R::Reply> {
        // The neighbour's answer is kept under a key that follows from ours, so that asking again
        // after a crash changes nothing twice.
        let key = R::CHANGES.then(|| match &self.key {
            Some(own) => own.derived(R::SUBJECT),
            None => format!("{:032x}:{:016x}:{}", self.trace.id, self.trace.span, R::SUBJECT),
        });
        let behalf = self.asker.principal().clone();
        port::call(&*self.port, request, self.trace, (behalf, key, self.deadline)).await
    }

    /// Reads from the database, on a connection that cannot write.
    ///
    /// # Errors
    /// What the closure returns, or `overloaded` if no connection came free in time.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Sql<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        port::read(&*self.port, read).await
    }

    /// Looks up a few rows by their key, on a connection that cannot write: a [`read`](Self::read) that
    /// is not worth handing to another thread, which costs more than the rows do.
    ///
    /// It is done at once on the thread that asks, and everything else of this service that runs there
    /// waits meanwhile. So it is for statements that walk along an index to rows whose number a contract
    /// bounds, never for a list, a search or a sum. One that takes more steps than
    /// [`LOOK_UP_STEPS_MAX`](crate::limits::LOOK_UP_STEPS_MAX) is broken off and done again as a read, for
    /// which the closure may be called twice; as is one for which no connection is idle.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn look_up<T: Send + 'static>(
        &self,
        look_up: impl Fn(&Sql<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        port::look_up(&*self.port, look_up).await
    }

    /// Records: runs the closure in a transaction, and returns once that has committed. What the
    /// closure returns is the reply, kept under the request's idempotency key.
    ///
    /// # Errors
    /// What the closure returns, after which nothing of it remains; or why the transaction could
    /// not commit. Under a key that was used before, the answer given then.
    pub async fn write<T>(self, write: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static) -> Result<T>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let slot = Arc::new(Mutex::new(None));
        let filled = Arc::clone(&slot);
        let (asker, subject) = (self.asker, self.subject.clone());
        let run = move |tx: &mut Tx<'_>| {
            let reply = write(tx)?;
            asker.must_have_asked(&subject)?;
            let body = to_body(&reply)?;
            if let Ok(mut slot) = filled.lock() {
                *slot = Some(reply);
            }
            Ok(body)
        };
        let job = Job {
            kind: "request",
            subject: self.subject,
            key: String::new(),
            trace: self.trace,
            caller: self.caller,
            received: self.received,
            attempt: 1,
            work: Work::Write { reply: self.key, run: Box::new(run) },
        };
        crash::pause("request.before_commit", &job.subject).await?;
        let answer = self.port.submit(job).await;
        if let Ok(mut recorded) = self.recorded.lock() {
            *recorded = Some(answer.clone());
        }
        let body = answer?;
        // Under a key that was used before the closure has not run; the kept answer is read again.
        match slot.lock().ok().and_then(|mut slot| slot.take()) {
            Some(reply) => Ok(reply),
            None => serde_json::from_slice(&body)
                .map_err(|error| Error::internal("a kept reply is not understood").caused_by(error)),
        }
    }

    pub(crate) fn service(&self) -> &Arc<Service> {
        self.port.service()
    }

    pub(crate) fn vitals(&self) -> &Vitals {
        self.port.vitals()
    }

    /// Waits for a commit, so that everything noted before it can be read.
    pub(crate) async fn flush(&self) -> Result<()> {
        self.port.submit(Job::chore(self.now(), |_| Ok(Bytes::new()))).await.map(drop)
    }
}

/// What the worker of an effect is given.
#[derive(Clone)]
pub struct EffectCtx {
    pub(crate) port: Arc<dyn Port>,
    /// Which try this is, the first being 1.
    pub attempt: u32,
    /// Whether there may have been a try before, also one that was given up.
    pub maybe_tried: bool,
    /// The flow in which the work was asked for.
    pub trace: Trace,
    /// Time for this try; beyond it the outcome is unknown.
    pub time_limit: Duration,
}

impl EffectCtx {
    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.port.now()
    }

    /// Asks a neighbour for something that this effect needs, within the time of this try. Only what
    /// keeps no answer can be asked here.
    ///
    /// # Errors
    /// What the neighbour says, or why it says nothing.
    pub async fn call<R: Request>(&self, request: &R) -> Result<R::Reply> {
        if R::CHANGES {
            return Err(Error::internal(format!("an effect cannot ask {}", R::SUBJECT)));
        }
        let own = Caller::Service(self.port.service().name().to_owned());
        let deadline = self.now() + self.time_limit;
        port::call(&*self.port, request, self.trace, (own, None, deadline)).await
    }

    /// Tells something outside the words of the shop, as [`Service::tells`] allows. Nobody says whether it arrived.
    ///
    /// # Errors
    /// If there is no connection to the broker.
    pub async fn tell(&self, subject: String, body: Bytes) -> Result<()> {
        self.port.service().must_tell(&subject)?;
        self.port.tell(subject, body, None).await.map(drop)
    }

    /// The same, and waits for an answer within the time of this try.
    ///
    /// # Errors
    /// If there is none.
    pub async fn command(&self, subject: String, body: Bytes) -> Result<Bytes> {
        self.port.service().must_tell(&subject)?;
        self.port.tell(subject, body, Some(self.time_limit)).await
    }

    /// Reads from the database.
    ///
    /// # Errors
    /// As [`Ctx::read`].
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Sql<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        port::read(&*self.port, read).await
    }

    /// Looks up a few rows by their key.
    ///
    /// # Errors
    /// As [`Ctx::look_up`].
    pub async fn look_up<T: Send + 'static>(
        &self,
        look_up: impl Fn(&Sql<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        port::look_up(&*self.port, look_up).await
    }

    /// Runs a closure in a transaction of its own, apart from the one that records the outcome.
    /// For an outside world that lives in this database, such as a built-in provider.
    ///
    /// # Errors
    /// What the closure returns, or why the transaction could not commit.
    pub async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let slot = Arc::new(Mutex::new(None));
        let filled = Arc::clone(&slot);
        let job = Job::piece(self.now(), move |tx| {
            let value = write(tx)?;
            if let Ok(mut slot) = filled.lock() {
                *slot = Some(value);
            }
            Ok(Bytes::new())
        });
        self.port.submit(job).await?;
        slot.lock()
            .ok()
            .and_then(|mut slot| slot.take())
            .ok_or_else(|| Error::internal("a transaction ended without a value"))
    }
}

pub(crate) fn to_body(reply: &impl Serialize) -> Result<Bytes> {
    let body = serde_json::to_vec(reply)
        .map_err(|error| Error::internal("a reply cannot be written as JSON").caused_by(error))?;
    if body.len() > REPLY_BYTES_MAX {
        return Err(Error::internal(format!(
            "a reply has {} bytes, at most {REPLY_BYTES_MAX} are carried",
            body.len()
        )));
    }
    Ok(body.into())
}
