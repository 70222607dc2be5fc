//! Whether the files of a database can be trusted at a start.
//!
//! SQLite finds a damaged page when it comes to it, and never a damaged log: behind the first frame that
//! does not add up it drops whatever was committed, and says nothing. So the log is read before it is
//! opened, and the database, for a bounded time, before anything is answered from it.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use super::outbox;
use crate::error::{Error, Result, reason};
use crate::limits::{CHECK_FINDINGS_MAX, CHECKED_ROWS_MAX, DIGESTS_MAX};
use crate::sql::Sql;

/// How long the database is read at a start after an end in order, and after another. What could not be
/// read by then is left to `shopctl db check`.
pub const CHECK_TIME: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(3));

/// Commits that may be torn at the end of a log: the one that was being written when power was cut. It
/// was not synced, so nobody was answered.
const TORN_COMMITS_MAX: u64 = 1;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// The log beside a database.
pub fn log_of(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    path.into()
}

/// Whether the last process that had the database ended in another way than in order: it left a log.
pub fn ended_unclean(database: &Path) -> bool {
    std::fs::metadata(log_of(database)).is_ok_and(|facts| facts.len() > 0)
}

/// Reads the log of a database that nobody has open. Some: what is wrong with it.
///
/// # Errors
/// If it cannot be read.
pub fn log(database: &Path) -> std::io::Result<Option<String>> {
    let path = log_of(database);
    let mut file = match File::open(&path) {
        Ok(file) => BufReader::with_capacity(1 << 20, file),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let damage = damage(&mut file)?;
    Ok(damage.map(|damage| format!("the write-ahead log {} is damaged: {damage}", path.display())))
}

/// The two running sums over everything before, as SQLite computes them.
type Sums = (u32, u32);

fn damage(log: &mut impl Read) -> std::io::Result<Option<String>> {
    let mut header = [0; HEADER];
    if !fill(log, &mut header)? {
        return Ok(None);
    }
    let [magic, _, page, _, salt_1, salt_2, sum_1, sum_2] =
        std::array::from_fn::<u32, 8, _>(|at| word(&header, at, true));
    let big_endian = magic & 1 == 1;
    let mut sums = add((0, 0), &header[..24], big_endian);
    let known = matches!(magic, 0x377f_0682 | 0x377f_0683) && (512..=65536).contains(&page);
    if !known || sums != (sum_1, sum_2) {
        // The header is synced before the first frame is written.
        let mut rest = Vec::new();
        log.take(1 << 20).read_to_end(&mut rest)?;
        let holds_something = rest.iter().any(|byte| *byte != 0);
        return Ok(holds_something.then(|| "its header is not what was written, so all of it is lost".into()));
    }
    let mut frame = vec![0; FRAME_HEADER + page as usize];
    let (mut number, mut first_bad, mut lost) = (0_u64, None, 0_u64);
    while fill(log, &mut frame)? {
        number += 1;
        let [_, commits, own_1, own_2, said_1, said_2] =
            std::array::from_fn::<u32, 6, _>(|at| word(&frame, at, true));
        let of_this_log = (own_1, own_2) == (salt_1, salt_2);
        if first_bad.is_none() {
            sums = add(add(sums, &frame[..8], big_endian), &frame[FRAME_HEADER..], big_endian);
            if !of_this_log || sums != (said_1, said_2) {
                first_bad = Some(number);
            }
        }
        if first_bad.is_some() && of_this_log && commits != 0 {
            lost += 1;
        }
    }
    Ok(first_bad.filter(|_| lost > TORN_COMMITS_MAX).map(|frame| {
        format!("frame {frame} is not what was written, and the {lost} commits from there on are lost")
    }))
}

/// Fills the buffer; false if the file ends before.
fn fill(log: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<bool> {
    match log.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn word(bytes: &[u8], at: usize, big_endian: bool) -> u32 {
    let word = std::array::from_fn(|byte| bytes[at * 4 + byte]);
    if big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
}

fn add(before: Sums, bytes: &[u8], big_endian: bool) -> Sums {
    (0..bytes.len() / 8).fold(before, |(first, second), pair| {
        let first = first.wrapping_add(word(bytes, pair * 2, big_endian)).wrapping_add(second);
        let second = second.wrapping_add(word(bytes, pair * 2 + 1, big_endian)).wrapping_add(first);
        (first, second)
    })
}

/// Reads the newest rows of the outbox against their checksums, and as much of the file as the time
/// allows. Answers whether that was all of it.
///
/// # Errors
/// `storage_failed` with what is wrong.
pub fn database(sql: &Sql<'_>, time: Duration) -> Result<bool> {
    let extent = outbox::extent(sql)?;
    let mut after = (extent.oldest - 1).max(extent.newest.saturating_sub(CHECKED_ROWS_MAX));
    loop {
        let (last, faults) = outbox::faults(sql, after, DIGESTS_MAX, 1)?;
        if let Some(fault) = faults.into_iter().next() {
            return Err(damaged(&fault));
        }
        if last == after {
            break;
        }
        after = last;
    }
    let findings = match quick_check(sql.connection(), time) {
        Ok(findings) => findings,
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    if findings == ["ok"] { Ok(true) } else { Err(damaged(&findings.join("; "))) }
}

fn damaged(what: &str) -> Error {
    Error::unavailable(reason::STORAGE_FAILED, format!("the database is damaged: {what}"))
}

/// SQLite's own check, broken off when its time is over.
fn quick_check(connection: &Connection, time: Duration) -> rusqlite::Result<Vec<String>> {
    let handle = connection.get_interrupt_handle();
    let (done, waiting) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if waiting.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
                handle.interrupt();
            }
        });
        let mut statement = connection.prepare(&format!("PRAGMA quick_check({CHECK_FINDINGS_MAX})"))?;
        let found = statement.query_map([], |row| row.get(0))?.collect();
        drop(done);
        found
    })
}
