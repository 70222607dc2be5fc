//! Everything that waits, in one thread: futures that are polled when something they wait for is there.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Whose work it is: of a service in one life, or of somebody outside.
pub type Owner = Option<(usize, u64)>;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Work that waits.
#[derive(Default)]
pub struct Tasks {
    waiting: BTreeMap<u64, (Owner, Work, Waker)>,
    next: u64,
    woken: Arc<Mutex<Vec<u64>>>,
}

struct Bell {
    task: u64,
    woken: Arc<Mutex<Vec<u64>>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let mut woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        if !woken.contains(&self.task) {
            woken.push(self.task);
        }
    }
}

impl Tasks {
    /// Begins a piece of work; it is polled at the next turn.
    pub fn begin(&mut self, owner: Owner, work: impl Future<Output = ()> + Send + 'static) {
        self.next += 1;
        let bell = Arc::new(Bell { task: self.next, woken: Arc::clone(&self.woken) });
        Arc::clone(&bell).wake();
        self.waiting.insert(self.next, (owner, Box::pin(work), Waker::from(bell)));
    }

    /// Takes the next that can go on. `which` picks among so many.
    pub fn take_woken(&mut self, which: impl FnOnce(u64) -> u64) -> Option<u64> {
        let mut woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        if woken.is_empty() {
            return None;
        }
        let which = usize::try_from(which(woken.len() as u64)).unwrap_or(0);
        Some(woken.remove(which))
    }

    /// Lets a piece of work go on.
    pub fn poll(&mut self, task: u64) {
        let Some((_, work, waker)) = self.waiting.get_mut(&task) else { return };
        let waker = waker.clone();
        if work.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Ready(()) {
            self.waiting.remove(&task);
        }
    }

    /// Ends everything of a service at once, wherever it is.
    pub fn end_of(&mut self, node: usize) {
        self.waiting.retain(|_, (owner, ..)| owner.is_none_or(|(of, _)| of != node));
    }

    /// How many pieces of work there are of somebody outside.
    pub fn outside(&self) -> usize {
        self.waiting.values().filter(|(owner, ..)| owner.is_none()).count()
    }
}
