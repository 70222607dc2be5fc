//! Giving memory back once a service has nothing to do: what its connections have read is kept only as long
//! as somebody may ask for it again soon.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio_util::sync::CancellationToken;

use super::readers::Readers;
use super::writer::Writer;
use crate::limits::REST_LOOKED_AT;
use crate::vitals::Vitals;

/// Looks now and then whether anything was done since the last look. If not, for the first time, the pages that
/// the connections keep are given back.
pub(super) async fn run(
    (writer, readers, vitals): (Arc<Writer>, Readers, Arc<Vitals>),
    stop: CancellationToken,
) {
    let mut before = None;
    let mut rests = false;
    loop {
        tokio::select! {
            () = tokio::time::sleep(REST_LOOKED_AT) => {}
            () = stop.cancelled() => return,
        }
        let now = (vitals.groups.load(Ordering::Relaxed), vitals.answered.load(Ordering::Relaxed));
        if before.replace(now) != Some(now) {
            rests = false;
        } else if !rests {
            rests = true;
            writer.rest();
            readers.rest();
        }
    }
}
