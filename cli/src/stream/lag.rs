//! How far behind a consumer is, in messages and in time.

use std::cmp::Reverse;

use futures_util::future::{join_all, try_join_all};
use jiff::{SignedDuration, Timestamp};
use kit::Client;
use kit::client::{ConsumerState, StreamState};
use serde::Serialize;

use super::message;
use super::read::ANY;

/// From how many messages on somebody is far behind.
const MESSAGES_FAR: u64 = 1000;

/// From how long on.
const TIME_FAR: SignedDuration = SignedDuration::from_secs(60);

/// A consumer, and how far behind it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Lag {
    #[serde(flatten)]
    pub(crate) consumer: ConsumerState,
    /// Messages that it has still to act on, those that were handed out included.
    pub(crate) behind: u64,
    /// When the first of them became true.
    pub(crate) waiting_since: Option<Timestamp>,
}

impl Lag {
    /// How far behind a consumer is, when it is known since when.
    pub(crate) fn of(consumer: ConsumerState, waiting_since: Option<Timestamp>) -> Self {
        let handed_out = u64::try_from(consumer.unacknowledged).unwrap_or(u64::MAX);
        let behind = consumer.pending.saturating_add(handed_out);
        Self { behind, waiting_since: waiting_since.filter(|_| behind > 0), consumer }
    }

    /// How long the first message waits that it has not acted on.
    pub(crate) fn waits(&self, now: Timestamp) -> Option<SignedDuration> {
        self.waiting_since.map(|since| now.duration_since(since).max(SignedDuration::ZERO))
    }

    /// Whether it is so far behind that somebody should look.
    pub(crate) fn is_far(&self, now: Timestamp) -> bool {
        self.behind >= MESSAGES_FAR || self.waits(now).is_some_and(|waits| waits >= TIME_FAR)
    }
}

/// Whoever is furthest behind first; those who are not, by name.
pub(crate) fn sort(lags: &mut [Lag]) {
    lags.sort_by(|one, other| {
        let key = |lag: &Lag| (Reverse(lag.behind), lag.waiting_since);
        let names = |lag: &Lag| (lag.consumer.stream.clone(), lag.consumer.name.clone());
        key(one).cmp(&key(other)).then_with(|| names(one).cmp(&names(other)))
    });
}

/// The consumers of some streams, whoever is furthest behind first.
///
/// # Errors
/// 11 if the broker does not answer.
pub(crate) async fn of_streams(client: &Client, streams: &[StreamState]) -> kit::Result<Vec<Lag>> {
    let asked = join_all(streams.iter().map(|stream| client.consumers(&stream.name))).await;
    let mut consumers = Vec::new();
    for found in asked {
        consumers.extend(found?);
    }
    let mut lags = try_join_all(consumers.into_iter().map(|consumer| of_one(client, consumer))).await?;
    sort(&mut lags);
    Ok(lags)
}

async fn of_one(client: &Client, consumer: ConsumerState) -> kit::Result<Lag> {
    let lag = Lag::of(consumer, None);
    if lag.behind == 0 {
        return Ok(lag);
    }
    let next = lag.consumer.acknowledged.saturating_add(1);
    let everything = [ANY.to_owned()];
    let subjects =
        if lag.consumer.subjects.is_empty() { &everything[..] } else { &lag.consumer.subjects[..] };
    let stream = &lag.consumer.stream;
    let found =
        try_join_all(subjects.iter().map(|subject| client.message_from(stream, subject, next))).await?;
    let first = found.into_iter().flatten().min_by_key(|stored| stored.sequence);
    let since = first.as_ref().map(message::time);
    Ok(Lag::of(lag.consumer, since))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A consumer as a test wants it.
    pub(crate) fn consumer(name: &str, pending: u64, unacknowledged: usize) -> ConsumerState {
        ConsumerState {
            stream: "ORDER".to_owned(),
            name: name.to_owned(),
            delivered: 10,
            acknowledged: 8,
            unacknowledged,
            pending,
            subjects: vec!["events.order.placed".to_owned()],
            redelivered: 0,
            delivered_at: String::new(),
            acknowledged_at: String::new(),
            made_at: String::new(),
            outside: false,
        }
    }

    #[test]
    fn whoever_is_furthest_behind_comes_first() {
        let at = |second| Some(Timestamp::from_second(second).unwrap());
        let mut lags = vec![
            Lag::of(consumer("b", 0, 0), None),
            Lag::of(consumer("c", 5, 0), at(50)),
            Lag::of(consumer("a", 0, 0), at(1)),
            Lag::of(consumer("d", 3, 2), at(40)),
        ];
        sort(&mut lags);
        let names: Vec<&str> = lags.iter().map(|lag| lag.consumer.name.as_str()).collect();
        assert_eq!(names, ["d", "c", "a", "b"]);
        assert_eq!(lags[2].waiting_since, None, "who has nothing to do does not wait");
    }

    #[test]
    fn far_is_many_messages_or_a_long_time() {
        let now = Timestamp::from_second(1000).unwrap();
        let far = |pending, since| {
            Lag::of(consumer("a", pending, 0), Timestamp::from_second(since).ok()).is_far(now)
        };
        assert!(far(1000, 1000) && far(1, 900));
        assert!(!far(1, 990) && !far(0, 1) && !far(999, 2000));
    }
}
