//! A thread that writes the log of a database into it while the writer goes on.

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::super::guard::{Gone, Guard};
use super::super::writer::Signals;
use crate::crash;
use crate::engine::log::{self, Log};
use crate::engine::schema::open_for_log;
use crate::error::{Error, Result, reason};

/// How the log is written: [`log::write`], but for tests that hold it up or let it fail.
pub(super) type Write = Arc<dyn Fn(&Connection) -> Result<Log> + Send + Sync>;

/// What the thread works on.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) service: String,
    pub(super) guard: Guard,
    pub(super) signals: Arc<Signals>,
    pub(super) write: Write,
}

/// Why the log was not written.
pub(super) enum Trouble {
    /// The thread can never write it, and has ended.
    Useless(Error),
    /// This time it has failed.
    Failed(Error),
}

/// What became of one checkpoint.
pub(super) type Ended = Result<Log, Trouble>;

/// The thread, as the writer sees it.
pub(super) struct Beside {
    asks: Sender<()>,
    ended: Receiver<Ended>,
    thread: JoinHandle<()>,
    at_work: bool,
}

impl Beside {
    /// Starts the thread, which gives way if the writer does that starts it.
    pub(super) fn start(place: Place, file: &'static File) -> std::io::Result<Self> {
        let ((asks, asked), (says, ended)) = (channel(), channel());
        let span = tracing::Span::current();
        let thread = std::thread::Builder::new().name(format!("{}-log", place.service)).spawn(move || {
            let _in_service = span.entered();
            run(&place, file, &asked, &says);
        })?;
        Ok(Self { asks, ended, thread, at_work: false })
    }

    /// Has the log written. Whoever asks hears with [`ended`](Self::ended) of it, and asks no more before.
    pub(super) fn ask(&mut self) {
        // If it has ended, that is what is heard next.
        let _ = self.asks.send(());
        self.at_work = true;
    }

    pub(super) fn is_at_work(&self) -> bool {
        self.at_work
    }

    /// What became of the checkpoint that was asked for, if it has ended, or once it has. None: it has not, or there
    /// is none.
    pub(super) fn ended(&mut self, waits: bool) -> Option<Ended> {
        use std::sync::mpsc::TryRecvError;
        if !self.at_work {
            return None;
        }
        let gone = || Err(Trouble::Useless(Error::internal("the thread has ended by itself")));
        let ended = if waits {
            self.ended.recv().unwrap_or_else(|_| gone())
        } else {
            match self.ended.try_recv() {
                Ok(ended) => ended,
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => gone(),
            }
        };
        self.at_work = false;
        Some(ended)
    }

    /// Ends the thread, and waits until its connection is closed.
    pub(super) fn end(self) {
        drop(self.asks);
        let _ = self.thread.join();
    }
}

fn run(place: &Place, file: &File, asked: &Receiver<()>, says: &Sender<Ended>) {
    let connection = match open(&place.guard) {
        Ok(connection) => connection,
        Err(error) => return drop(says.send(Err(Trouble::Useless(error)))),
    };
    while asked.recv().is_ok() {
        let written = write(place, &connection, file);
        let broken = written.as_ref().err().filter(|error| error.is_fatal());
        let over = broken.is_some();
        if let Some(error) = broken {
            // Before the writer hears of it: nobody is answered from now on.
            place.signals.log_is_broken(error);
        }
        if says.send(written.map_err(Trouble::Failed)).is_err() || over {
            return;
        }
    }
}

/// Opens the connection, and all files that it needs. They are those that the writer has, or it is not used: SQLite
/// would write into the database what stands in another log.
fn open(guard: &Guard) -> Result<Connection> {
    let connection = open_for_log(guard.database())?;
    log::look(&connection)?;
    match guard.check() {
        Ok(()) => Ok(connection),
        Err(Gone::Log(why) | Gone::All(why)) => Err(Error::internal(why)),
    }
}

/// SQLite syncs the database only if nothing was written to the log meanwhile. Otherwise all that was written here
/// would be left to the sync of the next checkpoint, which is the writer's: so it is synced here in any case.
fn write(place: &Place, connection: &Connection, file: &File) -> Result<Log> {
    crash::point("log.checkpoint", &place.service)?;
    let log = (place.write)(connection)?;
    file.sync_data().map_err(|error| {
        Error::unavailable(reason::STORAGE_FAILED, "the database cannot be synced").caused_by(error)
    })?;
    Ok(log)
}
