//! What a service does for a backup: it holds its writer, keeps its database as it was at that moment, and copies
//! that in peace into a file of the folder of the backup.
//!
//! The copy reads within one transaction that began while the writer stood still. What is written later is in the
//! write-ahead log behind it, so it neither gets into the copy nor makes it begin again.

mod copying;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rusqlite::Connection;
use tokio::task::JoinHandle;

#[cfg(test)]
pub(super) use self::copying::copy_now;
use self::copying::{Copy, target};
use super::hold::{HOLD_TIME, Hold, Holder};
use crate::crash;
use crate::engine::Job;
use crate::engine::port::Port;
use crate::engine::schema::open_reader;
use crate::error::{Error, Kind, Result, reason};
use crate::sql::Sql;

/// The folder of the backups in a data folder.
pub const FOLDER: &str = "backups";

/// What the name of the folder of a backup ends with until it is whole.
pub const PARTIAL: &str = ".partial";

/// Length of the name of a backup in characters.
pub const NAME_CHARS_MAX: usize = 40;

/// How long a snapshot is kept that nobody asks about any more. It is dropped then, with what was copied: while
/// there is one, the write-ahead log cannot be emptied.
pub const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

/// How often it is looked whether a snapshot is forgotten.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The snapshot that a service has, if it has one.
#[derive(Default)]
pub struct Snapshots {
    current: Mutex<Option<Snapshot>>,
}

struct Snapshot {
    backup: String,
    asked_at: Instant,
    stage: Stage,
}

enum Stage {
    /// The writer was asked to stand still and does not yet. The answer knows itself again by what is in it.
    Asked(Arc<()>),
    /// The writer stands still.
    Held {
        let_go: std::sync::mpsc::Sender<()>,
        ended: JoinHandle<Result<Bytes>>,
        since: Instant,
        reader: Connection,
    },
    /// The writer goes on; this connection still reads what was.
    Kept(Connection),
    /// It is being copied, or has been.
    Copying(Arc<Copy>),
}

/// What is known of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) pages: u64,
    pub(crate) left: u64,
    pub(crate) is_done: bool,
}

impl std::fmt::Debug for Snapshots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Snapshots")
    }
}

impl Snapshots {
    /// Has the writer stand still, and keeps the database as it is now. It goes on by itself after
    /// [`HOLD_TIME`].
    ///
    /// # Errors
    /// `backup_busy` if another backup is being made; why the database cannot be read.
    pub(crate) async fn hold(port: &Arc<dyn Port>, path: PathBuf, backup: &str) -> Result<()> {
        check_name(backup)?;
        let claim = port.vitals().snapshots.claim(backup)?;
        crash::pause("backup.hold", port.service().name()).await?;
        let reader = blocking(move || open_reader(&path)).await?;
        let (hold, Holder { held, let_go }) = Hold::new();
        let (writing, job) = (Arc::clone(port), Job::hold(port.now(), hold));
        let ended = tokio::spawn(async move { writing.submit(job).await });
        match tokio::time::timeout(HOLD_TIME, held).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => {
                return Err(Error::unavailable(reason::STOPPING, "the writer is ending; nothing was held"));
            }
            Err(_) => {
                let what = "the writer had too much to do to stand still in time; nothing was held";
                return Err(Error::new(Kind::Overloaded, reason::OVERLOADED, what));
            }
        }
        let since = Instant::now();
        let reader = blocking(move || {
            // The first read is what fixes the moment.
            reader.execute_batch("BEGIN; SELECT count(*) FROM meta;")?;
            Ok(reader)
        })
        .await?;
        claim.becomes(Stage::Held { let_go, ended, since, reader })?;
        tokio::spawn(forget(Arc::clone(port), backup.to_owned()));
        Ok(())
    }

    /// The place of a snapshot, of which there is one: nobody else is held until the claim is dropped.
    fn claim(&self, backup: &str) -> Result<Claim<'_>> {
        let mut current = self.lock();
        if let Some(other) = current.as_ref() {
            let what = format!("the backup {} is being made; nothing was held", other.backup);
            return Err(Error::conflict(reason::BACKUP_BUSY, what));
        }
        let own = Arc::new(());
        let stage = Stage::Asked(Arc::clone(&own));
        *current = Some(Snapshot { backup: backup.to_owned(), asked_at: Instant::now(), stage });
        drop(current);
        Ok(Claim { snapshots: self, own })
    }

    /// Lets the writer go on, and answers for how long it stood still; none if it had gone on by itself before.
    pub(crate) async fn let_go(&self, backup: &str) -> Result<Option<Duration>> {
        let (let_go, ended, since) = {
            let mut current = self.lock();
            let snapshot = of(&mut current, backup)?;
            match std::mem::replace(&mut snapshot.stage, Stage::Copying(Arc::default())) {
                Stage::Held { let_go, ended, since, reader } => {
                    snapshot.stage = Stage::Kept(reader);
                    (let_go, ended, since)
                }
                other => {
                    snapshot.stage = other;
                    return Err(Error::conflict(reason::BACKUP_UNKNOWN, "the writer is not held"));
                }
            }
        };
        let _ = let_go.send(());
        let kept = ended.await.map_err(|error| Error::internal("a hold ended early").caused_by(error))??;
        Ok((!kept.is_empty()).then(|| since.elapsed()))
    }

    /// Begins to copy into the folder of the backup, or says how far that is.
    ///
    /// # Errors
    /// Why it could not be copied; nothing of it is left then.
    pub(crate) fn copy(&self, backup: &str, database: &Path) -> Result<Progress> {
        let mut current = self.lock();
        let snapshot = of(&mut current, backup)?;
        let copy = match std::mem::replace(&mut snapshot.stage, Stage::Copying(Arc::default())) {
            Stage::Kept(reader) => {
                let (copy, target) = (Arc::new(Copy::default()), target(database, backup)?);
                let (own, database) = (Arc::clone(&copy), database.to_owned());
                tokio::task::spawn_blocking(move || own.run(reader, &database, &target));
                copy
            }
            Stage::Copying(copy) => copy,
            held @ (Stage::Asked(_) | Stage::Held { .. }) => {
                snapshot.stage = held;
                return Err(Error::conflict(
                    reason::BACKUP_UNKNOWN,
                    "the writer is still held; nothing was copied",
                ));
            }
        };
        snapshot.stage = Stage::Copying(Arc::clone(&copy));
        let ended = copy.ended.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if ended.is_some() {
            *current = None;
        }
        ended.clone().transpose()?;
        Ok(Progress {
            pages: copy.pages.load(Ordering::Relaxed),
            left: copy.left.load(Ordering::Relaxed),
            is_done: ended.is_some(),
        })
    }

    /// Gives the snapshot up: the writer goes on, and a copy that is not done is removed. That there is none is
    /// just as well.
    pub(crate) fn give_up(&self, backup: &str) {
        let mut current = self.lock();
        if let Ok(snapshot) = of(&mut current, backup) {
            if let Stage::Copying(copy) = &snapshot.stage {
                copy.unwanted.store(true, Ordering::Relaxed);
            }
            *current = None;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Snapshot>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_forgotten(&self, backup: &str) -> Option<bool> {
        let current = self.lock();
        let snapshot = current.as_ref().filter(|snapshot| snapshot.backup == backup)?;
        Some(snapshot.asked_at.elapsed() > FORGOTTEN_AFTER)
    }
}

/// The place of a snapshot whose writer does not stand still yet. Dropped, the place is free again.
struct Claim<'a> {
    snapshots: &'a Snapshots,
    own: Arc<()>,
}

impl Claim<'_> {
    /// Fills the place.
    ///
    /// # Errors
    /// `backup_unknown` if it was given up meanwhile. What was to fill it is dropped then: the writer goes on.
    fn becomes(self, stage: Stage) -> Result<()> {
        let mut current = self.snapshots.lock();
        match current.as_mut().filter(|snapshot| snapshot.stage.is(&self.own)) {
            Some(snapshot) => {
                (snapshot.asked_at, snapshot.stage) = (Instant::now(), stage);
                Ok(())
            }
            None => {
                let what = "the backup was given up before the writer stood still; nothing is held";
                Err(Error::conflict(reason::BACKUP_UNKNOWN, what))
            }
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut current = self.snapshots.lock();
        if current.as_ref().is_some_and(|snapshot| snapshot.stage.is(&self.own)) {
            *current = None;
        }
    }
}

impl Stage {
    fn is(&self, claimed: &Arc<()>) -> bool {
        matches!(self, Self::Asked(own) if Arc::ptr_eq(own, claimed))
    }
}

/// Gives a snapshot up that nobody asks about any more.
async fn forget(port: Arc<dyn Port>, backup: String) {
    while let Some(forgotten) = port.vitals().snapshots.is_forgotten(&backup) {
        if forgotten {
            tracing::warn!(backup, "Nobody asks about the backup any more; it is given up");
            return port.vitals().snapshots.give_up(&backup);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn of<'a>(current: &'a mut Option<Snapshot>, backup: &str) -> Result<&'a mut Snapshot> {
    let what = "there is no such backup in the making, or nobody asked about it for too long";
    let unknown = || Error::not_found(reason::BACKUP_UNKNOWN, what);
    let snapshot = current.as_mut().filter(|snapshot| snapshot.backup == backup).ok_or_else(unknown)?;
    snapshot.asked_at = Instant::now();
    Ok(snapshot)
}

/// A name becomes the name of a folder, so it can be nothing else.
fn check_name(backup: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if backup.is_empty() || backup.len() > NAME_CHARS_MAX || !backup.bytes().all(plain) {
        let what = format!(
            "a backup is named with 1 to {NAME_CHARS_MAX} small letters, digits and -; nothing was held"
        );
        return Err(Error::invalid(reason::INVALID_ID, what));
    }
    Ok(())
}

/// Brings a file and its name to the disk.
///
/// # Errors
/// `storage_failed`, or `disk_full`.
pub fn sync(path: &Path) -> Result<()> {
    std::fs::File::open(path).and_then(|file| file.sync_all()).map_err(|error| cannot(path, error))?;
    match path.parent() {
        Some(folder) => std::fs::File::open(folder)
            .and_then(|file| file.sync_all())
            .map_err(|error| cannot(folder, error)),
        None => Ok(()),
    }
}

/// That a file or a folder of a backup could not be written or read.
pub(crate) fn cannot(path: &Path, error: std::io::Error) -> Error {
    let why = if error.kind() == std::io::ErrorKind::StorageFull {
        reason::DISK_FULL
    } else {
        reason::BACKUP_FAILED
    };
    Error::unavailable(why, format!("{} cannot be read or written: {error}", path.display())).caused_by(error)
}

/// The file of a database, as SQLite has it.
pub(crate) fn path_of(sql: &Sql<'_>) -> Result<PathBuf> {
    let path: String =
        sql.get("SELECT file FROM pragma_database_list WHERE name = 'main'", [], |row| row.get(0))?;
    Ok(PathBuf::from(path))
}

async fn blocking<T: Send + 'static>(run: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let ended = tokio::task::spawn_blocking(run).await;
    ended.unwrap_or_else(|error| Err(Error::internal("a reader ended early").caused_by(error)))
}
