//! Whether a folder is a whole backup: every file is what was written, sound in itself, and all of one moment.

use std::path::Path;

use kit::backup::{Facts, misfits};
use serde::Serialize;

use super::{Manifest, sum_of};
use crate::failure::Failure;

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// Which file, or the backup.
    pub(crate) about: String,
    /// What is wrong.
    pub(crate) says: String,
}

/// What is wrong with a backup; nothing if it is whole.
///
/// # Errors
/// If the folder cannot be read.
pub(crate) fn verify(folder: &Path, manifest: &Manifest) -> Result<Vec<Fault>, Failure> {
    let mut faults = Vec::new();
    let mut wrong = |about: &str, says: String| faults.push(Fault { about: about.to_owned(), says });
    for copy in &manifest.files {
        let path = folder.join(&copy.file);
        let (bytes, sha256) = match sum_of(&path) {
            Ok(sums) => sums,
            Err(error) => {
                wrong(&copy.file, format!("cannot be read: {error}"));
                continue;
            }
        };
        if (bytes, &sha256) != (copy.bytes, &copy.sha256) {
            wrong(
                &copy.file,
                format!("is not what was written: {bytes} bytes of {}, or other ones", copy.bytes),
            );
            continue;
        }
        match kit::backup::faults(&path) {
            Ok(found) => found.into_iter().for_each(|fault| wrong(&copy.file, fault)),
            Err(error) => wrong(&copy.file, error.chain()),
        }
        match kit::backup::facts(&path) {
            Ok(facts) if facts == copy.facts => {}
            Ok(_) => wrong(&copy.file, "says other things than the manifest".to_owned()),
            Err(error) => wrong(&copy.file, error.chain()),
        }
    }
    let facts: Vec<Facts> = manifest.files.iter().map(|copy| copy.facts.clone()).collect();
    misfits(&facts).into_iter().for_each(|misfit| wrong("backup", misfit));
    for name in contracts::services() {
        if !facts.iter().any(|facts| facts.service == name) {
            wrong("backup", format!("has no copy of {name}"));
        }
    }
    Ok(faults)
}
