//! How a service is doing: figures that its parts keep up to date, for `health` and `$SRV.STATS`.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::error::{Error, Result};
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
    /// Requests answered since the start.
    pub answered: AtomicU64,
    /// The last row of the outbox that the stream has confirmed.
    pub published: AtomicU64,
    /// When the service started.
    pub started_at: Timestamp,
    /// Having the stream made anew.
    pub remaking: Remaking,
    /// Whether nothing new is accepted because the disk has too little room.
    pub short: AtomicBool,
    /// Having an older database take up its own events.
    pub(crate) recovering: crate::admin::Recovering,
    /// What is kept for a backup.
    pub snapshots: crate::backup::snapshot::Snapshots,
    states: Mutex<BTreeMap<String, String>>,
}

impl Vitals {
    /// The figures of a service that starts now.
    pub fn starting(now: Timestamp) -> Self {
        Self { started_at: now, ..Self::default() }
    }

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

/// Somebody asks that the stream be made anew, and the relay does it. Who asks while it is being done
/// gets the turn after.
#[derive(Debug, Default)]
pub struct Remaking {
    asked: AtomicU64,
    done: AtomicU64,
    refused: Mutex<Option<Error>>,
    woken: Notify,
    ended: Notify,
}

impl Remaking {
    /// Asks for it; the answer is what to wait for.
    pub fn ask(&self) -> u64 {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.woken.notify_one();
        turn
    }

    /// Waits until it has been done.
    ///
    /// # Errors
    /// Why it must not be done.
    pub async fn until(&self, turn: u64) -> Result<()> {
        loop {
            let ended = self.ended.notified();
            if self.done.load(Ordering::SeqCst) >= turn {
                let refused = self.refused.lock().ok().and_then(|why| why.clone());
                return refused.map_or(Ok(()), Err);
            }
            ended.await;
        }
    }

    /// Waits until somebody asks.
    pub async fn asked(&self) {
        self.woken.notified().await;
    }

    /// The newest turn that was asked for and is not done.
    pub fn turn(&self) -> Option<u64> {
        let asked = self.asked.load(Ordering::SeqCst);
        (asked > self.done.load(Ordering::SeqCst)).then_some(asked)
    }

    /// Says that every turn up to one is done, or why it must not be.
    pub fn end(&self, turn: u64, refused: Option<Error>) {
        if let Ok(mut why) = self.refused.lock() {
            *why = refused;
        }
        self.done.store(turn, Ordering::SeqCst);
        self.ended.notify_waiters();
    }
}

/// What `<service>.health` answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The service.
    pub service: String,
    /// Its version.
    pub version: String,
    /// The process it runs in.
    pub pid: u32,
    /// The time at which it answered.
    pub now: Timestamp,
    /// When it started.
    #[serde(default)]
    pub started_at: Timestamp,
    /// The memory of its process that is in use, in bytes; 0 if that is not known.
    #[serde(default)]
    pub memory_bytes: u64,
    /// The identity of its database.
    #[serde(default)]
    pub origin: String,
    /// The oldest row of the outbox that is kept.
    #[serde(default)]
    pub outbox_oldest: u64,
    /// The newest row of the outbox.
    pub outbox_newest: u64,
    /// The last row of the outbox that the stream has confirmed.
    pub outbox_published: u64,
    /// When the oldest row became true that the stream has not confirmed.
    #[serde(default)]
    pub untold_since: Option<Timestamp>,
    /// Dead letters.
    pub dead_letters: u64,
    /// Events parked behind dead letters.
    pub parked: u64,
    /// When the oldest dead letter was received.
    #[serde(default)]
    pub dead_since: Option<Timestamp>,
    /// Work on the outside world that is still to be done.
    pub effects_due: u64,
    /// Work on the outside world that was given up, for a person to look at.
    pub effects_given_up: u64,
    /// When the longest due work on the outside world should have been tried, if that is past.
    #[serde(default)]
    pub effects_late_since: Option<Timestamp>,
    /// When the longest due timer should have rung, if that is past.
    #[serde(default)]
    pub timers_late_since: Option<Timestamp>,
    /// Requests in progress.
    #[serde(default)]
    pub requests: u64,
    /// Jobs that wait for the writer.
    pub queued: u64,
    /// Jobs in the last commit.
    pub group_jobs: u64,
    /// Commits since the start.
    pub groups: u64,
    /// How large the database is, in bytes.
    #[serde(default)]
    pub database_bytes: u64,
    /// How large its write-ahead log is, in bytes.
    #[serde(default)]
    pub wal_bytes: u64,
    /// How much room its disk has, in bytes; none if that is not known.
    #[serde(default)]
    pub disk_free_bytes: Option<u64>,
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
            started_at: Timestamp::UNIX_EPOCH,
            memory_bytes: 9_437_184,
            origin: "01938f2e-6f7c-7cc1-a9c3-2f4c0d8c1b11".into(),
            outbox_oldest: 1,
            database_bytes: 1_048_576,
            wal_bytes: 4_152_992,
            disk_free_bytes: Some(12_884_901_888),
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
            ..Self::default()
        }
    }
}
