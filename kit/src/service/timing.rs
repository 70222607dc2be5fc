//! What a service does on timers, and again and again.

use std::time::Duration;

use super::Service;
use crate::error::{Error, Result};
use crate::transaction::Tx;

/// Something that is done again and again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Period {
    /// The kind of its timer.
    pub(crate) kind: &'static str,
    /// The time between two turns.
    pub(crate) time: Duration,
    /// Whether each start is a turn, too.
    pub(crate) from_start: bool,
}

impl Service {
    /// Acts when a timer of this kind is due. The key says what it was set for.
    pub fn on_timer(
        mut self,
        kind: &'static str,
        ring: impl Fn(&mut Tx<'_>, &str) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.timers.insert(kind, Box::new(ring));
        self
    }

    /// Does something again and again. How long ago it was last done survives a restart.
    pub fn every(
        self,
        kind: &'static str,
        period: Duration,
        act: impl Fn(&mut Tx<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.periodic(Period { kind, time: period, from_start: false }, act)
    }

    /// Does something at each start, before the first request is accepted, and then again and again.
    /// What fails at the start is tried again a little later, as any timer.
    pub fn every_from_start(
        self,
        kind: &'static str,
        period: Duration,
        act: impl Fn(&mut Tx<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.periodic(Period { kind, time: period, from_start: true }, act)
    }

    fn periodic(
        mut self,
        period: Period,
        act: impl Fn(&mut Tx<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        let Period { kind, time, .. } = period;
        self.every.push(period);
        self.on_timer(kind, move |tx, _| {
            let next = tx.now() + time;
            tx.set_timer(kind, "", next)?;
            act(tx)
        })
    }

    pub(crate) fn periods(&self) -> &[Period] {
        &self.every
    }

    pub(crate) fn ring(&self, tx: &mut Tx<'_>, kind: &str, key: &str) -> Result<()> {
        match self.timers.get(kind) {
            Some(ring) => ring(tx, key),
            None => Err(Error::internal(format!("nobody knows the timer {kind}"))),
        }
    }
}
