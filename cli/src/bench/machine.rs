//! What the shop uses of this machine while it is measured, if it is on this machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use super::proc::{self, Thread, Ticks, Usage};
use crate::shop::Shop;
use crate::stack::Folder;

/// How whoever measures is called among the processes.
pub(crate) const MEASURER: &str = "shopctl bench";

/// The most files of a data folder that are looked at; with more, as where every mail is one, nothing is said of
/// its size: looking would hold up what is measured.
const FILES_MAX: usize = 5_000;

/// The machine, and what of the shop is on it.
#[derive(Debug)]
pub(crate) struct Machine {
    /// The data folder of the shop, if its broker is the one that is asked.
    folder: Option<Folder>,
    cores: usize,
}

/// What was used up to a moment.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) at: Instant,
    /// By part of the shop, the broker and whoever measures among them.
    pub(crate) parts: BTreeMap<String, Usage>,
    /// The threads of each, by its name.
    pub(crate) threads: BTreeMap<String, Vec<Thread>>,
    pub(crate) processors: Option<Ticks>,
    pub(crate) disk_waits_us: Option<u64>,
}

impl Machine {
    /// Finds out what of the shop is on this machine.
    pub(crate) fn of(shop: &Shop) -> Self {
        let url = shop.address().url;
        let folder = shop.folder().ok().filter(|folder| folder.broker_of_what_runs().as_ref() == Some(&url));
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { folder, cores }
    }

    /// Whether the shop is on this machine, and started by `shopctl up`.
    pub(crate) fn is_here(&self) -> bool {
        self.folder.is_some()
    }

    pub(crate) fn cores(&self) -> usize {
        self.cores
    }

    /// The processes of the shop, by part.
    fn processes(&self) -> Vec<(String, u32)> {
        let Some(folder) = &self.folder else { return Vec::new() };
        let running = |part: String| folder.process(&part).map(|process| (part, process.pid));
        folder.parts().into_iter().filter_map(running).collect()
    }

    /// What was used up to now.
    pub(crate) fn look(&self) -> Look {
        let mut all = self.processes();
        all.push((MEASURER.to_owned(), std::process::id()));
        let usage = |(part, pid): &(String, u32)| Some((part.clone(), proc::usage(*pid)?));
        Look {
            at: Instant::now(),
            parts: all.iter().filter_map(usage).collect(),
            threads: all.iter().map(|(part, pid)| (part.clone(), proc::threads(*pid))).collect(),
            processors: proc::processors(),
            disk_waits_us: proc::disk_waits_us(),
        }
    }

    /// Memory of the shop and its broker, without whoever measures.
    pub(crate) fn memory(&self) -> Option<u64> {
        let parts = self.processes();
        let sizes = parts.iter().map(|(_, pid)| proc::memory(*pid));
        if parts.is_empty() { None } else { sizes.sum() }
    }

    /// Bytes in the data folder.
    pub(crate) fn disk(&self) -> Option<u64> {
        let mut left = FILES_MAX;
        size(self.folder.as_ref()?.root(), &mut left)
    }
}

/// The bytes of all files below a folder; none if there are too many. A file that goes meanwhile is none.
fn size(folder: &Path, left: &mut usize) -> Option<u64> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Some(0) };
    let mut total = 0;
    for entry in entries.flatten() {
        *left = left.checked_sub(1)?;
        // A link is not followed: what it names may be anywhere.
        let Ok(data) = entry.metadata() else { continue };
        total += if data.is_dir() { size(&entry.path(), left)? } else { data.len() };
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_all_files_below_are_counted_up_to_a_limit() {
        let scratch = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(scratch.path().join("a/b")).unwrap();
        std::fs::write(scratch.path().join("one"), [0; 10]).unwrap();
        std::fs::write(scratch.path().join("a/b/two"), [0; 5]).unwrap();
        assert_eq!(size(scratch.path(), &mut 100), Some(15));
        assert_eq!(size(scratch.path(), &mut 3), None);
        assert_eq!(size(&scratch.path().join("missing"), &mut 3), Some(0));
    }
}
