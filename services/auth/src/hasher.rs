//! Hashing passwords: few at once, few waiting, and never on a thread that others need.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use contracts::auth::Secret;
use kit::error::reason;
use kit::{Error, Kind, Result};
use tokio::sync::Semaphore;

use crate::password::{Hash, Recipe};

/// Passwords that are hashed at once. Each needs a processor and the memory of its recipe.
pub const HASHING_AT_ONCE: usize = 2;

/// Passwords that wait to be hashed. One more is answered `overloaded`, and nothing is done.
pub const HASHING_WAITING_MAX: usize = 64;

/// Hashes passwords. Its copies share their places.
#[derive(Clone)]
pub struct Hasher(Arc<Shared>);

struct Shared {
    in_place: bool,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    done: AtomicUsize,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new(false)
    }
}

impl Hasher {
    /// Hashes on the thread of whoever asks: for a simulator, which has only one.
    pub fn in_place() -> Self {
        Self::new(true)
    }

    fn new(in_place: bool) -> Self {
        Self(Arc::new(Shared {
            in_place,
            places: Arc::new(Semaphore::new(HASHING_AT_ONCE)),
            waiting: AtomicUsize::new(0),
            counts: Arc::default(),
        }))
    }

    /// Hashes a password once there is a place. Whoever calls must hold neither a reader nor the
    /// writer meanwhile.
    ///
    /// # Errors
    /// `overloaded` if too many wait already.
    pub async fn hash(&self, password: Secret, recipe: Recipe) -> Result<Hash> {
        let place = {
            let _waiting = Waiting::begin(&self.0.waiting)?;
            Arc::clone(&self.0.places).acquire_owned().await
        };
        if self.0.in_place {
            return recipe.hash(&password);
        }
        let place = place.map_err(|error| Error::internal("no place to hash").caused_by(error))?;
        let counts = Arc::clone(&self.0.counts);
        // The place goes along: also if nobody waits for the answer any more, it is free only once
        // the work is done.
        let hashed = tokio::task::spawn_blocking(move || {
            let _place = place;
            counts.most.fetch_max(counts.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let hash = recipe.hash(&password);
            counts.now.fetch_sub(1, Ordering::SeqCst);
            counts.done.fetch_add(1, Ordering::SeqCst);
            hash
        });
        hashed.await.map_err(|error| Error::internal("hashing broke off").caused_by(error))?
    }

    /// How many passwords were hashed so far.
    pub fn hashed(&self) -> usize {
        self.0.counts.done.load(Ordering::SeqCst)
    }

    /// How many were hashed at once at most.
    pub fn most_at_once(&self) -> usize {
        self.0.counts.most.load(Ordering::SeqCst)
    }
}

/// Somebody who waits for a place, also until they give up.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(waiting: &'a AtomicUsize) -> Result<Self> {
        if waiting.fetch_add(1, Ordering::SeqCst) < HASHING_WAITING_MAX {
            return Ok(Self(waiting));
        }
        waiting.fetch_sub(1, Ordering::SeqCst);
        Err(Error::new(
            Kind::Overloaded,
            reason::OVERLOADED,
            "nothing was done: too many people sign in at this moment; try again shortly",
        ))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
