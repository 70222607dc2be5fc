//! Reading a file, or standard input for `-`, and finding out how it is written.

use std::io::{IsTerminal, Read};
use std::path::Path;

use clap::ValueEnum;
use kit::text::printable;

use crate::failure::{Failure, exit};
use crate::shop::Shop;

/// A longer file is refused rather than kept in memory.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// A header, then a row a line.
    Csv,
    /// A JSON object a line.
    Jsonl,
}

impl FileFormat {
    /// The form that was named, or the one that the ending of the name says.
    ///
    /// # Errors
    /// If neither says anything.
    pub(crate) fn of(path: &Path, named: Option<Self>) -> Result<Self, Failure> {
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        let known = match ending.as_deref() {
            Some("csv" | "tsv" | "txt") => Some(Self::Csv),
            Some("jsonl" | "ndjson" | "json") => Some(Self::Jsonl),
            _ => None,
        };
        named.or(known).ok_or_else(|| {
            Failure::new(exit::USAGE, "unknown_format", format!("nothing says how {} is written", name(path)))
                .mend("--format csv      for a header and a row a line")
                .mend("--format jsonl    for a JSON object a line")
        })
    }
}

/// The name of a file for messages.
pub(crate) fn name(path: &Path) -> String {
    if is_stdin(path) {
        "standard input".to_owned()
    } else {
        printable(&path.display().to_string()).into_owned()
    }
}

/// Reads a file, or standard input for `-`. A mark that only says "this is UTF-8" is left out.
///
/// # Errors
/// 74 if it cannot be read or is too long, 2 if a person would have to type it and must not be asked.
pub(crate) fn read(shop: &Shop, path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::io(format!("{} was not read", name(path)), &error);
    if is_stdin(path) && std::io::stdin().is_terminal() {
        if !shop.may_ask() {
            let message = "standard input is a terminal, and --no-input forbids to wait until somebody types";
            return Err(Failure::invalid("no_input", message).mend("name a file, or send one through a pipe"));
        }
        shop.out.say("reading what is typed here; Ctrl-D ends it");
    }
    let source: Box<dyn Read> = if is_stdin(path) {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(path).map_err(failed)?)
    };
    let mut bytes = Vec::new();
    source.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let message = format!("{} was not read: it is longer than {} MB", name(path), FILE_BYTES_MAX >> 20);
        return Err(Failure::new(exit::IO, "file_too_large", message).mend("split it"));
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    Ok(bytes)
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_how_a_file_is_written_unless_somebody_does() {
        let of = |path: &str, named| FileFormat::of(Path::new(path), named).ok();
        assert_eq!(of("a.csv", None), Some(FileFormat::Csv));
        assert_eq!(of("A.JSONL", None), Some(FileFormat::Jsonl));
        assert_eq!(of("a.csv", Some(FileFormat::Jsonl)), Some(FileFormat::Jsonl));
        assert_eq!(of("-", Some(FileFormat::Csv)), Some(FileFormat::Csv));
        assert_eq!(of("-", None), None);
        assert_eq!(of("products", None), None);
    }
}
