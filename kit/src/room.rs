//! When a disk counts as full: some room is kept for what was accepted already. No I/O.
//!
//! Nobody keeps a ballast file to throw away in need: what is kept free is the ballast. From it come the
//! outcomes of what was begun, housekeeping, the broker's copy of what is still to be told, and the pages
//! that a checkpoint writes.

use crate::error::{Error, reason};

/// Bytes of a disk that are left free. Below it, nothing new is accepted.
pub const RESERVE_BYTES: u64 = 64 * 1024 * 1024;

/// The same on a small disk: this part of it, if that is less. One in twenty is 5 %.
pub const RESERVE_PART: u64 = 20;

/// How a disk stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes that are free for this user.
    pub free: u64,
    /// Its size in bytes.
    pub total: u64,
}

impl Room {
    /// Bytes below which nothing new is accepted.
    pub fn reserve(self) -> u64 {
        RESERVE_BYTES.min(self.total / RESERVE_PART)
    }

    /// Whether there is too little of it. Once there was, half as much again as the reserve must be free
    /// before there is enough: a disk at the limit must not open and shut the shop every second.
    pub fn is_short(self, was_short: bool) -> bool {
        let reserve = self.reserve();
        self.free < if was_short { reserve + reserve / 2 } else { reserve }
    }
}

/// The answer to whoever wants something new while there is no room for it.
pub(crate) fn refusal(room: Room) -> Error {
    let (free, kept) = (megabytes(room.free), megabytes(room.reserve() + room.reserve() / 2));
    Error::unavailable(
        reason::DISK_FULL,
        format!(
            "nothing was done: the disk of the database has {free} MB left; free space on it until {kept} MB \
             are free, the service goes on by itself"
        ),
    )
}

/// The same if the disk has room, and writing failed all the same, as at a quota.
pub(crate) fn refusal_of_system() -> Error {
    Error::unavailable(
        reason::DISK_FULL,
        "nothing was done: the system gives the database no more room; free space on its disk or raise the \
         quota, the service goes on by itself",
    )
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1024 * 1024;

    #[test]
    fn a_large_disk_keeps_64_mib_and_a_small_one_a_twentieth() {
        assert_eq!(Room { free: 0, total: 1 << 40 }.reserve(), 64 * MB);
        assert_eq!(Room { free: 0, total: 100 * MB }.reserve(), 5 * MB);
    }

    #[test]
    fn a_disk_that_was_short_must_have_more_than_one_that_was_not() {
        let disk = |free| Room { free, total: 100 * MB };
        assert!(!disk(5 * MB).is_short(false));
        assert!(disk(5 * MB - 1).is_short(false));
        assert!(disk(7 * MB).is_short(true), "it would be short again at once");
        assert!(!disk(8 * MB).is_short(true));
        assert!(disk(0).is_short(false));
    }

    #[test]
    fn the_refusal_says_what_was_not_done_and_what_to_do() {
        let error = refusal(Room { free: MB, total: 100 * MB });
        assert_eq!(error.reason, reason::DISK_FULL);
        assert!(error.kind.is_retryable());
        assert!(error.message.starts_with("nothing was done"), "{error}");
        assert!(error.message.contains("free space"), "{error}");
    }
}
