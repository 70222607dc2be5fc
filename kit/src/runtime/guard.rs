//! Whether the files of a database are still those that were opened. Somebody may delete the lock of a
//! service that runs, and then a second one could own the same database; or the database itself, and
//! then everything that is answered would be written to a file that nobody can find again.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::engine::check::log_of;

/// The files of one database, as they were when it was opened.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    lock: Known,
    database: Known,
    log: Known,
}

#[derive(Debug, Clone)]
struct Known {
    path: PathBuf,
    is: Option<(u64, u64)>,
}

/// What has become of the files.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// Only the log is not there any more. What it held can still be written into the database.
    Log(String),
    /// The lock or the database is another file now. Nothing may be written.
    All(String),
}

impl Guard {
    /// Remembers which files they are.
    pub(super) fn of(lock: &Path, database: &Path) -> Self {
        let known = |path: &Path| Known { path: path.to_owned(), is: identity(path) };
        Self { lock: known(lock), database: known(database), log: known(&log_of(database)) }
    }

    /// Where the database is.
    pub(super) fn database(&self) -> &Path {
        &self.database.path
    }

    /// Compares. It costs three looks at the folder, which is little beside a sync to the disk.
    pub(super) fn check(&self) -> Result<(), Gone> {
        for known in [&self.lock, &self.database] {
            if identity(&known.path) != known.is {
                return Err(Gone::All(format!("{} was removed or replaced", known.path.display())));
            }
        }
        // A database on which nothing was written yet has none.
        if self.log.is.is_some() && identity(&self.log.path) != self.log.is {
            return Err(Gone::Log(format!("{} was removed or replaced", self.log.path.display())));
        }
        Ok(())
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|facts| (facts.dev(), facts.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_another_than_the_one_that_was_opened_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["lock", "db", "db-wal"] {
            std::fs::write(path(name), name).unwrap();
        }
        let guard = Guard::of(&path("lock"), &path("db"));
        std::fs::write(path("db"), "grown").unwrap();
        assert_eq!(guard.check(), Ok(()));
        std::fs::rename(path("db-wal"), path("kept")).unwrap();
        assert!(matches!(guard.check(), Err(Gone::Log(why)) if why.contains("db-wal")));
        std::fs::rename(path("lock"), path("old")).unwrap();
        std::fs::write(path("lock"), "lock").unwrap();
        assert!(matches!(guard.check(), Err(Gone::All(why)) if why.contains("lock")));
    }
}
