//! A few connections that only read.

use std::any::Any;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::writer::{Signals, silent_if};
use crate::engine::port::Read;
use crate::engine::schema::open_reader;
use crate::error::{Error, Kind, Result, reason};
use crate::limits::{READERS, REQUEST_TIME};
use crate::sql::Sql;

/// The readers of one database.
#[derive(Clone)]
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
    signals: Arc<Signals>,
}

impl Readers {
    pub(super) fn open(path: &Path, signals: Arc<Signals>) -> Result<Self> {
        let connections = (0..READERS).map(|_| open_reader(path)).collect::<Result<Vec<_>>>()?;
        Ok(Self {
            idle: Arc::new(Mutex::new(connections)),
            places: Arc::new(Semaphore::new(READERS)),
            signals,
        })
    }

    /// Reads, with the type of the closure.
    pub(super) async fn get<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Sql<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let value = self.read(Box::new(move |sql| read(sql).map(|value| Box::new(value) as _))).await?;
        value
            .downcast()
            .map(|value| *value)
            .map_err(|_| Error::internal("a reader answered with another type"))
    }

    /// Reads on a thread that may block. Waits for a connection as long as a request may take.
    pub(super) async fn read(&self, read: Read) -> Result<Box<dyn Any + Send>> {
        let busy =
            || Error::new(Kind::Overloaded, reason::OVERLOADED, "too many are reading; try again later");
        let place = tokio::time::timeout(REQUEST_TIME, Arc::clone(&self.places).acquire_owned())
            .await
            .map_err(|_| busy())?
            .map_err(|_| busy())?;
        let idle = Arc::clone(&self.idle);
        let answer = tokio::task::spawn_blocking(move || {
            let connection = idle.lock().unwrap_or_else(PoisonError::into_inner).pop().ok_or_else(busy)?;
            let answer =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read(&Sql::new(&connection))))
                    .unwrap_or_else(|panic| Err(crate::engine::commit::panicked(&*panic)));
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            drop(place);
            answer
        })
        .await
        .unwrap_or_else(|error| Err(Error::internal("a reader ended early").caused_by(error)));
        if let Some(error) = answer.as_ref().err().filter(|error| error.is_fatal()) {
            self.signals.fatal.send_replace(Some(error.chain()));
            silent_if(&self.signals.fatal.subscribe()).await;
        }
        answer
    }
}
