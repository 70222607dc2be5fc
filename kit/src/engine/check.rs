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
        let marks_commit = of_this_log && commits != 0;
        if first_bad.is_none() {
            let before = sums;
            sums = sum_of(before, &frame, big_endian);
            let adds_up = sums == (said_1, said_2);
            if !of_this_log || !adds_up {
                first_bad = Some(number);
                // A frame that was never written does not add up, whichever log it is of. One that does but
                // for a single bit was written, and it may have been the end of a commit.
                lost += u64::from(!marks_commit && (adds_up || one_bit_off(before, &mut frame, big_endian)));
            }
        }
        lost += u64::from(first_bad.is_some() && marks_commit);
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

/// What the sums are after a frame.
fn sum_of(before: Sums, frame: &[u8], big_endian: bool) -> Sums {
    add(add(before, &frame[..8], big_endian), &frame[FRAME_HEADER..], big_endian)
}

/// Whether a frame adds up with one bit of its mark of a commit turned.
fn one_bit_off(before: Sums, frame: &mut [u8], big_endian: bool) -> bool {
    let said = (word(frame, 4, true), word(frame, 5, true));
    (0..32).any(|bit| {
        frame[4 + bit / 8] ^= 1 << (bit % 8);
        let adds_up = sum_of(before, frame, big_endian) == said;
        frame[4 + bit / 8] ^= 1 << (bit % 8);
        adds_up
    })
}

fn add(before: Sums, bytes: &[u8], big_endian: bool) -> Sums {
    (0..bytes.len() / 8).fold(before, |(first, second), pair| {
        let first = first.wrapping_add(word(bytes, pair * 2, big_endian)).wrapping_add(second);
        let second = second.wrapping_add(word(bytes, pair * 2 + 1, big_endian)).wrapping_add(first);
        (first, second)
    })
}

/// Compares the newest rows of the outbox with their checksums: SQLite does not notice a flipped bit in a
/// row.
///
/// # Errors
/// `storage_failed` with the first that is damaged or missing.
pub fn newest_rows(sql: &Sql<'_>) -> Result<()> {
    let extent = outbox::extent(sql)?;
    let mut after = (extent.oldest - 1).max(extent.newest.saturating_sub(CHECKED_ROWS_MAX));
    loop {
        let (last, faults) = outbox::faults(sql, after, DIGESTS_MAX, 1)?;
        if let Some(fault) = faults.into_iter().next() {
            return Err(damaged(&fault));
        }
        if last == after {
            return Ok(());
        }
        after = last;
    }
}

/// Reads as much of the file as the time allows. Answers whether that was all of it.
///
/// # Errors
/// `storage_failed` with what is wrong.
pub fn pages(sql: &Sql<'_>, time: Duration) -> Result<bool> {
    match quick_check(sql.connection(), time) {
        Ok(findings) if findings == ["ok"] => Ok(true),
        Ok(findings) => Err(damaged(&findings.join("; "))),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn damaged(what: &str) -> Error {
    Error::unavailable(reason::STORAGE_FAILED, format!("the database is damaged: {what}"))
}

/// How often a check whose time is over is told so. Once is not enough: what SQLite is told before the check has begun
/// it forgets.
const TOLD_AGAIN: Duration = Duration::from_millis(1);

/// SQLite's own check, broken off when its time is over.
fn quick_check(connection: &Connection, time: Duration) -> rusqlite::Result<Vec<String>> {
    let handle = connection.get_interrupt_handle();
    let (done, waiting) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut wait = time;
            while waiting.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                handle.interrupt();
                wait = TOLD_AGAIN;
            }
        });
        let mut statement = connection.prepare(&format!("PRAGMA quick_check({CHECK_FINDINGS_MAX})"))?;
        let found = statement.query_map([], |row| row.get(0))?.collect();
        drop(done);
        found
    })
}
