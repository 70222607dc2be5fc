//! The log is written into the database beside the writer, so that nobody who waits for an answer waits for that.
//!
//! A checkpoint is up to thousands of scattered pages and a sync. A thread of its own makes it while the writer goes on;
//! it and its connection are made when they are first needed. That alone would never make the log begin anew: SQLite
//! begins it anew only if all of it is in the database and no reader is in it, and under steady writing something was
//! always written meanwhile. So when the thread has ended, the writer makes the small rest itself, between two groups.
//!
//! If the writer is faster than the thread, it waits for it at [`BOUND`] and then makes all the rest. If a reader holds
//! the log up, nothing helps but its end: nobody waits then, and what could not be done is tried again only after the
//! log has grown by [`REST`].
//!
//! Two connections may write and make checkpoints at the same time since SQLite 3.51.3: before, a checkpoint beside a
//! writer that begins the log anew could take for written what was not.

mod beside;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::sync::Arc;

use rusqlite::Connection;

use super::guard::Guard;
use super::writer::{Signals, Then};
use crate::engine::Engine;
use crate::engine::log::{self, Log};
use crate::error::{Error, Result};
use crate::service::Service;
use beside::{Beside, Place, Trouble};

/// Pages that the writer writes into the database by itself; more is the work of the thread. By so many the log must
/// grow before it is tried again what could not be done to the end.
const REST: i64 = 400;

/// The log may become so many times as long as it has to be for a checkpoint; then the writer waits for the thread.
const BOUND: i64 = 4;

/// Keeps the log of one database short. The writer has it.
pub(super) struct Keeper {
    place: Place,
    /// From how many pages on the log is written into the database.
    pages: i64,
    beside: Option<Beside>,
    /// There can be no thread: the writer does it all.
    alone: bool,
    /// The database, for syncing it. It is never closed: closing any descriptor of a file lets go of all locks that the
    /// process has on it, those of SQLite too.
    file: Option<&'static File>,
    /// What the last look found.
    last: Log,
    /// Before the log is so long, nothing is tried again.
    again_from: i64,
    /// When it is so long, the writer waits for the thread.
    bound: i64,
}

impl Keeper {
    pub(super) fn of(service: &Service, guard: Guard, signals: Arc<Signals>, pages: i64) -> Self {
        let place = Place { service: service.name().to_owned(), guard, signals, write: Arc::new(log::write) };
        Self {
            place,
            pages,
            beside: None,
            alone: false,
            file: None,
            last: Log::default(),
            again_from: pages,
            bound: pages * BOUND,
        }
    }

    /// Looks at the log when a group is done and answered, and has done what is to be done.
    pub(super) fn look(&mut self, engine: &Engine) -> Then {
        // What goes wrong without damage is tried again at the next look.
        let kept = self.keep(engine.sql().connection());
        self.judge(kept, |error| tracing::debug!("The log was not written: {}", error.chain()))
    }

    /// Empties the log and gives its room back, once no other checkpoint is at work.
    pub(super) fn shorten(&mut self, engine: &Engine) -> Then {
        let emptied = self.empty(engine);
        self.judge(emptied, |error| tracing::warn!("The log was not shortened: {}", error.chain()))
    }

    /// As above, for whoever wants to know what became of it.
    pub(super) fn empty(&mut self, engine: &Engine) -> Result<()> {
        self.hear(true)?;
        engine.shorten_log()
    }

    /// Gives back what the thread has, when there is nothing to do.
    pub(super) fn rest(&mut self, engine: &Engine) -> Then {
        let then = self.look(engine);
        if let Some(beside) = self.beside.take_if(|beside| !beside.is_at_work()) {
            beside.end();
        }
        then
    }

    /// Ends the thread, and empties the log. The writer's connection is the last then that is closed.
    pub(super) fn end(mut self, engine: &Engine) -> Then {
        let emptied = self.empty(engine);
        if let Some(beside) = self.beside.take() {
            beside.end();
        }
        self.judge(emptied, |error| tracing::warn!("The log was not shortened: {}", error.chain()))
    }

    /// An error that is fatal ends the process, and no further checkpoint is made: it would succeed on what the system
    /// has dropped.
    fn judge(&self, done: Result<()>, otherwise: impl FnOnce(&Error)) -> Then {
        match done {
            Ok(()) => Then::GoOn,
            Err(error) if error.is_fatal() => {
                self.place.signals.log_is_broken(&error);
                Then::End
            }
            Err(error) => {
                otherwise(&error);
                Then::GoOn
            }
        }
    }

    fn keep(&mut self, connection: &Connection) -> Result<()> {
        let mut held_up = self.hear(false)?;
        let log = log::look(connection)?;
        if log.pages < self.last.pages || log.written < self.last.written {
            (self.again_from, self.bound) = (self.pages, self.pages * BOUND);
        }
        self.last = log;
        if log.pages < self.pages {
            return Ok(());
        }
        if log.pages >= self.bound {
            held_up |= self.hear(true)?;
        }
        if held_up {
            self.tried_at(log.pages);
        }
        if self.is_at_work() || log.pages < self.again_from {
            return Ok(());
        }
        if log.left() > REST && log.pages < self.bound && self.ask() {
            return Ok(());
        }
        self.last = log::write(connection)?;
        self.tried_at(log.pages);
        Ok(())
    }

    /// Nobody knows whether the log begins anew with the next commit: a reader may be in it. Until it does, neither is
    /// everything tried after each commit, nor does the writer wait before the thread had its time again.
    fn tried_at(&mut self, pages: i64) {
        (self.again_from, self.bound) = (pages + REST, pages + self.pages * BOUND);
    }

    fn is_at_work(&self) -> bool {
        self.beside.as_ref().is_some_and(Beside::is_at_work)
    }

    /// Hears what has become of the checkpoint of the thread, if there was one. True: a reader holds the log up.
    fn hear(&mut self, waits: bool) -> Result<bool> {
        match self.beside.as_mut().and_then(|beside| beside.ended(waits)) {
            None => Ok(false),
            Some(Ok(log)) => Ok(!log.is_whole()),
            Some(Err(Trouble::Failed(error))) if error.is_fatal() => Err(error),
            Some(Err(Trouble::Failed(error))) => {
                tracing::debug!("The log was not written: {}", error.chain());
                Ok(false)
            }
            Some(Err(Trouble::Useless(error))) => {
                self.is_alone(&error.chain());
                Ok(false)
            }
        }
    }

    /// Has the thread write the log. False: there can be none.
    fn ask(&mut self) -> bool {
        if self.beside.is_none() && !self.alone {
            match self.start() {
                Ok(beside) => self.beside = Some(beside),
                Err(error) => self.is_alone(&error.to_string()),
            }
        }
        self.beside.as_mut().map(Beside::ask).is_some()
    }

    fn start(&mut self) -> std::io::Result<Beside> {
        let file = match self.file {
            Some(file) => file,
            None => Box::leak(Box::new(File::open(self.place.guard.database())?)),
        };
        self.file = Some(file);
        Beside::start(self.place.clone(), file)
    }

    fn is_alone(&mut self, why: &str) {
        tracing::warn!("The log is written by the writer itself, and everybody waits meanwhile: {why}");
        self.alone = true;
        self.beside = None;
    }
}
