//! Timers and effects: waiting until something is due, and doing it.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::tasks::Tasks;
use super::writer::Signals;
use crate::engine::places::{Begun, Places};
use crate::engine::port::Port;
use crate::engine::worker;
use crate::error::Result;
use crate::limits::{DUE_LOOKED_AT, RETRY_WAIT};
use crate::vitals::Vitals;

pub(super) struct Due {
    pub(super) port: Arc<dyn Port>,
    pub(super) signals: Arc<Signals>,
    pub(super) vitals: Arc<Vitals>,
    pub(super) places: Arc<Places>,
    /// First tries that were recorded as begun.
    pub(super) begun: mpsc::UnboundedReceiver<Begun>,
}

/// The shortest sleep.
const TURN_AGAIN: Duration = Duration::from_millis(1);

/// The effects that are being tried at this moment.
type InProgress = Arc<Mutex<HashSet<i64>>>;

impl Due {
    /// Fires timers and tries effects until told to stop; then finishes the tries in progress.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let in_progress = InProgress::default();
        let tries = Tasks::new();
        let finished = Arc::new(Notify::new());
        let mut wait = RETRY_WAIT.0;
        while !stop.is_cancelled() {
            let (sleep, crowded) = match self.turn(&in_progress, &tries, &finished).await {
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
            let sleep = tokio::time::sleep(sleep);
            tokio::pin!(sleep);
            loop {
                tokio::select! {
                    () = &mut sleep => break,
                    () = self.signals.due.notified() => break,
                    // An end makes room, which matters only to what found none.
                    () = finished.notified(), if crowded => break,
                    () = stop.cancelled() => break,
                    Some(begun) = self.begun.recv() => self.begin_try(begun, true, &in_progress, &tries, &finished),
                }
            }
        }
        // What has begun is finished, and nothing further begins.
        self.places.close();
        while let Ok(begun) = self.begun.try_recv() {
            self.begin_try(begun, true, &in_progress, &tries, &finished);
        }
        tries.finish().await;
    }

    /// Does everything that is due now. Answers how long nothing will be, and whether something is due for
    /// which there is no place.
    async fn turn(
        &self,
        in_progress: &InProgress,
        tries: &Tasks,
        finished: &Arc<Notify>,
    ) -> Result<(Duration, bool)> {
        let room = !self.vitals.short.load(Ordering::Relaxed);
        // Without room a try could not be noted before it is made.
        let free: Vec<_> = self
            .places
            .free()
            .into_iter()
            .filter(|(_, free)| room && *free > 0)
            .map(|(name, free)| (name, free + lock(in_progress).len()))
            .collect();
        let due = worker::look(&self.port, free).await?;
        let fires = !due.timers.is_empty();
        if fires {
            worker::fire_these(&self.port, due.timers).await?;
        }
        for row in due.effects {
            if !lock(in_progress).insert(row.id) {
                continue;
            }
            match self.places.take(&row.name) {
                Some(place) => self.begin_try(Begun { row, place }, false, in_progress, tries, finished),
                None => drop(lock(in_progress).remove(&row.id)),
            }
        }
        if !room {
            return Ok((DUE_LOOKED_AT, false));
        }
        // Where no place is left, more may be due than was looked at.
        let crowded = self.places.free().iter().any(|(_, free)| *free == 0);
        if fires {
            // What has fired may have set others, and others may be due.
            return Ok((TURN_AGAIN, crowded));
        }
        let next = [due.next.0, due.next.1].into_iter().flatten().min();
        let now = self.port.now();
        let sleep = next.map(|next| Duration::try_from(next.duration_since(now)).unwrap_or_default());
        Ok((sleep.unwrap_or(DUE_LOOKED_AT).clamp(TURN_AGAIN, DUE_LOOKED_AT), crowded))
    }

    /// Makes one try beside everything else, after recording that it begins, unless that is recorded.
    fn begin_try(
        &self,
        Begun { row, place }: Begun,
        is_recorded: bool,
        in_progress: &InProgress,
        tries: &Tasks,
        finished: &Arc<Notify>,
    ) {
        let (port, in_progress, finished) =
            (Arc::clone(&self.port), Arc::clone(in_progress), Arc::clone(finished));
        let signals = Arc::clone(&self.signals);
        lock(&in_progress).insert(row.id);
        tries.spawn(async move {
            let id = row.id;
            let tried = if is_recorded {
                worker::attempt_begun(&port, row).await
            } else {
                worker::attempt_effect(&port, row).await
            };
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
