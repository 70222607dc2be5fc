//! One service in the world: its database, and what stands in its memory as long as it lives.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use kit::engine::places::Places;
use kit::engine::port::Port;
use kit::engine::standing::Course;
use kit::engine::{Desk, Engine, Job};
use kit::vitals::Vitals;
use kit::{Error, Result, Service};
use tokio::sync::oneshot;

use crate::chance::Dice;
use crate::clock::WorldClock;
use crate::letters::Letters;
use crate::port::{Notes, WorldPort, lock};
use crate::shop;

/// A service of the world.
pub struct Node {
    /// Its name.
    pub name: &'static str,
    /// Its database, which outlives it.
    pub engine: Arc<Mutex<Option<Engine>>>,
    /// The identity of the database.
    pub origin: String,
    /// Counts its lives: what was meant for an earlier one reaches nobody.
    pub life: u64,
    /// What stands in memory; nothing while it is down.
    pub live: Option<Live>,
    /// Since when it lives without a break, as far as that matters for deadlines.
    pub well_since: i64,
    /// It stands still until then.
    pub still_until: i64,
    /// Its connection to the broker; what was on its way on an earlier one is lost.
    pub link: u64,
    /// How it is to end at its next commit.
    pub dies: Option<Death>,
    /// Its groups cannot be written until then.
    pub full_until: i64,
    /// When what was sent last arrives, so that nothing overtakes on a connection.
    pub sent_until: i64,
    /// For a broken relay: how far it told, as it remembers.
    pub cursor: u64,
    /// For a broken writer: the database as the disk has it.
    pub synced: Option<Engine>,
}

/// Where a service ends at a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Just before: nothing of the group is there.
    Before,
    /// Just after: everything is there, and nobody was told.
    After,
}

/// Who waits for a job.
pub enum Waits {
    /// Nobody.
    Nobody,
    /// A handler.
    Handler(oneshot::Sender<Result<Bytes>>),
    /// The hearer of a source: the session, and the number of the message.
    Hearer(usize, u64, u64),
}

/// What stands in the memory of a service.
pub struct Live {
    /// What its handlers ask through.
    pub port: Arc<dyn Port>,
    /// Where requests arrive.
    pub desk: Arc<Desk>,
    /// Jobs that wait for the writer.
    pub queue: VecDeque<(Job, Waits)>,
    /// Whether a commit is on its way.
    pub committing: bool,
    /// The relay.
    pub relay: Relay,
    /// The hearer of each source.
    pub hearers: BTreeMap<usize, Hearer>,
    /// Effects that are being tried.
    pub tried: Arc<Mutex<BTreeSet<i64>>>,
    /// When it is looked at what is due, so that it is not looked twice.
    pub due_at: i64,
}

/// The relay of a service.
#[derive(Debug, Default)]
pub struct Relay {
    /// Counts its comparisons: an answer to what was published before is of no use.
    pub turn: u64,
    /// Whether it publishes at the moment, or is about to compare.
    pub publishes: bool,
    /// The next row.
    pub next: u64,
    /// The last row of which the broker said that it is stored.
    pub stored: u64,
    /// Rows on their way.
    pub in_flight: u64,
    /// The identifier of the row sent before.
    pub before: Option<String>,
    /// How long it waits after a failure, in microseconds.
    pub wait_us: i64,
}

/// The hearer of one source.
#[derive(Debug, Default)]
pub struct Hearer {
    /// Counts its beginnings.
    pub session: u64,
    /// The identity of the database it hears; none while it does not listen.
    pub origin: Option<String>,
    /// Where it is in what its consumer hands out.
    pub course: Course,
    /// How long it waits after a failure, in microseconds.
    pub wait_us: i64,
    /// For a broken hearer: counts what it was given.
    pub count: u64,
}

thread_local! {
    /// A new database of each service, made once a thread: copying one is much faster than making it.
    static NEW: RefCell<BTreeMap<&'static str, Engine>> = const { RefCell::new(BTreeMap::new()) };
}

impl Node {
    /// A service with a new database, not yet started.
    pub fn new(name: &'static str, clock: &WorldClock, dice: &mut Dice) -> Result<Self> {
        let engine = NEW.with_borrow_mut(|new| {
            if !new.contains_key(name) {
                new.insert(name, made_once(name)?);
            }
            let (service, chance) = (shop::idle(name), Box::new(dice.split()));
            let engine = Engine::copy_of(&new[name], Arc::new(service), Arc::new(clock.clone()), chance)?;
            Ok::<_, Error>(engine)
        })?;
        let origin = engine.origin().to_owned();
        Ok(Self {
            name,
            engine: Arc::new(Mutex::new(Some(engine))),
            origin,
            life: 0,
            live: None,
            well_since: 0,
            still_until: 0,
            link: 0,
            dies: None,
            full_until: 0,
            sent_until: 0,
            cursor: 0,
            synced: None,
        })
    }

    /// Starts it: a new process on the same database.
    pub fn start(
        &mut self,
        own: usize,
        service: Service,
        clock: &WorldClock,
        notes: &Notes,
        dice: &mut Dice,
    ) {
        let service = Arc::new(service);
        let mut engine = lock(&self.engine);
        *engine = engine.take().map(|engine| engine.reopened(Arc::clone(&service), Box::new(dice.split())));
        if let Some(engine) = engine.as_mut() {
            engine.offer(Arc::new(Places::of(&service)));
        }
        drop(engine);
        let vitals = Vitals::starting(kit::clock::Clock::now(clock));
        let port: Arc<dyn Port> = Arc::new(WorldPort {
            service,
            engine: Arc::clone(&self.engine),
            clock: clock.clone(),
            dice: Mutex::new(dice.split()),
            notes: notes.clone(),
            own: (own, self.life),
            vitals,
        });
        self.well_since = self.well_since.max(clock.passed());
        self.live = Some(Live {
            desk: Arc::new(Desk::new(Arc::clone(&port))),
            port,
            queue: VecDeque::new(),
            committing: false,
            relay: Relay::default(),
            hearers: BTreeMap::new(),
            tried: Arc::default(),
            due_at: i64::MAX,
        });
    }

    /// Copies its database as it is now.
    pub fn copied(&self, clock: &WorldClock, dice: &mut Dice) -> Option<Engine> {
        let engine = lock(&self.engine);
        let clock = Arc::new(clock.clone());
        Engine::copy_of(engine.as_ref()?, Arc::new(shop::idle(self.name)), clock, Box::new(dice.split())).ok()
    }

    /// Ends it at once: all that stood in memory is gone.
    pub fn die(&mut self) {
        if let Some(synced) = self.synced.take() {
            *lock(&self.engine) = Some(synced);
        }
        self.live = None;
        self.life += 1;
        self.link += 1;
        self.dies = None;
        self.still_until = 0;
    }

    /// Reads its database.
    pub fn read<T>(&self, read: impl FnOnce(&kit::Sql<'_>) -> Result<T>) -> Result<T> {
        match lock(&self.engine).as_ref() {
            Some(engine) => read(&engine.sql()),
            None => Err(Error::internal("a service without a database")),
        }
    }
}

fn made_once(name: &'static str) -> Result<Engine> {
    let folder =
        tempfile::tempdir().map_err(|error| Error::internal("no scratch folder").caused_by(error))?;
    let service = Arc::new(shop::service(name, &Notes::default(), &Letters::new(Dice::of(0)), None));
    let clock = Arc::new(WorldClock::default());
    // The same identity in each world: it tells databases of one world apart, not worlds.
    let chance = Box::new(Dice::of(name.bytes().map(u64::from).fold(0, |sum, byte| sum * 31 + byte)));
    let engine =
        Engine::open(&folder.path().join(format!("{name}.db")), Arc::clone(&service), clock.clone(), chance)?;
    let copy = Engine::copy_of(&engine, service, clock, Box::new(Dice::of(0)))?;
    Ok(copy)
}

impl Live {
    /// The service that lives.
    pub fn service(&self) -> &Service {
        self.port.service()
    }
}
