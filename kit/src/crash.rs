//! Crash points: named places where a test can end, fail or hold up a running process.
//!
//! With the feature `crash-points` off, which is how everything that is deployed is built, a place is an
//! inlined function that answers `Ok`, and a process that finds [`VARIABLE`] set ends with 78 instead of
//! ignoring it. With the feature on nothing is different for a program that does not call `may_be_armed` first: who
//! builds the whole workspace at once gets the feature into all of it. Only `shopd-with-crash-points` calls it. Then
//! the variable is read once at the start and says which places do what:
//!
//! ```text
//! SHOP_CRASH_POINTS=relay.before_publish=kill@1,hear.in_transaction/events.order.cancelled=delay:200@every
//! ```
//!
//! - `kill` ends the process at once, by SIGKILL to itself: nothing is flushed, nobody is told;
//! - `error` lets the place fail with the reason [`REASON`];
//! - `delay:MS` holds the place up for so many milliseconds, as a slow disk or network would;
//! - `@N` means the N-th time that the place is reached, `@every` each time;
//! - what stands behind a `/` narrows it: to one subject, timer, effect, kind of job, or stream that is drained.

#[cfg(feature = "crash-points")]
mod armed;
#[cfg(feature = "crash-points")]
mod plan;

#[cfg(feature = "crash-points")]
pub use armed::may_be_armed;
#[cfg(feature = "crash-points")]
pub(crate) use armed::{are_armed, pause, point, prepare};
#[cfg(not(feature = "crash-points"))]
pub(crate) use off::{are_armed, pause, point, prepare};

/// The environment variable that arms crash points.
pub const VARIABLE: &str = "SHOP_CRASH_POINTS";

/// The reason of the error with which an armed place fails.
pub const REASON: &str = "crash_point";

/// The longest time a place is held up, in milliseconds. A longer one is refused at the start.
pub const DELAY_MS_MAX: u64 = 60_000;

/// A place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// What it is called.
    pub name: &'static str,
    /// Where it is, and what stands behind its `/`.
    pub about: &'static str,
}

/// Every place there is.
pub const POINTS: &[Point] = &[
    at("startup.after_open", "The database is open, the broker not asked yet; the service."),
    at("shutdown", "Requests are answered and nothing more is heard, the writer still runs; the service."),
    at("checkpoint", "The writer is about to close its database, which empties the write-ahead log."),
    at("log.checkpoint", "The log is about to be written into the database beside the writer; the service."),
    at("migrate.step", "A script of tables has run, its transaction has not committed; kit or the service."),
    at(
        "request.before_commit",
        "The handler has asked and decided, nothing is handed over yet; the subject.",
    ),
    at("request.after_commit_before_reply", "The change is committed, the answer not sent; the subject."),
    at(
        "writer.before_commit",
        "The rows of a group are written, COMMIT comes next; the kind of its last job.",
    ),
    at("writer.after_commit", "The group is in the file, nobody was told yet; the kind of its last job."),
    at("relay.before_publish", "A row of the outbox was read and not published; its subject."),
    at(
        "relay.after_publish_before_ack",
        "The broker has a message, the relay did not look at its answer yet.",
    ),
    at("relay.after_ack", "The relay has noted that the broker has a message."),
    at("stream.after_delete", "The keeper has deleted a stream and not made it anew; whose it is."),
    at("stream.after_create", "The keeper has made a stream and told nobody; whose it is."),
    at("consumer.after_delete", "The keeper has deleted a consumer and not made it anew; whose it is."),
    at(
        "hear.before_commit",
        "An event is handed to the writer, and not committed as far as the hearer knows; its subject.",
    ),
    at("hear.reaction", "A reaction is about to run; an error here makes a dead letter; its subject."),
    at("hear.in_transaction", "Position and reaction are written and not committed; the subject."),
    at("hear.after_commit_before_ack", "What was heard is committed, the broker was not told; its subject."),
    at("drain.gathering", "A raw message was taken, and its batch is not handed over; the stream."),
    at("drain.gathered", "A batch of raw messages is about to be handed to the writer; the stream."),
    at(
        "drain.before_commit",
        "A batch is handed to the writer, and not committed as far as the drainer knows; the stream.",
    ),
    at("drain.in_transaction", "Position and rows of a batch are written and not committed; the stream."),
    at("drain.after_commit_before_ack", "A batch is committed, the broker was not told; the stream."),
    at("drain.after_ack", "The broker was told of the first message of a batch, or of all; the stream."),
    at("dead_letter.write", "A dead letter or a parked event is written and not committed; its subject."),
    at(
        "effect.after_intent_before_call",
        "That a try begins is committed, nobody outside was asked; its name.",
    ),
    at(
        "effect.after_call_before_outcome",
        "The outside world has answered, nothing of it is recorded; its name.",
    ),
    at("effect.after_outcome", "The outcome of a try is committed; its name."),
    at("timer.before_fire", "Timers are due, none has fired; the kind of the first."),
    at("timer.after_fire", "Timers have fired and are committed; the kind of the first."),
    at("backup.hold", "A service was asked to stand still for a backup and does not yet; the service."),
    at("backup.copy", "The file of a copy is made, and nothing is in it yet; the service."),
    at("prune.before_purge", "Old rows are gone from the outbox and still in the stream; the service."),
];

const fn at(name: &'static str, about: &'static str) -> Point {
    Point { name, about }
}

/// What a program says that has no crash points, or none that may be armed.
fn not_here() -> String {
    format!(
        "nothing was started: {VARIABLE} is set, and this program arms no crash points; unset it, or run \
         shopd-with-crash-points, which `cargo build -p tests` makes"
    )
}

/// What is left of a place when the feature is off.
#[cfg(any(test, not(feature = "crash-points")))]
#[cfg_attr(feature = "crash-points", expect(dead_code, reason = "only looked at by a test"))]
mod off {
    use std::future::{Ready, ready};

    use crate::error::Result;

    /// A place in plain code: nothing.
    #[inline(always)]
    pub(crate) const fn point(_name: &'static str, _about: &str) -> Result<()> {
        Ok(())
    }

    /// A place in code that may wait: nothing.
    #[inline(always)]
    pub(crate) fn pause(_name: &'static str, _about: &str) -> Ready<Result<()>> {
        ready(Ok(()))
    }

    /// Whether any place does something: never.
    #[inline(always)]
    pub(crate) const fn are_armed() -> bool {
        false
    }

    /// Refuses to start when somebody expects places that are not there.
    pub(crate) fn prepare() -> Result<(), String> {
        match std::env::var_os(super::VARIABLE) {
            None => Ok(()),
            Some(_) => Err(super::not_here()),
        }
    }

    #[cfg(test)]
    mod tests {
        use crate::error::Result;

        /// Evaluated while compiling, so there is nothing left of it to run.
        const ANSWER: Result<()> = super::point("relay.before_publish", "");

        #[test]
        fn a_place_costs_nothing_when_the_feature_is_off() {
            assert!(ANSWER.is_ok());
            let pause = super::pause("relay.before_publish", "");
            assert!(pause.into_inner().is_ok(), "it never waits");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::POINTS;

    #[test]
    fn every_place_has_a_name_of_its_own_and_a_line_that_says_where_it_is() {
        let mut names: Vec<&str> = POINTS.iter().map(|point| point.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), POINTS.len());
        for point in POINTS {
            let plain = |c: char| c.is_ascii_lowercase() || c == '_' || c == '.';
            assert!(point.name.chars().all(plain) && point.about.ends_with('.'), "{point:?}");
        }
    }
}
