//! The messages of a stream that are wanted, in order.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use jiff::Timestamp;
use kit::Client;

use super::grep::Grep;
use super::message::{self, Message};
use super::name::is_wanted;
use super::since::first_since;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Progress;

/// Messages that are looked through at a time when it goes backwards.
const STRETCH: u64 = 512;

/// How long it may take before a bar says how far it is.
const BAR_AFTER: Duration = Duration::from_millis(500);

/// Every subject.
pub(crate) const ANY: &str = ">";

/// Which messages are wanted, and with what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) subject: Option<String>,
    pub(crate) grep: Option<Grep>,
    pub(crate) headers: bool,
}

impl Wanted {
    /// Whether every message is wanted.
    pub(crate) fn is_all(&self) -> bool {
        self.subject.is_none() && self.grep.is_none()
    }

    fn takes(&self, message: &Message) -> bool {
        self.subject.as_ref().is_none_or(|filter| is_wanted(&message.subject, filter))
            && self.grep.as_ref().is_none_or(|grep| grep.finds(message))
    }

    /// The message, if it is wanted.
    pub(crate) fn take(&self, stored: kit::client::Stored) -> Option<Message> {
        let message = Message::of(stored, self.headers);
        self.takes(&message).then_some(message)
    }
}

/// A bar for what takes long, out of the way of what is printed meanwhile.
pub(crate) struct Scan<'a> {
    out: &'a Output,
    began: Instant,
    total: u64,
    done: u64,
    bar: Option<Progress>,
}

impl<'a> Scan<'a> {
    /// A scan of so many messages.
    pub(crate) fn begin(out: &'a Output, total: u64) -> Self {
        Self { out, began: Instant::now(), total, done: 0, bar: None }
    }

    /// So many more were looked at.
    pub(crate) fn add(&mut self, messages: u64) {
        self.done += messages;
        match &self.bar {
            Some(bar) => bar.add(usize::try_from(messages).unwrap_or(usize::MAX)),
            None if self.began.elapsed() > BAR_AFTER => {
                let total = usize::try_from(self.total).unwrap_or(usize::MAX);
                let bar = Progress::new(self.out, total, "messages");
                bar.add(usize::try_from(self.done).unwrap_or(usize::MAX));
                self.bar = Some(bar);
            }
            None => {}
        }
    }

    /// Prints something while the bar is away.
    pub(crate) fn beside<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.beside(print),
            None => print(),
        }
    }
}

impl Drop for Scan<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.end();
        }
    }
}

/// Where in a stream a time is: the number of the first message of that time or later.
///
/// # Errors
/// 11 if the broker does not answer.
pub(crate) async fn number_at(
    client: &Client,
    stream: &str,
    (first, last): (u64, u64),
    at: Timestamp,
) -> Result<u64, Failure> {
    let look = |from| async move {
        let found = client.message_from(stream, ANY, from).await?;
        Ok(found.map(|stored| (stored.sequence, message::time(&stored))))
    };
    first_since::<kit::Error, _>(first, last, at, look).await.map_err(Failure::from)
}

/// Reads from one number to another, both included, and gives what is wanted to `found`, which answers
/// whether it wants more.
///
/// # Errors
/// 11 if the broker does not answer; as `found`.
pub(crate) async fn forward(
    client: &Client,
    stream: &str,
    (first, last): (u64, u64),
    wanted: &Wanted,
    scan: &mut Scan<'_>,
    mut found: impl FnMut(&Scan<'_>, Message) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    if let Some(subject) = &wanted.subject {
        // The broker finds the next of a subject faster than everything between could be fetched.
        let mut next = first;
        while next <= last {
            let Some(stored) = client.message_from(stream, subject, next).await? else { break };
            if stored.sequence > last {
                break;
            }
            scan.add(stored.sequence.saturating_sub(next) + 1);
            next = stored.sequence + 1;
            if let Some(message) = wanted.take(stored)
                && !found(scan, message)?
            {
                break;
            }
        }
        return Ok(());
    }
    let mut messages = std::pin::pin!(client.messages(stream, first..=last));
    while let Some((_, stored)) = messages.next().await {
        scan.add(1);
        if let Some(message) = stored?.and_then(|stored| wanted.take(stored))
            && !found(scan, message)?
        {
            break;
        }
    }
    Ok(())
}

/// The last so many that are wanted between two numbers, both included, in order.
///
/// # Errors
/// 11 if the broker does not answer.
pub(crate) async fn backward(
    client: &Client,
    stream: &str,
    (first, last): (u64, u64),
    count: usize,
    wanted: &Wanted,
    scan: &mut Scan<'_>,
) -> Result<Vec<Message>, Failure> {
    let mut newest_first: Vec<Message> = Vec::new();
    let stretch =
        if wanted.is_all() { u64::try_from(count).unwrap_or(STRETCH).min(STRETCH) } else { STRETCH };
    let mut behind = last.saturating_add(1);
    while behind > first && newest_first.len() < count {
        let from = behind.saturating_sub(stretch.max(1)).max(first);
        let mut taken = Vec::new();
        let mut messages = std::pin::pin!(client.messages(stream, from..behind));
        while let Some((_, stored)) = messages.next().await {
            taken.extend(stored?.and_then(|stored| wanted.take(stored)));
        }
        scan.add(behind - from);
        newest_first.extend(taken.into_iter().rev());
        behind = from;
    }
    newest_first.truncate(count);
    newest_first.reverse();
    Ok(newest_first)
}
