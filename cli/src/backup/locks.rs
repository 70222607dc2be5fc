//! The databases of a shop that is down: each is locked, so that no service starts while they are worked on.

use std::path::Path;

use kit::runtime::lock::{OwnerLock, take};

use crate::failure::{Failure, exit};

/// Takes the database of a service, as the service itself would.
///
/// # Errors
/// 75 if its service runs; 74 if it cannot be locked.
pub(crate) fn take_one(data: &Path, service: &str, what: &str) -> Result<OwnerLock, Failure> {
    let path = data.join(format!("{service}.lock"));
    match take(&path) {
        Ok(Some(lock)) => Ok(lock),
        Ok(None) => {
            let message = format!("{what}: {service} runs in {}", data.display());
            Err(Failure::new(exit::LOCKED, "service_runs", message).mend("shopctl down"))
        }
        Err(error) => Err(Failure::io(format!("{what}: {} cannot be locked", path.display()), &error)),
    }
}

/// Takes the databases of several services.
///
/// # Errors
/// As [`take_one`].
pub(crate) fn take_all<'a>(
    data: &Path,
    services: impl IntoIterator<Item = &'a str>,
    what: &str,
) -> Result<Vec<OwnerLock>, Failure> {
    services.into_iter().map(|service| take_one(data, service, what)).collect()
}
