//! A disk of a few megabytes in memory, which a test can fill. Mounting one needs the rights of root.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A small disk, until this is dropped.
pub struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    /// Mounts one over a folder. None if this machine does not let us, which is said on standard error:
    /// the test that wanted it has not shown anything then.
    pub fn over(path: &Path, megabytes: u32) -> Option<Self> {
        let options = format!("size={megabytes}m,mode=0700");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "shop-test"])
            .arg(path)
            .stdin(Stdio::null())
            .output();
        if mounted.as_ref().is_ok_and(|output| output.status.success()) {
            return Some(Self { path: path.to_owned() });
        }
        let _ = writeln!(
            std::io::stderr(),
            "NOT TESTED: a small disk cannot be mounted here (that takes root), so nothing is shown about a \
             full one"
        );
        None
    }

    /// Fills it until so many bytes are left; with 0, to the last.
    pub fn fill(&self, left: u64) {
        let mut file =
            std::fs::File::options().create(true).append(true).open(self.filler()).expect("a file");
        let block = [0x55; 4096];
        while self.free() > left {
            if file.write_all(&block).is_err() {
                return;
            }
        }
    }

    /// Fills it to the last byte before anybody can do anything about it. Whoever empties a log after that has room
    /// again, which [`SmallDisk::fill`] takes too, because it is slow.
    pub fn fill_at_once(&self) {
        let mut file =
            std::fs::File::options().create(true).append(true).open(self.filler()).expect("a file");
        let block = [0x55; 4096];
        while file.write_all(&block).is_ok() {}
    }

    /// Takes away what filled it.
    pub fn clear(&self) {
        std::fs::remove_file(self.filler()).expect("what filled the disk");
    }

    /// Lets nobody write to it any more, or again.
    pub fn read_only(&self, is: bool) {
        let how = if is { "remount,ro" } else { "remount,rw" };
        let done = Command::new("mount").args(["-o", how]).arg(&self.path).status();
        assert!(done.is_ok_and(|status| status.success()), "mount -o {how}");
    }

    fn filler(&self) -> PathBuf {
        self.path.join("filler")
    }

    fn free(&self) -> u64 {
        let told = Command::new("stat").args(["-f", "-c", "%a %S"]).arg(&self.path).output().expect("stat");
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        let mut numbers = told.split_whitespace().map(|number| number.parse::<u64>().expect("a number"));
        numbers.next().unwrap_or(0) * numbers.next().unwrap_or(0)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: whoever still has a file open there keeps it until its end.
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}
