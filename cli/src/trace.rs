//! What became of something: asked of every service's own journal, joined, and drawn.
//!
//! # Layout
//! - [`gather`]: asks every service at once
//! - [`join`]: from journals to flows
//! - [`draw`]: the waterfall
//!
//! No collector is needed: a journal is rows that a service writes anyway, and whoever did not
//! answer is named rather than left out.

pub(crate) mod draw;
pub(crate) mod gather;
pub(crate) mod join;
#[cfg(test)]
mod sample;

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
}
