//! One outbox and its stream: what was told is there, and nothing else.

use std::time::Duration;

use kit::client::StreamState;
use kit::vitals::Health;

use super::{Fault, Rule};

/// How long an event may wait to be told.
pub const UNTOLD_MAX: Duration = Duration::from_secs(30);

/// What a service says of its outbox, and the broker of its stream. The service was asked first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What the service says.
    pub health: Health,
    /// What the broker says; none if there is no such stream.
    pub stream: Option<StreamState>,
}

impl Told {
    /// Whether both have the numbers that they had before.
    pub fn stands_as(&self, before: &Self) -> bool {
        let numbers = |told: &Self| {
            let stream = told.stream.as_ref().map(|stream| (stream.first, stream.last, stream.messages));
            (told.health.outbox_published, told.health.outbox_newest, stream)
        };
        numbers(self) == numbers(before)
    }

    /// What is wrong with it.
    pub fn faults(&self) -> Vec<Fault> {
        let health = &self.health;
        let name = &health.service;
        let mut faults = Vec::new();
        let mut wrong = |says: String| {
            let look = format!("shopctl stream verify {}", name.to_uppercase());
            faults.push(Fault { rule: Rule::Told, about: name.clone(), says, look });
        };
        let (published, newest) = (health.outbox_published, health.outbox_newest);
        if let Some(since) = health.untold_since.filter(|since| *since + UNTOLD_MAX < health.now) {
            wrong(format!("has events up to {newest}, but told only up to {published}, since {since}"));
        }
        let Some(stream) = &self.stream else {
            if newest > 0 {
                wrong(format!("has told {published} events, but there is no stream of them"));
            }
            return faults;
        };
        if stream.origin != health.origin {
            wrong("has a stream that mirrors another database".to_owned());
            return faults;
        }
        if stream.last < published {
            wrong(format!("has told events up to {published}, but its stream ends at {}", stream.last));
        }
        let missing = match (stream.last + 1).checked_sub(stream.first) {
            Some(numbers) if stream.messages > 0 => numbers.saturating_sub(stream.messages),
            _ => 0,
        };
        if missing > 0 {
            wrong(format!("has a stream in which {missing} events are missing"));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use kit::{Example, Timestamp};

    use super::*;

    fn told() -> Told {
        let health = Health { outbox_newest: 9, outbox_published: 9, ..Health::example() };
        let stream = StreamState {
            name: "ORDER".into(),
            messages: 9,
            bytes: 900,
            bytes_max: 1 << 28,
            first: 1,
            last: 9,
            last_at: String::new(),
            first_at: String::new(),
            consumers: 1,
            deleted: 0,
            subjects: vec![],
            made_at: String::new(),
            origin: health.origin.clone(),
        };
        Told { health, stream: Some(stream) }
    }

    fn with(change: impl FnOnce(&mut Told, &mut StreamState)) -> Vec<String> {
        let mut told = told();
        let mut stream = told.stream.take().unwrap();
        change(&mut told, &mut stream);
        told.stream = Some(stream);
        told.faults().into_iter().map(|fault| fault.says).collect()
    }

    #[test]
    fn a_stream_that_mirrors_its_outbox_is_sound_also_while_it_is_ahead_of_what_was_asked_before() {
        assert_eq!(told().faults(), []);
        assert_eq!(with(|_, stream| (stream.last, stream.messages) = (12, 12)), [] as [String; 0]);
    }

    #[test]
    fn each_way_in_which_a_stream_differs_is_named() {
        assert_eq!(
            with(|_, stream| (stream.last, stream.messages) = (7, 7)),
            ["has told events up to 9, but its stream ends at 7"]
        );
        assert_eq!(with(|_, stream| stream.messages = 7), ["has a stream in which 2 events are missing"]);
        assert_eq!(
            with(|_, stream| stream.origin = "another".into()),
            ["has a stream that mirrors another database"]
        );
        let gone = Told { stream: None, ..told() };
        assert_eq!(gone.faults()[0].says, "has told 9 events, but there is no stream of them");
        assert_eq!(gone.faults()[0].look, "shopctl stream verify ORDER");
    }

    #[test]
    fn an_event_that_waits_for_long_to_be_told_is_named() {
        let ago = |seconds| {
            with(|told, _| {
                let now = Timestamp::from_second(1_000_000).unwrap();
                (told.health.now, told.health.outbox_newest) = (now, 11);
                told.health.untold_since = Some(now - Duration::from_secs(seconds));
            })
        };
        assert_eq!(ago(1), [] as [String; 0]);
        assert_eq!(ago(100).len(), 1);
    }
}
