//! One owner a database: an exclusive lock on a file beside it. A second instance waits as a
//! standby and takes over when the first lets go, which is also how a new version replaces an old.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How often a standby looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The lock; it is let go when this is dropped, or when the process ends in whatever way.
#[derive(Debug)]
pub struct OwnerLock {
    _file: File,
}

/// Takes the lock at once, for work on a database whose service does not run. None: somebody has it.
///
/// # Errors
/// If the file cannot be opened or locked.
pub fn take(path: &Path) -> std::io::Result<Option<OwnerLock>> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            writeln!(file, "{}", std::process::id())?;
            Ok(Some(OwnerLock { _file: file }))
        }
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Waits for the lock. None: told to stop before.
pub(super) async fn acquire(
    path: &Path,
    service: &str,
    stop: &CancellationToken,
) -> std::io::Result<Option<OwnerLock>> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) => {
                if !told {
                    let mut owner = String::new();
                    let _ = file.rewind().and_then(|()| file.read_to_string(&mut owner));
                    tracing::info!("Standing by: {service} is owned by process {}", owner.trim());
                    told = true;
                }
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = stop.cancelled() => return Ok(None),
        }
    }
    if told {
        tracing::info!("Taking over {service}");
    }
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())?;
    Ok(Some(OwnerLock { _file: file }))
}
