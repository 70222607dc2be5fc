//! Files that are written whole or not at all, for nobody else's eyes.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::failure::Failure;

/// Makes a folder that only its owner may look into.
///
/// # Errors
/// 74 if it cannot be made.
pub(super) fn folder(path: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| Failure::io(format!("the folder {} cannot be made", path.display()), &error))
}

/// Replaces a file, or makes it. It is on the disk before the one it replaces is gone: a key that
/// the broker knows and nobody has would shut its holder out.
///
/// # Errors
/// 74 if it cannot be written; the old one is then still there.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let new = path.with_extension("new");
    // What a crash left behind may have other permissions.
    let _ = std::fs::remove_file(&new);
    fill(&new, text)
        .and_then(|()| std::fs::rename(&new, path))
        .map_err(|error| Failure::io(format!("{} was not written", path.display()), &error))
}

/// Writes a file that must not exist yet.
///
/// # Errors
/// 74 if it exists, or cannot be written.
pub(super) fn create(path: &Path, text: &str) -> Result<(), Failure> {
    fill(path, text).map_err(|error| {
        if error.kind() != io::ErrorKind::AlreadyExists {
            // Half a key is none, and would be in the way of the next try.
            let _ = std::fs::remove_file(path);
        }
        Failure::io(format!("{} was not written", path.display()), &error)
    })
}

fn fill(path: &Path, text: &str) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
