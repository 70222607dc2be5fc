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
        let tries = Tries::new(Arc::clone(&self.port), Arc::clone(&self.signals), stop.clone());
        let mut wait = RETRY_WAIT.0;
        while !stop.is_cancelled() {
            let (sleep, crowded) = match self.turn(&tries).await {
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
                    () = tries.finished.notified(), if crowded => break,
                    () = stop.cancelled() => break,
                    Some(begun) = self.begun.recv() => tries.begin(begun, true),
                }
            }
        }
        // What has begun is finished, and nothing further begins.
        self.places.close();
        while let Ok(begun) = self.begun.try_recv() {
            tries.begin(begun, true);
        }
        tries.tasks.finish().await;
    }

    /// Does everything that is due now. Answers how long nothing will be, and whether something is due for
    /// which there is no place.
    async fn turn(&self, tries: &Tries) -> Result<(Duration, bool)> {
        let room = !self.vitals.short.load(Ordering::Relaxed);
        // Without room a try could not be noted before it is made.
        let free: Vec<_> = self
            .places
            .free()
            .into_iter()
            .filter(|(_, free)| room && *free > 0)
            .map(|(name, free)| (name, free + lock(&tries.in_progress).len()))
            .collect();
        let due = worker::look(&self.port, free).await?;
        let fires = !due.timers.is_empty();
        if fires {
            worker::fire_these(&self.port, due.timers).await?;
        }
        for row in due.effects {
            if !lock(&tries.in_progress).insert(row.id) {
                continue;
            }
            match self.places.take(&row.name) {
                Some(place) => tries.begin(Begun { row, place }, false),
                None => drop(lock(&tries.in_progress).remove(&row.id)),
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
}

/// The tries that are being made.
struct Tries {
    port: Arc<dyn Port>,
    signals: Arc<Signals>,
    in_progress: InProgress,
    tasks: Tasks,
    /// A try has ended.
    finished: Arc<Notify>,
    stop: CancellationToken,
}

impl Tries {
    fn new(port: Arc<dyn Port>, signals: Arc<Signals>, stop: CancellationToken) -> Self {
        let (in_progress, finished) = (InProgress::default(), Arc::new(Notify::new()));
        Self { port, signals, in_progress, tasks: Tasks::new(), finished, stop }
    }

    /// Makes one try beside everything else, after recording that it begins, unless that is recorded.
    fn begin(&self, Begun { row, place }: Begun, is_recorded: bool) {
        let (port, signals) = (Arc::clone(&self.port), Arc::clone(&self.signals));
        let (in_progress, finished) = (Arc::clone(&self.in_progress), Arc::clone(&self.finished));
        let stop = self.stop.clone();
        let id = row.id;
        lock(&in_progress).insert(id);
        self.tasks.spawn(async move {
            let again = worker::attempt_until_recorded(&port, row, is_recorded, || stop.is_cancelled()).await;
            lock(&in_progress).remove(&id);
            drop(place);
            finished.notify_one();
            if again {
                signals.due.notify_one();
            }
        });
    }
}

fn lock(in_progress: &InProgress) -> std::sync::MutexGuard<'_, HashSet<i64>> {
    in_progress.lock().unwrap_or_else(PoisonError::into_inner)
}
