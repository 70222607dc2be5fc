//! One request, again and again.

use std::time::{Duration, Instant};

use bytes::Bytes;
use kit::{Call, Client};

use super::work::{Done, Work};

/// Sends the same request again and again.
pub(crate) struct Requests {
    pub(crate) client: Client,
    pub(crate) subject: String,
    /// What is sent, taken in turn.
    pub(crate) bodies: Vec<Bytes>,
    /// Whether each is a change, under a key of its own.
    pub(crate) changes: bool,
    /// Whether the journals write down each.
    pub(crate) traced: bool,
    pub(crate) patience: Duration,
    pub(crate) next: std::cell::Cell<usize>,
}

impl Work for Requests {
    fn names(&self) -> Vec<&'static str> {
        vec!["answered"]
    }

    async fn once(&self) -> Done {
        let next = self.next.get();
        self.next.set(next.wrapping_add(1));
        let body = self.bodies[next % self.bodies.len()].clone();
        let call = Call {
            timeout: self.patience,
            key: self.changes.then(Client::new_key),
            trace: self.traced.then(Client::new_trace),
        };
        let answer = self.client.call_once(&self.subject, body, call).await;
        Done::single(0, answer.map(|_| Instant::now()))
    }
}
