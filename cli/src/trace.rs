//! What became of something: asked of every service's own journal, joined, and drawn.
//!
//! # Layout
//! - [`lookup`]: what is meant, by an identifier or the end of one
//! - [`ask`]: asks every service at once; [`gather`]: for what it did
//! - [`join`]: from journals to flows; [`stuck`]: what is not done of them
//! - [`draw`]: the waterfall; [`otlp`], [`mermaid`]: the same for other programs; [`news`]: what is new in it,
//!   [`settled`]: whether more is to come
//! - [`find`]: which flows there were; [`hops`]: where the time of many flows goes
//!
//! No collector is needed: a journal is rows that a service writes anyway, and whoever did not
//! answer is named rather than left out.

pub(crate) mod ask;
pub(crate) mod draw;
pub(crate) mod find;
pub(crate) mod gather;
pub(crate) mod hops;
pub(crate) mod join;
pub(crate) mod lookup;
pub(crate) mod mermaid;
pub(crate) mod news;
pub(crate) mod otlp;
#[cfg(test)]
mod sample;
pub(crate) mod settled;
#[cfg(test)]
mod strategy;
mod stuck;

use serde::Serialize;
use serde_json::Value;

/// Everything that is known about one thing: one flow for each time somebody set it going.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Story {
    /// What it is about: `order ord_…`, or `trace …`.
    pub(crate) about: String,
    /// What is known of it beside its flows, such as its stage and its total.
    pub(crate) facts: Vec<String>,
    /// The flows, the oldest first.
    pub(crate) flows: Vec<Flow>,
    /// Services that did not tell what they did.
    pub(crate) silent: Vec<Silent>,
    /// Older flows that were left out.
    pub(crate) left_out: usize,
}

/// A service that did not tell what it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Silent {
    /// Its name.
    pub(crate) service: String,
    /// Why, for people.
    pub(crate) why: String,
}

/// Work through several services that has one cause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Flow {
    /// Its number, as 32 hexadecimal digits.
    pub(crate) trace: String,
    /// When it began, in microseconds since 1970.
    pub(crate) began_us: i64,
    /// When its last work was done.
    pub(crate) ended_us: i64,
    /// Its work, in pieces between which nothing happened for long.
    pub(crate) stretches: Vec<Stretch>,
    /// Services that told only the oldest of what they did in it.
    pub(crate) cut: Vec<String>,
}

/// A time in which something was always going on, or nearly so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Stretch {
    /// How long nothing had happened before it; 0 for the first.
    pub(crate) pause_us: i64,
    /// When it began.
    pub(crate) began_us: i64,
    /// When it ended.
    pub(crate) ended_us: i64,
    /// What was done: each followed by what it caused.
    pub(crate) steps: Vec<Step>,
}

/// One piece of work of one service. Times are microseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    /// Who did it.
    pub(crate) service: String,
    /// `request`, `event`, `timer` or `effect`.
    pub(crate) kind: String,
    /// The subject, the kind of timer, or the name of the effect.
    pub(crate) subject: String,
    /// What it was about.
    pub(crate) key: String,
    /// This piece of work, as 16 hexadecimal digits.
    pub(crate) span: String,
    /// What caused it, or an empty text.
    pub(crate) parent: String,
    /// How many causes above it belong to the same stretch.
    pub(crate) depth: usize,
    /// Whether nothing else was caused by the same cause after it.
    pub(crate) last: bool,
    /// Which try it was, the first being 1.
    pub(crate) attempt: u32,
    /// `ok`, or the reason it failed.
    pub(crate) outcome: String,
    /// The stream of a heard event, or an empty text.
    pub(crate) source: String,
    /// Its number there, or 0.
    pub(crate) sequence: u64,
    /// Since when it could have been done, if something made it wait.
    pub(crate) waiting_us: Option<i64>,
    /// When the service turned to it.
    pub(crate) began_us: i64,
    /// When it was done, before the commit.
    pub(crate) finished_us: i64,
    /// When its group committed, if it needed a commit.
    pub(crate) committed_us: Option<i64>,
    /// How many jobs shared the commit.
    pub(crate) group_jobs: u32,
    /// What it told.
    pub(crate) emitted: Vec<Emitted>,
    /// What it could not act on.
    pub(crate) letters: Vec<Letter>,
    /// What it, or a try that it is, left to be done in the outside world.
    pub(crate) undone: Vec<Undone>,
}

/// An event that was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Emitted {
    /// The stream.
    pub(crate) stream: String,
    /// Its number there.
    pub(crate) sequence: u64,
    /// Its identifier.
    pub(crate) id: String,
    /// Where it was told.
    pub(crate) subject: String,
    /// What it is about.
    pub(crate) key: String,
    /// When it became true, in microseconds since 1970.
    pub(crate) at_us: i64,
    /// What it says, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<Value>,
}

/// An event or a timer that could not be acted on, or that waits behind one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Letter {
    /// Its number in the service.
    pub(crate) id: i64,
    /// `dead`, or `parked` behind a dead one.
    pub(crate) state: String,
    /// The stream, or `timer`.
    pub(crate) source: String,
    /// Its number there.
    pub(crate) sequence: u64,
    /// Where it was told, or the kind of timer.
    pub(crate) subject: String,
    /// What it is about.
    pub(crate) key: String,
    /// Why it could not be acted on.
    pub(crate) reason: String,
    /// The same, for people.
    pub(crate) message: String,
    /// How often it was tried.
    pub(crate) attempts: u32,
    /// How many wait behind it, at least; those of other flows too.
    pub(crate) behind: usize,
    /// The dead letter that it waits behind, if it is parked and that is known.
    pub(crate) waits_for: Option<i64>,
}

/// Work on the outside world that is not done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Undone {
    /// Its number in the service.
    pub(crate) id: i64,
    /// Which kind, such as `charge_card`.
    pub(crate) name: String,
    /// The idempotency key under which it is done.
    pub(crate) key: String,
    /// `due`, or `given_up`, for a person to look at.
    pub(crate) state: String,
    /// How often it has been tried, with the try that is going on.
    pub(crate) attempts: u32,
    /// Whether a try is going on, as far as the journal tells: it began and has not ended.
    pub(crate) trying: bool,
    /// When it is tried next, or would have been, in microseconds since 1970.
    pub(crate) due_us: i64,
    /// Whether a try may have been done although nobody knows.
    pub(crate) maybe_done: bool,
    /// What the last try said.
    pub(crate) reason: String,
}

impl Undone {
    /// Whether it is tried again by itself.
    pub(crate) fn is_due(&self) -> bool {
        self.state == "due"
    }
}

impl Letter {
    /// Whether it is what went wrong, rather than what waits behind it.
    pub(crate) fn is_dead(&self) -> bool {
        self.state == "dead"
    }
}

impl Step {
    /// When everything about it was done.
    pub(crate) fn ended_us(&self) -> i64 {
        self.committed_us.unwrap_or(self.finished_us)
    }

    /// How long it took, with its commit. Negative if two clocks disagree.
    pub(crate) fn took_us(&self) -> i64 {
        self.ended_us().saturating_sub(self.began_us)
    }

    /// How long it waited. Negative if two clocks disagree.
    pub(crate) fn waited_us(&self) -> Option<i64> {
        self.waiting_us.map(|since| self.began_us.saturating_sub(since))
    }

    /// Whether two clocks disagree about it.
    pub(crate) fn is_skewed(&self) -> bool {
        self.took_us() < 0 || self.waited_us().is_some_and(|us| us < 0)
    }

    /// Whether it ended well.
    pub(crate) fn is_ok(&self) -> bool {
        self.outcome == "ok"
    }
}

impl Flow {
    /// Every piece of work.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.stretches.iter().flat_map(|stretch| &stretch.steps)
    }

    /// How long it took.
    pub(crate) fn took_us(&self) -> i64 {
        self.ended_us.saturating_sub(self.began_us)
    }

    /// How long it took without the long pauses, which are nobody's work.
    pub(crate) fn worked_us(&self) -> i64 {
        let worked = |stretch: &Stretch| stretch.ended_us.saturating_sub(stretch.began_us).max(0);
        self.stretches.iter().map(worked).fold(0, i64::saturating_add)
    }
}

/// What an order is called, if a key is one.
pub(crate) fn order_of(key: &str) -> Option<contracts::OrderId> {
    key.parse().ok()
}
