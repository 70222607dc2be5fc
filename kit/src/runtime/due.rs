//! Timers and effects: waiting until something is due, and doing it.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::tasks::Tasks;
use super::writer::Signals;
use crate::engine::effects::Row;
use crate::engine::port::Port;
use crate::engine::worker;
use crate::error::Result;
use crate::limits::{DUE_LOOKED_AT, RETRY_WAIT};
use crate::vitals::Vitals;

pub(super) struct Due {
    pub(super) port: Arc<dyn Port>,
    pub(super) signals: Arc<Signals>,
    pub(super) vitals: Arc<Vitals>,
}

/// The shortest sleep.
const TURN_AGAIN: Duration = Duration::from_millis(1);

/// The effects that are being tried at this moment.
type InProgress = Arc<Mutex<HashSet<i64>>>;

impl Due {
    /// Fires timers and tries effects until told to stop; then finishes the tries in progress.
    pub(super) async fn run(self, stop: CancellationToken) {
        let service = Arc::clone(self.port.service());
        let places: BTreeMap<&'static str, Arc<Semaphore>> = service
            .effects()
            .map(|(name, kind)| (name, Arc::new(Semaphore::new(kind.policy.at_once))))
            .collect();
        let in_progress = InProgress::default();
        let tries = Tasks::new();
        let finished = Arc::new(Notify::new());
        let mut wait = RETRY_WAIT.0;
        while !stop.is_cancelled() {
            let (sleep, crowded) = match self.turn(&places, &in_progress, &tries, &finished).await {
                Ok(turned) => {
                    self.vitals.say("timers", "ok");
                    wait = RETRY_WAIT.0;
                    turned
                }
                Err(error) => {
                    self.vitals.say("timers", error.message.as_str());
                    wait = (wait * 2).min(RETRY_WAIT.1);
                    (wait, true)
                }
            };
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = self.signals.due.notified() => {}
                // An end makes room, which matters only to what found none.
                () = finished.notified(), if crowded => {}
                () = stop.cancelled() => {}
            }
        }
        tries.finish().await;
    }

    /// Does everything that is due now. Answers how long nothing will be, and whether something is due for
    /// which there is no place.
    async fn turn(
        &self,
        places: &BTreeMap<&'static str, Arc<Semaphore>>,
        in_progress: &InProgress,
        tries: &Tasks,
        finished: &Arc<Notify>,
    ) -> Result<(Duration, bool)> {
        let room = !self.vitals.short.load(Ordering::Relaxed);
        // Without room a try could not be noted before it is made.
        let free: Vec<_> = places
            .iter()
            .map(|(name, places)| (*name, places.available_permits()))
            .filter(|(_, free)| room && *free > 0)
            .map(|(name, free)| (name, free + lock(in_progress).len()))
            .collect();
        let due = worker::look(&self.port, free).await?;
        let fires = !due.timers.is_empty();
        if fires {
            worker::fire_these(&self.port, due.timers).await?;
        }
        for row in due.effects {
            let Some(places) = places.get(row.name.as_str()) else { continue };
            if !lock(in_progress).insert(row.id) {
                continue;
            }
            let Ok(place) = Arc::clone(places).try_acquire_owned() else {
                lock(in_progress).remove(&row.id);
                continue;
            };
            self.begin_try(row, place, in_progress, tries, finished);
        }
        if !room {
            return Ok((DUE_LOOKED_AT, false));
        }
        // Where no place is left, more may be due than was looked at.
        let crowded = places.values().any(|places| places.available_permits() == 0);
        if fires {
            // What has fired may have set others, and others may be due.
            return Ok((TURN_AGAIN, crowded));
        }
        let next = [due.next.0, due.next.1].into_iter().flatten().min();
        let now = self.port.now();
        let sleep = next.map(|next| Duration::try_from(next.duration_since(now)).unwrap_or_default());
        Ok((sleep.unwrap_or(DUE_LOOKED_AT).clamp(TURN_AGAIN, DUE_LOOKED_AT), crowded))
    }

    /// Makes one try beside everything else.
    fn begin_try(
        &self,
        row: Row,
        place: OwnedSemaphorePermit,
        in_progress: &InProgress,
        tries: &Tasks,
        finished: &Arc<Notify>,
    ) {
        let (port, in_progress, finished) =
            (Arc::clone(&self.port), Arc::clone(in_progress), Arc::clone(finished));
        let signals = Arc::clone(&self.signals);
        tries.spawn(async move {
            let id = row.id;
            let tried = worker::attempt_effect(&port, row).await;
            if let Err(error) = &tried {
                tracing::warn!(
                    effect = id,
                    "A try is not recorded, and will be made again: {}",
                    error.chain()
                );
                // The database cannot write at the moment; asking at once would not help it.
                tokio::time::sleep(DUE_LOOKED_AT).await;
            }
            lock(&in_progress).remove(&id);
            drop(place);
            finished.notify_one();
            if tried.is_err() {
                signals.due.notify_one();
            }
        });
    }
}

fn lock(in_progress: &InProgress) -> std::sync::MutexGuard<'_, HashSet<i64>> {
    in_progress.lock().unwrap_or_else(PoisonError::into_inner)
}
