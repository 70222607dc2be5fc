//! Backups as folders: a file a service, all of one moment, and a manifest that says what is in them.
//!
//! # Layout
//! - [`create`]: the moment in which every writer stands still, and the copies
//! - [`verify`]: whether a folder is a whole backup; [`restore`]: a shop made of one

pub(crate) mod create;
pub(crate) mod restore;
pub(crate) mod verify;

use std::io::Read;
use std::path::{Path, PathBuf};

use kit::Timestamp;
use kit::backup::Facts;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::failure::{Failure, exit};

/// The name of the manifest.
pub(crate) const MANIFEST: &str = "manifest.json";

/// The form of a backup that is written, and the newest that is read.
pub(crate) const FORM: u32 = 1;

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The form of the folder.
    pub(crate) form: u32,
    /// The name of the backup.
    pub(crate) backup: String,
    /// The moment of which all copies are.
    pub(crate) taken_at: Timestamp,
    /// How long the writers stood still, in milliseconds.
    pub(crate) barrier_ms: u64,
    /// The copies.
    pub(crate) files: Vec<Copy>,
}

/// The copy of one database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Copy {
    /// The file in the folder.
    pub(crate) file: String,
    /// How long it is.
    pub(crate) bytes: u64,
    /// Its SHA-256, as hexadecimal digits.
    pub(crate) sha256: String,
    /// What stands in it.
    #[serde(flatten)]
    pub(crate) facts: Facts,
}

impl Manifest {
    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// 3 if there is none, 2 if it is not understood, 78 if it is of a newer form.
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(MANIFEST);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            let what = format!("{} is no backup: {} cannot be read", folder.display(), path.display());
            match error.kind() {
                std::io::ErrorKind::NotFound => Failure::new(exit::NOT_FOUND, "no_backup", what)
                    .mend("shopctl backup create      makes one"),
                _ => Failure::io(what, &error),
            }
        })?;
        let manifest: Self = serde_json::from_str(&text).map_err(|error| {
            let what = format!("{} is not understood", path.display());
            Failure::invalid("invalid_backup", what)
                .why(kit::text::printable(&error.to_string()).into_owned())
        })?;
        if manifest.form > FORM {
            let what = format!("{} has form {}, this shopctl knows {FORM}", path.display(), manifest.form);
            return Err(
                Failure::new(exit::CONFIGURATION, "newer_backup", what).mend("use the shopctl that wrote it")
            );
        }
        // A file of a backup stands in its folder, and nowhere else.
        let strange = manifest.files.iter().find(|copy| {
            Path::new(&copy.file).file_name() != Some(copy.file.as_ref())
                || copy.file != format!("{}.db", copy.facts.service)
        });
        match strange {
            Some(copy) => {
                let file = kit::text::printable(&copy.file).into_owned();
                Err(Failure::invalid("invalid_backup", format!("{} names a file {file}", path.display())))
            }
            None => Ok(manifest),
        }
    }

    /// How long all files are together.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|copy| copy.bytes).sum()
    }
}

/// The length and the SHA-256 of a file.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn sum_of(path: &Path) -> std::io::Result<(u64, String)> {
    let mut file = std::fs::File::open(path)?;
    let (mut sum, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 20]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        sum.update(&buffer[..read]);
    }
    Ok((bytes, sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// Makes sure that the entries of a folder are on the disk.
///
/// # Errors
/// 74 if they may not be.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Failure> {
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| Failure::io(format!("{} may not be on the disk", folder.display()), &error))
}

/// Where backups stand that nobody has put elsewhere.
pub(crate) fn usual(data: &Path) -> PathBuf {
    data.join(kit::engine::snapshot::FOLDER)
}
