//! Acknowledging what a process acted on that is gone.

use async_nats::jetstream::{Context, consumer::Info};
use bytes::Bytes;

/// Acknowledges everything a consumer has handed out, for a hearer whose position is not before it: the
/// process that acted on it ended before it could say so. Without this the broker would wait half a minute
/// and hand it out again, and as long would history be kept for it. A lost acknowledgement does no harm.
#[expect(clippy::disallowed_methods, reason = "an acknowledgement tells nobody anything but the broker")]
pub(super) async fn catch_up(jetstream: &Context, info: &Info) {
    if info.num_ack_pending == 0 {
        return;
    }
    let (stream, name, last) = (&info.stream_name, &info.name, &info.delivered);
    // What the broker puts into the reply of a message: how often handed out, both numbers, time, what is left.
    let subject =
        format!("$JS.ACK.{stream}.{name}.1.{}.{}.0.0", last.stream_sequence, last.consumer_sequence);
    if let Err(error) = jetstream.client().publish(subject, Bytes::from_static(b"+ACK")).await {
        tracing::debug!("Not acknowledged: {error}");
    }
}
