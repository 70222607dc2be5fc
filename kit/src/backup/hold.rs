//! Holding a writer: it finishes what it has begun, says so, and writes nothing until it is let go.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use tokio::sync::oneshot;

/// How long a writer stands still if nobody lets it go. It goes on by itself then, and the backup that wanted
/// it held has failed: whoever asked may have ended.
pub const HOLD_TIME: Duration = Duration::from_secs(2);

/// The side of the writer.
pub struct Hold {
    held: oneshot::Sender<()>,
    let_go: Receiver<()>,
}

/// The side of whoever wants it held. Dropping it lets the writer go.
pub struct Holder {
    /// Ready once the writer stands still; an error if it never will.
    pub held: oneshot::Receiver<()>,
    /// Lets it go.
    pub let_go: Sender<()>,
}

impl Hold {
    /// Both sides.
    pub fn new() -> (Self, Holder) {
        let (held, is_held) = oneshot::channel();
        let (release, let_go) = channel();
        (Self { held, let_go }, Holder { held: is_held, let_go: release })
    }

    /// Stands still. True: it was let go before [`HOLD_TIME`] was over, so nothing was written meanwhile.
    pub(crate) fn wait(self) -> bool {
        self.held.send(()).is_ok() && self.let_go.recv_timeout(HOLD_TIME).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_that_nobody_wants_any_more_ends_at_once() {
        let (hold, holder) = Hold::new();
        drop(holder);
        assert!(!hold.wait());
        let (hold, holder) = Hold::new();
        let Holder { held, let_go } = holder;
        drop(let_go);
        assert!(!hold.wait());
        drop(held);
    }

    #[test]
    fn a_hold_that_is_let_go_was_kept() {
        let (hold, holder) = Hold::new();
        holder.let_go.send(()).unwrap();
        assert!(hold.wait());
    }
}
