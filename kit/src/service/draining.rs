//! What a service says of the streams of raw messages that it drains.

use super::{Drain, Service};
use crate::drain::{Batch, MQTT_STREAM, RawStream, Unfit};
use crate::error::{Error, Result};
use crate::transaction::Tx;

impl Service {
    /// Drains a stream of raw messages, a batch in one transaction, and says which of them nothing could be made of.
    /// An error or a panic takes the batch back; it is done again message by message, and what fails then becomes a
    /// dead letter.
    pub fn drains(
        mut self,
        raw: RawStream,
        drain: impl Fn(&mut Tx<'_>, &Batch) -> Result<Vec<Unfit>> + Send + Sync + 'static,
    ) -> Self {
        self.drains.insert(raw.stream, (raw, Box::new(drain)));
        self
    }

    /// Every stream of raw messages it drains, by name.
    pub fn drained(&self) -> impl Iterator<Item = RawStream> {
        self.drains.values().map(|(raw, _)| *raw)
    }

    /// The stream that is drained from this source, if it is one.
    pub(crate) fn drain_of(&self, source: &str) -> Option<&'static str> {
        let by_mqtt = |(raw, _): &&(RawStream, Drain)| raw.mqtt && source == MQTT_STREAM;
        let found = self.drains.get(source).or_else(|| self.drains.values().find(by_mqtt));
        found.map(|(raw, _)| raw.stream)
    }

    pub(crate) fn drain(&self, tx: &mut Tx<'_>, stream: &str, batch: &Batch) -> Result<Vec<Unfit>> {
        match self.drains.get(stream) {
            Some((_, drain)) => drain(tx, batch),
            None => Err(Error::internal(format!("nobody drains {stream}"))),
        }
    }
}
