//! Forgetting what is older than the retention, in the database and in the stream alike.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, consumer, stream};
use bytes::Bytes;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::keeping::Keeping;
use crate::client::broker;
use crate::crash;
use crate::engine::port::{Port, read};
use crate::engine::steady::Steady;
use crate::engine::{Job, prune};
use crate::error::Result;
use crate::limits::{FULL_LOOKED_AT, PRUNE_EVERY, PRUNE_REST, PRUNE_ROWS_MAX, RETENTION};
use crate::streams::{HEARERS, OUTSIDE};

/// A stream that was made anew gets its consumers back bit by bit. Before all who hear it have theirs, or
/// this time has passed, nobody can tell from them what has been heard.
const SETTLING: Duration = Duration::from_secs(60 * 60);

/// How full a stream may be, in per cent of its bytes, before also younger rows are removed from it that
/// everybody has heard. A stream that is full takes nothing more.
const FULL: u64 = 75;

/// How full a stream is, about, after room was made in it.
const ROOMY: u64 = 50;

/// Bites after which the stream follows the outbox: a purge costs the broker more than a row us.
const BITES_A_PURGE: usize = 20;

/// What prunes, and where.
struct Pruner {
    port: Arc<dyn Port>,
    jetstream: jetstream::Context,
    keeping: Keeping,
    stop: CancellationToken,
}

/// Prunes now and then, and in between if the stream is full, until told to stop.
pub(super) async fn run(
    port: Arc<dyn Port>,
    jetstream: jetstream::Context,
    keeping: Keeping,
    stop: CancellationToken,
) {
    let began = Instant::now();
    let newest = read(&*port, prune::newest).await.ok().flatten();
    let mut steady = Steady::begin(newest, port.now(), began.elapsed(), RETENTION);
    let (mut told, mut last) = (false, began);
    let pruner = Pruner { port, jetstream, keeping, stop };
    loop {
        tokio::select! {
            () = tokio::time::sleep(FULL_LOOKED_AT) => {}
            () = pruner.stop.cancelled() => return,
        }
        let pruned = if last.elapsed() < PRUNE_EVERY {
            pruner.make_room().await
        } else {
            last = Instant::now();
            let is_steady = steady.look(pruner.port.now(), began.elapsed());
            if !is_steady && !told {
                tracing::warn!(
                    "The clock was set, or the service was away for long: nothing is removed as too old within the next day"
                );
            }
            told = !is_steady;
            pruner.forget(is_steady).await
        };
        if let Err(error) = pruned {
            tracing::debug!("Nothing was pruned: {}", error.chain());
        }
    }
}

impl Pruner {
    /// Removes all that is too old. By a clock that is not steady nothing is.
    async fn forget(&self, is_steady: bool) -> Result<()> {
        if is_steady {
            let before = self.port.now() - RETENTION;
            let mut began = Instant::now();
            while self.bite_of_history(before).await? && self.rest(began).await {
                began = Instant::now();
            }
        }
        let stream = self.stream().await?;
        let before = oldest_kept(self.port.now(), is_steady, fullness(stream.cached_info()));
        self.shorten(&stream, before).await
    }

    /// Removes what everybody has heard, however young, if the stream is full.
    async fn make_room(&self) -> Result<()> {
        let stream = self.stream().await?;
        if !is_full(fullness(stream.cached_info())) {
            return Ok(());
        }
        self.shorten(&stream, Timestamp::MAX).await
    }

    /// Removes rows of the outbox from before a time that everybody has heard, and what is told in the
    /// stream with them.
    async fn shorten(&self, stream: &stream::Stream, before: Timestamp) -> Result<()> {
        let consumers: Vec<consumer::Info> = stream.consumers().try_collect().await.map_err(broker)?;
        let info = stream.cached_info();
        let age = self.port.now().as_second() - info.created.unix_timestamp();
        let hearers = info.config.metadata.get(HEARERS).map(String::as_str);
        let there: Vec<&str> = consumers.iter().map(|consumer| consumer.name.as_str()).collect();
        if age < SETTLING.as_secs().cast_signed() && !all_there(hearers, &there) {
            return Ok(());
        }
        let last = last_removed(info.state.first_sequence, info.state.last_sequence, fullness(info));
        let last = heard_by_all(&consumers).min(last);
        let mut gone = None;
        for bite in 1.. {
            let began = Instant::now();
            let Some(up_to) = self.bite_of_outbox(before, last).await? else { break };
            gone = Some(up_to);
            if bite % BITES_A_PURGE == 0 {
                self.purge(gone.take()).await?;
            }
            if !self.rest(began).await {
                break;
            }
        }
        self.purge(gone).await
    }

    /// The stream follows the outbox. The rows go first: a crash in between leaves a stream that is longer,
    /// which is no fault, and the next purge shortens it.
    async fn purge(&self, gone: Option<u64>) -> Result<()> {
        let Some(gone) = gone else { return Ok(()) };
        crash::pause("prune.before_purge", self.port.service().name()).await?;
        self.keeping.purge(gone + 1).await
    }

    /// Leaves the writer to others after a bite, each of which is a job of its own. Where many wait for the
    /// writer a bite takes longer, and so does the rest after it. Answers whether to go on.
    async fn rest(&self, began: Instant) -> bool {
        tokio::time::sleep(began.elapsed().clamp(PRUNE_REST.0, PRUNE_REST.1)).await;
        !self.stop.is_cancelled()
    }

    async fn bite_of_history(&self, before: Timestamp) -> Result<bool> {
        let bite = Job::chore(self.port.now(), move |tx| {
            let more = prune::history(tx, before, PRUNE_ROWS_MAX)?;
            Ok(if more { Bytes::from_static(b"more") } else { Bytes::new() })
        });
        Ok(!self.port.submit(bite).await?.is_empty())
    }

    /// Answers the number up to which rows are gone, if any went.
    async fn bite_of_outbox(&self, before: Timestamp, last: u64) -> Result<Option<u64>> {
        let bite = Job::chore(self.port.now(), move |tx| {
            let gone = prune::outbox(tx, before, last, PRUNE_ROWS_MAX)?;
            Ok(Bytes::from(gone.map(|gone| gone.to_string()).unwrap_or_default()))
        });
        let gone = self.port.submit(bite).await?;
        Ok(std::str::from_utf8(&gone).ok().and_then(|text| text.parse().ok()))
    }

    async fn stream(&self) -> Result<stream::Stream> {
        self.jetstream.get_stream(self.port.service().stream()).await.map_err(broker)
    }
}

/// The number up to which everybody has heard a stream. Nobody outside can hold history up beyond the
/// retention.
fn heard_by_all(consumers: &[consumer::Info]) -> u64 {
    // A consumer that is told only some subjects stands still while others are told; what it has
    // nothing left to read of, it has passed.
    let heard = consumers.iter().filter(|info| !info.config.metadata.contains_key(OUTSIDE)).map(|info| {
        if info.num_pending == 0 && info.num_ack_pending == 0 {
            u64::MAX
        } else {
            info.ack_floor.stream_sequence
        }
    });
    heard.min().unwrap_or(u64::MAX).min(i64::MAX as u64)
}

/// Whether all who hear a stream have their consumers, as far as the stream says who they are. One from
/// before that was noted does not.
fn all_there(hearers: Option<&str>, consumers: &[&str]) -> bool {
    hearers.is_some_and(|names| {
        let mut names = names.split_whitespace().peekable();
        names.peek().is_some() && names.all(|name| consumers.contains(&name))
    })
}

/// The bytes of a stream, and how many it may hold, 0 for any.
fn fullness(info: &stream::Info) -> (u64, u64) {
    (info.state.bytes, u64::try_from(info.config.max_bytes).unwrap_or(0))
}

fn is_full((bytes, bytes_max): (u64, u64)) -> bool {
    bytes_max > 0 && bytes / FULL > bytes_max / 100
}

/// The last number that one pruning removes: in a full stream so many that it is [`ROOMY`] afterwards, so
/// that what can still be read is not less than it must be; else any.
fn last_removed(first: u64, last: u64, (bytes, bytes_max): (u64, u64)) -> u64 {
    if !is_full((bytes, bytes_max)) {
        return u64::MAX;
    }
    let spare = bytes.saturating_sub(bytes_max / 100 * ROOMY);
    let many = u128::from(last.saturating_sub(first)) * u128::from(spare) / u128::from(bytes.max(1));
    first.saturating_add(u64::try_from(many).unwrap_or(u64::MAX))
}

/// Before what time rows are removed that everybody has heard, given how full the stream is.
fn oldest_kept(now: Timestamp, is_steady: bool, fullness: (u64, u64)) -> Timestamp {
    match (is_full(fullness), is_steady) {
        (true, _) => Timestamp::MAX,
        (false, true) => now - RETENTION,
        (false, false) => Timestamp::MIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_depends_on_the_clock_only_if_it_is_steady_and_the_stream_has_room() {
        let now = Timestamp::from_second(1_767_268_800).unwrap();
        assert_eq!(oldest_kept(now, true, (10, 100_000)), now - RETENTION);
        assert_eq!(oldest_kept(now, false, (10, 100_000)), Timestamp::MIN, "nothing is old");
        assert_eq!(oldest_kept(now, true, (80_000, 100_000)), Timestamp::MAX, "what was heard makes room");
        assert_eq!(oldest_kept(now, true, (1 << 40, 0)), now - RETENTION, "a stream without a limit");
    }

    #[test]
    fn a_full_stream_is_emptied_by_a_part_and_what_is_too_old_goes_whatever_there_is() {
        assert_eq!(last_removed(1, 1001, (80_000, 100_000)), 1 + 375, "from 80 to 50 per cent");
        assert_eq!(last_removed(5001, 6001, (100_000, 100_000)), 5001 + 500);
        assert_eq!(last_removed(1, 1001, (10, 100_000)), u64::MAX);
        assert_eq!(last_removed(1, 1001, (1 << 40, 0)), u64::MAX, "a stream without a limit");
    }

    #[test]
    fn what_was_heard_of_a_young_stream_is_known_once_all_hearers_are_there() {
        assert!(all_there(Some("cart payment"), &["payment", "acme", "cart"]));
        assert!(!all_there(Some("cart payment"), &["payment", "acme"]));
        assert!(!all_there(Some(""), &["payment"]), "nobody is known to hear it");
        assert!(!all_there(None, &["payment"]), "it is not known who hears it");
    }
}
