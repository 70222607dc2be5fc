//! What is said: lines for people on a terminal, JSON for programs elsewhere.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::limits::LOG_BYTES_MAX;

/// Says what the shop does, and of its libraries only what it had to recover from.
const USUAL: &str = "info,async_nats=error";

/// Starts logging: to the file that `SHOP_LOG_FILE` names, otherwise to standard output. `SHOP_LOG`
/// says how much, as `info` or `order=debug,kit=trace`.
///
/// # Errors
/// If `SHOP_LOG` is malformed, or the file cannot be written.
pub(super) fn start() -> Result<(), String> {
    let wanted = std::env::var("SHOP_LOG").unwrap_or_else(|_| USUAL.to_owned());
    let filter = EnvFilter::try_new(&wanted).map_err(|error| format!("SHOP_LOG is malformed: {error}"))?;
    // A line that cannot be written is lost. Otherwise it would be complained of on standard error, which
    // ends the process when it cannot be written either: both are one file on one full disk.
    let log = fmt().with_env_filter(filter).with_target(false).log_internal_errors(false);
    // A second start in one process, as tests do, keeps the first.
    if let Some(path) = std::env::var_os("SHOP_LOG_FILE").map(PathBuf::from) {
        let file = BoundedFile::open(&path)
            .map_err(|error| format!("SHOP_LOG_FILE: {} cannot be written: {error}", path.display()))?;
        let _ = log.json().flatten_event(true).with_span_list(false).with_writer(Mutex::new(file)).try_init();
    } else if io::stdout().is_terminal() {
        let _ = log.compact().try_init();
    } else {
        let _ = log.json().flatten_event(true).with_span_list(false).try_init();
    }
    Ok(())
}

/// A file that does not grow without limit: when it is full, it is put aside and a new one begun.
/// One earlier file is kept, with `.old` behind its name.
struct BoundedFile {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl BoundedFile {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, bytes })
    }

    fn begin_anew(&mut self) -> io::Result<()> {
        let mut aside = self.path.clone().into_os_string();
        aside.push(".old");
        std::fs::rename(&self.path, aside)?;
        *self = Self::open(&self.path)?;
        Ok(())
    }
}

impl Write for BoundedFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.bytes >= LOG_BYTES_MAX {
            // A log that cannot be put aside goes on as it is: what is said matters more.
            let _ = self.begin_anew();
        }
        let written = self.file.write(line)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_is_full_is_put_aside_and_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("order.log");
        let mut log = BoundedFile::open(&path).unwrap();
        log.write_all(&vec![b'x'; LOG_BYTES_MAX as usize]).unwrap();
        log.write_all(b"new\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new\n");
        assert_eq!(std::fs::metadata(folder.path().join("order.log.old")).unwrap().len(), LOG_BYTES_MAX);
        let mut again = BoundedFile::open(&path).unwrap();
        again.write_all(b"more\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new\nmore\n");
    }
}
