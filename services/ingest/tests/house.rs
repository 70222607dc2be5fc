//! An ingest service, and devices that say something to it.

use std::time::Duration;

use contracts::DeviceId;
use contracts::ingest::{
    Counts, GetCounts, GetLatest, GetRange, Latest, Range, ReadingCounts, ReadingsRecorded, Refusal,
};
use contracts::readings::{self, Site};
use ingest::Settings;
use kit::id::Id;
use kit::testing::Scratch;
use kit::{Result, Timestamp};

/// The service. Messages are received when its clock says.
pub(crate) struct House(pub(crate) Scratch);

impl House {
    pub(crate) fn open() -> Self {
        Self::keeping_days(90)
    }

    pub(crate) fn keeping_days(days: u32) -> Self {
        Self(Scratch::of(ingest::service(Settings::keeping_days(days))))
    }

    /// Now, in milliseconds.
    pub(crate) fn now(&self) -> i64 {
        self.0.now().as_millisecond()
    }

    /// A device of Seattle says something.
    pub(crate) fn says(&self, device: u128, body: &str) {
        self.hears(&[(subject(device), body.to_owned())]);
    }

    /// Several messages in one batch.
    pub(crate) fn hears(&self, messages: &[(String, String)]) {
        let now = self.0.now();
        let batch: Vec<(&str, &[u8], Timestamp)> =
            messages.iter().map(|(subject, body)| (subject.as_str(), body.as_bytes(), now)).collect();
        self.0.drain(readings::STREAM, &batch).unwrap();
    }

    /// All readings of a metric of a device, as pairs.
    pub(crate) async fn readings(&self, device: u128, metric: &str) -> Vec<(i64, f64)> {
        let Ok(range) = self.range(device, metric).await else { return Vec::new() };
        range.readings.into_iter().map(Into::into).collect()
    }

    pub(crate) async fn range(&self, device: u128, metric: &str) -> Result<Range> {
        let asked = GetRange {
            device: id(device),
            metric: metric.parse().unwrap(),
            from: Timestamp::MIN,
            to: Timestamp::MAX,
            limit: Some(10_000),
            after: None,
        };
        self.0.ask(&asked).await
    }

    pub(crate) async fn latest(&self, device: u128) -> Latest {
        self.0.ask(&GetLatest { device: id(device), metric: None }).await.unwrap()
    }

    pub(crate) async fn counts(&self) -> Counts {
        self.0.ask(&GetCounts::default()).await.unwrap()
    }

    /// How many readings of a device became what, without the reasons.
    pub(crate) async fn tally(&self, device: u128) -> ReadingCounts {
        let asked = GetCounts { device: Some(id(device)), ..GetCounts::default() };
        self.0.ask(&asked).await.unwrap().items.remove(0).counts
    }

    /// Why readings of a device were refused, and how many.
    pub(crate) async fn refused(&self, device: u128) -> Vec<(Refusal, u64)> {
        let reasons = self.tally(device).await.reasons;
        reasons.into_iter().map(|refused| (refused.reason, refused.readings)).collect()
    }

    pub(crate) fn told(&self) -> Vec<ReadingsRecorded> {
        self.0.told_of()
    }

    pub(crate) async fn passes(&self, time: Duration) {
        self.0.advance(time).await;
    }
}

pub(crate) fn id(device: u128) -> DeviceId {
    DeviceId::from_bits(device)
}

pub(crate) fn subject(device: u128) -> String {
    readings::subject(&site("seattle"), id(device))
}

pub(crate) fn site(name: &str) -> Site {
    name.parse().unwrap()
}
