//! Tasks that belong together: waited for at a drain, and gone with their owner otherwise.

use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tracing::{Instrument, Span};

/// A group of tasks. Dropping the group ends all of them where they stand.
pub(super) struct Tasks {
    tracker: TaskTracker,
    gone: CancellationToken,
    _guard: DropGuard,
}

/// Adds tasks to a group, without owning it.
#[derive(Clone)]
pub(super) struct Spawner {
    tracker: TaskTracker,
    gone: CancellationToken,
}

impl Tasks {
    pub(super) fn new() -> Self {
        let gone = CancellationToken::new();
        Self { tracker: TaskTracker::new(), _guard: gone.clone().drop_guard(), gone }
    }

    pub(super) fn spawner(&self) -> Spawner {
        Spawner { tracker: self.tracker.clone(), gone: self.gone.clone() }
    }

    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawner().spawn(task);
    }

    /// Waits until all have ended by themselves.
    pub(super) async fn finish(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl Spawner {
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let gone = self.gone.clone();
        let task = async move {
            tokio::select! {
                // The task first: one that ends at its first turn never queues to hear of the end of the group.
                biased;
                () = task => {}
                () = gone.cancelled_owned() => {}
            }
        };
        // What a task says names the service it belongs to.
        self.tracker.spawn(task.instrument(Span::current()));
    }
}
