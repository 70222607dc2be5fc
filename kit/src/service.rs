//! A service as a table of contents: what it answers, hears, does on timers and on the outside world.

mod body;
mod draining;
mod timing;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::access::{Access, Trust, words};
use crate::context::{Ctx, EffectCtx, to_body};
use crate::drain::{Batch, RawStream, Unfit};
use crate::effect::{Attempt, Effect, Policy, Trouble};
use crate::engine::port::Waiting;
use crate::engine::schema::{Migrations, Turn};
use crate::error::{Error, Result};
use crate::limits::LEISURE;
use crate::listen::Outside;
use crate::message::{Event, Request, owner, stream_of};
use crate::streams::{self, MakeConsumer, MakeDrain, MakeStream, PurgeStream};
use crate::transaction::Tx;

use body::{not_understood, read_object};
use timing::Period;

type Handler = Box<dyn Fn(Ctx, Bytes) -> Waiting<'static, Result<Bytes>> + Send + Sync>;
type Reaction = Box<dyn Fn(&mut Tx<'_>, &[u8]) -> Result<()> + Send + Sync>;
type Drain = Box<dyn Fn(&mut Tx<'_>, &Batch) -> Result<Vec<Unfit>> + Send + Sync>;
type Ring = Box<dyn Fn(&mut Tx<'_>, &str) -> Result<()> + Send + Sync>;
type Outcome = Box<dyn Any + Send>;
type Performer = Box<dyn Fn(EffectCtx, Bytes) -> Waiting<'static, Result<Outcome, Trouble>> + Send + Sync>;
type Recorder = Box<dyn Fn(&mut Tx<'_>, &[u8], Attempt<Outcome>) -> Result<()> + Send + Sync>;

/// A request that is answered.
pub struct Answer {
    /// Where it is asked.
    pub subject: String,
    /// Whether it changes something under an idempotency key.
    pub changes: bool,
    /// Who may ask.
    pub access: Access,
    pub(crate) handler: Handler,
}

/// A kind of work on the outside world.
pub struct Performs {
    /// The limits.
    pub policy: Policy,
    pub(crate) perform: Performer,
    record: Recorder,
}

/// A service: its name, its tables, and everything it can do.
pub struct Service {
    name: &'static str,
    version: &'static str,
    about: &'static str,
    migrations: &'static [&'static str],
    turns: Option<(usize, Turn)>,
    answers: BTreeMap<String, Answer>,
    calls: BTreeSet<&'static str>,
    reactions: BTreeMap<&'static str, Reaction>,
    recoveries: BTreeMap<&'static str, Reaction>,
    may_miss: BTreeSet<&'static str>,
    gives_way: bool,
    leisure: Duration,
    drains: BTreeMap<&'static str, (RawStream, Drain)>,
    timers: BTreeMap<&'static str, Ring>,
    every: Vec<Period>,
    effects: BTreeMap<&'static str, Performs>,
    trust: Trust,
    pub(crate) outside: Outside,
}

impl Service {
    /// A service that can do nothing yet but say how it is doing, and learn whom to believe.
    pub fn new(name: &'static str, version: &'static str) -> Self {
        let service = Self {
            name,
            version,
            about: "",
            migrations: &[],
            turns: None,
            answers: BTreeMap::new(),
            calls: BTreeSet::new(),
            reactions: BTreeMap::new(),
            recoveries: BTreeMap::new(),
            may_miss: BTreeSet::new(),
            gives_way: false,
            leisure: Duration::ZERO,
            drains: BTreeMap::new(),
            timers: BTreeMap::new(),
            every: Vec::new(),
            effects: BTreeMap::new(),
            trust: Trust::default(),
            outside: Outside::default(),
        };
        let service = crate::admin::answer(service).hears(words::key_rotated).hears(words::session_revoked);
        // The keeper of the streams keeps its own by itself.
        match name {
            streams::NAME => service,
            _ => service
                .calls::<MakeStream>()
                .calls::<MakeConsumer>()
                .calls::<MakeDrain>()
                .calls::<PurgeStream>(),
        }
    }

    /// Says what it is for, in one sentence.
    pub fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// The scripts that make its tables, in order. A released script is never edited.
    pub fn migrations_from(mut self, scripts: &'static [&'static str]) -> Self {
        self.migrations = scripts;
        self
    }

    /// What turns rows into others that no script can, behind the script with this number, in the same transaction.
    pub fn turning_rows(mut self, behind: usize, turn: Turn) -> Self {
        self.turns = Some((behind, turn));
        self
    }

    /// Answers a request.
    pub fn answers<R, F, A>(self, handler: F) -> Self
    where
        R: Request,
        F: Fn(Ctx, R) -> A + Send + Sync + 'static,
        A: Future<Output = Result<R::Reply>> + Send + 'static,
    {
        self.answers_at::<R, R::Reply, F, A>(R::SUBJECT.to_owned(), R::CHANGES, R::ACCESS, handler)
    }

    pub(crate) fn answers_at<Q, P, F, A>(
        mut self,
        subject: String,
        changes: bool,
        access: Access,
        handler: F,
    ) -> Self
    where
        Q: DeserializeOwned + Send + 'static,
        P: serde::Serialize + Send + 'static,
        F: Fn(Ctx, Q) -> A + Send + Sync + 'static,
        A: Future<Output = Result<P>> + Send + 'static,
    {
        debug_assert_eq!(owner(&subject), self.name, "{subject} belongs to another service");
        let handler: Handler = Box::new(move |ctx, body| match read_object::<Q>(&body) {
            Ok(request) => {
                let answer = handler(ctx, request);
                Box::pin(async move { to_body(&answer.await?) })
            }
            Err(error) => Box::pin(std::future::ready(Err(error))),
        });
        self.answers.insert(subject.clone(), Answer { subject, changes, access, handler });
        self
    }

    /// Lets it give way to other services on the same machine: what outsiders can flood must not hold up what people
    /// wait for.
    pub fn giving_way(mut self) -> Self {
        self.gives_way = true;
        self
    }

    /// Whether it gives way to other services.
    pub fn gives_way(&self) -> bool {
        self.gives_way
    }

    /// Lets it act on events up to [`LEISURE`] later while many come, so that more of them share a commit: for a
    /// service on whose events nobody waits. An event behind a quiet time is acted on at once, and a request never waits.
    pub fn hearing_at_leisure(mut self) -> Self {
        self.leisure = LEISURE;
        self
    }

    /// How far apart commits of nothing but events are.
    pub(crate) fn leisure(&self) -> Duration {
        self.leisure
    }

    /// Asks this of another service. What is not said here cannot be asked.
    pub fn calls<R: Request>(mut self) -> Self {
        self.calls.insert(R::SUBJECT);
        self
    }

    /// Hears an event, of its own or of another service, and acts on it in the transaction that
    /// notes it as heard. A reaction cannot await, so it cannot ask anybody.
    pub fn hears<E: Event>(
        mut self,
        reaction: impl Fn(&mut Tx<'_>, E) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        let reaction: Reaction = Box::new(move |tx, body| {
            let event = serde_json::from_slice(body).map_err(|error| not_understood(&error))?;
            reaction(tx, event)
        });
        self.reactions.insert(E::SUBJECT, reaction);
        self
    }

    /// Puts something else in the place of a reaction, which it is given: for a simulator and its broken shops.
    #[cfg(feature = "testing")]
    pub fn hears_instead(
        mut self,
        subject: &'static str,
        instead: impl Fn(&mut Tx<'_>, &[u8], &dyn Fn(&mut Tx<'_>, &[u8]) -> Result<()>) -> Result<()>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        if let Some(reaction) = self.reactions.remove(subject) {
            let instead: Reaction = Box::new(move |tx, body| instead(tx, body, &*reaction));
            self.reactions.insert(subject, instead);
        }
        self
    }

    /// Takes up an event of its own that it told once, into tables that are older: what it says becomes true of
    /// them again. It must say all that they need, and nothing is told by it. Events of its own that a service does
    /// not take up cannot be recovered: see `<service>.recover_database`.
    pub fn recovers<E: Event>(
        mut self,
        recovery: impl Fn(&mut Tx<'_>, E) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        debug_assert_eq!(owner(E::SUBJECT), self.name, "{} belongs to another service", E::SUBJECT);
        let recovery: Reaction = Box::new(move |tx, body| {
            let event = serde_json::from_slice(body).map_err(|error| not_understood(&error))?;
            recovery(tx, event)
        });
        self.recoveries.insert(E::SUBJECT, recovery);
        self
    }

    /// Works on the outside world: `perform` does one try, `record` writes down how it ended.
    pub fn performs<E, F, A>(
        mut self,
        perform: F,
        record: impl Fn(&mut Tx<'_>, E, Attempt<E::Outcome>) -> Result<()> + Send + Sync + 'static,
    ) -> Self
    where
        E: Effect,
        F: Fn(EffectCtx, E) -> A + Send + Sync + 'static,
        A: Future<Output = Result<E::Outcome, Trouble>> + Send + 'static,
    {
        let perform: Performer = Box::new(move |ctx, body| match serde_json::from_slice(&body) {
            Ok(effect) => {
                let answer = perform(ctx, effect);
                Box::pin(async move { answer.await.map(|outcome| Box::new(outcome) as Outcome) })
            }
            Err(error) => Box::pin(std::future::ready(Err(Trouble::Hopeless(format!(
                "its row is not understood: {error}"
            ))))),
        });
        let record: Recorder = Box::new(move |tx, body, attempt| {
            let effect = serde_json::from_slice(body).map_err(|error| not_understood(&error))?;
            let attempt = match attempt {
                Attempt::Answered(outcome) => match outcome.downcast() {
                    Ok(outcome) => Attempt::Answered(*outcome),
                    Err(_) => return Err(Error::internal("an outcome of another type")),
                },
                Attempt::Retrying { attempt, trouble, next } => Attempt::Retrying { attempt, trouble, next },
                Attempt::GaveUp { attempts, trouble, maybe_done } => {
                    Attempt::GaveUp { attempts, trouble, maybe_done }
                }
            };
            record(tx, effect, attempt)
        });
        self.effects.insert(E::NAME, Performs { policy: E::POLICY, perform, record });
        self
    }

    /// Says that a service whose events are heard may be one that this shop does not run: as long as it has no
    /// stream, nothing is missing.
    pub fn may_miss(mut self, source: &'static str) -> Self {
        self.may_miss.insert(source);
        self
    }

    pub(crate) fn can_miss(&self, source: &str) -> bool {
        self.may_miss.contains(source)
    }

    /// Its name: also of its folder, crate, database, NATS service and first token of its requests.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its version.
    pub fn version(&self) -> &'static str {
        self.version
    }

    /// What it is for.
    pub fn description(&self) -> &'static str {
        self.about
    }

    /// Its stream: its name in upper case.
    pub fn stream(&self) -> String {
        stream_of(self.name)
    }

    /// Every request it answers, by subject.
    pub fn answered(&self) -> impl Iterator<Item = &Answer> {
        self.answers.values()
    }

    /// Every request it asks of others, by subject.
    pub fn called(&self) -> impl Iterator<Item = &'static str> {
        self.calls.iter().copied()
    }

    /// Whom it believes.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Every event it hears, by subject.
    pub fn heard(&self) -> impl Iterator<Item = &'static str> {
        self.reactions.keys().copied()
    }

    /// The services whose events it hears, each with the subjects.
    pub fn sources(&self) -> BTreeMap<&'static str, Vec<&'static str>> {
        let mut sources: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for subject in self.heard() {
            sources.entry(owner(subject)).or_default().push(subject);
        }
        sources
    }

    pub(crate) fn migrations(&self) -> Migrations<'static> {
        Migrations { scripts: self.migrations, turns: self.turns }
    }

    pub(crate) fn answer(&self, subject: &str) -> Option<&Answer> {
        self.answers.get(subject)
    }

    pub(crate) fn reaction(&self, subject: &str) -> Option<&Reaction> {
        self.reactions.get(subject)
    }

    pub(crate) fn recovery(&self, subject: &str) -> Option<&Reaction> {
        self.recoveries.get(subject)
    }

    /// Every kind of work on the outside world, by name.
    pub fn effects(&self) -> impl Iterator<Item = (&'static str, &Performs)> {
        self.effects.iter().map(|(name, kind)| (*name, kind))
    }

    pub(crate) fn effect(&self, name: &str) -> Option<&Performs> {
        self.effects.get(name)
    }

    pub(crate) fn record(
        &self,
        tx: &mut Tx<'_>,
        name: &str,
        body: &[u8],
        attempt: Attempt<Outcome>,
    ) -> Result<()> {
        match self.effects.get(name) {
            Some(kind) => (kind.record)(tx, body, attempt),
            None => Err(Error::internal(format!("nobody knows the effect {name}"))),
        }
    }
}
