//! Draining raw messages into a scratch service.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::{ORIGIN, Scratch, lock};
use crate::clock::SystemChance;
use crate::drain::RawMessage;
use crate::engine::Job;
use crate::engine::drain::Drained;
use crate::error::Result;
use crate::trace::Trace;

impl Scratch {
    /// Drains raw messages into the service as one batch: the subject, the body, and when the broker got it. Answers
    /// the error of a batch that could not be committed.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn drain(&self, stream: &'static str, messages: &[(&str, &[u8], Timestamp)]) -> Result<()> {
        let mut sequences = lock(&self.surroundings.sequences);
        let last = sequences.entry(stream.to_owned()).or_default();
        let after = *last;
        let raw = messages.iter().map(|(subject, body, received)| {
            *last += 1;
            let body = Bytes::copy_from_slice(body);
            RawMessage { subject: (*subject).to_owned(), body, sequence: *last, received: *received }
        });
        let messages: Vec<RawMessage> = raw.collect();
        let (source, origin) = (stream.to_owned(), ORIGIN.to_owned());
        let received = messages.last().map_or(Timestamp::UNIX_EPOCH, |message| message.received);
        let span = Some((after, *last));
        let drained = Drained { stream, source, origin, span, messages, missed: 0, received };
        let trace = Trace::begin(self.now(), &mut SystemChance);
        let job = Job::drained(Arc::clone(&self.surroundings.service), drained, trace, self.now());
        drop(sequences);
        self.surroundings.commit(job).map(drop)
    }
}
