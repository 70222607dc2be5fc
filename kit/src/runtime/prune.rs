//! Forgetting what is older than the retention, in the database and in the stream alike.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream;
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
use crate::limits::{PRUNE_EVERY, PRUNE_ROWS_MAX, RETENTION};
use crate::streams::OUTSIDE;

/// A stream that was made anew gets its consumers back bit by bit. Before this time has passed,
/// nobody can tell from them what has been heard.
const SETTLING: Duration = Duration::from_secs(60 * 60);

/// How full a stream may be, in per cent of its bytes, before also younger rows are removed from it that
/// everybody has heard. A stream that is full takes nothing more.
const FULL: u64 = 75;

/// How long the shop has the disk and the writer for itself between two turns of one pruning.
const BETWEEN: Duration = Duration::from_millis(50);

/// Prunes now and then, until told to stop.
pub(super) async fn run(
    port: Arc<dyn Port>,
    jetstream: jetstream::Context,
    keeping: Keeping,
    stop: CancellationToken,
) {
    let began = Instant::now();
    let newest = read(&*port, prune::newest).await.ok().flatten();
    let mut steady = Steady::begin(newest, port.now(), began.elapsed(), RETENTION);
    let mut told = false;
    loop {
        tokio::select! {
            () = tokio::time::sleep(PRUNE_EVERY) => {}
            () = stop.cancelled() => return,
        }
        let is_steady = steady.look(port.now(), began.elapsed());
        if !is_steady && !told {
            tracing::warn!(
                "The clock was set, or the service was away for long: nothing is removed as too old within the next day"
            );
        }
        told = !is_steady;
        loop {
            match turn(&port, &jetstream, &keeping, is_steady).await {
                Ok(true) => tokio::time::sleep(BETWEEN).await,
                Ok(false) => break,
                Err(error) => {
                    tracing::debug!("Nothing was pruned: {}", error.chain());
                    break;
                }
            }
            if stop.is_cancelled() {
                return;
            }
        }
    }
}

/// One turn; answers whether there is more to remove. By a clock that is not steady nothing is old.
async fn turn(
    port: &Arc<dyn Port>,
    jetstream: &jetstream::Context,
    keeping: &Keeping,
    is_steady: bool,
) -> Result<bool> {
    let now = port.now();
    let before = oldest_kept(now, is_steady, (0, 0));
    let more = port
        .submit(Job::chore(now, move |tx| {
            let removed = prune::history(tx, before, PRUNE_ROWS_MAX)?;
            Ok(if removed >= PRUNE_ROWS_MAX { Bytes::from_static(b"more") } else { Bytes::new() })
        }))
        .await?;
    let mut more = !more.is_empty();
    let stream = jetstream.get_stream(port.service().stream()).await.map_err(broker)?;
    let info = stream.cached_info();
    let bytes_max = u64::try_from(info.config.max_bytes).unwrap_or(0);
    let before = oldest_kept(now, is_steady, (info.state.bytes, bytes_max));
    let created = info.created.unix_timestamp();
    if now.as_second() - created < SETTLING.as_secs().cast_signed() {
        return Ok(more);
    }
    let consumers: Vec<jetstream::consumer::Info> = stream.consumers().try_collect().await.map_err(broker)?;
    // A consumer that is told only some subjects stands still while others are told; what it has
    // nothing left to read of, it has passed. Nobody outside can hold history up beyond the retention.
    let heard = consumers
        .iter()
        .filter(|info| !info.config.metadata.contains_key(OUTSIDE))
        .map(|info| {
            if info.num_pending == 0 && info.num_ack_pending == 0 {
                u64::MAX
            } else {
                info.ack_floor.stream_sequence
            }
        })
        .min()
        .unwrap_or(u64::MAX)
        .min(i64::MAX as u64);
    let removed = port
        .submit(Job::chore(now, move |tx| {
            let last = prune::outbox(tx, before, heard, PRUNE_ROWS_MAX)?;
            Ok(Bytes::from(last.map(|last| last.to_string()).unwrap_or_default()))
        }))
        .await?;
    // The rows go first: a crash in between leaves a stream that is longer than the outbox, which
    // is no fault, and the next turn purges it.
    if let Some(last) = std::str::from_utf8(&removed).ok().and_then(|text| text.parse::<u64>().ok()) {
        crash::pause("prune.before_purge", port.service().name()).await?;
        keeping.purge(last + 1).await?;
        more = true;
    }
    Ok(more)
}

/// Before what time rows are removed that everybody has heard, given how full the stream is: its bytes,
/// and how many it may hold, 0 for any.
fn oldest_kept(now: Timestamp, is_steady: bool, (bytes, bytes_max): (u64, u64)) -> Timestamp {
    let is_full = bytes_max > 0 && bytes / FULL > bytes_max / 100;
    match (is_full, is_steady) {
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
}
