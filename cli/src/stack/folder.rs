//! The data folder of a shop, and what stands where in it.

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::BROKER;
use super::process::Process;
use crate::failure::{Failure, exit};
use crate::private;

/// The data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder {
    root: PathBuf,
}

/// Held while processes are being started or stopped. The system lets go of it when this process
/// ends, in whatever way.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Folder {
    /// The folder that was named, or the usual one of this person.
    ///
    /// # Errors
    /// 78 if none was named and nothing says where the usual one is.
    pub(crate) fn find(named: Option<&Path>) -> Result<Self, Failure> {
        let root = named.map(Path::to_path_buf).or_else(usual).ok_or_else(|| {
            Failure::new(exit::CONFIGURATION, "no_data_folder", "nobody says where the data folder is")
                .why("neither XDG_DATA_HOME nor HOME is set")
                .mend("shopctl --data DIR ...")
        })?;
        // Processes of the shop have their own working folder, so the path counts from the root.
        let root = std::path::absolute(&root)
            .map_err(|error| Failure::io(format!("{} is no folder", root.display()), &error))?;
        Ok(Self { root })
    }

    /// Makes what is missing of it, for this person only.
    ///
    /// # Errors
    /// 74 if it cannot be made.
    pub(crate) fn create(&self) -> Result<(), Failure> {
        for folder in [self.root.clone(), self.run(), self.logs()] {
            DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|error| {
                Failure::io(format!("the folder {} cannot be made", folder.display()), &error)
                    .mend("shopctl up --data DIR      with a folder that you may write to")
            })?;
        }
        Ok(())
    }

    /// Makes sure that nobody else starts or stops the shop in this folder at the same time.
    ///
    /// The broker does not lock its own folder, so two of them could write to the same streams.
    ///
    /// # Errors
    /// 75 if somebody else is at it.
    pub(crate) fn lock(&self) -> Result<Lock, Failure> {
        let busy = format!("another shopctl is starting or stopping the shop in {}", self.root.display());
        lock(&self.run().join("up.lock"), busy)
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where processes are recorded.
    pub(crate) fn run(&self) -> PathBuf {
        self.root.join("run")
    }

    /// Where the logs are.
    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Where the broker keeps its streams.
    pub(crate) fn streams(&self) -> PathBuf {
        self.root.join("nats")
    }

    /// The configuration of the broker, unless another one is named.
    pub(crate) fn nats_conf(&self) -> PathBuf {
        self.root.join("nats.conf")
    }

    /// Where the keys and the roster are.
    pub(crate) fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// The broker's users as it has read them, which those in its configuration may be newer than.
    pub(crate) fn users_loaded(&self) -> PathBuf {
        self.run().join("users.loaded")
    }

    /// Where the broker listens, and who vouches for it.
    pub(crate) fn listen(&self) -> PathBuf {
        self.run().join("broker.listen")
    }

    /// Where devices find the broker.
    pub(crate) fn mqtt(&self) -> PathBuf {
        self.run().join("broker.mqtt")
    }

    /// The log of a part: of the broker, of a service, or of all services in one.
    pub(crate) fn log(&self, part: &str) -> PathBuf {
        let name = if part == BROKER { "nats" } else { part };
        self.logs().join(format!("{name}.log"))
    }

    /// Where clients find the broker.
    pub(crate) fn broker_url(&self) -> PathBuf {
        self.run().join("broker.url")
    }

    /// The address that the broker has, or had before it ended on its own.
    pub(crate) fn recorded_url(&self) -> Option<String> {
        let url = std::fs::read_to_string(self.broker_url()).ok()?;
        Some(url.trim().to_owned()).filter(|url| !url.is_empty())
    }

    /// The address of the broker, if it runs, or if there is a service that waits for it there.
    pub(crate) fn broker_of_what_runs(&self) -> Option<String> {
        self.parts().iter().find_map(|part| self.process(part)).and_then(|_| self.recorded_url())
    }

    /// The process of a part, if it runs.
    pub(crate) fn process(&self, part: &str) -> Option<Process> {
        Process::read(&std::fs::read_to_string(self.pid_file(part)).ok()?)
    }

    /// The file that records the process of a part.
    pub(crate) fn pid_file(&self, part: &str) -> PathBuf {
        self.run().join(format!("{part}.pid"))
    }

    /// Every part that is recorded, by name, whether it still runs or not.
    pub(crate) fn parts(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.run()) else { return Vec::new() };
        let mut parts: Vec<String> = entries
            .filter_map(|entry| {
                entry.ok()?.file_name().into_string().ok()?.strip_suffix(".pid").map(str::to_owned)
            })
            .collect();
        parts.sort();
        parts
    }

    /// Writes a file of the run folder, whole or not at all.
    ///
    /// # Errors
    /// 74 if it cannot be written.
    pub(crate) fn write(&self, path: &Path, text: &str) -> Result<(), Failure> {
        private::replace(path, text)
            .map_err(|error| Failure::io(format!("{} was not written", path.display()), &error))
    }

    /// Removes a file; that it is not there is just as well.
    pub(crate) fn remove(&self, path: &Path) {
        let _ = std::fs::remove_file(path);
    }
}

/// Holds a file; `busy` says what somebody else is at who holds it.
///
/// # Errors
/// 75 if somebody else does.
pub(crate) fn lock(path: &Path, busy: String) -> Result<Lock, Failure> {
    let unusable = |error| Failure::io(format!("{} cannot be locked", path.display()), &error);
    let file = private::open_lock(path).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => {
            Err(Failure::new(exit::LOCKED, "locked", busy).mend("run the same command again in a moment"))
        }
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

fn usual() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))?;
    Some(data.join("shop"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn scratch() -> (tempfile::TempDir, Folder) {
        let scratch = tempfile::tempdir().unwrap();
        let folder = Folder::find(Some(&scratch.path().join("shop"))).unwrap();
        folder.create().unwrap();
        (scratch, folder)
    }

    #[test]
    fn the_data_folder_is_for_its_owner_only() {
        let (_scratch, folder) = scratch();
        let mode = std::fs::metadata(folder.root()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn two_cannot_start_the_shop_at_the_same_moment() {
        let (_scratch, folder) = scratch();
        let held = folder.lock().unwrap();
        let refused = folder.lock().unwrap_err();
        assert_eq!((refused.exit(), refused.code()), (exit::LOCKED, "locked"));
        drop(held);
        folder.lock().unwrap();
    }

    #[test]
    fn a_shop_that_ended_is_not_taken_for_a_running_one() {
        let (_scratch, folder) = scratch();
        folder.write(&folder.broker_url(), "nats://127.0.0.1:4999\n").unwrap();
        folder.write(&folder.pid_file(BROKER), "1 another-boot:1\n").unwrap();
        assert_eq!(folder.broker_of_what_runs(), None);
        let me = Process::of(std::process::id()).unwrap().to_string();
        folder.write(&folder.pid_file("order"), &me).unwrap();
        assert_eq!(folder.broker_of_what_runs().as_deref(), Some("nats://127.0.0.1:4999"));
        assert_eq!(folder.parts(), [BROKER, "order"]);
    }
}
