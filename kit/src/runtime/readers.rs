//! A few connections that only read.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::writer::{Signals, silent_if};
use crate::engine::commit::give_back;
use crate::engine::perform::panicked;
use crate::engine::port::{LookUp, Read};
use crate::engine::schema::open_reader;
use crate::error::{Error, Kind, Result, reason};
use crate::limits::{LOOK_UP_STEPS_MAX, READERS, REQUEST_TIME};
use crate::sql::Sql;

/// What a closure answered, its type put aside.
type Answer = Result<Box<dyn Any + Send>>;

/// The readers of one database.
#[derive(Clone)]
pub(super) struct Readers {
    idle: Arc<Idle>,
    places: Arc<Semaphore>,
    signals: Arc<Signals>,
}

impl Readers {
    pub(super) fn open(path: &Path, signals: Arc<Signals>) -> Result<Self> {
        let idle = Idle { path: path.to_owned(), readers: Mutex::new(vec![Reader::open(path)?]) };
        Ok(Self { idle: Arc::new(idle), places: Arc::new(Semaphore::new(READERS)), signals })
    }

    /// Reads, with the type of the closure.
    pub(super) async fn get<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Sql<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let value = self.read(Box::new(move |sql| read(sql).map(|value| Box::new(value) as _))).await?;
        value
            .downcast()
            .map(|value| *value)
            .map_err(|_| Error::internal("a reader answered with another type"))
    }

    /// Reads on a thread that may block. Waits for a connection as long as a request may take.
    pub(super) async fn read(&self, read: Read) -> Answer {
        let place = tokio::time::timeout(REQUEST_TIME, Arc::clone(&self.places).acquire_owned())
            .await
            .map_err(|_| busy())?
            .map_err(|_| busy())?;
        let idle = Arc::clone(&self.idle);
        let answer = tokio::task::spawn_blocking(move || {
            let reader = idle.take()?;
            let answer = reader.read(read);
            idle.put_back(reader);
            drop(place);
            answer
        })
        .await
        .unwrap_or_else(|error| Err(Error::internal("a reader ended early").caused_by(error)));
        self.unless_broken(answer).await
    }

    /// Reads on the thread that asks, if a connection is idle and few steps are enough. Otherwise on
    /// another, as any other read.
    pub(super) async fn look_up(&self, look_up: LookUp) -> Answer {
        match self.at_once(&look_up) {
            Some(answer) => self.unless_broken(answer).await,
            None => self.read(look_up).await,
        }
    }

    fn at_once(&self, look_up: &LookUp) -> Option<Answer> {
        let _place = self.places.try_acquire().ok()?;
        let reader = self.idle.take().ok()?;
        let answer = reader.look_up(look_up);
        self.idle.put_back(reader);
        answer
    }

    /// Closes idle connections but one, and gives back what that keeps in memory of its database.
    pub(super) fn rest(&self) {
        let mut idle = self.idle.lock();
        idle.truncate(1);
        if let Some(reader) = idle.first() {
            give_back(&reader.connection);
        }
    }

    /// Tells everybody when an answer says that the database is broken, and then gives none.
    async fn unless_broken(&self, answer: Answer) -> Answer {
        if let Some(error) = answer.as_ref().err().filter(|error| error.is_fatal()) {
            self.signals.fatal.send_replace(Some(error.chain()));
            silent_if(&self.signals.fatal.subscribe()).await;
        }
        answer
    }
}

fn busy() -> Error {
    Error::new(Kind::Overloaded, reason::OVERLOADED, "too many are reading; try again later")
}

/// The connections at which nobody reads. All but the first are opened when they are needed: most services
/// never need a second, and each costs some hundred kilobytes.
struct Idle {
    path: PathBuf,
    readers: Mutex<Vec<Reader>>,
}

impl Idle {
    /// Whoever takes one has a place, so there are never more than places.
    fn take(&self) -> Result<Reader> {
        let idle = self.lock().pop();
        idle.map_or_else(|| Reader::open(&self.path), Ok)
    }

    fn put_back(&self, reader: Reader) {
        self.lock().push(reader);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection, and the patience with what runs on it.
struct Reader {
    connection: Connection,
    patience: Arc<Patience>,
}

impl Reader {
    fn open(path: &Path) -> Result<Self> {
        let connection = open_reader(path)?;
        let patience = Arc::new(Patience::default());
        let asked = Arc::clone(&patience);
        connection.progress_handler(LOOK_UP_STEPS_MAX, Some(move || asked.is_over()))?;
        Ok(Self { connection, patience })
    }

    fn read(&self, read: Read) -> Answer {
        self.guarded(read)
    }

    /// None: it was broken off.
    fn look_up(&self, look_up: &LookUp) -> Option<Answer> {
        self.patience.left.store(Patience::OF_A_LOOK_UP, Ordering::Relaxed);
        let answer = self.guarded(look_up);
        let left = self.patience.left.swap(Patience::ENDLESS, Ordering::Relaxed);
        // Whatever the closure made of being broken off is not the answer.
        (left > 0).then_some(answer)
    }

    fn guarded(&self, read: impl FnOnce(&Sql<'_>) -> Answer) -> Answer {
        catch_unwind(AssertUnwindSafe(|| read(&Sql::new(&self.connection))))
            .unwrap_or_else(|panic| Err(panicked(&*panic)))
    }
}

/// How often SQLite may still say that it has gone on by [`LOOK_UP_STEPS_MAX`] steps.
struct Patience {
    left: AtomicU32,
}

impl Patience {
    /// A statement that is kept counts on from the time before, so that the first word of it says nothing.
    const OF_A_LOOK_UP: u32 = 2;
    const ENDLESS: u32 = u32::MAX;

    /// Whether what runs is to be broken off.
    fn is_over(&self) -> bool {
        let left = self.left.load(Ordering::Relaxed);
        if left != Self::ENDLESS {
            self.left.store(left.saturating_sub(1), Ordering::Relaxed);
        }
        left <= 1
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self { left: AtomicU32::new(Self::ENDLESS) }
    }
}

#[cfg(test)]
mod tests {
    use std::thread::{ThreadId, current};

    use tokio::sync::{Notify, watch};

    use super::*;
    use crate::clock::SystemChance;
    use crate::engine::schema::open_writer;
    use crate::runtime::untold::Untold;

    fn readers(folder: &tempfile::TempDir) -> Readers {
        let path = folder.path().join("thing.db");
        drop(open_writer(&path, "thing", &[], jiff::Timestamp::UNIX_EPOCH, &mut SystemChance).unwrap());
        let (emitted, fatal) = (watch::Sender::new(0), watch::Sender::new(None));
        let signals = Signals {
            emitted,
            untold: Untold::default(),
            due: Notify::new(),
            begun: tokio::sync::mpsc::unbounded_channel().0,
            full: Notify::new(),
            fatal,
        };
        Readers::open(&path, Arc::new(signals)).unwrap()
    }

    /// Counts to a number, and says on which thread.
    fn count_to(number: i64) -> LookUp {
        Box::new(move |sql| {
            let counted = sql.get(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                 SELECT count(*) FROM n",
                [number],
                |row| row.get::<_, i64>(0),
            );
            counted.map(|counted| Box::new((counted, current().id())) as _)
        })
    }

    async fn looked_up(readers: &Readers, look_up: LookUp) -> (i64, ThreadId) {
        *readers.look_up(look_up).await.unwrap().downcast().unwrap()
    }

    #[tokio::test]
    async fn few_rows_are_looked_up_on_the_thread_that_asks_however_often() {
        let folder = tempfile::tempdir().unwrap();
        let readers = readers(&folder);
        // The steps of a statement that is kept are counted on from one time to the next.
        for _ in 0..LOOK_UP_STEPS_MAX / 2 {
            assert_eq!(looked_up(&readers, count_to(3)).await, (3, current().id()));
        }
    }

    #[tokio::test]
    async fn a_look_up_of_too_many_steps_is_broken_off_and_done_on_another_thread() {
        let folder = tempfile::tempdir().unwrap();
        let readers = readers(&folder);
        let many = i64::from(LOOK_UP_STEPS_MAX);
        let (counted, thread) = looked_up(&readers, count_to(many)).await;
        assert_eq!(counted, many);
        assert_ne!(thread, current().id());
        // Neither that statement nor the connection is worse for it.
        assert_eq!(looked_up(&readers, count_to(3)).await, (3, current().id()));
        assert_eq!(readers.idle.lock().len(), 1);
    }

    #[tokio::test]
    async fn a_second_connection_is_opened_when_the_first_is_taken_and_closed_when_there_is_rest() {
        let folder = tempfile::tempdir().unwrap();
        let readers = readers(&folder);
        let first = readers.idle.take().unwrap();
        assert_eq!(looked_up(&readers, count_to(3)).await, (3, current().id()));
        readers.idle.put_back(first);
        assert_eq!(readers.idle.lock().len(), READERS);
        readers.rest();
        assert_eq!(readers.idle.lock().len(), 1);
        assert_eq!(looked_up(&readers, count_to(3)).await.0, 3);
    }

    #[tokio::test]
    async fn what_a_closure_makes_of_being_broken_off_is_not_the_answer() {
        let folder = tempfile::tempdir().unwrap();
        let readers = readers(&folder);
        let count = count_to(i64::from(LOOK_UP_STEPS_MAX));
        let forgiving: LookUp =
            Box::new(move |sql| count(sql).or_else(|_| Ok(Box::new((0_i64, current().id())) as _)));
        assert_eq!(looked_up(&readers, forgiving).await.0, i64::from(LOOK_UP_STEPS_MAX));
    }

    #[tokio::test]
    async fn a_look_up_waits_like_a_read_when_no_connection_is_idle() {
        let folder = tempfile::tempdir().unwrap();
        let readers = readers(&folder);
        let taken = readers.places.acquire_many(READERS as u32).await.unwrap();
        let mut waiting = std::pin::pin!(looked_up(&readers, count_to(3)));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(taken);
        let (counted, thread) = waiting.await;
        assert_eq!(counted, 3);
        assert_ne!(thread, current().id());
    }

    #[tokio::test]
    async fn a_look_up_that_panics_is_answered_and_leaves_its_connection() {
        let folder = tempfile::tempdir().unwrap();
        let readers = readers(&folder);
        for _ in 0..=READERS {
            let error = readers.look_up(Box::new(|_| panic!("a mistake"))).await.unwrap_err();
            assert_eq!(error.kind, Kind::Internal);
        }
        assert_eq!(looked_up(&readers, count_to(3)).await.0, 3);
    }
}
