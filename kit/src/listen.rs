//! What is said outside the words of the shop: by devices, and by the broker itself.
//!
//! Nobody signs it and nothing is kept of it: who says it is known only by the subject, which the broker let
//! them use. What is told in return goes where the table of contents of the service allows it, and nowhere
//! else: never simply to the place that a message names for its answer.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;

use crate::access::Asker;
use crate::bus;
use crate::caller::Caller;
use crate::context::{Ctx, Recorded};
use crate::engine::port::{Port, Waiting};
use crate::error::{Error, Result};
use crate::limits::REQUEST_TIME;
use crate::service::Service;
use crate::trace::Trace;

/// Length of the body of such a message in bytes. A longer one is dropped, and said in the log.
pub const SAID_BYTES_MAX: usize = 64 * 1024;

/// How many such messages of one pattern of a service are acted on at once. What comes beyond is dropped, and said in the
/// log: whoever connects is refused and tries again, a device says it again.
pub const SAID_AT_ONCE_MAX: usize = 256;

/// A message from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Where it was said.
    pub subject: String,
    /// Where an answer is awaited, if it is. Anything may stand there.
    pub reply: Option<String>,
    /// What was said.
    pub body: Bytes,
}

/// What is told in return: where, and what. It goes out after the commit, once, to whoever listens.
pub type Return = Vec<(String, Bytes)>;

type Listener = Box<dyn Fn(Ctx, Said) -> Waiting<'static, Result<Return>> + Send + Sync>;

/// What a service listens to and tells outside the words of the shop.
#[derive(Default)]
pub(crate) struct Outside {
    listeners: BTreeMap<&'static str, Listener>,
    tells: BTreeSet<&'static str>,
}

impl Service {
    /// Listens where no word of the shop is said. The pattern may have wildcards; of several instances of
    /// the service one hears each message.
    pub fn listens<F, A>(mut self, pattern: &'static str, listener: F) -> Self
    where
        F: Fn(Ctx, Said) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Return>> + Send + 'static,
    {
        let listener: Listener = Box::new(move |ctx, said| Box::pin(listener(ctx, said)));
        self.outside.listeners.insert(pattern, listener);
        self
    }

    /// Tells at subjects that are no word of the shop. What is not said here cannot be told.
    pub fn tells(mut self, patterns: &[&'static str]) -> Self {
        self.outside.tells.extend(patterns);
        self
    }

    /// Where it listens beside its requests.
    pub fn listened(&self) -> impl Iterator<Item = &'static str> {
        self.outside.listeners.keys().copied()
    }

    /// Where it tells beside its events.
    pub fn told(&self) -> impl Iterator<Item = &'static str> {
        self.outside.tells.iter().copied()
    }

    fn listener(&self, pattern: &str) -> Option<&Listener> {
        self.outside.listeners.get(pattern)
    }

    /// Checks that something may be told there.
    ///
    /// # Errors
    /// A mistake of ours, if the table of contents does not say so.
    pub(crate) fn must_tell(&self, subject: &str) -> Result<()> {
        let plain = !subject.split('.').any(|token| matches!(token, "" | "*" | ">"));
        if plain && self.told().any(|pattern| bus::covers(pattern, subject)) {
            return Ok(());
        }
        Err(Error::internal(format!(
            "{} tells at {} without saying so in its table of contents",
            self.name(),
            crate::text::printable(subject)
        )))
    }
}

/// Lets the service behind a port act on a message, and answers what is to be told in return.
///
/// # Errors
/// What the listener says; a mistake of ours if it wants to tell where it may not.
pub(crate) async fn act(port: &Arc<dyn Port>, pattern: &str, said: Said) -> Result<Return> {
    let service = Arc::clone(port.service());
    let Some(listener) = service.listener(pattern) else {
        return Err(Error::internal(format!("nobody listens to {pattern}")));
    };
    let now = port.now();
    let ctx = Ctx {
        port: Arc::clone(port),
        subject: pattern.to_owned(),
        trace: port.child(&Trace { id: 0, span: 0, parent: 0, sampled: true }),
        caller: Caller::Anonymous,
        asker: Asker::of_nobody(),
        key: None,
        received: now,
        deadline: now + REQUEST_TIME,
        recorded: Recorded::default(),
    };
    let told = listener(ctx, said).await?;
    told.iter().try_for_each(|(subject, _)| service.must_tell(subject))?;
    Ok(told)
}
