//! What the broker says somebody may not send, told to whoever waits for an answer to it.
//!
//! The broker drops such a message and says so on the connection, not where the answer would come: a
//! request would wait for its whole time, and a missing right would look like a broken shop.

use std::future::Future;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};

use crate::error::{Error, Kind, Result, reason};
use crate::text::printable;

/// How many such words are kept for whoever has not read them yet; the oldest are lost beyond that, and
/// whoever waits for one of these waits for its whole time.
const KEPT_MAX: usize = 256;

/// What stands before the subject in the broker's words, and what behind it.
const BEFORE: &str = "Permissions Violation for Publish to \"";
const BEHIND: char = '"';

/// Tells requests that wait what the broker does not permit. Nothing is remembered: rights may be given
/// while a connection lasts.
#[derive(Clone)]
pub(super) struct Denied(Sender<String>);

impl Denied {
    pub(super) fn new() -> Self {
        Self(Sender::new(KEPT_MAX))
    }

    /// Notes what the broker said.
    pub(super) fn hear(&self, said: &str) {
        if let Some(subject) = subject_of(said) {
            // Nobody may be waiting.
            let _ = self.0.send(subject.to_owned());
        }
    }

    /// Waits for an answer to what is sent to a subject, unless the broker says that it may not be
    /// sent there.
    ///
    /// # Errors
    /// `forbidden` with whose key it is; else as `asking`.
    pub(super) async fn unless<T>(
        &self,
        name: Option<&str>,
        subject: &str,
        asking: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        // From before it is sent: nothing that is said of it is missed.
        let heard = self.0.subscribe();
        tokio::select! {
            biased;
            answer = asking => answer,
            () = said_of(subject, heard) => Err(forbidden(name, subject)),
        }
    }
}

/// Waits until something is said of a subject.
async fn said_of(subject: &str, mut heard: Receiver<String>) {
    loop {
        match heard.recv().await {
            Ok(denied) if denied == subject => return,
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}

fn forbidden(name: Option<&str>, subject: &str) -> Error {
    let who = name.map_or_else(|| "whoever has no key".to_owned(), |name| format!("the key {name}"));
    let message = format!("{who} may not publish to {} at the broker", printable(subject));
    Error::new(Kind::Forbidden, reason::FORBIDDEN, message)
}

/// The subject that may not be sent to, if that is what the broker said.
fn subject_of(said: &str) -> Option<&str> {
    let (_, rest) = said.split_once(BEFORE)?;
    rest.split_once(BEHIND).map(|(subject, _)| subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_is_read_from_what_the_broker_says() {
        let said = "nats: Permissions Violation for Publish to \"order.list\"";
        assert_eq!(subject_of(said), Some("order.list"));
        for other in ["", "nats: Permissions Violation for Subscription to \"events.>\"", "slow consumer"] {
            assert_eq!(subject_of(other), None, "{other}");
        }
    }

    #[tokio::test]
    async fn only_a_request_to_that_subject_ends_and_only_while_it_waits() {
        let denied = Denied::new();
        denied.hear("Permissions Violation for Publish to \"a.b\"");
        let asking = async {
            denied.hear("Permissions Violation for Publish to \"a.c\"");
            tokio::task::yield_now().await;
            Ok(1)
        };
        assert_eq!(denied.unless(Some("ann"), "a.b", asking).await.unwrap(), 1);
        let asking = async {
            for _ in 0..=KEPT_MAX {
                denied.hear("Permissions Violation for Publish to \"a.b\"");
            }
            std::future::pending::<Result<()>>().await
        };
        let error = denied.unless(Some("ann"), "a.b", asking).await.unwrap_err();
        assert_eq!((error.kind, &*error.reason), (Kind::Forbidden, reason::FORBIDDEN));
        assert_eq!(error.message, "the key ann may not publish to a.b at the broker");
    }
}
