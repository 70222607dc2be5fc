//! A snapshot of the database: taken while the writer stands still, and copied while it goes on.
//!
//! Copies of several services are of one moment only if all writers stand still at once: each is held, each
//! takes its snapshot, and only when all have is the first let go. A reader in the write-ahead log sees the
//! last commit before its transaction began for as long as that lasts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::outbox;
use super::schema::open_reader;
use crate::error::{Error, Result};
use crate::sql::Sql;

/// How long a writer stands still at most. Whoever holds it for longer has lost it, and the copy fails.
pub const HOLD_TIME_MAX: Duration = Duration::from_secs(2);
/// How long a snapshot is kept that nobody copies, and how long copying may take. Until then the
/// write-ahead log cannot be emptied, so it grows by what is written meanwhile.
pub const SNAPSHOT_TIME_MAX: Duration = Duration::from_secs(10 * 60);
/// Pages that are copied in one step.
const PAGES_AT_ONCE: i32 = 256;
/// The folder of copies beside the databases.
pub const FOLDER: &str = "backups";
/// What the folder of a copy is called until all of it is there.
pub const PARTIAL: &str = "partial";

/// The snapshots of a service: one for each backup that is being made, which is one at a time as a rule.
#[derive(Debug, Default)]
pub struct Snapshots(Mutex<BTreeMap<String, Arc<Mutex<Snapshot>>>>);

/// A snapshot, and how far its copy is.
#[derive(Debug)]
pub struct Snapshot {
    /// Lets the writer go on; dropping it does, too.
    release: Option<Sender<()>>,
    held_until: Instant,
    kept_until: Instant,
    /// The reader in its transaction, until it is copied.
    reader: Option<Connection>,
    progress: Progress,
}

/// How far a copy is.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Pages of the database.
    pub pages: u64,
    /// Pages that are copied.
    pub copied: u64,
    /// Whether all is copied and on the disk.
    pub done: bool,
    /// Why it will never be, if so.
    pub failure: Option<String>,
}

impl Snapshots {
    /// Keeps a snapshot that was taken while the writer is held.
    pub fn keep(&self, backup: &str, release: Sender<()>, reader: Connection) {
        let now = Instant::now();
        let snapshot = Snapshot {
            release: Some(release),
            held_until: now + HOLD_TIME_MAX,
            kept_until: now + SNAPSHOT_TIME_MAX,
            reader: Some(reader),
            progress: Progress::default(),
        };
        let mut all = self.lock();
        // What somebody began and never ended is in nobody's way.
        all.retain(|_, old| old.lock().is_ok_and(|old| old.kept_until > now));
        all.insert(backup.to_owned(), Arc::new(Mutex::new(snapshot)));
    }

    /// Lets the writer go on. Answers whether it stood still until now.
    ///
    /// # Errors
    /// If there is no such snapshot.
    pub fn release(&self, backup: &str) -> Result<bool> {
        let snapshot = self.find(backup)?;
        let mut snapshot = snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        let was_held = snapshot.release.take().is_some_and(|release| release.send(()).is_ok());
        Ok(was_held && Instant::now() < snapshot.held_until)
    }

    /// Forgets a snapshot, and lets the writer go on.
    pub fn forget(&self, backup: &str) {
        self.lock().remove(backup);
    }

    /// Begins to copy a snapshot into a file, or says how far that is.
    ///
    /// # Errors
    /// If there is no such snapshot.
    pub fn copy(&self, backup: &str, to: PathBuf) -> Result<Progress> {
        let found = self.find(backup)?;
        let mut snapshot = found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reader) = snapshot.reader.take() {
            let (shared, until) = (Arc::clone(&found), snapshot.kept_until);
            std::thread::spawn(move || {
                let told = |progress: Progress| {
                    shared.lock().unwrap_or_else(PoisonError::into_inner).progress = progress;
                };
                match copy(&reader, &to, until, &told) {
                    Ok(progress) => told(progress),
                    Err(error) => told(Progress { failure: Some(error.chain()), ..Progress::default() }),
                }
            });
        }
        Ok(snapshot.progress.clone())
    }

    fn find(&self, backup: &str) -> Result<Arc<Mutex<Snapshot>>> {
        self.lock().get(backup).cloned().ok_or_else(|| {
            Error::not_found(
                "unknown_backup",
                "there is no such snapshot, or no longer; begin the backup anew: shopctl backup create",
            )
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<Mutex<Snapshot>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins to read: from here on this connection sees the database as it is now. Answers the newest row of
/// the outbox with it.
///
/// # Errors
/// If the file cannot be read.
pub fn take(database: &Path) -> Result<(Connection, u64)> {
    let reader = open_reader(database)?;
    reader.execute_batch("BEGIN")?;
    let newest = outbox::extent(&Sql::new(&reader))?.newest;
    Ok((reader, newest))
}

fn copy(reader: &Connection, to: &Path, until: Instant, told: &dyn Fn(Progress)) -> Result<Progress> {
    let folder = to.parent().ok_or_else(|| Error::internal("a copy without a folder"))?;
    let failed = |error| Error::internal("the copy cannot be written").caused_by(error);
    make_folder(folder).map_err(failed)?;
    let mut copy = open_copy(to)?;
    let mut progress = Progress::default();
    {
        let backup = Backup::new(reader, &mut copy)?;
        loop {
            if Instant::now() > until {
                return Err(Error::internal("copying took too long; nothing of it is kept"));
            }
            let step = backup.step(PAGES_AT_ONCE)?;
            let at = backup.progress();
            progress.pages = u64::try_from(at.pagecount).unwrap_or(0);
            progress.copied = progress.pages - u64::try_from(at.remaining).unwrap_or(0);
            told(progress.clone());
            if step == StepResult::Done {
                break;
            }
        }
    }
    // The copy is one file: whoever reads it needs no log beside it.
    copy.execute_batch("PRAGMA journal_mode = DELETE")?;
    drop(copy);
    std::fs::File::open(to).and_then(|file| file.sync_all()).map_err(failed)?;
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(Progress { done: true, ..progress })
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[expect(clippy::disallowed_methods, reason = "a copy is nobody's database")]
fn open_copy(to: &Path) -> Result<Connection> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(to)
        .map_err(|error| Error::internal("the copy cannot be made").caused_by(error))?;
    Ok(Connection::open(to)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemChance;
    use crate::engine::schema::open_writer;

    #[test]
    fn what_is_written_while_a_snapshot_is_copied_is_not_in_the_copy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thing.db");
        let tables = "CREATE TABLE things (id INTEGER NOT NULL PRIMARY KEY, text TEXT NOT NULL) STRICT;";
        let (writer, _) =
            open_writer(&path, "thing", &[tables], jiff::Timestamp::UNIX_EPOCH, &mut SystemChance).unwrap();
        let fill = |from: i64| {
            writer.execute_batch("BEGIN").unwrap();
            for id in from..from + 5000 {
                writer.execute("INSERT INTO things VALUES (?1, ?2)", (id, "x".repeat(500))).unwrap();
            }
            writer.execute_batch("COMMIT").unwrap();
        };
        fill(0);
        let (reader, _) = take(&path).unwrap();
        let to = folder.path().join("backups").join("one").join("thing.db");
        let (steps, wrote) = (std::cell::Cell::new(0), std::cell::Cell::new(5000));
        let until = Instant::now() + SNAPSHOT_TIME_MAX;
        let progress = copy(&reader, &to, until, &|_| {
            steps.set(steps.get() + 1);
            fill(wrote.replace(wrote.get() + 5000));
        })
        .unwrap();
        assert!(progress.done && steps.get() > 1, "{progress:?}");
        // It never began again, or it would not have ended: more is written in a step than it copies.
        assert!(progress.pages / u64::try_from(PAGES_AT_ONCE).unwrap() + 1 >= steps.get());
        let copied = open_reader(&to).unwrap();
        let things: i64 = copied.query_row("SELECT count(*) FROM things", [], |row| row.get(0)).unwrap();
        assert_eq!(things, 5000);
        assert!(!to.with_extension("db-wal").exists());
    }
}
