//! Every limit of the machinery, by name, with what happens there.

use std::time::Duration;

/// Requests a service works on at once. One more is answered `overloaded`.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 1024;
/// Jobs that wait for a writer thread. One more request is answered `overloaded`; hearing waits.
pub const WRITER_QUEUE_MAX: usize = 4096;
/// Jobs that share one commit. The rest waits for the next.
pub const GROUP_JOBS_MAX: usize = 256;
/// How long a group waits for more, if the one before had [`GROUP_WAITS_FROM`] jobs or more. Most of what a commit
/// costs, it costs once: the more jobs share it, the less is left for each.
pub const GROUP_WAIT: Duration = Duration::from_millis(1);
/// How far apart groups of nothing but events are in a service that hears at leisure.
pub const LEISURE: Duration = Duration::from_millis(100);
/// How often a group of events that waits for more looks whether something else has come, which does not wait.
pub const GROUP_WAIT_LOOKS: Duration = Duration::from_millis(5);
/// Jobs in a group from which on the next one waits for more. Whoever is alone never waits.
pub const GROUP_WAITS_FROM: usize = 16;
/// Read-only connections of a service. A further reader waits, within its own deadline.
pub const READERS: usize = 2;
/// Steps of SQLite that a look-up takes on the thread that asks. One that takes more is broken off, at the
/// latest after twice as many, and done again as any other read.
pub const LOOK_UP_STEPS_MAX: i32 = 10_000;
/// Length of a request's body in bytes. A longer one is refused with `body_too_large`.
pub const REQUEST_BYTES_MAX: usize = 256 * 1024;
/// Length of a reply's body in bytes, below what the broker carries. A longer one is a mistake of
/// the service, and the caller is told so.
pub const REPLY_BYTES_MAX: usize = 900 * 1024;
/// Length of an event's body in bytes. Emitting a longer one fails the transaction.
pub const EVENT_BYTES_MAX: usize = 256 * 1024;
/// Length of an idempotency key in characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 128;
/// Length of an error's details in bytes as they travel in a header. Longer ones are left out.
pub const ERROR_DETAILS_BYTES_MAX: usize = 32 * 1024;
/// Messages a relay has published without an answer yet. More wait in the outbox.
pub const RELAY_IN_FLIGHT_MAX: usize = 1000;
/// Bytes of bodies a relay has published without an answer yet. The broker refuses what comes
/// faster than it can store, from 16 MB on.
pub const RELAY_BYTES_IN_FLIGHT_MAX: usize = 4 * 1024 * 1024;
/// How often it is looked whether a service has done anything. One that has not gives back the pages of its
/// database that it keeps in memory.
pub const REST_LOOKED_AT: Duration = Duration::from_secs(10);
/// How often an idle relay compares the stream with the outbox.
pub const RELAY_LOOKS_EVERY: Duration = Duration::from_secs(2);
/// Rows that a commit hands to the relay in memory. Beyond it the oldest are dropped there, and read from the outbox.
pub const UNTOLD_ROWS_MAX: usize = 2000;
/// Bytes of bodies that a commit hands to the relay in memory; beyond it as above.
pub const UNTOLD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Rows a relay reads from the outbox at a time.
pub const RELAY_ROWS_MAX: usize = 200;
/// Messages a consumer hands out before it hears an acknowledgement.
pub const HEARD_IN_FLIGHT_MAX: usize = 2000;
/// Bytes of bodies of events that are under way to the database, and that are asked of a consumer ahead; one more event
/// may come on top. The rest waits at the broker.
pub const HEARD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Messages asked of a consumer at a time.
pub const HEARD_BATCH_MAX: usize = 500;
/// Raw messages that a service drains in one transaction. More wait for the next.
pub const DRAINED_MESSAGES_MAX: usize = 10_000;
/// Bytes of bodies that a service drains in one transaction, not counting the last message.
pub const DRAINED_BYTES_MAX: usize = 512 * 1024;
/// How far apart batches of raw messages begin that are not full. Each costs the disk the same pages, whether it has ten
/// messages or a thousand.
pub const DRAINED_APART: Duration = Duration::from_millis(50);
/// How far apart those begin that are full, so that a flood of outsiders, which no broker holds up, leaves the processors,
/// the broker and the disk to those who wait for an answer: 15 MB of raw messages are recorded in a second at most. The
/// rest waits in its stream.
pub const DRAINED_FULL_APART: Duration = Duration::from_millis(35);
/// Bytes of raw messages that are asked of the broker ahead. It hands out no more before these have come.
pub const DRAINED_AHEAD_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Batches of raw messages that have left the broker: one is written, one is gathered. The broker keeps the rest.
pub const DRAINED_BATCHES_MAX: usize = 2;
/// Bytes of what came by MQTT and is not drained yet. At the limit the broker acknowledges nothing more to devices.
pub const MQTT_STREAM_BYTES_MAX: i64 = 128 * 1024 * 1024;
/// How long what came by MQTT may be under way to the database before the broker hands it out again, such as after a
/// process was killed.
pub const MQTT_ACK_WAIT: Duration = Duration::from_secs(10);
/// How long before a message its MQTT consumer must have been made for it to be certain that it has the message too.
pub const MQTT_SURE_AFTER: Duration = Duration::from_secs(5);
/// Dead letters that are kept of one sender into a drained stream. Of further messages only the count is kept.
pub const LETTERS_OF_ONE_MAX: usize = 20;
/// Dead letters that are kept of a drained stream. Of further messages only the count is kept.
pub const LETTERS_OF_STREAM_MAX: usize = 500;
/// Size of a service's stream in bytes. At the limit the broker refuses new messages, and rows
/// wait in the outbox: nothing that somebody has not read is dropped.
pub const STREAM_BYTES_MAX: i64 = 256 * 1024 * 1024;
/// How long the broker remembers message ids. The expected sequence is what prevents repeats, so
/// this only needs to exist; a long window would cost the broker memory.
pub const DUPLICATE_WINDOW: Duration = Duration::from_secs(1);
/// How long rows of the outbox, the journal and the stored replies are kept.
pub const RETENTION: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Rows of each table that one bite of a pruning removes, so that it never holds up the shop. Bites follow
/// each other until nothing old is left.
pub const PRUNE_ROWS_MAX: usize = 250;
/// Time between two prunings.
pub const PRUNE_EVERY: Duration = Duration::from_secs(60);
/// How often it is looked whether the stream is so full that room must be made before the next pruning. A
/// shop that tells ten thousand events a second fills a quarter of its stream in about ten seconds.
pub const FULL_LOOKED_AT: Duration = Duration::from_secs(2);
/// Rest of the writer between two bites: as long as the bite took, but at least and at most so long.
pub const PRUNE_REST: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(100));
/// Journal notes of reads that wait for the next commit. Beyond it the oldest is forgotten.
pub const NOTES_WAITING_MAX: usize = 1024;
/// How long a note of a read waits at most for a commit to join.
pub const NOTE_WAIT: Duration = Duration::from_millis(200);
/// Tries of a timer before it becomes a dead letter.
pub const TIMER_TRIES_MAX: u32 = 8;
/// How long it is at most until it is looked again what is due: a clock that was set is noticed soon, and a timer
/// that is set for later than this wakes nobody.
pub const DUE_LOOKED_AT: Duration = Duration::from_secs(1);
/// Timers fired in one go.
pub const TIMERS_AT_ONCE: usize = 200;
/// The longest page of a list. A longer one is refused.
pub const PAGE_MAX: u32 = 200;
/// The page of a list when none is asked for.
pub const PAGE_DEFAULT: u32 = 50;
/// Length of a page in bytes of JSON. A page of long rows ends early.
pub const PAGE_BYTES_MAX: usize = 512 * 1024;
/// Bytes of bodies that one service gives of one trace. Further bodies are left out.
pub const TRACE_BODY_BYTES_MAX: usize = 400 * 1024;
/// Size of a log file in bytes. A full one is put aside, and the one before it forgotten.
pub const LOG_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Rows one service gives of one trace.
pub const TRACE_ROWS_MAX: usize = 500;
/// Messages of a stream that a reader has asked for and not yet got.
pub const READ_AHEAD: usize = 64;
/// Rows of each table that are looked through for the end of an identifier, the newest first.
pub const LOOKUP_ROWS_MAX: i64 = 100_000;
/// Matches of each kind that one service gives of the end of an identifier.
pub const LOOKUP_MATCHES_MAX: usize = 20;
/// Length in characters of the shortest end of an identifier that is looked for.
pub const LOOKUP_CHARS_MIN: usize = 4;
/// Rows of the journal that one search looks at. The answer says where to go on.
pub const FIND_ROWS_MAX: i64 = 50_000;
/// Rows of the outbox that one answer tells the identifiers and checksums of.
pub const DIGESTS_MAX: usize = 1000;
/// Rows of the outbox, the newest, that a check of the database compares with their checksums unless it is
/// asked to look at all.
pub const CHECKED_ROWS_MAX: u64 = 10_000;
/// Findings of a check of the database that are told.
pub const CHECK_FINDINGS_MAX: usize = 20;
/// Time a request has when its caller names none.
pub const REQUEST_TIME: Duration = Duration::from_secs(5);
/// The longest time a caller may ask for.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(60);
/// Time for what was accepted to finish after SIGTERM.
pub const DRAIN_TIME: Duration = Duration::from_secs(8);
/// Wait between two tries of something that is not there yet: the first and the longest.
pub const RETRY_WAIT: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));
/// How often the keeper of the streams looks whether outside subscribers were added or taken out.
pub const SUBSCRIBERS_LOOKED_AT: Duration = Duration::from_secs(2);
