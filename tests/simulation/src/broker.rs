//! A model of the broker: streams with numbers, consumers that hand out in sequence. No time and no
//! chance of its own; the world decides when something arrives, and what is lost.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use kit::Trace;
use kit::engine::mirror::Figures;
use kit::engine::outbox::Row;

/// A message as it stands in a stream.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its number.
    pub sequence: u64,
    /// The identity of the database that told it.
    pub origin: String,
    /// The identifier of the event.
    pub id: String,
    /// Where it was told.
    pub subject: String,
    /// What it is about.
    pub key: String,
    /// The piece of work that told it.
    pub trace: Trace,
    /// What it says.
    pub body: Bytes,
    /// What was told before it.
    pub told_before: Option<String>,
    /// How many its consumer had handed out with it; 0 in a stream.
    pub handed: u64,
}

/// A message on its way into a stream, with what it expects to find there.
#[derive(Debug, Clone)]
pub struct Publish {
    /// The row.
    pub row: Row,
    /// The identity of the database.
    pub origin: String,
    /// The number that must be the last; none for a relay that does not say so.
    pub expected_last: Option<u64>,
    /// The identifier that must be the last, if it says so.
    pub expected_id: Option<String>,
}

/// A consumer of one hearer.
#[derive(Debug, Clone)]
pub struct Consumer {
    /// What it hands out.
    pub subjects: Vec<String>,
    /// The next number to hand out.
    pub next: u64,
    /// The last number that was ever handed out.
    pub handed_out: u64,
    /// How many messages it handed out, each time counted.
    pub handed: u64,
    /// The last number that was acknowledged, with everything before it.
    pub floor: u64,
    /// Who listens: a session of the hearer, which ends when the hearer begins anew.
    pub session: Option<u64>,
    /// Whether the broker already waits for an acknowledgement.
    pub watched: bool,
}

/// A stream.
#[derive(Debug, Clone, Default)]
pub struct Stream {
    /// The identity of the database it mirrors.
    pub owner: String,
    /// The messages, in order.
    pub messages: VecDeque<Message>,
    /// The last number given.
    pub last: u64,
    /// The consumers, by hearer.
    pub consumers: BTreeMap<usize, Consumer>,
}

/// The broker.
#[derive(Debug, Clone, Default)]
pub struct Broker {
    /// The streams, by the service that tells.
    pub streams: BTreeMap<usize, Stream>,
}

impl Broker {
    /// Makes a stream anew, empty, its first message to have a number.
    pub fn make(&mut self, teller: usize, owner: &str, first: u64) {
        let stream = Stream { owner: owner.to_owned(), last: first - 1, ..Stream::default() };
        self.streams.insert(teller, stream);
    }

    /// What is seen of a stream; none if there is none.
    pub fn figures(&self, teller: usize, name: &str) -> Option<Figures> {
        let stream = self.streams.get(&teller)?;
        let last = stream.messages.back();
        let first = stream.messages.front().map_or(stream.last + 1, |message| message.sequence);
        let messages = stream.messages.len() as u64;
        Some(Figures {
            name: name.to_owned(),
            owner: stream.owner.clone(),
            first,
            last: stream.last,
            messages,
            deleted: (stream.last + 1).saturating_sub(first + messages),
            told: stream.last,
            told_id: last.map(|message| message.id.clone()),
        })
    }

    /// Stores a message, or says why not. None: nobody answers, for there is no such stream.
    pub fn publish(&mut self, teller: usize, publish: Publish) -> Option<Result<u64, &'static str>> {
        let stream = self.streams.get_mut(&teller)?;
        if publish.expected_last.is_some_and(|last| last != stream.last) {
            return Some(Err("wrong last sequence"));
        }
        let last_id = stream.messages.back().map(|message| &message.id);
        if publish.expected_id.is_some() && last_id.is_some() && publish.expected_id.as_ref() != last_id {
            return Some(Err("wrong last message id"));
        }
        let Row { id, subject, key, body, trace, told_before, .. } = publish.row;
        let (sequence, origin) = (stream.last + 1, publish.origin);
        stream.last = sequence;
        let message = Message { sequence, origin, id, subject, key, trace, body, told_before, handed: 0 };
        stream.messages.push_back(message);
        Some(Ok(sequence))
    }

    /// Takes what a consumer can hand out now, in order.
    pub fn hand_out(&mut self, teller: usize, hearer: usize) -> Vec<Message> {
        let Some(stream) = self.streams.get_mut(&teller) else { return Vec::new() };
        let Some(consumer) = stream.consumers.get_mut(&hearer) else { return Vec::new() };
        if consumer.session.is_none() {
            return Vec::new();
        }
        let skip = stream.messages.partition_point(|message| message.sequence < consumer.next);
        let wanted = stream.messages.iter().skip(skip).filter(|message| consumer.hears(&message.subject));
        let mut handed: Vec<Message> = wanted.cloned().collect();
        for message in &mut handed {
            consumer.handed += 1;
            message.handed = consumer.handed;
        }
        consumer.next = stream.last + 1;
        if let Some(last) = handed.last() {
            consumer.handed_out = consumer.handed_out.max(last.sequence);
        }
        handed
    }

    /// Takes messages out of the middle of a stream, so many from so many before its end. Its numbers stay.
    pub fn tear(&mut self, teller: usize, before_end: usize, messages: usize) {
        let Some(stream) = self.streams.get_mut(&teller) else { return };
        let begin = stream.messages.len().saturating_sub(before_end);
        let end = stream.messages.len().min(begin + messages);
        stream.messages.drain(begin..end);
    }

    /// Forgets the last messages of a stream, as a disk does that lied about them. Consumers that are
    /// ahead are set back to its end, as the broker does at its start.
    pub fn roll_back(&mut self, teller: usize, messages: u64) {
        let Some(stream) = self.streams.get_mut(&teller) else { return };
        let first = stream.messages.front().map_or(stream.last + 1, |message| message.sequence);
        stream.last = stream.last.saturating_sub(messages).max(first - 1);
        let kept = stream.messages.partition_point(|message| message.sequence <= stream.last);
        stream.messages.truncate(kept);
        for consumer in stream.consumers.values_mut() {
            consumer.handed_out = consumer.handed_out.min(stream.last);
            consumer.floor = consumer.floor.min(stream.last);
            consumer.next = consumer.next.min(stream.last + 1);
        }
    }
}

impl Consumer {
    fn hears(&self, subject: &str) -> bool {
        self.subjects.iter().any(|wanted| wanted == subject)
    }
}
