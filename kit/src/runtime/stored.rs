//! Why the broker has not stored a message, in words that name the mend.

use async_nats::jetstream;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};

use crate::client::broker;
use crate::error::{Error, reason};

/// What the broker answers if a stream may hold no more bytes.
const MAXIMUM_BYTES: u64 = 10077;

/// The error of a message that was not confirmed. Its row waits in the outbox in every case.
pub(super) fn not_stored(stream: &str, error: PublishError) -> Error {
    let what = match error.kind() {
        PublishErrorKind::TimedOut => format!(
            "the broker does not confirm what is told to {stream}; events wait in the outbox. If it answers \
             otherwise, its disk may be full: free space there, then start it again"
        ),
        PublishErrorKind::Other if code(&error) == Some(MAXIMUM_BYTES) => format!(
            "the stream {stream} is full; events wait in the outbox until what everybody has heard is removed. \
             `shopctl consumer ls {stream}` shows who has not"
        ),
        _ => return broker(error),
    };
    Error::unavailable(reason::NOT_STORED, what).caused_by(error)
}

fn code(error: &PublishError) -> Option<u64> {
    let source = std::error::Error::source(error)?.downcast_ref::<jetstream::Error>()?;
    Some(source.error_code().0)
}
