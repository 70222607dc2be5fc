//! What became of something: every service's own journal, joined and drawn. No I/O.
//!
//! # Layout
//! - [`tell`]: from what the services answer to a story; [`join`]: from journals to flows; [`stuck`]: what is not
//!   done of them
//! - [`draw`]: the waterfall; [`otlp`], [`mermaid`]: the same for other programs; [`news`]: what is new in it,
//!   [`settled`]: whether more is to come
//! - [`find`]: which flows there were; [`hops`]: where the time of many flows goes
//!
//! No collector is needed: a journal is rows that a service writes anyway, and whoever did not
//! answer is named rather than left out. `shopctl trace` asks services for their rows; a simulator hands them over.

pub mod draw;
pub mod find;
pub mod hops;
pub mod join;
pub mod mermaid;
pub mod news;
pub mod otlp;
#[cfg(test)]
mod sample;
pub mod settled;
#[cfg(test)]
mod strategy;
pub mod stuck;
mod tell;

use serde::Serialize;
use serde_json::Value;

pub use tell::tell;

/// Everything that is known about one thing: one flow for each time somebody set it going.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Story {
    /// What it is about: `order ord_…`, or `trace …`.
    pub about: String,
    /// What is known of it beside its flows, such as its stage and its total.
    pub facts: Vec<String>,
    /// The flows, the oldest first.
    pub flows: Vec<Flow>,
    /// Services that did not tell what they did.
    pub silent: Vec<Silent>,
    /// Older flows that were left out.
    pub left_out: usize,
}

/// A service that did not tell what it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Silent {
    /// Its name.
    pub service: String,
    /// Why, for people.
    pub why: String,
}

/// Work through several services that has one cause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Flow {
    /// Its number, as 32 hexadecimal digits.
    pub trace: String,
    /// When it began, in microseconds since 1970.
    pub began_us: i64,
    /// When its last work was done.
    pub ended_us: i64,
    /// Its work, in pieces between which nothing happened for long.
    pub stretches: Vec<Stretch>,
    /// Services that told only the oldest of what they did in it.
    pub cut: Vec<String>,
}

/// A time in which something was always going on, or nearly so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stretch {
    /// How long nothing had happened before it; 0 for the first.
    pub pause_us: i64,
    /// When it began.
    pub began_us: i64,
    /// When it ended.
    pub ended_us: i64,
    /// What was done: each followed by what it caused.
    pub steps: Vec<Step>,
}

/// One piece of work of one service. Times are microseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Who did it.
    pub service: String,
    /// `request`, `event`, `timer` or `effect`.
    pub kind: String,
    /// The subject, the kind of timer, or the name of the effect.
    pub subject: String,
    /// What it was about.
    pub key: String,
    /// This piece of work, as 16 hexadecimal digits.
    pub span: String,
    /// What caused it, or an empty text.
    pub parent: String,
    /// How many causes above it belong to the same stretch.
    pub depth: usize,
    /// Whether nothing else was caused by the same cause after it.
    pub last: bool,
    /// Which try it was, the first being 1.
    pub attempt: u32,
    /// `ok`, or the reason it failed.
    pub outcome: String,
    /// The stream of a heard event, or an empty text.
    pub source: String,
    /// Its number there, or 0.
    pub sequence: u64,
    /// Since when it could have been done, if something made it wait.
    pub waiting_us: Option<i64>,
    /// When the service turned to it.
    pub began_us: i64,
    /// When it was done, before the commit.
    pub finished_us: i64,
    /// When its group committed, if it needed a commit.
    pub committed_us: Option<i64>,
    /// How many jobs shared the commit.
    pub group_jobs: u32,
    /// What it told.
    pub emitted: Vec<Emitted>,
    /// What it could not act on.
    pub letters: Vec<Letter>,
    /// What it, or a try that it is, left to be done in the outside world.
    pub undone: Vec<Undone>,
}

/// An event that was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Emitted {
    /// The stream.
    pub stream: String,
    /// Its number there.
    pub sequence: u64,
    /// Its identifier.
    pub id: String,
    /// Where it was told.
    pub subject: String,
    /// What it is about.
    pub key: String,
    /// When it became true, in microseconds since 1970.
    pub at_us: i64,
    /// What it says, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

/// An event or a timer that could not be acted on, or that waits behind one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Letter {
    /// Its number in the service.
    pub id: i64,
    /// `dead`, or `parked` behind a dead one.
    pub state: String,
    /// The stream, or `timer`.
    pub source: String,
    /// Its number there.
    pub sequence: u64,
    /// Where it was told, or the kind of timer.
    pub subject: String,
    /// What it is about.
    pub key: String,
    /// Why it could not be acted on.
    pub reason: String,
    /// The same, for people.
    pub message: String,
    /// How often it was tried.
    pub attempts: u32,
    /// How many wait behind it, at least; those of other flows too.
    pub behind: usize,
    /// The dead letter that it waits behind, if it is parked and that is known.
    pub waits_for: Option<i64>,
}

/// Work on the outside world that is not done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// Its number in the service.
    pub id: i64,
    /// Which kind, such as `charge_card`.
    pub name: String,
    /// The idempotency key under which it is done.
    pub key: String,
    /// `due`, or `given_up`, for a person to look at.
    pub state: String,
    /// How often it has been tried, with the try that is going on.
    pub attempts: u32,
    /// Whether a try is going on, as far as the journal tells: it began and has not ended.
    pub trying: bool,
    /// When it is tried next, or would have been, in microseconds since 1970.
    pub due_us: i64,
    /// Whether a try may have been done although nobody knows.
    pub maybe_done: bool,
    /// What the last try said.
    pub reason: String,
}

impl Undone {
    /// Whether it is tried again by itself.
    pub fn is_due(&self) -> bool {
        self.state == "due"
    }
}

impl Letter {
    /// Whether it is what went wrong, rather than what waits behind it.
    pub fn is_dead(&self) -> bool {
        self.state == "dead"
    }
}

impl Step {
    /// When everything about it was done.
    pub fn ended_us(&self) -> i64 {
        self.committed_us.unwrap_or(self.finished_us)
    }

    /// How long it took, with its commit. Negative if two clocks disagree.
    pub fn took_us(&self) -> i64 {
        self.ended_us().saturating_sub(self.began_us)
    }

    /// How long it waited. Negative if two clocks disagree.
    pub fn waited_us(&self) -> Option<i64> {
        self.waiting_us.map(|since| self.began_us.saturating_sub(since))
    }

    /// Whether two clocks disagree about it.
    pub fn is_skewed(&self) -> bool {
        self.took_us() < 0 || self.waited_us().is_some_and(|us| us < 0)
    }

    /// Whether it ended well.
    pub fn is_ok(&self) -> bool {
        self.outcome == "ok"
    }
}

impl Flow {
    /// Every piece of work.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.stretches.iter().flat_map(|stretch| &stretch.steps)
    }

    /// How long it took.
    pub fn took_us(&self) -> i64 {
        self.ended_us.saturating_sub(self.began_us)
    }

    /// How long it took without the long pauses, which are nobody's work.
    pub fn worked_us(&self) -> i64 {
        let worked = |stretch: &Stretch| stretch.ended_us.saturating_sub(stretch.began_us).max(0);
        self.stretches.iter().map(worked).fold(0, i64::saturating_add)
    }
}

/// What an order is called, if a key is one.
pub fn order_of(key: &str) -> Option<contracts::OrderId> {
    key.parse().ok()
}
