//! How many tries of each kind of work on the outside world may be under way at once.
//!
//! Whoever asks for such work takes a place for it in the same transaction, if one is free: then the first
//! try is recorded with the intent, and begins as soon as both are on the disk. Otherwise the work waits in
//! its row until a place is free, and that its try begins is recorded then.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::engine::effects::Row;
use crate::service::Service;

/// The places of every kind of work of a service.
#[derive(Debug)]
pub struct Places(BTreeMap<&'static str, Arc<Semaphore>>);

/// The place of one try; free again when it is dropped.
pub type Place = OwnedSemaphorePermit;

/// Work whose first try was recorded as begun, to be tried at once.
#[derive(Debug)]
pub struct Begun {
    /// Its row, as it stands.
    pub row: Row,
    /// The place of the try.
    pub place: Place,
}

impl Places {
    /// As many of each kind as its policy says, all free.
    pub fn of(service: &Service) -> Self {
        let of_kind = |kind: &crate::service::Performs| Arc::new(Semaphore::new(kind.policy.at_once));
        Self(service.effects().map(|(name, kind)| (name, of_kind(kind))).collect())
    }

    /// Takes a place, if one is free.
    pub fn take(&self, name: &str) -> Option<Place> {
        Arc::clone(self.0.get(name)?).try_acquire_owned().ok()
    }

    /// How many of each kind are free.
    pub(crate) fn free(&self) -> Vec<(&'static str, usize)> {
        self.0.iter().map(|(name, places)| (*name, places.available_permits())).collect()
    }

    /// Gives no place to anybody any more.
    pub(crate) fn close(&self) {
        for places in self.0.values() {
            places.close();
        }
    }
}
