//! What a backup says of itself: `manifest.json` in its folder, and the rule that makes it one cut.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::inspect::{Inspected, Position, Schema};
use super::snapshot::cannot;
use crate::engine::schema::KIT_VERSION;
use crate::error::{Error, Kind, Result, reason};
use crate::message::stream_of;

/// The name of the file.
pub const FILE: &str = "manifest.json";

/// The form of backups that is written, and the newest that is read.
pub const FORMAT: u32 = 1;

/// What a backup consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of this backup.
    pub format: u32,
    /// Its name.
    pub backup: String,
    /// The moment of the cut, by the clock of whoever made it.
    pub made_at: Timestamp,
    /// The version of the program that made it.
    pub made_by: String,
    /// For how long at most a writer stood still, in microseconds.
    pub barrier_us: u64,
    /// Every database, by service.
    pub services: Vec<Entry>,
}

/// One database of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The service.
    pub service: String,
    /// The name of the file in the folder.
    pub file: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// The SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
    /// The identity of the database.
    pub origin: String,
    /// The oldest row of its outbox; 1 if there is none yet.
    pub outbox_oldest: u64,
    /// The newest; 0 if there is none yet.
    pub outbox_newest: u64,
    /// The version of its tables.
    pub schema: Schema,
    /// How far it has heard each source.
    pub positions: Vec<Position>,
}

impl Entry {
    /// What a manifest says of a file that was read.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of(path: &Path, known: &Inspected) -> Result<Self> {
        let (bytes, sha256) = fingerprint(path)?;
        Ok(Self {
            service: known.service.clone(),
            file: file_of(&known.service),
            bytes,
            sha256,
            origin: known.origin.clone(),
            outbox_oldest: known.outbox_oldest,
            outbox_newest: known.outbox_newest,
            schema: known.schema,
            positions: known.positions.clone(),
        })
    }
}

/// The name of the file of a service.
pub fn file_of(service: &str) -> String {
    format!("{service}.db")
}

impl Manifest {
    /// Writes it into a folder, and brings it to the disk.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        let path = folder.join(FILE);
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::internal("a manifest cannot be written as JSON").caused_by(error))?;
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| writeln!(file, "{text}"))
            .map_err(|error| cannot(&path, error))?;
        super::snapshot::sync(&path)
    }

    /// Reads the one of a folder.
    ///
    /// # Errors
    /// `no_backup` if there is none, or it is not understood, or it is of a newer form.
    pub fn read(folder: &Path) -> Result<Self> {
        let refused = |why: String| {
            Error::new(Kind::Refused, reason::NO_BACKUP, format!("{} is no backup: {why}", folder.display()))
        };
        let text = std::fs::read_to_string(folder.join(FILE))
            .map_err(|error| refused(format!("{FILE} cannot be read: {error}")))?;
        let value: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| refused(format!("{FILE} is not JSON: {error}")))?;
        match value["format"].as_u64() {
            Some(found) if found > u64::from(FORMAT) => Err(refused(format!(
                "its form is {found}, this program knows {FORMAT}; take the program that made it, or a newer one"
            ))),
            _ => serde_json::from_value(value)
                .map_err(|error| refused(format!("{FILE} is not understood: {error}"))),
        }
    }
}

/// The length and the SHA-256 of a file.
///
/// # Errors
/// If it cannot be read.
pub fn fingerprint(path: &Path) -> Result<(u64, String)> {
    use std::io::Read;
    let mut file = std::fs::File::open(path).map_err(|error| cannot(path, error))?;
    let (mut hasher, mut bytes, mut block) = (Sha256::new(), 0, vec![0; 256 * 1024]);
    loop {
        match file.read(&mut block).map_err(|error| cannot(path, error))? {
            0 => break,
            read => {
                hasher.update(&block[..read]);
                bytes += read as u64;
            }
        }
    }
    let digits = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes, digits))
}

/// Where the files are not of one moment: somebody has heard what its source does not know yet. Each with the
/// service that has heard too much.
pub fn cut_faults(entries: &[Entry]) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    for hearer in entries {
        for heard in &hearer.positions {
            let source = entries
                .iter()
                .find(|entry| stream_of(&entry.service) == heard.source && entry.origin == heard.origin);
            if let Some(source) = source.filter(|source| source.outbox_newest < heard.sequence) {
                let what = format!(
                    "it has heard {} up to message {}, but {} ends with row {}: the files are not of one moment",
                    heard.source, heard.sequence, source.file, source.outbox_newest
                );
                faults.push((hearer.service.clone(), what));
            }
        }
    }
    faults
}

/// What is newer in a database than this program knows, if something is. Only the part of the kit can be judged
/// here: a service judges its own at its start.
pub fn too_new(schema: Schema) -> Option<String> {
    let found = schema.kit;
    (found > KIT_VERSION).then(|| {
        format!("its tables of the kit have version {found}, this program knows {KIT_VERSION}; take a newer program")
    })
}
