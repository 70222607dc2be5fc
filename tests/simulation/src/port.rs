//! What handlers ask through in the simulation, and what becomes of it: notes to the world.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use kit::clock::Clock;
use kit::engine::port::{Outgoing, Port, Read, Waiting};
use kit::engine::{Engine, Job};
use kit::error::reason;
use kit::vitals::Vitals;
use kit::{Caller, Error, Kind, Result, Service, Timestamp, Trace};
use tokio::sync::oneshot;

use crate::bank::Asked;
use crate::chance::Dice;
use crate::clock::WorldClock;

/// What somebody wants of the world.
pub enum Note {
    /// A request to a service.
    Ask(Ask),
    /// A job for the writer of a service.
    Submit {
        /// Which service, and in which life.
        of: (usize, u64),
        /// The job.
        job: Box<Job>,
        /// Who waits for its end, if anybody does.
        answer: Option<oneshot::Sender<Result<Bytes>>>,
    },
    /// To be woken after a time, in microseconds.
    Sleep(i64, oneshot::Sender<()>),
    /// A service has answered a request.
    Answered {
        /// Which request.
        ask: u64,
        /// The answer.
        answer: Result<Bytes>,
    },
    /// Something of the bank.
    Bank(Asked),
    /// A try of an effect has ended, or the timers have fired: what is due has to be looked at.
    Due((usize, u64)),
    /// A further piece of work of a service.
    Begin((usize, u64), Waiting<'static, ()>),
}

/// A request on its way.
pub struct Ask {
    /// Which service asks, if it is one.
    pub from: Option<usize>,
    /// Where.
    pub subject: String,
    /// What.
    pub body: Bytes,
    /// The piece of work that asks.
    pub trace: Option<Trace>,
    /// Who asks.
    pub caller: Caller,
    /// For whom, if a service asks.
    pub behalf: Option<Caller>,
    /// The idempotency key.
    pub key: Option<String>,
    /// How long the answer is waited for, in microseconds.
    pub patience_us: i64,
    /// Who waits.
    pub answer: oneshot::Sender<Result<Bytes>>,
}

/// Where notes are left for the world.
#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<Vec<Note>>>);

impl Notes {
    /// Leaves a note.
    pub fn leave(&self, note: Note) {
        lock(&self.0).push(note);
    }

    /// Takes all notes, the first first.
    pub fn take(&self) -> Vec<Note> {
        std::mem::take(&mut *lock(&self.0))
    }

    /// Leaves a request, and waits for its answer.
    pub async fn ask(&self, ask: impl FnOnce(oneshot::Sender<Result<Bytes>>) -> Ask) -> Result<Bytes> {
        let (answer, answered) = oneshot::channel();
        self.leave(Note::Ask(ask(answer)));
        answered.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Waits for a time, in microseconds.
    pub async fn sleep(&self, time_us: i64) {
        let (wake, woken) = oneshot::channel();
        self.leave(Note::Sleep(time_us, wake));
        let _ = woken.await;
    }
}

/// The surroundings of a service in one life.
pub struct WorldPort {
    /// The service.
    pub service: Arc<Service>,
    /// Its database.
    pub engine: Arc<Mutex<Option<Engine>>>,
    /// The clock of the machine.
    pub clock: WorldClock,
    /// Its own chance.
    pub dice: Mutex<Dice>,
    /// Where it asks the world.
    pub notes: Notes,
    /// Which service, and in which life.
    pub own: (usize, u64),
    /// How it is doing.
    pub vitals: Vitals,
}

impl Port for WorldPort {
    fn call(&self, outgoing: Outgoing) -> Waiting<'_, Result<Bytes>> {
        let patience_us = self.clock.until(outgoing.deadline).max(0);
        Box::pin(self.notes.ask(move |answer| Ask {
            from: Some(self.own.0),
            subject: outgoing.subject,
            body: outgoing.body,
            trace: Some(outgoing.trace),
            caller: Caller::Service(self.service.name().to_owned()),
            behalf: Some(outgoing.behalf),
            key: outgoing.key,
            patience_us,
            answer,
        }))
    }

    fn submit(&self, job: Job) -> Waiting<'_, Result<Bytes>> {
        let (answer, answered) = oneshot::channel();
        self.notes.leave(Note::Submit { of: self.own, job: Box::new(job), answer: Some(answer) });
        Box::pin(async { answered.await.unwrap_or_else(|_| Err(gone())) })
    }

    fn note(&self, job: Job) {
        self.notes.leave(Note::Submit { of: self.own, job: Box::new(job), answer: None });
    }

    fn read(&self, read: Read) -> Waiting<'_, Result<Box<dyn Any + Send>>> {
        let read = lock(&self.engine).as_ref().map_or_else(|| Err(gone()), |engine| read(&engine.sql()));
        Box::pin(std::future::ready(read))
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn sleep(&self, time: Duration) -> Waiting<'static, ()> {
        let notes = self.notes.clone();
        Box::pin(async move { notes.sleep(crate::chance::micros(time)).await })
    }

    fn child(&self, of: &Trace) -> Trace {
        let mut dice = lock(&self.dice);
        if of.id == 0 {
            return Trace { sampled: of.sampled, ..Trace::begin(self.now(), &mut *dice) };
        }
        of.child(&mut *dice)
    }

    fn service(&self) -> &Arc<Service> {
        &self.service
    }

    fn vitals(&self) -> &Vitals {
        &self.vitals
    }
}

fn gone() -> Error {
    Error::new(Kind::Unavailable, reason::STOPPING, "the service is gone")
}

/// Locks what only one thread ever uses.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
