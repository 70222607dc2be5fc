//! Copying what a service kept: page by page, into a file that counts only once it is whole and on the disk.

use std::path::{Path, PathBuf};
#[cfg(test)]
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::{FOLDER, PARTIAL, cannot, check_name, sync};
use crate::crash;
use crate::error::{Error, Kind, Result, reason};

/// How large the write-ahead log may become while a copy is made, in bytes. Beyond it the copy is given up, so that
/// a slow disk cannot fill it.
const WAL_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Pages copied between two looks at whether the copy is still wanted.
const PAGES_AT_ONCE: i32 = 256;

/// How far a copy is.
#[derive(Debug, Default)]
pub(super) struct Copy {
    pub(super) pages: AtomicU64,
    pub(super) left: AtomicU64,
    pub(super) unwanted: AtomicBool,
    pub(super) ended: Mutex<Option<Result<()>>>,
}

/// Where the copy of a database stands until the backup is whole.
pub(super) fn target(database: &Path, backup: &str) -> Result<PathBuf> {
    check_name(backup)?;
    match (database.parent(), database.file_name()) {
        (Some(folder), Some(file)) => Ok(folder.join(FOLDER).join(format!("{backup}{PARTIAL}")).join(file)),
        _ => Err(Error::internal("a database without a folder")),
    }
}

impl Copy {
    /// Copies to the end, or until it is not wanted any more. Nothing is left of a copy that is not whole, nor of
    /// a folder that whoever gave the backup up may have removed before this began.
    pub(super) fn run(&self, source: Connection, database: &Path, target: &Path) {
        let ended = self.pages_into(&source, database, target);
        drop(source);
        if ended.is_err() || self.is_unwanted() {
            let _ = std::fs::remove_file(target);
        }
        if self.is_unwanted() {
            // The copies of others may be in it still; then it stays.
            let _ = target.parent().map(std::fs::remove_dir);
        }
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended);
    }

    fn is_unwanted(&self) -> bool {
        self.unwanted.load(Ordering::Relaxed)
    }

    fn pages_into(&self, source: &Connection, database: &Path, path: &Path) -> Result<()> {
        let given_up = || Error::unavailable(reason::BACKUP_UNKNOWN, "the backup was given up");
        if self.is_unwanted() {
            return Err(given_up());
        }
        let mut target = make(path)?;
        let of = database.file_stem().unwrap_or_default().to_string_lossy();
        crash::point("backup.copy", &of)?;
        let copying = Backup::new(source, &mut target)?;
        let log = format!("{}-wal", database.display());
        loop {
            let step = copying.step(PAGES_AT_ONCE)?;
            let progress = copying.progress();
            self.pages.store(u64::try_from(progress.pagecount).unwrap_or(0), Ordering::Relaxed);
            self.left.store(u64::try_from(progress.remaining).unwrap_or(0), Ordering::Relaxed);
            match step {
                StepResult::Done => break,
                // Nobody else writes to either; if somebody does all the same, it is only a moment.
                StepResult::More => std::thread::yield_now(),
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
            if self.is_unwanted() {
                return Err(given_up());
            }
            if std::fs::metadata(&log).is_ok_and(|facts| facts.len() > WAL_BYTES_MAX) {
                return Err(too_slow());
            }
        }
        drop(copying);
        target.close().map_err(|(_, error)| error)?;
        sync(path)
    }
}

fn too_slow() -> Error {
    let mib = WAL_BYTES_MAX / (1024 * 1024);
    let what = format!(
        "the copy was given up: more than {mib} MiB were written meanwhile; try again when less is going on, or on \
         a faster disk"
    );
    Error::new(Kind::Overloaded, reason::BACKUP_TOO_SLOW, what)
}

/// An empty database for its owner only. What is in it counts only after [`sync`], so nothing before is synced.
#[expect(clippy::disallowed_methods, reason = "a copy is no database of a service yet: nobody migrates it")]
fn make(path: &Path) -> Result<Connection> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| cannot(folder, error))?;
    }
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map_err(|error| cannot(path, error))?;
    let target = Connection::open(path)?;
    target.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;")?;
    Ok(target)
}

/// Copies at once, for tests; answers how many pages were left after each step, and where the copy is.
#[cfg(test)]
pub(in crate::backup) fn copy_now(
    reader: Connection,
    database: &Path,
    backup: &str,
) -> Result<(Vec<u64>, PathBuf)> {
    let (copy, target) = (Arc::new(Copy::default()), target(database, backup)?);
    let (own, path, to) = (Arc::clone(&copy), database.to_owned(), target.clone());
    let copying = std::thread::spawn(move || own.run(reader, &path, &to));
    let mut looks = Vec::new();
    while !copying.is_finished() {
        let left = copy.left.load(Ordering::Relaxed);
        if left > 0 && looks.last() != Some(&left) {
            looks.push(left);
        }
        std::thread::yield_now();
    }
    let ended = copy.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
    ended.unwrap_or(Ok(())).map(|()| (looks, target))
}
