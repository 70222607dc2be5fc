//! Forgetting what is older than the retention, in the database and in the stream alike.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use bytes::Bytes;
use futures_util::TryStreamExt;
use tokio_util::sync::CancellationToken;

use super::keeping::Keeping;
use crate::client::broker;
use crate::crash;
use crate::engine::port::Port;
use crate::engine::{Job, prune};
use crate::error::Result;
use crate::limits::{PRUNE_EVERY, PRUNE_ROWS_MAX, RETENTION};
use crate::streams::OUTSIDE;

/// A stream that was made anew gets its consumers back bit by bit. Before this time has passed,
/// nobody can tell from them what has been heard.
const SETTLING: Duration = Duration::from_secs(60 * 60);

/// Prunes now and then, until told to stop.
pub(super) async fn run(
    port: Arc<dyn Port>,
    jetstream: jetstream::Context,
    keeping: Keeping,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(PRUNE_EVERY) => {}
            () = stop.cancelled() => return,
        }
        if let Err(error) = turn(&port, &jetstream, &keeping).await {
            tracing::debug!("Nothing was pruned: {}", error.chain());
        }
    }
}

async fn turn(port: &Arc<dyn Port>, jetstream: &jetstream::Context, keeping: &Keeping) -> Result<()> {
    let now = port.now();
    let before = now - RETENTION;
    port.submit(Job::chore(now, move |tx| {
        prune::history(tx, before, PRUNE_ROWS_MAX)?;
        Ok(Bytes::new())
    }))
    .await?;
    let stream = jetstream.get_stream(port.service().stream()).await.map_err(broker)?;
    let created = stream.cached_info().created.unix_timestamp();
    if now.as_second() - created < SETTLING.as_secs().cast_signed() {
        return Ok(());
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
    }
    Ok(())
}
