//! Putting a backup back: every file of it, in the place of those that are there, which are moved aside.
//!
//! Each database gets a new identity. The broker may hold messages from after the cut under the old one; whoever
//! hears must not take a number that is given anew for one it knows. So what was heard of an old identity counts
//! for the new one, the old one is closed to every hearer, and the stream of an old one is made anew by its owner.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::inspect::inspect_live;
use super::manifest::Manifest;
use super::snapshot::{cannot, sync};
use crate::clock::{Clock, SystemChance, SystemClock};
use crate::engine::schema::REPLACES;
use crate::engine::standing::CLOSED;
use crate::error::{Error, Result, reason};
use crate::id::{encode, uuid_v7};
use crate::message::stream_of;

/// The file in a data folder that says that a restore has begun and not ended. No service starts beside it: it
/// would take a database that is missing for a new one.
pub const UNFINISHED: &str = "restore.unfinished";

/// Identities that a database remembers to have replaced. Older ones are forgotten: a stream that still belongs to
/// one of them is then refused instead of made anew.
pub const REPLACED_MAX: usize = 16;

/// What a database file gets added to its name until everything is ready.
const READY: &str = "restoring";

/// The endings of the files of one database.
const ENDINGS: [&str; 3] = ["", "-wal", "-shm"];

/// What stands in a data folder already.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Present {
    /// Services that have a database there.
    pub services: Vec<String>,
    /// The identities of each, as far as they can be read, the newest first.
    origins: BTreeMap<String, Vec<String>>,
}

impl Present {
    /// Looks at a data folder. The services of the manifest must not run there.
    pub fn look(data: &Path, manifest: &Manifest) -> Self {
        let mut present = Self::default();
        // What was there before a restore that did not end.
        if let Ok(text) = std::fs::read_to_string(data.join(UNFINISHED)) {
            present.origins = serde_json::from_str(&text).unwrap_or_default();
        }
        for entry in &manifest.services {
            let path = data.join(&entry.file);
            if ENDINGS.iter().any(|ending| with_ending(&path, ending).exists()) {
                present.services.push(entry.service.clone());
            }
            // What cannot be read any more is often why a backup is put back.
            if let Ok(known) = path.exists().then(|| inspect_live(&path, false)).transpose()
                && let Some(known) = known
            {
                let all = std::iter::once(known.origin).chain(known.replaces).collect();
                let known = present.origins.entry(entry.service.clone()).or_default();
                *known = merged(all, known);
            }
        }
        present
    }
}

/// A restore that is prepared: everything is copied and on the disk, and nothing is replaced yet.
#[derive(Debug)]
pub struct Prepared {
    data: PathBuf,
    files: Vec<String>,
    /// Every identity that was replaced, by service, for a restore that does not come to its end.
    replaced: BTreeMap<String, Vec<String>>,
}

/// Two lists in one, each identity once.
fn merged(first: Vec<String>, second: &[String]) -> Vec<String> {
    let mut all = first;
    for origin in second {
        if !all.contains(origin) && all.len() < REPLACED_MAX {
            all.push(origin.clone());
        }
    }
    all
}

/// Copies every file beside its place and gives it its new identity. Nothing that is there is touched.
///
/// # Errors
/// `disk_full` or `backup_failed`; what was copied is removed then.
pub fn prepare(folder: &Path, data: &Path, manifest: &Manifest, present: &Present) -> Result<Prepared> {
    let now = SystemClock.now();
    let mut origins = Vec::new();
    for entry in &manifest.services {
        let copied = super::inspect::inspect(&folder.join(&entry.file), false)?;
        let known = present.origins.get(&entry.service).map_or(&[][..], Vec::as_slice);
        let old = merged(merged(vec![entry.origin.clone()], known), &copied.replaces);
        let new = encode(uuid_v7(now, &mut SystemChance));
        origins.push(Renewed { service: entry.service.clone(), was: entry.origin.clone(), old, new });
    }
    let prepared = Prepared {
        data: data.to_owned(),
        files: manifest.services.iter().map(|entry| entry.file.clone()).collect(),
        replaced: origins.iter().map(|renewed| (renewed.service.clone(), renewed.old.clone())).collect(),
    };
    let done = manifest.services.iter().try_for_each(|entry| {
        let (from, to) = (folder.join(&entry.file), prepared.ready(&entry.file));
        let _ = std::fs::remove_file(&to);
        std::fs::copy(&from, &to).map_err(|error| cannot(&to, error))?;
        renew(&to, &entry.service, &origins, &manifest.backup)?;
        sync(&to)
    });
    if let Err(error) = done {
        prepared.remove();
        return Err(error);
    }
    Ok(prepared)
}

/// A database and its identities.
struct Renewed {
    service: String,
    /// The identity it had in the backup.
    was: String,
    /// Every identity whose stream may still be at the broker.
    old: Vec<String>,
    new: String,
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is no database of a running service: nobody migrates it here"
)]
fn renew(path: &Path, service: &str, origins: &[Renewed], backup: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .map_err(|error| cannot(path, error))?;
    let mut connection = Connection::open(path)?;
    // A log of its own would be one file more that must get to the disk.
    connection.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;")?;
    let tx = connection.transaction()?;
    for Renewed { service: source, was, old, new } in origins {
        if source == service {
            let mut put = tx.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?;
            put.execute(["origin", new])?;
            put.execute([REPLACES, &old.join(" ")])?;
            put.execute(["restored_from", backup])?;
        }
        let stream = stream_of(source);
        tx.execute(
            "INSERT OR REPLACE INTO position (source, origin, sequence)
             SELECT source, ?3, sequence FROM position WHERE source = ?1 AND origin = ?2 AND sequence < ?4",
            params![stream, was, new, CLOSED],
        )?;
        for closed in old {
            tx.execute(
                "INSERT OR REPLACE INTO position (source, origin, sequence) VALUES (?1, ?2, ?3)",
                params![stream, closed, CLOSED],
            )?;
        }
    }
    tx.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

impl Prepared {
    fn ready(&self, file: &str) -> PathBuf {
        self.data.join(format!("{file}.{READY}"))
    }

    /// Removes what was prepared.
    pub fn remove(&self) {
        for file in &self.files {
            let _ = std::fs::remove_file(self.ready(file));
        }
    }

    /// Moves what is there into a folder beside it, and puts the backup in its place. Answers the folder, if
    /// anything was moved.
    ///
    /// # Errors
    /// `restore_unfinished`; no service starts in the folder until it has been done again to its end.
    pub fn put(self) -> Result<Option<PathBuf>> {
        let mark = self.data.join(UNFINISHED);
        let replaced = serde_json::to_vec(&self.replaced)
            .map_err(|error| Error::internal("identities cannot be written as JSON").caused_by(error))?;
        std::fs::write(&mark, replaced).map_err(|error| cannot(&mark, error))?;
        sync(&mark)?;
        let aside = self.swap().map_err(|error| {
            let what =
                format!("the restore is not finished, and nothing starts until it is: {}", error.message);
            Error::unavailable(reason::RESTORE_UNFINISHED, what).caused_by(error)
        })?;
        std::fs::remove_file(&mark).map_err(|error| cannot(&mark, error))?;
        sync_folder(&self.data)?;
        Ok(aside)
    }

    fn swap(&self) -> Result<Option<PathBuf>> {
        use std::os::unix::fs::DirBuilderExt;
        let time = SystemClock.now().strftime("%Y%m%d-%H%M%S").to_string();
        let mut aside = None;
        for file in &self.files {
            for ending in ENDINGS {
                let there = with_ending(&self.data.join(file), ending);
                if !there.exists() {
                    continue;
                }
                let folder = match &aside {
                    Some(folder) => folder,
                    None => aside.insert(free(&self.data, &time)),
                };
                let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
                made.map_err(|error| cannot(folder, error))?;
                let to = folder.join(format!("{file}{ending}"));
                std::fs::rename(&there, &to).map_err(|error| cannot(&to, error))?;
            }
        }
        if let Some(folder) = &aside {
            sync_folder(folder)?;
        }
        for file in &self.files {
            let to = self.data.join(file);
            std::fs::rename(self.ready(file), &to).map_err(|error| cannot(&to, error))?;
        }
        sync_folder(&self.data)?;
        Ok(aside)
    }
}

/// A folder that is not there yet.
fn free(data: &Path, time: &str) -> PathBuf {
    let name = |number: u32| match number {
        1 => data.join(format!("replaced-{time}")),
        number => data.join(format!("replaced-{time}-{number}")),
    };
    (1..).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(1))
}

fn sync_folder(folder: &Path) -> Result<()> {
    std::fs::File::open(folder).and_then(|file| file.sync_all()).map_err(|error| cannot(folder, error))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
