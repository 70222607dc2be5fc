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
            let sleep = match self.turn(&places, &in_progress, &tries, &finished).await {
                Ok(sleep) => {
                    self.vitals.say("timers", "ok");
                    wait = RETRY_WAIT.0;
                    sleep
                }
                Err(error) => {
                    self.vitals.say("timers", error.message.as_str());
                    wait = (wait * 2).min(RETRY_WAIT.1);
                    wait
                }
            };
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = self.signals.due.notified() => {}
                () = finished.notified() => {}
                () = stop.cancelled() => {}
            }
        }
        tries.finish().await;
    }

    /// Does everything that is due now; answers how long nothing will be.
    async fn turn(
        &self,
        places: &BTreeMap<&'static str, Arc<Semaphore>>,
        in_progress: &InProgress,
        tries: &Tasks,
        finished: &Arc<Notify>,
    ) -> Result<Duration> {
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
            return Ok(DUE_LOOKED_AT);
        }
        // What has fired may have set others.
        let (timer, effect) = if fires { worker::next_due(&self.port).await? } else { due.next };
        let now = self.port.now();
        // What is being tried is still due in its row; its end wakes us.
        let busy = !lock(in_progress).is_empty();
        let next = [timer, effect.filter(|_| !busy)].into_iter().flatten().min();
        let sleep = next.map(|next| Duration::try_from(next.duration_since(now)).unwrap_or_default());
        Ok(sleep.unwrap_or(DUE_LOOKED_AT).clamp(Duration::from_millis(1), DUE_LOOKED_AT))
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
        tries.spawn(async move {
            let id = row.id;
            if let Err(error) = worker::attempt_effect(&port, row).await {
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
        });
    }
}

fn lock(in_progress: &InProgress) -> std::sync::MutexGuard<'_, HashSet<i64>> {
    in_progress.lock().unwrap_or_else(PoisonError::into_inner)
}
