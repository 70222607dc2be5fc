//! The readings of a batch, by device and metric, and what of the rest there is to count. No I/O.

use std::collections::HashMap;
use std::time::Duration;

use contracts::DeviceId;
use contracts::ingest::Refusal;
use contracts::readings::{Metric, Site, Unit};
use kit::drain::RawMessage;
use kit::{Error, Result};

use crate::payload::{self, Found, Unreadable};
use crate::rate::Held;

/// How far a device's clock may be ahead of the broker's. A reading beyond is refused: it would stay the newest until
/// its time has come.
pub const AHEAD_MAX: Duration = Duration::from_secs(5 * 60);

/// What a device may measure: a name that changes with each message must not fill the database.
pub const METRICS_MAX: usize = 100;

/// The kinds of refusal, each a place in an array of counts.
const REFUSALS: usize = Refusal::ALL.len();

/// A reading of a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Taken {
    /// When it was measured, by the device's clock.
    pub time: i64,
    /// How much.
    pub value: f64,
    /// When the broker received it.
    pub received: i64,
}

/// What a batch has of one metric.
#[derive(Debug)]
pub struct OfMetric {
    /// What was measured.
    pub metric: Metric,
    /// In which unit, if the last that said one is believed.
    pub unit: Option<Unit>,
    /// The readings, in the order in which they came.
    pub readings: Vec<Taken>,
}

/// What a batch has of one device.
#[derive(Debug)]
pub struct OfDevice {
    /// Which.
    pub device: DeviceId,
    /// Where it is.
    pub site: Site,
    /// When its last message was received.
    pub received: i64,
    /// What it measured.
    pub metrics: Vec<OfMetric>,
    refused: [u64; REFUSALS],
    /// The metric of the reading before: nearly always the next one's too.
    last: usize,
}

/// The readings of a batch.
#[derive(Debug, Default)]
pub struct Gathered<'a> {
    /// By device and site, in the order in which they came first.
    pub devices: Vec<OfDevice>,
    by_subject: HashMap<&'a str, usize>,
}

impl<'a> Gathered<'a> {
    /// Takes up a message. `keep` is how far back readings are kept.
    ///
    /// # Errors
    /// If nothing of it can be read; that is counted.
    pub fn take(&mut self, message: &'a RawMessage, keep: Duration, rates: &mut Held<'_>) -> Result<()> {
        let received = message.received.as_millisecond();
        let at = self.device(&message.subject, received)?;
        let device = &mut self.devices[at];
        device.received = device.received.max(received);
        let earliest = received.saturating_sub(millis(keep));
        let latest = received.saturating_add(millis(AHEAD_MAX));
        let (bucket, counts) = rates.turn(device.device, received, message.sequence);
        let read = payload::read(&message.body, received, |item| match item {
            _ if counts && !bucket.take() => device.refuse(Refusal::TooFast),
            Ok(found) if found.time > latest => device.refuse(Refusal::TooFarAhead),
            Ok(found) if found.time < earliest => device.refuse(Refusal::TooOld),
            Ok(found) => device.take(found, received),
            Err(refusal) => device.refuse(refusal),
        });
        read.map_err(|error| {
            device.refuse(Refusal::Unreadable);
            unreadable(&error)
        })
    }

    fn device(&mut self, subject: &'a str, received: i64) -> Result<usize> {
        if let Some(at) = self.by_subject.get(subject) {
            return Ok(*at);
        }
        let (site, device) = sender(subject)?;
        let (metrics, refused) = (Vec::new(), [0; REFUSALS]);
        self.devices.push(OfDevice { device, site, received, metrics, refused, last: 0 });
        let at = self.devices.len() - 1;
        self.by_subject.insert(subject, at);
        Ok(at)
    }
}

impl OfDevice {
    /// Counts readings that are not recorded.
    pub fn refuse(&mut self, why: Refusal) {
        self.refuse_many(why, 1);
    }

    /// Counts so many readings that are not recorded.
    pub fn refuse_many(&mut self, why: Refusal, readings: u64) {
        if let Some(at) = Refusal::ALL.iter().position(|refusal| *refusal == why) {
            self.refused[at] += readings;
        }
    }

    /// How many readings were refused for each reason for which any was.
    pub fn refused(&self) -> impl Iterator<Item = (Refusal, u64)> {
        Refusal::ALL.into_iter().zip(self.refused).filter(|(_, readings)| *readings > 0)
    }

    fn take(&mut self, found: Found<'_>, received: i64) {
        let same = |metric: &OfMetric| metric.metric.as_str() == found.metric;
        if !self.metrics.get(self.last).is_some_and(same) {
            self.last = match self.metrics.iter().position(same) {
                Some(at) => at,
                None if self.metrics.len() == METRICS_MAX => return self.refuse(Refusal::TooManyMetrics),
                None => {
                    let Ok(metric) = found.metric.parse() else { return self.refuse(Refusal::InvalidMetric) };
                    self.metrics.push(OfMetric { metric, unit: None, readings: Vec::new() });
                    self.metrics.len() - 1
                }
            };
        }
        let Some(metric) = self.metrics.get_mut(self.last) else { return };
        if let Some(unit) = found.unit
            && metric.unit.as_ref().is_none_or(|known| known.as_str() != unit)
            && let Ok(unit) = unit.parse()
        {
            // What is no legal unit is no reason to lose the reading.
            metric.unit = Some(unit);
        }
        metric.readings.push(Taken { time: found.time, value: found.value, received });
    }
}

/// Who published at a subject. The broker lets a device publish only at its own.
fn sender(subject: &str) -> Result<(Site, DeviceId)> {
    let mut tokens = subject.split('.').skip(1);
    let site = tokens.next().and_then(|site| site.parse().ok());
    let device = tokens.next().and_then(|device| device.parse().ok());
    site.zip(device).ok_or_else(|| {
        Error::invalid(
            "invalid_sender",
            "nothing was recorded: the subject must be telemetry.SITE.DEVICE, with the identifier of a device",
        )
    })
}

fn unreadable(error: &Unreadable) -> Error {
    Error::invalid(Refusal::Unreadable.word(), error.to_string())
}

pub(crate) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
