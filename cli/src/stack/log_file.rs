//! The log of one part: kept bounded, read from its end, and followed as it grows.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::log_back::Backwards;
use super::log_line::{Level, LogLine};

/// The size beyond which the next start begins a new log. One earlier log is kept.
const BYTES_MAX: u64 = 10 * 1024 * 1024;

/// The longest line; what is beyond it is shown as a line of its own.
pub(super) const LINE_BYTES_MAX: usize = 256 * 1024;

/// Lines that are shown of a process that ended.
const LAST_WORDS: usize = 5;

/// Lines among which its last error is looked for.
const ERROR_WITHIN: usize = 200;

/// Begins a new log if this one has become long.
///
/// # Errors
/// If the file cannot be renamed.
pub(crate) fn make_room(log: &Path) -> io::Result<()> {
    match std::fs::metadata(log) {
        Ok(facts) if facts.len() > BYTES_MAX => std::fs::rename(log, earlier(log)),
        _ => Ok(()),
    }
}

/// The last lines behind a place in the log, as one says them to a person.
pub(crate) fn last_words(log: &Path, from: u64) -> Vec<String> {
    let lines = last_lines_of(log, from, LAST_WORDS).unwrap_or_default();
    lines.iter().map(|line| LogLine::read("", line).message).collect()
}

/// The message of the last error behind a place in the log, if there is one near its end.
pub(crate) fn last_error(log: &Path, from: u64) -> Option<String> {
    let lines = last_lines_of(log, from, ERROR_WITHIN).unwrap_or_default();
    let mut read = lines.iter().rev().map(|line| LogLine::read("", line));
    read.find(|line| line.level == Level::Error).map(|line| line.message)
}

/// The last lines of a log that are wanted, and of the one before it if this one has fewer of them.
pub(crate) fn last_lines(log: &Path, count: usize, wants: impl Fn(&str) -> bool) -> Vec<String> {
    let logs = [log.to_path_buf(), earlier(log)].into_iter();
    let all = logs.filter_map(|log| Backwards::open(&log, 0).ok()).flatten();
    in_order(all.filter(|line| wants(line)).take(count))
}

fn earlier(log: &Path) -> PathBuf {
    log.with_extension("log.old")
}

fn last_lines_of(log: &Path, from: u64, count: usize) -> io::Result<Vec<String>> {
    Ok(in_order(Backwards::open(log, from)?.take(count)))
}

fn in_order(backwards: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = backwards.collect();
    lines.reverse();
    lines
}

/// Reads what is added to a log, also when it is replaced by a new one.
#[derive(Debug)]
pub(crate) struct Follower {
    path: PathBuf,
    open: Option<(File, u64)>,
    unfinished: Vec<u8>,
}

impl Follower {
    /// Follows a log from its present end; from its beginning if there is none yet.
    pub(crate) fn new(path: PathBuf) -> Self {
        let mut open = open(&path);
        if let Some((file, _)) = &mut open {
            let _ = file.seek(SeekFrom::End(0));
        }
        Self { path, open, unfinished: Vec::new() }
    }

    /// The lines that were finished since the last time.
    pub(crate) fn next(&mut self) -> Vec<String> {
        self.read();
        if self.is_replaced() {
            // Whoever replaced it may have written once more in between.
            self.read();
            self.open = open(&self.path);
            self.read();
        }
        self.take_lines()
    }

    fn is_replaced(&self) -> bool {
        let present = std::fs::metadata(&self.path).map(|facts| facts.ino()).ok();
        match (&self.open, present) {
            (Some((_, inode)), Some(present)) => *inode != present,
            (None, present) => present.is_some(),
            (Some(_), None) => false,
        }
    }

    fn read(&mut self) {
        let Some((file, _)) = &mut self.open else { return };
        let place = file.stream_position().unwrap_or(0);
        if file.metadata().is_ok_and(|facts| facts.len() < place) {
            let _ = file.seek(SeekFrom::Start(0));
        }
        // What cannot be read now is read the next time.
        let _ = file.read_to_end(&mut self.unfinished);
    }

    fn take_lines(&mut self) -> Vec<String> {
        let end = match self.unfinished.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => last + 1,
            None if self.unfinished.len() > LINE_BYTES_MAX => self.unfinished.len(),
            None => return Vec::new(),
        };
        let finished: Vec<u8> = self.unfinished.drain(..end).collect();
        String::from_utf8_lossy(&finished).lines().map(str::to_owned).collect()
    }
}

fn open(path: &Path) -> Option<(File, u64)> {
    let file = File::open(path).ok()?;
    let inode = file.metadata().ok()?.ino();
    Some((file, inode))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    struct Scratch(tempfile::TempDir);

    impl Scratch {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn log(&self) -> PathBuf {
            self.0.path().join("order.log")
        }

        fn append(&self, text: &str) {
            let mut file = File::options().create(true).append(true).open(self.log()).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }
    }

    #[test]
    fn the_last_lines_are_found_in_a_log_of_any_length() {
        let scratch = Scratch::new();
        assert_eq!(last_lines(&scratch.log(), 3, |_| true), Vec::<String>::new());
        scratch.append(&(0..50_000).map(|n| format!("line {n}\n")).collect::<String>());
        assert_eq!(last_lines(&scratch.log(), 2, |_| true), ["line 49998", "line 49999"]);
        assert_eq!(last_lines(&scratch.log(), 0, |_| true), Vec::<String>::new());
        assert_eq!(last_lines(&scratch.log(), 60_000, |_| true).len(), 50_000);
        assert_eq!(last_lines(&scratch.log(), 40_000, |_| true).len(), 40_000);
    }

    #[test]
    fn lines_are_chosen_before_they_are_counted() {
        let scratch = Scratch::new();
        scratch.append("order 0\norder 1\n");
        std::fs::rename(scratch.log(), earlier(&scratch.log())).unwrap();
        scratch.append("order 2\n");
        scratch.append(&"cart\n".repeat(50_000));
        let of_order = |line: &str| line.starts_with("order");
        assert_eq!(last_lines(&scratch.log(), 2, of_order), ["order 1", "order 2"]);
        assert_eq!(last_lines(&scratch.log(), 9, of_order).len(), 3);
    }

    #[test]
    fn a_log_that_has_become_long_is_begun_anew_and_still_read() {
        let scratch = Scratch::new();
        scratch.append("short\n");
        make_room(&scratch.log()).unwrap();
        assert!(scratch.log().exists());
        File::options().write(true).open(scratch.log()).unwrap().set_len(BYTES_MAX + 1).unwrap();
        scratch.append("\nlong\n");
        make_room(&scratch.log()).unwrap();
        assert!(!scratch.log().exists());
        scratch.append("new\n");
        assert_eq!(last_lines(&scratch.log(), 2, |_| true), ["long", "new"]);
    }

    #[test]
    fn a_log_is_followed_line_by_line_and_into_the_next_file() {
        let scratch = Scratch::new();
        scratch.append("before\n");
        let mut follower = Follower::new(scratch.log());
        assert_eq!(follower.next(), Vec::<String>::new());
        scratch.append("one\ntw");
        assert_eq!(follower.next(), ["one"]);
        scratch.append("o\n");
        assert_eq!(follower.next(), ["two"]);
        scratch.append("last\n");
        std::fs::rename(scratch.log(), earlier(&scratch.log())).unwrap();
        scratch.append("first\n");
        assert_eq!(follower.next(), ["last", "first"]);
    }

    #[test]
    fn a_log_that_does_not_exist_yet_is_followed_from_its_beginning() {
        let scratch = Scratch::new();
        let mut follower = Follower::new(scratch.log());
        assert_eq!(follower.next(), Vec::<String>::new());
        scratch.append("one\n");
        assert_eq!(follower.next(), ["one"]);
    }
}
