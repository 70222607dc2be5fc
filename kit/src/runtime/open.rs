//! Opening a database that can be trusted, and the words for one that cannot.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::room::LOOKED_AT;
use super::start::Ended;
use crate::clock::{SystemChance, SystemClock};
use crate::engine::schema::OpenError;
use crate::engine::{Engine, check};
use crate::error::{Error, is_full};
use crate::service::Service;

/// Opens the database of a service, and waits if the disk has no room for that. None: told to stop before.
pub(super) async fn when_there_is_room(
    path: &Path,
    service: &Arc<Service>,
    stop: &CancellationToken,
) -> Result<Option<Engine>, Ended> {
    let mut told = false;
    loop {
        match sound(path, service) {
            Ok(engine) => return Ok(Some(engine)),
            Err(Trouble::Ends(ended)) => return Err(ended),
            Err(Trouble::NoRoom) if !told => {
                tracing::error!(
                    "{} is not opened: the disk is full; it is as soon as there is room",
                    path.display()
                );
                told = true;
            }
            Err(Trouble::NoRoom) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(LOOKED_AT) => {}
            () = stop.cancelled() => return Ok(None),
        }
    }
}

enum Trouble {
    NoRoom,
    Ends(Ended),
}

impl From<Ended> for Trouble {
    fn from(ended: Ended) -> Self {
        Self::Ends(ended)
    }
}

/// Opens the database of a service once its log adds up, and lets nobody use it before it was read.
fn sound(path: &Path, service: &Arc<Service>) -> Result<Engine, Trouble> {
    let unclean = check::ended_unclean(path);
    match check::log(path) {
        Ok(None) => {}
        Ok(Some(damage)) => {
            return Err(Ended::Storage(format!("{damage}; nothing was opened; {NEXT}")).into());
        }
        Err(error) => {
            let log = check::log_of(path);
            return Err(Ended::Storage(format!("{} cannot be read: {error}; {NEXT}", log.display())).into());
        }
    }
    let engine = Engine::open(path, Arc::clone(service), Arc::new(SystemClock), Box::new(SystemChance))
        .map_err(cannot_open)?;
    let time = if unclean { check::CHECK_TIME.1 } else { check::CHECK_TIME.0 };
    let rows = if unclean { check::newest_rows(&engine.sql()) } else { Ok(()) };
    let checked =
        rows.and_then(|()| check::pages(&engine.sql(), time)).map_err(|error| refused(path, &error))?;
    if unclean {
        // A log that begins anew holds nothing of what was torn.
        if let Err(error) = engine.shorten_log() {
            if error.is_fatal() {
                return Err(refused(path, &error).into());
            }
            tracing::warn!("The log was not shortened: {}", error.chain());
        }
        let read = if checked { "all of it" } else { "as much of it as there was time for" };
        tracing::info!("{} was not closed in order; {read} was read, and it is sound", path.display());
    }
    Ok(engine)
}

/// What a person does next about a damaged file.
const NEXT: &str = "`shopctl db check` says what is wrong, `shopctl backup restore` puts back a copy; the file is left as it is";

fn cannot_open(error: OpenError) -> Trouble {
    let full = matches!(&error, OpenError::Storage { source, .. } if is_full(source));
    match Ended::from(error) {
        _ if full => Trouble::NoRoom,
        Ended::Storage(why) => Trouble::Ends(Ended::Storage(format!("{why}; nothing was done; {NEXT}"))),
        other => Trouble::Ends(other),
    }
}

fn refused(path: &Path, error: &Error) -> Ended {
    Ended::Storage(format!("{} is not used: {}; {NEXT}", path.display(), error.chain()))
}

/// The end of a process whose database broke while it was used.
pub(super) fn broken(path: &Path, why: &str) -> Ended {
    Ended::Storage(format!(
        "the database {} cannot be trusted any more: {why}; nothing more is answered, and this process ends; \
         start it again, and if it does not start: {NEXT}",
        path.display()
    ))
}

/// The same, if it broke while the process ended already.
pub(super) fn unless_broken(path: &Path, fatal: &watch::Receiver<Option<String>>) -> Result<(), Ended> {
    fatal.borrow().as_ref().map_or(Ok(()), |why| Err(broken(path, why)))
}
