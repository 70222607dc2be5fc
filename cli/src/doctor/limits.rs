//! From when on something counts as wrong: every threshold of the doctor, by name.

use std::time::Duration;

use kit::limits::{REQUESTS_IN_FLIGHT_MAX, WRITER_QUEUE_MAX};

/// From where on something is worth a look, and from where on it is wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mark<T> {
    pub(super) warn: T,
    pub(super) bad: T,
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// How long each may take to answer. What has not answered by then is a finding.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(3);
/// How long a check of a database may take, and one with `--deep`.
pub(super) const DATABASE_TIME: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(55));
/// How long the files of this machine may take: a disk that hangs must not hang the doctor.
pub(super) const FILES_TIME: Duration = Duration::from_secs(5);

/// The oldest broker that is known to lose nothing it acknowledged.
pub(super) const BROKER_KNOWN_GOOD: (u64, u64, u64) = (2, 15, 1);
/// A round trip to the broker.
pub(super) const ROUND_TRIP: Mark<Duration> =
    Mark { warn: Duration::from_millis(250), bad: Duration::from_secs(2) };
/// An answer of a service.
pub(super) const ANSWER: Mark<Duration> =
    Mark { warn: Duration::from_millis(500), bad: Duration::from_secs(2) };
/// The difference between two clocks. Who signs for themselves is believed for a minute or so.
pub(super) const SKEW: Mark<Duration> = Mark { warn: Duration::from_secs(2), bad: Duration::from_secs(20) };

/// How long an event waits to be told.
pub(super) const UNTOLD: Mark<Duration> = Mark { warn: Duration::from_secs(10), bad: minutes(1) };
/// How long a timer or an effect is late.
pub(super) const LATE: Mark<Duration> = Mark { warn: Duration::from_secs(30), bad: minutes(5) };
/// Jobs that wait for the writer.
pub(super) const QUEUED: Mark<u64> =
    Mark { warn: WRITER_QUEUE_MAX as u64 / 2, bad: WRITER_QUEUE_MAX as u64 * 9 / 10 };
/// Requests in progress.
pub(super) const REQUESTS: Mark<u64> =
    Mark { warn: REQUESTS_IN_FLIGHT_MAX as u64 / 2, bad: REQUESTS_IN_FLIGHT_MAX as u64 * 9 / 10 };
/// How old a dead letter is: each waits for a person.
pub(super) const DEAD: Mark<Duration> = Mark { warn: Duration::ZERO, bad: minutes(24 * 60) };

/// How full a stream or the store is, in per cent.
pub(super) const FULL: Mark<u64> = Mark { warn: 75, bad: 90 };
/// How far a hearer is behind, in messages and in time.
pub(super) const BEHIND: Mark<u64> = Mark { warn: 10_000, bad: 100_000 };
pub(super) const BEHIND_TIME: Mark<Duration> = Mark { warn: Duration::from_secs(30), bad: minutes(5) };
/// The same of a subscriber outside the shop: nobody waits for it, until nothing is kept for it any more.
pub(super) const OUTSIDE_TIME: Mark<Duration> = Mark { warn: minutes(60), bad: minutes(6 * 24 * 60) };

/// How long nobody knows whether a card was charged.
pub(super) const UNKNOWN: Mark<Duration> = Mark { warn: minutes(10), bad: minutes(24 * 60) };

/// The size of a write-ahead log, in bytes.
pub(super) const WAL: Mark<u64> = Mark { warn: 128 << 20, bad: 1 << 30 };
/// Room on a disk, in bytes, below which it is short whatever its size.
pub(super) const DISK_FREE: Mark<u64> = Mark { warn: 1 << 30, bad: 256 << 20 };
/// The same in per cent of its size, unless there is plenty in bytes.
pub(super) const DISK_FREE_SHARE: Mark<u64> = Mark { warn: 10, bad: 5 };
pub(super) const DISK_PLENTY: u64 = 10 << 30;
/// Memory of this machine that is free for programs, in bytes.
pub(super) const MEMORY_FREE: Mark<u64> = Mark { warn: 256 << 20, bad: 64 << 20 };
/// Open files of a process, in per cent of what it may open.
pub(super) const OPEN_FILES: Mark<u64> = Mark { warn: 70, bad: 90 };
/// How many files a process should be able to open.
pub(super) const OPEN_FILES_MIN: u64 = 1024;
/// How long before its end a certificate is to be renewed.
pub(super) const CERTIFICATE: Mark<Duration> =
    Mark { warn: minutes(21 * 24 * 60), bad: minutes(3 * 24 * 60) };
/// How old a key may grow before it should be replaced.
pub(super) const KEY_AGE: Duration = minutes(366 * 24 * 60);
