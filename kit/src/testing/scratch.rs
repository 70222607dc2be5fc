//! A service on a scratch database, with its neighbours stubbed and its clock in the test's hand.

mod draining;

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tempfile::TempDir;

use crate::access::Trust;
use crate::caller::Caller;
use crate::clock::{Chance, Clock, SystemChance};
use crate::engine::hearing::{DeadLetter, Heard, dead_letters};
use crate::engine::port::{Outgoing, Port, Read, Waiting};
use crate::engine::{Desk, Engine, Incoming, Job, Work, outbox, worker};
use crate::error::{Error, Kind, Result, reason};
use crate::id::{EventId, Id, uuid_v7};
use crate::limits::PAGE_MAX;
use crate::message::{Event, Request, owner, stream_of};
use crate::service::Service;
use crate::sql::Sql;
use crate::testing::operator;
use crate::trace::Trace;
use crate::vitals::Vitals;

/// The identity that every stubbed source has.
const ORIGIN: &str = "scratch";

/// A service on a scratch database: no broker, no other process, and time stands still until told.
pub struct Scratch {
    pub(super) surroundings: Arc<Surroundings>,
    desk: Desk,
    folder: TempDir,
}

type Stub = Box<dyn Fn(&Caller, &[u8]) -> Result<Bytes> + Send + Sync>;

pub(super) struct Surroundings {
    pub(super) told: Mutex<(Vec<(String, Bytes)>, Bytes)>,
    pub(super) service: Arc<Service>,
    engine: Mutex<Engine>,
    clock: Arc<TestClock>,
    stubs: Mutex<BTreeMap<&'static str, Stub>>,
    sequences: Mutex<BTreeMap<String, u64>>,
    vitals: Vitals,
}

/// A clock that moves only when told.
struct TestClock(Mutex<Timestamp>);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *lock(&self.0)
    }
}

impl Scratch {
    /// Opens a new database for the service. The clock shows noon of 1 January 2026, UTC.
    pub fn of(service: Service) -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let service = Arc::new(service);
        let noon = Timestamp::from_second(1_767_268_800).expect("a time");
        let clock = Arc::new(TestClock(Mutex::new(noon)));
        let path = folder.path().join(format!("{}.db", service.name()));
        let engine =
            Engine::open(&path, Arc::clone(&service), Arc::clone(&clock) as _, Box::new(SystemChance))
                .unwrap_or_else(|error| panic!("{error}"));
        let surroundings = Arc::new(Surroundings {
            service,
            engine: Mutex::new(engine),
            clock,
            stubs: Mutex::default(),
            sequences: Mutex::default(),
            vitals: Vitals::default(),
            told: Mutex::default(),
        });
        Self { desk: Desk::new(Arc::clone(&surroundings) as _), surroundings, folder }
    }

    /// Lets a neighbour answer. A neighbour without a stub does not answer at all.
    pub fn stub<R: Request>(&self, answer: impl Fn(R) -> Result<R::Reply> + Send + Sync + 'static) {
        self.stub_for(move |_, request| answer(request));
    }

    /// Lets a neighbour answer that looks on whose behalf it is asked.
    pub fn stub_for<R: Request>(
        &self,
        answer: impl Fn(&Caller, R) -> Result<R::Reply> + Send + Sync + 'static,
    ) {
        let stub: Stub = Box::new(move |behalf, body| {
            let request = serde_json::from_slice(body).expect("a request of the declared shape");
            answer(behalf, request).map(|reply| serde_json::to_vec(&reply).expect("a reply as JSON").into())
        });
        lock(&self.surroundings.stubs).insert(R::SUBJECT, stub);
    }

    /// Asks the service, under a new idempotency key.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn ask<R: Request>(&self, request: &R) -> Result<R::Reply> {
        let key = EventId::from_bits(SystemChance.bits()).to_string();
        self.ask_as(&key, request).await
    }

    /// Asks the service under an idempotency key.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn ask_as<R: Request>(&self, key: &str, request: &R) -> Result<R::Reply> {
        let body = serde_json::to_vec(request).expect("a request as JSON");
        let reply = self.ask_raw(R::SUBJECT, Some(key), body).await?;
        Ok(serde_json::from_slice(&reply).expect("a reply of the declared shape"))
    }

    /// Sends the service anything at all.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn ask_raw(&self, subject: &str, key: Option<&str>, body: impl Into<Bytes>) -> Result<Bytes> {
        self.ask_raw_by(&operator(), subject, key, body).await
    }

    /// Asks the service as somebody, under a new idempotency key.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn ask_by<R: Request>(&self, caller: &Caller, request: &R) -> Result<R::Reply> {
        let key = EventId::from_bits(SystemChance.bits()).to_string();
        let body = serde_json::to_vec(request).expect("a request as JSON");
        let reply = self.ask_raw_by(caller, R::SUBJECT, Some(&key), body).await?;
        Ok(serde_json::from_slice(&reply).expect("a reply of the declared shape"))
    }

    /// Asks the service as another service that asks on somebody's behalf.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn ask_for<R: Request>(&self, service: &str, behalf: &Caller, request: &R) -> Result<R::Reply> {
        let body = serde_json::to_vec(request).expect("a request as JSON");
        let incoming = Incoming { behalf: Some(behalf.clone()), ..self.incoming(R::SUBJECT, body.into()) };
        let key = Some(EventId::from_bits(SystemChance.bits()).to_string());
        let caller = Caller::Service(service.to_owned());
        let reply = self.desk.answer(Incoming { caller, key, ..incoming }).await?;
        Ok(serde_json::from_slice(&reply).expect("a reply of the declared shape"))
    }

    /// Sends the service anything at all, as somebody.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn ask_raw_by(
        &self,
        caller: &Caller,
        subject: &str,
        key: Option<&str>,
        body: impl Into<Bytes>,
    ) -> Result<Bytes> {
        let incoming = self.incoming(subject, body.into());
        let key = key.map(str::to_owned);
        self.desk.answer(Incoming { caller: caller.clone(), key, ..incoming }).await
    }

    fn incoming(&self, subject: &str, body: Bytes) -> Incoming {
        Incoming {
            subject: subject.to_owned(),
            body,
            trace: None,
            caller: Caller::Anonymous,
            behalf: None,
            key: None,
            timeout: None,
            received: self.now(),
        }
    }

    /// Lets the service hear an event, as the next message of its source. Answers its number.
    pub fn hear<E: Event>(&self, event: &E) -> u64 {
        let body = serde_json::to_vec(event).expect("an event as JSON");
        self.hear_raw(E::SUBJECT, &event.key(), body)
    }

    /// Lets the service hear an event that was told at a time, as the next message of its source.
    pub fn hear_told_at<E: Event>(&self, at: Timestamp, event: &E) {
        let body = serde_json::to_vec(event).expect("an event as JSON");
        let sequence = self.next_of(E::SUBJECT);
        let heard = self.hear_told(at, sequence, E::SUBJECT, &event.key(), body.into());
        heard.unwrap_or_else(|error| panic!("{}", error.chain()));
    }

    fn next_of(&self, subject: &str) -> u64 {
        let mut sequences = lock(&self.surroundings.sequences);
        let last = sequences.entry(stream_of(owner(subject))).or_default();
        *last += 1;
        *last
    }

    /// Lets the service hear any bytes at all, as the next message of the subject's source.
    pub fn hear_raw(&self, subject: &str, key: &str, body: impl Into<Bytes>) -> u64 {
        let sequence = self.next_of(subject);
        self.hear_at(sequence, subject, key, body).unwrap_or_else(|error| panic!("{}", error.chain()));
        sequence
    }

    /// Lets the service hear a message under a number, such as one it has heard before.
    ///
    /// # Errors
    /// If its group could not commit.
    pub fn hear_at(&self, sequence: u64, subject: &str, key: &str, body: impl Into<Bytes>) -> Result<()> {
        self.hear_told(self.now(), sequence, subject, key, body.into())
    }

    fn hear_told(&self, at: Timestamp, sequence: u64, subject: &str, key: &str, body: Bytes) -> Result<()> {
        let heard = Heard {
            source: stream_of(owner(subject)),
            origin: ORIGIN.to_owned(),
            sequence,
            previous: 0,
            due: 0,
            event_id: EventId::from_bits(uuid_v7(at, &mut SystemChance)).to_string(),
            subject: subject.to_owned(),
            key: key.to_owned(),
            body,
        };
        let job = Job {
            kind: "event",
            subject: subject.to_owned(),
            key: key.to_owned(),
            trace: Trace::begin(self.now(), &mut SystemChance),
            caller: Caller::Service(owner(subject).to_owned()),
            received: self.now(),
            attempt: 1,
            work: Work::Hear(heard),
        };
        self.surroundings.commit(job).map(drop)
    }

    /// The subjects of everything the service has told, in order.
    pub fn told(&self) -> Vec<String> {
        self.outbox().into_iter().map(|row| row.subject).collect()
    }

    /// Every event of one kind that the service has told, in order.
    pub fn told_of<E: Event>(&self) -> Vec<E> {
        self.outbox()
            .into_iter()
            .filter(|row| row.subject == E::SUBJECT)
            .map(|row| serde_json::from_slice(&row.body).expect("an event of the declared shape"))
            .collect()
    }

    /// Moves the clock, and fires every timer that becomes due on the way.
    pub async fn advance(&self, time: Duration) {
        let until = self.now() + time;
        let port: Arc<dyn Port> = Arc::clone(&self.surroundings) as _;
        loop {
            let (next, _) = worker::next_due(&port).await.expect("timers can be read");
            let Some(next) = next.filter(|next| *next <= until) else { break };
            let now = self.now();
            *lock(&self.surroundings.clock.0) = next.max(now);
            worker::fire(&port).await.expect("timers can be fired");
        }
        *lock(&self.surroundings.clock.0) = until;
    }

    /// Sets the clock, forward or back, as a person or a time server does. Nothing is fired by it.
    pub fn set_clock(&self, to: Timestamp) {
        *lock(&self.surroundings.clock.0) = to;
    }

    /// Sets the timers of what is done again and again, as a start does.
    pub async fn set_periods(&self) {
        let port: Arc<dyn Port> = Arc::clone(&self.surroundings) as _;
        worker::set_periods(&port).await.expect("timers can be set");
    }

    /// Opens the database anew, as the next process would.
    pub fn reopen(&self) {
        let own = &self.surroundings;
        let path = self.folder.path().join(format!("{}.db", own.service.name()));
        let mut engine = lock(&own.engine);
        *engine = Engine::open(
            &path,
            Arc::clone(&own.service),
            Arc::clone(&own.clock) as _,
            Box::new(SystemChance),
        )
        .unwrap_or_else(|error| panic!("{error}"));
    }

    /// Tries every effect that is due now, once each. Answers how many there were.
    pub async fn work(&self) -> usize {
        let port: Arc<dyn Port> = Arc::clone(&self.surroundings) as _;
        let names: Vec<&'static str> = self.surroundings.service.effects().map(|(name, _)| name).collect();
        let mut tried = 0;
        for name in names {
            for row in worker::effects_due(&port, name, 1000).await.expect("effects can be read") {
                worker::attempt_effect(&port, row).await.expect("an outcome can be recorded");
                tried += 1;
            }
        }
        tried
    }

    /// The dead letters of the service, and what is parked behind them.
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.sql(|sql| dead_letters(sql, 0, PAGE_MAX as usize)).expect("dead letters can be read")
    }

    /// Reads the database.
    ///
    /// # Errors
    /// What the closure returns.
    pub fn sql<T>(&self, read: impl FnOnce(&Sql<'_>) -> Result<T>) -> Result<T> {
        read(&lock(&self.surroundings.engine).sql())
    }

    /// Whom the service believes.
    pub fn trust(&self) -> &Trust {
        self.surroundings.service.trust()
    }

    /// The time the service sees.
    pub fn now(&self) -> Timestamp {
        self.surroundings.clock.now()
    }

    fn outbox(&self) -> Vec<outbox::Row> {
        self.sql(|sql| outbox::from(sql, 1, 100_000)).expect("the outbox can be read")
    }
}

impl Surroundings {
    pub(super) fn commit(&self, job: Job) -> Result<Bytes> {
        let mut group = lock(&self.engine).commit(vec![job]);
        group.answers.pop().unwrap_or_else(|| Err(Error::internal("a job without an answer")))
    }
}

impl Port for Surroundings {
    fn call(&self, outgoing: Outgoing) -> Waiting<'_, Result<Bytes>> {
        let answer = match lock(&self.stubs).get(outgoing.subject.as_str()) {
            Some(stub) => stub(&outgoing.behalf, &outgoing.body),
            None => Err(Error::new(
                Kind::Unavailable,
                reason::NO_RESPONDERS,
                format!("nobody answers {}", outgoing.subject),
            )),
        };
        Box::pin(std::future::ready(answer))
    }

    fn tell(&self, subject: String, body: Bytes, _: Option<Duration>) -> Waiting<'_, Result<Bytes>> {
        let mut told = lock(&self.told);
        told.0.push((subject, body));
        Box::pin(std::future::ready(Ok(told.1.clone())))
    }

    fn submit(&self, job: Job) -> Waiting<'_, Result<Bytes>> {
        Box::pin(std::future::ready(self.commit(job)))
    }

    fn note(&self, job: Job) {
        let _ = self.commit(job);
    }

    fn read(&self, read: Read) -> Waiting<'_, Result<Box<dyn Any + Send>>> {
        Box::pin(std::future::ready(read(&lock(&self.engine).sql())))
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn sleep(&self, time: Duration) -> Waiting<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn child(&self, of: &Trace) -> Trace {
        if of.id == 0 { Trace::begin(self.now(), &mut SystemChance) } else { of.child(&mut SystemChance) }
    }

    fn service(&self) -> &Arc<Service> {
        &self.service
    }

    fn vitals(&self) -> &Vitals {
        &self.vitals
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
