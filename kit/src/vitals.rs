//! How a service is doing: figures that its parts keep up to date, for `health` and `$SRV.STATS`.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::message::Example;

/// The figures of a running service.
#[derive(Debug, Default)]
pub struct Vitals {
    /// Jobs that wait for the writer.
    pub queued: AtomicU64,
    /// Jobs in the last group.
    pub group_jobs: AtomicU64,
    /// Groups committed since the start.
    pub groups: AtomicU64,
    /// Requests in progress.
    pub requests: AtomicU64,
    /// The last row of the outbox that the stream has confirmed.
    pub published: AtomicU64,
    states: Mutex<BTreeMap<String, String>>,
}

impl Vitals {
    /// Says how one part is doing: `relay`, `writer`, or the stream that is heard.
    pub fn say(&self, part: &str, state: impl Into<String>) {
        if let Ok(mut states) = self.states.lock() {
            states.insert(part.to_owned(), state.into());
        }
    }

    /// How each part is doing.
    pub fn states(&self) -> BTreeMap<String, String> {
        self.states.lock().map(|states| states.clone()).unwrap_or_default()
    }

    /// Reads a figure.
    pub fn get(figure: &AtomicU64) -> u64 {
        figure.load(Ordering::Relaxed)
    }
}

/// What `<service>.health` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The service.
    pub service: String,
    /// Its version.
    pub version: String,
    /// The process it runs in.
    pub pid: u32,
    /// The time at which it answered.
    pub now: Timestamp,
    /// The newest row of the outbox.
    pub outbox_newest: u64,
    /// The last row of the outbox that the stream has confirmed.
    pub outbox_published: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// Events parked behind dead letters.
    pub parked: u64,
    /// Work on the outside world that is still to be done.
    pub effects_due: u64,
    /// Work on the outside world that was given up, for a person to look at.
    pub effects_given_up: u64,
    /// Jobs that wait for the writer.
    pub queued: u64,
    /// Jobs in the last commit.
    pub group_jobs: u64,
    /// Commits since the start.
    pub groups: u64,
    /// How each part is doing: `ok`, or what is wrong and what to do.
    pub parts: BTreeMap<String, String>,
}

impl Health {
    /// Whether every part is well and nothing waits for a person.
    pub fn is_well(&self) -> bool {
        self.dead_letters == 0 && self.effects_given_up == 0 && self.parts.values().all(|state| state == "ok")
    }
}

impl Example for Health {
    fn example() -> Self {
        Self {
            service: "order".into(),
            version: "0.1.0".into(),
            pid: 4711,
            now: Timestamp::UNIX_EPOCH,
            outbox_newest: 1204,
            outbox_published: 1204,
            dead_letters: 0,
            parked: 0,
            effects_due: 0,
            effects_given_up: 0,
            queued: 0,
            group_jobs: 3,
            groups: 812,
            parts: BTreeMap::from([("relay".into(), "ok".into())]),
        }
    }
}
