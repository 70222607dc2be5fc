//! The lines of a log from its end to its beginning, with little of it in memory at once.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::log_file::LINE_BYTES_MAX;

/// How much is read at a time.
const BLOCK_BYTES: u64 = 64 * 1024;

/// Lines, the last one first. What cannot be read ends them.
#[derive(Debug)]
pub(super) struct Backwards {
    file: File,
    from: u64,
    /// What lies before this place is not read yet.
    start: u64,
    /// What was read and not given yet, without the line break at its end.
    held: Vec<u8>,
    /// Whether the first line was given.
    is_done: bool,
}

impl Backwards {
    /// The lines behind a place in a log.
    ///
    /// # Errors
    /// If it cannot be opened or read.
    pub(super) fn open(log: &Path, from: u64) -> io::Result<Self> {
        let file = File::open(log)?;
        let start = file.metadata()?.len();
        let mut lines = Self { file, from, start, held: Vec::new(), is_done: false };
        lines.is_done = !lines.read_block()?;
        if lines.held.last() == Some(&b'\n') {
            lines.held.pop();
        }
        Ok(lines)
    }

    /// Puts the block before what is held in front of it; false if there is none.
    fn read_block(&mut self) -> io::Result<bool> {
        let length = BLOCK_BYTES.min(self.start.saturating_sub(self.from));
        if length == 0 {
            return Ok(false);
        }
        self.start -= length;
        self.file.seek(SeekFrom::Start(self.start))?;
        let mut block = Vec::new();
        (&mut self.file).take(length).read_to_end(&mut block)?;
        block.append(&mut self.held);
        self.held = block;
        Ok(true)
    }
}

impl Iterator for Backwards {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        while !self.is_done {
            if let Some(at) = self.held.iter().rposition(|byte| *byte == b'\n') {
                let line = self.held.split_off(at);
                return Some(text(&line[1..]));
            }
            let is_long = self.held.len() > LINE_BYTES_MAX;
            if !is_long && self.read_block().unwrap_or(false) {
                continue;
            }
            self.is_done = !is_long || self.start <= self.from;
            return Some(text(&std::mem::take(&mut self.held)));
        }
        None
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backwards(text: &str, from: u64) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("order.log");
        std::fs::write(&log, text).unwrap();
        Backwards::open(&log, from).unwrap().collect()
    }

    #[test]
    fn every_line_comes_once_the_last_one_first() {
        assert_eq!(backwards("", 0), Vec::<String>::new());
        assert_eq!(backwards("\n", 0), [""]);
        assert_eq!(backwards("one\n\ntwo\r\nthree", 0), ["three", "two", "", "one"]);
        assert_eq!(backwards("one\ntwo\n", 4), ["two"]);
        let lines: Vec<String> = (0..30_000).map(|number| format!("line {number}")).collect();
        let mut read = backwards(&(lines.join("\n") + "\n"), 0);
        read.reverse();
        assert_eq!(read, lines);
    }

    #[test]
    fn a_line_without_an_end_is_given_in_parts() {
        let long = "x".repeat(LINE_BYTES_MAX * 3);
        let parts = backwards(&format!("first\n{long}\nlast\n"), 0);
        assert!(
            parts.len() > 3 && parts.iter().all(|part| part.len() <= LINE_BYTES_MAX + BLOCK_BYTES as usize)
        );
        assert_eq!((parts[0].as_str(), parts[parts.len() - 1].as_str()), ("last", "first"));
        assert_eq!(parts[1..parts.len() - 1].concat(), long);
    }
}
