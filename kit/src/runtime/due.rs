//! Timers and effects: waiting until something is due, and doing it.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::tasks::Tasks;
use super::writer::Signals;
use crate::engine::port::Port;
use crate::engine::worker;
use crate::error::Result;
use crate::limits::RETRY_WAIT;
use crate::vitals::Vitals;

/// The longest sleep, so that a clock that was set is noticed soon.
const SLEEP_MAX: Duration = Duration::from_secs(1);

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
        let finished = Arc::new(tokio::sync::Notify::new());
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
        finished: &Arc<tokio::sync::Notify>,
    ) -> Result<Duration> {
        worker::fire(&self.port).await?;
        if self.vitals.short.load(Ordering::Relaxed) {
            // A try could not be noted before it is made.
            return Ok(SLEEP_MAX);
        }
        for (name, places) in places {
            let free = places.available_permits();
            if free == 0 {
                continue;
            }
            let known = lock(in_progress).len();
            for row in worker::effects_due(&self.port, name, free + known).await? {
                if !lock(in_progress).insert(row.id) {
                    continue;
                }
                let Ok(place) = Arc::clone(places).try_acquire_owned() else {
                    lock(in_progress).remove(&row.id);
                    break;
                };
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
                        tokio::time::sleep(SLEEP_MAX).await;
                    }
                    lock(&in_progress).remove(&id);
                    drop(place);
                    finished.notify_one();
                });
            }
        }
        let (timer, effect) = worker::next_due(&self.port).await?;
        let now = self.port.now();
        // What is being tried is still due in its row; its end wakes us.
        let busy = !lock(in_progress).is_empty();
        let next = [timer, effect.filter(|_| !busy)].into_iter().flatten().min();
        let sleep = next.map(|next| Duration::try_from(next.duration_since(now)).unwrap_or_default());
        Ok(sleep.unwrap_or(SLEEP_MAX).clamp(Duration::from_millis(1), SLEEP_MAX))
    }
}

fn lock(in_progress: &InProgress) -> std::sync::MutexGuard<'_, HashSet<i64>> {
    in_progress.lock().unwrap_or_else(PoisonError::into_inner)
}
