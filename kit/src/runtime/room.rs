//! Looking how much room the disk of the database has: without enough, nothing new is accepted; and
//! whether its files are still there, also while nobody wants anything.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use super::writer::{Signals, Writer};
use crate::engine::port::Port;
use crate::engine::{Job, worker};
use crate::error::{Error, Result, reason};
use crate::room::{self, Room};
use crate::vitals::Vitals;

/// How often it is looked.
pub(super) const LOOKED_AT: Duration = Duration::from_secs(1);

/// The name of this part in the vitals.
const PART: &str = "room";

pub(super) struct Looking {
    pub(super) folder: PathBuf,
    pub(super) port: Arc<dyn Port>,
    pub(super) writer: Arc<Writer>,
    pub(super) signals: Arc<Signals>,
    pub(super) vitals: Arc<Vitals>,
    state: State,
    periods_set: bool,
}

/// What is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct State {
    /// The disk has too little room.
    short: bool,
    /// The last try to write found no room, whatever the disk says of itself.
    failed: bool,
    /// Nothing new is accepted.
    shut: bool,
}

impl Looking {
    pub(super) fn new(
        folder: &Path,
        port: &Arc<dyn Port>,
        writer: &Arc<Writer>,
        signals: &Arc<Signals>,
        vitals: &Arc<Vitals>,
    ) -> Self {
        Self {
            folder: folder.to_owned(),
            port: Arc::clone(port),
            writer: Arc::clone(writer),
            signals: Arc::clone(signals),
            vitals: Arc::clone(vitals),
            state: State::default(),
            periods_set: false,
        }
    }

    /// The first look, before anything is accepted. Sets the timers of what is done again and again: a full
    /// disk stops nobody from starting, but then they are set later.
    ///
    /// # Errors
    /// If the database cannot be used for another reason than that.
    pub(super) async fn begin(&mut self) -> Result<()> {
        self.vitals.say(PART, "ok");
        self.look().await;
        self.set_periods().await
    }

    async fn set_periods(&mut self) -> Result<()> {
        match worker::set_periods(&self.port).await {
            Err(error) if error.reason != reason::DISK_FULL => return Err(error),
            set => self.periods_set = set.is_ok(),
        }
        Ok(())
    }

    /// Looks until told to stop.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOKED_AT) => {}
                () = self.signals.full.notified() => self.state.failed = true,
                () = stop.cancelled() => return,
            }
            self.writer.look_after();
            self.look().await;
            if !self.periods_set && !self.state.shut {
                let _ = self.set_periods().await;
            }
        }
    }

    async fn look(&mut self) {
        let before = self.state;
        let found = room_of(&self.folder).await;
        self.state.short = found.is_some_and(|room| room.is_short(before.short));
        if self.state.failed && !self.state.short {
            self.state.failed = self.cannot_write().await;
        }
        self.state.shut = self.state.short || self.state.failed;
        if self.state.shut {
            let why = match found {
                Some(room) if self.state.short => room::refusal(room),
                _ => room::refusal_of_system(),
            };
            if !before.shut {
                tracing::error!("Nothing new is accepted: {}", why.message);
            }
            self.say(Some(why));
        } else if before.shut {
            tracing::info!("There is room again: everything is accepted");
            self.say(None);
        }
    }

    fn say(&self, why: Option<Error>) {
        self.vitals.say(PART, why.as_ref().map_or("ok", |why| why.message.as_str()));
        self.vitals.short.store(why.is_some(), Ordering::Relaxed);
        self.writer.no_room(why);
    }

    /// Whether a small piece of housekeeping finds no room.
    async fn cannot_write(&self) -> bool {
        let probe = Job::chore(self.port.now(), |tx| {
            tx.execute(
                "INSERT INTO meta (name, value) VALUES ('room', '') ON CONFLICT (name) DO UPDATE SET value = ''",
                [],
            )?;
            Ok(Bytes::new())
        });
        self.port.submit(probe).await.is_err_and(|error| error.is_storage())
    }
}

/// How the disk of a folder stands. A disk that does not answer is asked on a thread of its own.
async fn room_of(folder: &Path) -> Option<Room> {
    let folder = folder.to_owned();
    let asked = tokio::task::spawn_blocking(move || rustix::fs::statvfs(&folder)).await;
    let facts = asked.ok()?.ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(facts.f_frsize);
    Some(Room { free: bytes(facts.f_bavail), total: bytes(facts.f_blocks) })
}
