//! A cut of the power, as the databases see it: of every file nothing is left but what was synced.
//!
//! A small library in C is loaded into the services, and keeps a copy of each database whenever it is synced. It
//! takes Linux and a C compiler, which also builds SQLite.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::NAMES;

/// The library.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/harness/synced.c");

/// The endings of the files of one database. The last is made anew from the others.
const ENDINGS: [&str; 3] = ["", "-wal", "-shm"];

/// What was synced of the databases of a shop, as long as this is kept.
pub struct Synced {
    folder: TempDir,
    library: String,
    files: String,
}

impl Synced {
    /// Builds the library. None if this machine cannot, which is said on standard error: the test that wanted it has
    /// not shown anything then.
    pub fn new() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let (library, files) = (folder.path().join("synced.so"), folder.path().join("files"));
        std::fs::create_dir(&files).expect("a folder");
        let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(SOURCE).output();
        if !cfg!(target_os = "linux") || !built.is_ok_and(|output| output.status.success()) {
            let _ = writeln!(
                std::io::stderr(),
                "NOT TESTED: what was synced cannot be told here (that takes Linux and a C compiler), so nothing is \
                 shown about a power cut"
            );
            return None;
        }
        let (library, files) = (library.display().to_string(), files.display().to_string());
        Some(Self { folder, library, files })
    }

    /// The variables of a service whose syncs are seen.
    pub fn variables(&self) -> [(&str, &str); 2] {
        [("LD_PRELOAD", &self.library), ("SYNCED_FILES", &self.files)]
    }

    /// Leaves of every database in a folder what was synced. No service may run there.
    ///
    /// # Panics
    /// If a database was never synced: then nobody has looked.
    pub fn cut(&self, data: &Path) {
        for name in NAMES {
            for ending in ENDINGS {
                let file = format!("{name}.db{ending}");
                let (at, kept) = (data.join(&file), self.folder.path().join("files").join(&file));
                let _ = std::fs::remove_file(&at);
                if kept.exists() {
                    std::fs::copy(&kept, &at).expect("a copy");
                }
                assert!(!ending.is_empty() || at.exists(), "{file} was synced");
            }
        }
    }
}
