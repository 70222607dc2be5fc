//! Messages that are gathered into a batch, and when one is begun: most of what a batch costs the disk, it costs once.

use std::time::{Duration, Instant};

use async_nats::jetstream::Message;
use jiff::Timestamp;

use super::drain::cannot_bind;
use crate::drain::{MQTT_PREFIX, MQTT_QOS, RawMessage};
use crate::engine::standing::Course;
use crate::error::Result;
use crate::limits::{DRAINED_APART, DRAINED_BYTES_MAX, DRAINED_FULL_APART, DRAINED_MESSAGES_MAX};
use crate::wire;

/// Messages that are gathered into a batch.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) messages: Vec<RawMessage>,
    pub(super) bytes: usize,
    /// How many messages were taken, with those that were passed over.
    pub(super) count: usize,
    /// The number of the last of them.
    pub(super) last: u64,
    /// When that was received.
    pub(super) received: Timestamp,
    /// What is to be acknowledged: all of them, or the last one for all.
    pub(super) taken: Vec<Message>,
}

/// When the last batch was begun.
#[derive(Debug, Default)]
pub(super) struct Turns {
    last: Option<Instant>,
}

impl Turns {
    /// How long the next batch waits: not at all if the last one began long enough ago, which for a full one is sooner.
    pub(super) fn wait(&self, gathered: &Gathered, now: Instant) -> Option<Duration> {
        let apart = if gathered.is_full() { DRAINED_FULL_APART } else { DRAINED_APART };
        (self.last? + apart).checked_duration_since(now).filter(|wait| !wait.is_zero())
    }

    /// A batch is begun.
    pub(super) fn begins(&mut self, now: Instant) {
        self.last = Some(now);
    }
}

impl Gathered {
    pub(super) fn take(&mut self, message: Message, course: &mut Course, sure: i64) -> Result<()> {
        let (raw, consumer_sequence) = raw(&message)?;
        course.takes(consumer_sequence, raw.sequence)?;
        (self.last, self.received) = (raw.sequence, raw.received);
        let promised = wire::get(message.headers.as_ref(), MQTT_QOS).is_some_and(|qos| qos != "0");
        let comes_otherwise = promised && sure > 0 && raw.received.as_millisecond() >= sure;
        if !comes_otherwise {
            self.bytes += raw.body.len();
            self.messages.push(raw);
        }
        // One acknowledgement is for all before it.
        self.taken.clear();
        self.taken.push(message);
        self.count += 1;
        Ok(())
    }

    pub(super) fn take_mqtt(&mut self, message: Message) -> Result<()> {
        let (mut raw, _) = raw(&message)?;
        if let Some(subject) = raw.subject.strip_prefix(MQTT_PREFIX) {
            raw.subject = subject.to_owned();
        }
        self.bytes += raw.body.len();
        self.messages.push(raw);
        self.taken.push(message);
        self.count += 1;
        Ok(())
    }

    pub(super) fn is_full(&self) -> bool {
        self.count >= DRAINED_MESSAGES_MAX || self.bytes >= DRAINED_BYTES_MAX
    }
}

/// The message, and how many its consumer had handed out with it.
fn raw(message: &Message) -> Result<(RawMessage, u64)> {
    let info = message.info().map_err(cannot_bind)?;
    let received = moment(info.published.unix_timestamp_nanos());
    let (subject, body) = (message.subject.to_string(), message.payload.clone());
    Ok((RawMessage { subject, body, sequence: info.stream_sequence, received }, info.consumer_sequence))
}

pub(super) fn moment(nanos: i128) -> Timestamp {
    Timestamp::from_nanosecond(nanos).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_a_quiet_time_waits_for_nothing() {
        let (mut turns, now, one) =
            (Turns::default(), Instant::now(), Gathered { count: 1, ..Gathered::default() });
        assert_eq!(turns.wait(&one, now), None);
        turns.begins(now);
        assert_eq!(turns.wait(&one, now + DRAINED_APART), None);
    }

    #[test]
    fn what_comes_right_after_a_batch_waits_for_more_and_less_long_if_it_is_enough() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        turns.begins(now);
        let (one, full) = (
            Gathered { count: 1, ..Gathered::default() },
            Gathered { bytes: DRAINED_BYTES_MAX, ..Gathered::default() },
        );
        assert_eq!(turns.wait(&one, now), Some(DRAINED_APART));
        assert_eq!(turns.wait(&full, now), Some(DRAINED_FULL_APART));
        assert_eq!(turns.wait(&full, now + DRAINED_FULL_APART), None);
    }
}
