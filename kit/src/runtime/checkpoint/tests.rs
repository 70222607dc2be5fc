//! The log and its keeper, without a broker.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures_util::poll;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::{Notify, mpsc, watch};

use super::beside::Write;
use super::*;
use crate::clock::{SystemChance, SystemClock};
use crate::engine::schema::open_reader;
use crate::engine::{Job, check};
use crate::error::{Kind, reason};
use crate::runtime::lock;
use crate::runtime::untold::Untold;
use crate::runtime::writer::Writer;
use crate::testing::PATIENCE;
use crate::vitals::Vitals;

/// Pages of the log from which on these tests have it written.
const PAGES: i64 = 1000;

/// More pages than any group here writes.
const GROUP: i64 = 30;

/// More groups than fill the log twice over its bound.
const GROUPS_MAX: usize = 2000;

/// A database in a folder of its own.
struct World {
    folder: TempDir,
    signals: Arc<Signals>,
    service: Arc<Service>,
}

impl World {
    fn new() -> Self {
        let signals = Signals {
            emitted: watch::Sender::new(0),
            untold: Untold::default(),
            due: Notify::new(),
            begun: mpsc::unbounded_channel().0,
            full: Notify::new(),
            fatal: watch::Sender::new(None),
        };
        let tables = &["CREATE TABLE notes (text TEXT NOT NULL) STRICT;"];
        let service = Service::new("notes", "1.0.0").migrations_from(tables);
        Self { folder: tempfile::tempdir().unwrap(), signals: Arc::new(signals), service: Arc::new(service) }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("notes.db")
    }

    fn engine(&self) -> Engine {
        let (clock, chance) = (Arc::new(SystemClock), Box::new(SystemChance));
        let mut engine = Engine::open(&self.path(), Arc::clone(&self.service), clock, chance).unwrap();
        engine.leave_log();
        engine
    }

    /// Who keeps the log, once the database is there.
    fn keeper(&self, write: Write) -> Keeper {
        let guard = Guard::of(&self.folder.path().join("lock"), &self.path());
        let mut keeper = Keeper::of(&self.service, guard, Arc::clone(&self.signals), PAGES);
        keeper.place.write = write;
        keeper
    }

    fn writer(&self, write: Write) -> Writer {
        let engine = self.engine();
        let path = self.folder.path().join("lock");
        let lock = lock::take(&path).unwrap().unwrap();
        let own = (lock, Guard::of(&path, &self.path()), self.keeper(write));
        let vitals = Arc::new(Vitals::starting(Timestamp::UNIX_EPOCH));
        Writer::start(engine, own, &self.service, Arc::clone(&self.signals), vitals).unwrap()
    }

    /// How often the log has begun anew, as its head says.
    fn times_anew(&self) -> u32 {
        let head = std::fs::read(check::log_of(&self.path())).unwrap();
        head.get(12..16).map_or(0, |bytes| u32::from_be_bytes(bytes.try_into().unwrap()))
    }

    /// The most pages that were in the log at a time.
    fn longest(&self) -> i64 {
        let bytes = std::fs::metadata(check::log_of(&self.path())).unwrap().len();
        i64::try_from(bytes / (4096 + 24)).unwrap()
    }

    /// How many notes somebody finds who opens the database now.
    fn notes(&self) -> usize {
        let count = "SELECT count(*) FROM notes";
        open_reader(&self.path()).unwrap().query_row(count, [], |row| row.get(0)).unwrap()
    }
}

/// A note of eight pages.
fn note() -> Job {
    Job::piece(Timestamp::UNIX_EPOCH, |tx| {
        tx.execute("INSERT INTO notes (text) VALUES (?1)", ["x".repeat(30_000)])?;
        Ok(Bytes::new())
    })
}

/// Notes it, and fails if that takes for ever.
async fn answered(writer: &Writer) -> Result<Bytes> {
    tokio::time::timeout(PATIENCE, writer.submit(note())).await.expect("an answer")
}

/// Commits notes until the log has so many pages.
fn until_long(engine: &mut Engine, pages: i64) {
    while log::look(engine.sql().connection()).unwrap().pages < pages {
        assert!(engine.commit(vec![note()]).failure.is_none());
    }
}

fn looked(engine: &Engine) -> Log {
    log::look(engine.sql().connection()).unwrap()
}

/// Writes as usual, and counts how often.
fn counting() -> (Write, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let own = Arc::clone(&count);
    let write = move |connection: &Connection| {
        own.fetch_add(1, Ordering::SeqCst);
        log::write(connection)
    };
    (Arc::new(write), count)
}

/// Says when it has begun, and goes on when told to, or when nobody can tell it any more.
fn held_up() -> (Write, Receiver<()>, Sender<()>) {
    held_up_before(Arc::new(log::write))
}

fn held_up_before(then: Write) -> (Write, Receiver<()>, Sender<()>) {
    let ((begins, begun), (go, told)) = (channel(), channel());
    let told = Mutex::new(told);
    let write = move |connection: &Connection| {
        let _ = begins.send(());
        let _ = told.lock().unwrap_or_else(PoisonError::into_inner).recv();
        then(connection)
    };
    (Arc::new(write), begun, go)
}

fn failing(kind: &'static str) -> (Write, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let own = Arc::clone(&count);
    let write = move |_: &Connection| {
        own.fetch_add(1, Ordering::SeqCst);
        Err(Error::new(Kind::Unavailable, kind, "the disk does not take it"))
    };
    (Arc::new(write), count)
}

#[tokio::test]
async fn nobody_waits_for_a_checkpoint_that_is_at_work_and_at_the_end_it_is_waited_for() {
    let world = World::new();
    let (write, begun, go) = held_up();
    let writer = world.writer(write);
    let mut notes = 0;
    while begun.try_recv().is_err() {
        answered(&writer).await.unwrap();
        notes += 1;
    }
    for _ in 0..50 {
        answered(&writer).await.unwrap();
    }
    assert!(begun.try_recv().is_err(), "it is the same checkpoint still");
    let stopped = writer.stop();
    let ((), ()) = tokio::join!(stopped, async { drop(go) });
    assert!(!check::ended_unclean(&world.path()), "the file alone is the whole database");
    assert_eq!(world.notes(), notes + 50);
}

#[tokio::test]
async fn under_steady_writing_the_log_begins_anew_again_and_again_and_stays_bounded() {
    let world = World::new();
    let (write, count) = counting();
    let writer = world.writer(write);
    let mut notes = 0;
    while world.times_anew() < 4 {
        assert!(notes < GROUPS_MAX, "after {notes} groups it began anew {} times", world.times_anew());
        answered(&writer).await.unwrap();
        notes += 1;
    }
    assert!(count.load(Ordering::SeqCst) >= 3, "the thread has done it");
    assert!(world.longest() <= PAGES * BOUND + GROUP, "{} pages", world.longest());
    writer.stop().await;
    assert!(!check::ended_unclean(&world.path()));
    assert_eq!(world.notes(), notes);
}

#[tokio::test]
async fn after_a_checkpoint_that_broke_the_database_nobody_is_answered_and_none_is_made() {
    let world = World::new();
    let (write, count) = failing(reason::STORAGE_FAILED);
    let writer = world.writer(write);
    let mut fatal = world.signals.fatal.subscribe();
    let mut notes = 0;
    let why = loop {
        tokio::select! {
            biased;
            why = fatal.wait_for(Option::is_some) => break why.unwrap().clone().unwrap(),
            answer = answered(&writer) => assert!(answer.is_ok()),
        }
        notes += 1;
    };
    assert!(why.contains("the disk does not take it"), "{why}");
    let mut waiting = std::pin::pin!(writer.submit(note()));
    assert!(poll!(&mut waiting).is_pending());
    writer.stop().await;
    assert!(poll!(&mut waiting).is_pending(), "the writer has ended and answers nothing");
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert!(check::ended_unclean(&world.path()), "the log is left to the next process");
    let kept = world.notes();
    assert!((notes..=notes + 1).contains(&kept), "{notes} were answered, {kept} are there");
}

#[tokio::test]
async fn who_is_in_a_group_while_a_checkpoint_breaks_the_database_is_not_answered() {
    let world = World::new();
    let (write, begun, go) = held_up_before(failing(reason::STORAGE_FAILED).0);
    let writer = world.writer(write);
    while begun.try_recv().is_err() {
        answered(&writer).await.unwrap();
    }
    let signals = Arc::clone(&world.signals);
    let mut waiting = std::pin::pin!(writer.submit(Job::piece(Timestamp::UNIX_EPOCH, move |_| {
        drop(go);
        while signals.fatal.borrow().is_none() {
            std::thread::yield_now();
        }
        Ok(Bytes::new())
    })));
    assert!(poll!(&mut waiting).is_pending());
    writer.stop().await;
    assert!(poll!(&mut waiting).is_pending(), "its group has committed, and nobody says so");
}

#[test]
fn closing_the_connection_of_the_thread_leaves_the_log_of_a_broken_database_alone() {
    let world = World::new();
    let mut engine = world.engine();
    let mut keeper = world.keeper(failing(reason::STORAGE_FAILED).0);
    until_long(&mut engine, PAGES);
    assert_eq!(keeper.look(&engine), Then::GoOn, "the thread is asked");
    assert_eq!(keeper.shorten(&engine), Then::End, "it has failed, and so nothing is shortened");
    let before = (looked(&engine), std::fs::read(world.path()).unwrap());
    std::mem::forget(engine);
    keeper.beside.take().unwrap().end();
    assert!(check::ended_unclean(&world.path()));
    let engine = world.engine();
    assert_eq!((looked(&engine), std::fs::read(world.path()).unwrap()), before);
}

#[test]
fn what_fails_without_damage_is_tried_again() {
    let world = World::new();
    let mut engine = world.engine();
    let (write, count) = failing(reason::DISK_FULL);
    let mut keeper = world.keeper(write);
    until_long(&mut engine, PAGES);
    while count.load(Ordering::SeqCst) < 3 {
        assert_eq!(keeper.look(&engine), Then::GoOn);
        std::thread::yield_now();
    }
    assert_eq!(world.signals.fatal.borrow().as_deref(), None);
    assert_eq!(keeper.end(&engine), Then::GoOn);
    assert_eq!(looked(&engine).pages, 0, "the writer itself has emptied it");
}

#[test]
fn at_the_bound_the_writer_waits_for_the_thread_and_writes_the_rest() {
    let world = World::new();
    let mut engine = world.engine();
    let (write, begun, go) = held_up();
    let mut keeper = world.keeper(write);
    until_long(&mut engine, PAGES);
    keeper.look(&engine);
    begun.recv().unwrap();
    until_long(&mut engine, PAGES * BOUND - GROUP);
    keeper.look(&engine);
    assert_eq!(looked(&engine).written, 0, "it does not wait yet");
    until_long(&mut engine, PAGES * BOUND);
    let told = std::thread::spawn(move || go.send(()));
    keeper.look(&engine);
    assert!(looked(&engine).is_whole());
    assert!(told.join().unwrap().is_ok() && !keeper.is_at_work());
    engine.commit(vec![note()]);
    assert!(looked(&engine).pages < GROUP, "it begins anew");
}

#[test]
fn while_a_reader_holds_the_log_up_it_is_tried_now_and_then_and_nobody_waits() {
    let world = World::new();
    let mut engine = world.engine();
    let (write, count) = counting();
    let mut keeper = world.keeper(write);
    engine.commit(vec![note()]);
    let beginning = looked(&engine).pages;
    let reader = open_reader(&world.path()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM notes;").unwrap();
    while looked(&engine).pages < PAGES * BOUND * 2 {
        engine.commit(vec![note()]);
        keeper.look(&engine);
    }
    let tries = count.load(Ordering::SeqCst);
    let most = usize::try_from(PAGES * BOUND * 2 / REST).unwrap();
    assert!((2..=most).contains(&tries), "{tries} tries, where {most} are the most");
    assert_eq!(looked(&engine).written, beginning, "and none could do more");
    reader.execute_batch("COMMIT").unwrap();
    let held = looked(&engine).pages;
    while looked(&engine).pages >= held {
        engine.commit(vec![note()]);
        keeper.look(&engine);
        assert!(looked(&engine).pages < held + PAGES * BOUND + REST + GROUP, "it begins anew");
    }
}

#[test]
fn without_a_thread_the_writer_keeps_the_log_short_itself() {
    let world = World::new();
    let mut engine = world.engine();
    let (write, count) = counting();
    let mut keeper = world.keeper(write);
    // The thread finds nothing that it could open.
    let elsewhere = world.folder.path().join("elsewhere.db");
    keeper.file = Some(Box::leak(Box::new(File::open(world.path()).unwrap())));
    keeper.place.guard = Guard::of(&world.folder.path().join("lock"), &elsewhere);
    let mut most = 0;
    for _ in 0..4 * PAGES / 8 {
        engine.commit(vec![note()]);
        keeper.look(&engine);
        most = most.max(looked(&engine).pages);
    }
    assert!(keeper.alone && keeper.beside.is_none());
    assert_eq!(count.load(Ordering::SeqCst), 0);
    assert!(most < PAGES * BOUND, "{most}");
    assert!(world.longest() < PAGES * BOUND);
    keeper.end(&engine);
    assert_eq!(looked(&engine).pages, 0);
}

#[test]
fn whoever_rests_has_no_thread_and_the_next_long_log_makes_one() {
    let world = World::new();
    let mut engine = world.engine();
    let mut keeper = world.keeper(counting().0);
    until_long(&mut engine, PAGES - GROUP);
    keeper.look(&engine);
    assert!(keeper.beside.is_none(), "a short log needs none");
    for _ in 0..2 {
        until_long(&mut engine, PAGES);
        keeper.look(&engine);
        assert!(keeper.is_at_work());
        while keeper.beside.is_some() {
            assert_eq!(keeper.rest(&engine), Then::GoOn);
        }
        assert!(looked(&engine).is_whole(), "and the rest was written");
        engine.commit(vec![note()]);
    }
}

#[test]
fn this_sqlite_may_make_a_checkpoint_beside_a_writer() {
    assert!(rusqlite::version_number() >= 3_051_003, "before, one could take for written what was not");
}
