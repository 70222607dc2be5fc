//! Whether a backup is what was written: nothing but its folder is needed.

use std::path::Path;

use serde::Serialize;

use super::inspect::inspect;
use super::manifest::{Entry, Manifest, cut_faults, file_of, fingerprint, too_new};
use crate::error::Result;

/// Something that is wrong with a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which service it is about.
    pub service: String,
    /// What is wrong, for people.
    pub says: String,
}

/// Compares a backup with its manifest, reads every file from end to end, and checks that all are of one moment.
/// `looked` is told of each service that was looked at.
///
/// # Errors
/// `no_backup` if there is no manifest that can be understood.
pub fn verify(folder: &Path, mut looked: impl FnMut(&str)) -> Result<(Manifest, Vec<Finding>)> {
    let manifest = Manifest::read(folder)?;
    let mut findings = Vec::new();
    for entry in &manifest.services {
        findings.extend(
            one(folder, entry).into_iter().map(|says| Finding { service: entry.service.clone(), says }),
        );
        looked(&entry.service);
    }
    let cut = cut_faults(&manifest.services).into_iter();
    findings.extend(cut.map(|(service, says)| Finding { service, says }));
    Ok((manifest, findings))
}

fn one(folder: &Path, entry: &Entry) -> Vec<String> {
    // The name is made of that of the service, so that no manifest can lead elsewhere.
    if !crate::text::is_name(&entry.service) || entry.file != file_of(&entry.service) {
        return vec!["it has the name of no file of a service".to_owned()];
    }
    let path = folder.join(&entry.file);
    match fingerprint(&path) {
        Err(error) => return vec![error.message],
        Ok((bytes, _)) if bytes != entry.bytes => {
            return vec![format!("{} has {bytes} bytes, and had {}", entry.file, entry.bytes)];
        }
        Ok((_, sha256)) if sha256 != entry.sha256 => {
            return vec![format!("{} is not what was written: its SHA-256 is another", entry.file)];
        }
        Ok(_) => {}
    }
    match inspect(&path, true) {
        Err(error) => vec![format!("{} cannot be read: {}", entry.file, error.chain())],
        Ok(found) => {
            let mut says = found.findings.clone();
            let same = found.service == entry.service
                && (&found.origin, found.outbox_oldest, found.outbox_newest)
                    == (&entry.origin, entry.outbox_oldest, entry.outbox_newest)
                && found.positions == entry.positions;
            if !same {
                says.push(format!("{} says otherwise of itself than the manifest does", entry.file));
            }
            says.extend(too_new(found.schema));
            says
        }
    }
}
