//! What a closure may do inside a transaction: the only place from which anything can be told.

use std::fmt::Display;
use std::ops::Deref;

use jiff::Timestamp;
use rusqlite::{Params, ToSql};

use crate::caller::Caller;
use crate::clock::Chance;
use crate::effect::Effect;
use crate::engine::places::{Begun, Places};
use crate::engine::told::ToldSoFar;
use crate::engine::{effects, outbox, timers};
use crate::error::{Error, Result};
use crate::id::{EventId, Id, time_of, uuid_v7};
use crate::limits::EVENT_BYTES_MAX;
use crate::message::Event;
use crate::sql::{Sql, bind_in_order};
use crate::trace::Trace;

/// A piece of work inside a transaction. Everything it does becomes true together or not at all.
pub struct Tx<'a> {
    sql: Sql<'a>,
    now: Timestamp,
    chance: &'a mut dyn Chance,
    trace: Trace,
    caller: &'a Caller,
    told_at: Option<Timestamp>,
    pub(crate) places: Option<&'a Places>,
    pub(crate) told_so_far: &'a mut ToldSoFar,
    pub(crate) done: Done,
}

/// What a piece of work has done, for the one who commits it.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// What the work is about, for the journal.
    pub(crate) key: String,
    /// What was added to the outbox.
    pub(crate) told: Vec<outbox::Row>,
    /// Work on the outside world whose first try has begun.
    pub(crate) begun: Vec<Begun>,
    /// Whether rows came into the outbox another way.
    pub(crate) refilled: bool,
    /// Whether a timer was set or cancelled.
    pub(crate) timers: bool,
    /// When the first of the timers that were set is due.
    pub(crate) soonest: Option<Timestamp>,
    /// Whether work on the outside world was asked for, or a try of it ended.
    pub(crate) effects: bool,
    /// Whether work on the outside world has to be looked at that nobody knows of.
    pub(crate) new_effects: bool,
    /// Whether it has changed whom the service believes.
    pub(crate) trust: bool,
}

impl<'a> Deref for Tx<'a> {
    type Target = Sql<'a>;

    fn deref(&self) -> &Sql<'a> {
        &self.sql
    }
}

impl<'a> Tx<'a> {
    pub(crate) fn new(
        sql: Sql<'a>,
        now: Timestamp,
        chance: &'a mut dyn Chance,
        trace: Trace,
        caller: &'a Caller,
        told_so_far: &'a mut ToldSoFar,
    ) -> Self {
        Self {
            sql,
            now,
            chance,
            trace,
            caller,
            told_at: None,
            places: None,
            told_so_far,
            done: Done::default(),
        }
    }

    /// The time of this piece of work; it does not move while it runs.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// When the event that is being acted on was told, by the clock of its teller, however long ago that
    /// is; outside of a reaction, now.
    pub fn told_at(&self) -> Timestamp {
        self.told_at.unwrap_or(self.now)
    }

    /// Says which event is being acted on; its identifier holds when it was told.
    pub(crate) fn hearing(&mut self, event_id: &str) {
        self.told_at = event_id.parse().ok().and_then(|id: EventId| time_of(id.bits()));
    }

    /// A new identifier.
    pub fn new_id<I: Id>(&mut self) -> I {
        I::from_bits(uuid_v7(self.now, self.chance))
    }

    /// 256 bits that nobody can guess, for a key or a secret.
    pub fn new_secret(&mut self) -> [u8; 32] {
        let mut secret = [0; 32];
        secret[..16].copy_from_slice(&self.chance.bits().to_be_bytes());
        secret[16..].copy_from_slice(&self.chance.bits().to_be_bytes());
        secret
    }

    /// The flow this work belongs to.
    pub fn trace(&self) -> Trace {
        self.trace
    }

    /// Continues another flow, and answers which one it was before.
    pub(crate) fn follow(&mut self, trace: Trace) -> Trace {
        std::mem::replace(&mut self.trace, trace)
    }

    /// Who this work is done for.
    pub fn caller(&self) -> &Caller {
        self.caller
    }

    /// Says what the work is about, so that a trace can be found by it. Emitting, timers and
    /// effects say it by themselves; the first to say it wins.
    pub fn about(&mut self, key: impl Display) {
        if self.done.key.is_empty() {
            self.done.key = key.to_string();
        }
    }

    /// Changes rows; answers how many.
    ///
    /// # Errors
    /// If the statement fails, such as on a constraint.
    pub fn execute(&self, sql: &str, params: impl Params) -> Result<usize> {
        Ok(self.sql.connection().prepare_cached(sql)?.execute(params)?)
    }

    /// The same for a statement that is executed often: the values stand in the order in which it first names
    /// them. To look for each by its name costs about as much as to bind it; programs with debug assertions, as the
    /// tests are, stop if a name is another one.
    ///
    /// # Errors
    /// As [`Self::execute`], and if there are more or fewer values than names.
    pub fn execute_in_order(&self, sql: &str, values: &[(&str, &dyn ToSql)]) -> Result<usize> {
        let mut statement = self.sql.connection().prepare_cached(sql)?;
        bind_in_order(&mut statement, values)?;
        Ok(statement.raw_execute()?)
    }

    /// Tells that something has become true. It is told once this transaction has committed.
    ///
    /// # Errors
    /// If the body is longer than [`EVENT_BYTES_MAX`], or the row cannot be written.
    pub fn emit<E: Event>(&mut self, event: &E) -> Result<()> {
        let key = event.key();
        let body = serde_json::to_vec(event).map_err(|error| {
            Error::internal(format!("{} cannot be written as JSON", E::SUBJECT)).caused_by(error)
        })?;
        if body.len() > EVENT_BYTES_MAX {
            return Err(Error::internal(format!(
                "{} has {} bytes, at most {EVENT_BYTES_MAX}",
                E::SUBJECT,
                body.len()
            )));
        }
        let id: EventId = self.new_id();
        let told_before = Some(self.told_so_far.text(&self.sql)?);
        let mut row = outbox::Row {
            seq: 0,
            id: id.to_string(),
            subject: E::SUBJECT.to_owned(),
            key,
            body: body.into(),
            trace: self.trace,
            at: self.now,
            told_before,
        };
        row.seq = outbox::insert(&self.sql, &row)?;
        self.told_so_far.add(&row.subject, row.seq);
        self.about(&row.key);
        self.done.told.push(row);
        Ok(())
    }

    /// Sets a timer; one that is set already under this kind and key moves.
    ///
    /// # Errors
    /// If the row cannot be written.
    pub fn set_timer(&mut self, kind: &'static str, key: &str, due: Timestamp) -> Result<()> {
        self.done.timers = true;
        self.done.soonest = Some(self.done.soonest.map_or(due, |soonest| soonest.min(due)));
        self.about(key);
        timers::set(&self.sql, kind, key, due, self.trace)
    }

    /// Cancels a timer, if it is set.
    ///
    /// # Errors
    /// If the row cannot be removed.
    pub fn cancel_timer(&mut self, kind: &'static str, key: &str) -> Result<()> {
        self.done.timers = true;
        timers::cancel(&self.sql, kind, key)
    }

    /// Asks for work on the outside world, to be done once this transaction has committed. If there is a place
    /// for its first try, that this begins is recorded here already, and it cannot be taken back any more.
    ///
    /// An effect with the same key that has been given up is tried afresh; one that is still to be
    /// done stays as it is.
    ///
    /// # Errors
    /// If the row cannot be written.
    pub fn perform<E: Effect>(&mut self, effect: &E) -> Result<()> {
        self.done.effects = true;
        self.about(effect.about());
        if let Some(place) = self.places.and_then(|places| places.take(E::NAME))
            && let Some(row) = effects::insert_begun(&self.sql, effect, self.now, self.trace)?
        {
            self.done.begun.push(Begun { row, place });
            return Ok(());
        }
        self.done.new_effects = true;
        effects::insert(&self.sql, effect, self.now, self.trace)
    }

    /// Takes back work on the outside world that nobody has tried yet. Answers whether it could:
    /// once it was tried, its outcome must be awaited.
    ///
    /// # Errors
    /// If the row cannot be removed.
    pub fn take_back<E: Effect>(&mut self, key: &str) -> Result<bool> {
        effects::take_back(&self.sql, E::NAME, key)
    }
}
