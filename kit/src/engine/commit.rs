//! Group commit: many jobs, one transaction, one sync to the disk, one answer each.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::clock::{Chance, Clock};
use crate::crash;
use crate::engine::gate::Gate;
use crate::engine::job::{Job, Work};
use crate::engine::journal::Written;
use crate::engine::perform::{attempt, ended, perform};
use crate::engine::places::{Begun, Places};
use crate::engine::together::Way;
use crate::engine::told::ToldSoFar;
use crate::engine::{hearing, journal, log, outbox, schema};
use crate::error::{Error, Result};
use crate::limits::DUE_LOOKED_AT;
use crate::service::Service;
use crate::sql::Sql;
use crate::transaction::{Done, Tx};

/// The only writer of a service's database.
pub struct Engine {
    pub(super) connection: Connection,
    service: Arc<Service>,
    pub(super) clock: Arc<dyn Clock>,
    chance: Box<dyn Chance>,
    pub(super) origin: String,
    next_group: i64,
    /// The last group, whose row is still to be written.
    last_group: Option<(i64, usize, Timestamp, Timestamp)>,
    pub(super) told_so_far: ToldSoFar,
    gate: Gate,
    /// Where places for first tries are taken, if anybody makes them.
    places: Option<Arc<Places>>,
    /// Whoever drives this keeps the log short.
    log_is_left: bool,
}

/// What became of one job.
pub(super) struct Ran {
    pub(super) answer: Result<Bytes>,
    pub(super) done: Done,
    /// Its row in the journal, if it has one.
    pub(super) row: Option<Written>,
}

/// What became of a group of jobs.
#[derive(Debug)]
pub struct Group {
    /// The answer to each job, in order.
    pub answers: Vec<Result<Bytes>>,
    /// The newest row of the outbox, if one was added.
    pub emitted: Option<u64>,
    /// What was added to the outbox, in order: whoever tells it needs not read it again.
    pub told: Vec<outbox::Row>,
    /// Whether a timer was set or cancelled.
    pub timers: bool,
    /// Whether work on the outside world was asked for.
    pub effects: bool,
    /// Whether some of it is due so soon that whoever looks every [`DUE_LOOKED_AT`] should look now.
    pub wakes: bool,
    /// Work on the outside world whose first try has begun: whoever drives the engine makes it.
    pub begun: Vec<Begun>,
    /// Why the whole group failed, if it did. Nothing of it has happened then, unless the error
    /// [is fatal](Error::is_fatal): then nobody knows, and nobody may be answered.
    pub failure: Option<Error>,
    /// Why the database cannot be trusted any more although the group has committed.
    pub broken: Option<Error>,
}

impl Engine {
    /// Opens the database of a service, creating or upgrading it.
    ///
    /// # Errors
    /// [`schema::OpenError`].
    pub fn open(
        path: &Path,
        service: Arc<Service>,
        clock: Arc<dyn Clock>,
        mut chance: Box<dyn Chance>,
    ) -> Result<Self, schema::OpenError> {
        let (connection, origin) =
            schema::open_and_upgrade(path, service.name(), service.migrations(), clock.now(), &mut *chance)?;
        Ok(Self::over(connection, origin, service, clock, chance))
    }

    /// Begins on a database that is open already, as after a start of the process.
    pub(super) fn over(
        connection: Connection,
        origin: String,
        service: Arc<Service>,
        clock: Arc<dyn Clock>,
        chance: Box<dyn Chance>,
    ) -> Self {
        let next_group = Sql::new(&connection)
            .get("SELECT coalesce(max(id), 0) + 1 FROM commit_group", [], |row| row.get::<_, i64>(0))
            .and_then(|after| {
                let sql = Sql::new(&connection);
                sql.get("SELECT coalesce(max(group_id), 0) + 1 FROM journal", [], |row| {
                    Ok(after.max(row.get(0)?))
                })
            })
            .unwrap_or(1);
        if let Err(error) = service.trust().learn(&Sql::new(&connection)) {
            tracing::error!("What sign-in told cannot be read: {}", error.chain());
        }
        Self {
            connection,
            service,
            clock,
            chance,
            origin,
            next_group,
            last_group: None,
            told_so_far: ToldSoFar::default(),
            gate: Gate::default(),
            places: None,
            log_is_left: false,
        }
    }

    /// Leaves the log alone after a commit from now on: whoever drives the engine keeps it short.
    pub(crate) fn leave_log(&mut self) {
        self.log_is_left = true;
    }

    /// Has first tries recorded with what asks for them, as long as there are places. Whoever offers them
    /// makes the tries that a [`Group`] says have begun.
    pub fn offer(&mut self, places: Arc<Places>) {
        self.places = Some(places);
    }

    /// The identity of the database.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Reading on the writer's own connection, for a simulator and for tests.
    pub fn sql(&self) -> Sql<'_> {
        Sql::new(&self.connection)
    }

    /// Refuses every job with this error from now on, or accepts them again. Housekeeping goes on.
    pub fn fence(&mut self, why: Option<Error>) {
        self.gate.fence = why;
    }

    /// Refuses with this error what would add something new, or accepts it again. What was begun is
    /// still recorded, and housekeeping goes on.
    pub fn no_room(&mut self, why: Option<Error>) {
        self.gate.no_room = why;
    }

    /// Writes the log into the database and gives its room back to the disk, as far as readers allow.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub fn shorten_log(&self) -> Result<()> {
        log::empty(&self.connection)
    }

    /// Gives back the pages that the connection keeps in memory; they are read again when they are needed.
    pub fn rest(&self) {
        give_back(&self.connection);
    }

    /// Does the jobs in order, in one transaction, and commits once. No answer may be given to
    /// anybody before this returns.
    pub fn commit(&mut self, mut jobs: Vec<Job>) -> Group {
        let began = self.clock.now();
        let id = self.next_group;
        let mut group = Group {
            answers: Vec::new(),
            emitted: None,
            told: Vec::new(),
            timers: false,
            effects: false,
            wakes: false,
            begun: Vec::new(),
            failure: None,
            broken: None,
        };
        // On a full disk also the row about a group of nothing would take room.
        let refused: Option<Vec<Error>> = jobs.iter().map(|job| self.gate.refusal(&job.work)).collect();
        if let Some(refused) = refused {
            group.answers = refused.into_iter().map(Err).collect();
            return group;
        }
        let (mut refilled, mut trust, mut committed) = (false, false, false);
        let written = self.begin(id).and_then(|()| {
            let mut answers = Vec::with_capacity(jobs.len());
            let all = self.run_all(&mut jobs, id)?;
            let rows: Vec<(&Job, &Written)> =
                all.iter().filter_map(|(at, ran)| Some((&jobs[*at], ran.row.as_ref()?))).collect();
            journal::insert(&self.sql(), &rows)?;
            for (at, ran) in all {
                let done = ran.done;
                refilled |= done.refilled;
                trust |= done.trust;
                group.timers |= done.timers;
                group.effects |= done.effects;
                group.wakes |=
                    done.new_effects || done.soonest.is_some_and(|due| due <= began + DUE_LOOKED_AT);
                group.told.extend(done.told);
                group.begun.extend(done.begun);
                answers.push((at, ran.answer));
            }
            answers.sort_unstable_by_key(|(at, _)| *at);
            group.answers = answers.into_iter().map(|(_, answer)| answer).collect();
            let last = jobs.last().map_or("", |job| job.kind);
            crash::point("writer.before_commit", last)?;
            self.connection.prepare_cached("COMMIT")?.execute([])?;
            committed = true;
            crash::point("writer.after_commit", last)?;
            let newest = group.told.last().map(|row| row.seq);
            if refilled { outbox::extent(&self.sql()).map(|extent| Some(extent.newest)) } else { Ok(newest) }
        });
        match written {
            Ok(newest) => {
                group.emitted = newest;
                self.next_group += 1;
                self.last_group = Some((id, jobs.len(), began, self.clock.now()));
                if trust && let Err(error) = self.service.trust().learn(&self.sql()) {
                    tracing::error!("What sign-in told cannot be read: {}", error.chain());
                }
                if !self.log_is_left {
                    group.broken = log::keep_short(&self.connection).err().filter(Error::is_fatal);
                }
            }
            Err(error) => {
                // A full disk has rolled back by itself already; a second rollback does no harm.
                let _ = self.connection.execute_batch("ROLLBACK");
                self.told_so_far.forget();
                group.answers = jobs.iter().map(|_| Err(error.clone())).collect();
                (group.timers, group.effects, group.wakes) = (false, false, false);
                group.told.clear();
                // What has failed behind the commit leaves rows whose first try is to be made.
                if !committed {
                    group.begun.clear();
                }
                group.failure = Some(error);
            }
        }
        group
    }

    fn begin(&mut self, id: i64) -> Result<()> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        if let Some((last, jobs, began, committed)) = self.last_group
            && last < id
        {
            self.connection
                .prepare_cached("INSERT OR IGNORE INTO commit_group (id, jobs, began_us, committed_us) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![last, jobs, began.as_microsecond(), committed.as_microsecond()])?;
        }
        Ok(())
    }

    /// Runs every job of a group; each with its place in the group. What was heard comes last, and together:
    /// nobody was answered yet, so nobody can tell.
    fn run_all(&mut self, jobs: &mut [Job], group: i64) -> Result<Vec<(usize, Ran)>> {
        let (heard, own): (Vec<usize>, Vec<usize>) =
            (0..jobs.len()).partition(|at| matches!(jobs[*at].work, Work::Hear(_)));
        let mut all = Vec::with_capacity(jobs.len());
        for at in own {
            all.push((at, self.run(&mut jobs[at], group, Way::Alone)?));
        }
        all.extend(self.hear_all(jobs, &heard, group)?);
        Ok(all)
    }

    /// Runs one job. An error means that the whole group must fail.
    pub(super) fn run(&mut self, job: &mut Job, group: i64, way: Way<'_>) -> Result<Ran> {
        let started = self.clock.now();
        if let Some(refusal) = self.gate.refusal(&job.work) {
            return Ok(Ran { answer: Err(refusal), done: Done::default(), row: None });
        }
        let work = std::mem::replace(&mut job.work, Work::Note { outcome: String::new(), finished: started });
        let housekeeping = matches!(work, Work::Note { .. } | Work::Chore(_) | Work::Hold(_));
        let sql = Sql::new(&self.connection);
        let mut tx = Tx::new(
            sql,
            whole_millisecond(started),
            &mut *self.chance,
            job.trace,
            &job.caller,
            &mut self.told_so_far,
        );
        tx.places = self.places.as_deref();
        tx.about(&job.key);
        let mut heard = None;
        let (answer, outcome, finished) = match work {
            Work::Note { outcome, finished } => (Ok(Bytes::new()), Some(outcome), finished),
            Work::Hold(_) => (Ok(Bytes::new()), None, started),
            Work::Chore(run) | Work::Piece(run) => (attempt(&mut tx, run), None, started),
            Work::Hear(event) => {
                let (answer, outcome) = ended(hearing::hear(&mut tx, &self.service, &event, way));
                heard = Some(event);
                (answer, outcome, self.clock.now())
            }
            work => {
                let (answer, outcome) = perform(&mut tx, &self.service, job, work)?;
                (answer, outcome, self.clock.now())
            }
        };
        let mut done = tx.done;
        if let Err(error) = &answer
            && error.is_storage()
        {
            return Err(error.clone());
        }
        let row = outcome.map(|outcome| {
            let group = if matches!(job.work, Work::Note { .. }) && housekeeping { 0 } else { group };
            Written { key: std::mem::take(&mut done.key), outcome, started, finished, group }
        });
        // It may have to be heard again: by itself.
        if let Some(event) = heard {
            job.work = Work::Hear(event);
        }
        Ok(Ran { answer, done, row })
    }
}

/// Gives back the memory that a connection does not need at the moment. What goes wrong costs only memory.
pub(crate) fn give_back(connection: &Connection) {
    let _ = connection.execute_batch("PRAGMA shrink_memory");
}

/// Times are kept in milliseconds, so a piece of work sees no finer ones: what it answers now is what
/// is read later.
fn whole_millisecond(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}
