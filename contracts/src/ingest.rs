//! Ingest: every reading of every device, once.

mod series;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::DeviceId;
use crate::readings::{Metric, Reading, Site, Unit};

/// The name of the service.
pub const NAME: &str = "ingest";

kit::subjects! {
    ask "ingest.latest" GetLatest -> Latest by [operator], "Tells the newest reading of each metric of a device, by the device's clock.";
    ask "ingest.range" GetRange -> Range by [operator "telemetry"], "Tells the readings of a device and metric, the oldest first, page by page.";
    ask "ingest.series" ListSeries -> SeriesList by [operator "telemetry"], "Lists what is measured by which device, page by page.";
    ask "ingest.counts" GetCounts -> Counts by [operator], "Tells how many readings of each device were accepted, repeated, late and refused, and why.";
    event "events.ingest.recorded" ReadingsRecorded of site, "Readings of one site were recorded for the first time.";
}

/// Reasons ingest gives.
pub mod reason {
    /// The end is not after the beginning.
    pub const INVALID_SPAN: &str = "invalid_span";
    /// Nothing was ever accepted or refused of this device, or nothing of this metric.
    pub const SERIES_UNKNOWN: &str = "series_unknown";
}

/// The most readings on one page.
pub const READINGS_MAX: u32 = 10_000;
/// The readings on a page when nobody says.
pub const READINGS_DEFAULT: u32 = 1000;

/// Readings of one site were recorded, each for the first time: a repeat is never told again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadingsRecorded {
    /// Where.
    pub site: Site,
    /// Counts these events, from 1 on: what `ingest.range` tells says up to which of them it goes.
    #[serde(default)]
    pub number: u64,
    /// Of which device and metric.
    pub series: Vec<RecordedSeries>,
}

/// New readings of one device and metric. On the wire each time is said after `base` (as `bt` of SenML, RFC 8428): there
/// are many, and they lie close together. One without a `base` says its times in full.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "series::Said")]
pub struct RecordedSeries {
    /// Who measured.
    pub device: DeviceId,
    /// What.
    pub metric: Metric,
    /// In which unit, if the device says it.
    pub unit: Option<Unit>,
    /// Whether they came about when they were measured. What came late belongs to history: it corrects
    /// figures and raises no alarm.
    pub live: bool,
    /// The readings, by their time.
    pub readings: Vec<Reading>,
}

/// Asks for the newest readings of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetLatest {
    /// Which device.
    pub device: DeviceId,
    /// Only of this metric.
    #[serde(default)]
    pub metric: Option<Metric>,
}

/// The newest readings of a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latest {
    /// Which device.
    pub device: DeviceId,
    /// Where it was when it said something last.
    pub site: Site,
    /// When anything of it was received last.
    pub received: Timestamp,
    /// The newest reading of each metric, by metric.
    pub metrics: Vec<LatestReading>,
}

/// The newest reading of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LatestReading {
    /// What was measured.
    pub metric: Metric,
    /// In which unit, if the device says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// When, by the device's clock.
    pub time: Timestamp,
    /// When the broker received it.
    pub received: Timestamp,
    /// How much.
    pub value: f64,
}

/// Asks for the readings of a device and metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetRange {
    /// Which device.
    pub device: DeviceId,
    /// What was measured.
    pub metric: Metric,
    /// From this moment on, by the device's clock.
    pub from: Timestamp,
    /// To this moment, which is not part of it.
    pub to: Timestamp,
    /// At most so many, 1000 if not said, 10,000 at most.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Behind this, which the page before said as its `next`.
    #[serde(default)]
    pub after: Option<String>,
}

/// Readings of a device and metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// In which unit, if the device says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// The readings, by their time.
    pub readings: Vec<Reading>,
    /// By how many milliseconds each was received after its time; below 0 if the device's clock is ahead.
    pub after_ms: Vec<i64>,
    /// The last of the events `ingest.recorded` that this goes up to.
    pub number: u64,
    /// Where the next page begins, if there is more.
    pub next: Option<String>,
}

/// Lists what is measured by which device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListSeries {
    /// Only of this device.
    #[serde(default)]
    pub device: Option<DeviceId>,
    /// Length of the page, 50 if not said.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Behind this, which the page before said as its `next`.
    #[serde(default)]
    pub after: Option<String>,
}

/// What is measured by which device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesList {
    /// One for each device and metric, the first heard first.
    pub items: Vec<Series>,
    /// Where the next page begins, if there is more.
    pub next: Option<String>,
}

/// What a device measures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Which device.
    pub device: DeviceId,
    /// Where it was when it said something last.
    pub site: Site,
    /// What it measures.
    pub metric: Metric,
    /// In which unit, if the device says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// The time of the newest reading, by the device's clock.
    pub newest: Timestamp,
}

/// Asks how many readings became what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetCounts {
    /// Only of this device.
    #[serde(default)]
    pub device: Option<DeviceId>,
    /// Only of this site.
    #[serde(default)]
    pub site: Option<Site>,
    /// Length of the page, 50 if not said.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Behind this, which the page before said as its `next`.
    #[serde(default)]
    pub after: Option<String>,
}

/// How many readings became what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Of each device, the first heard first.
    pub items: Vec<DeviceCounts>,
    /// Of all devices together, whatever was asked for.
    pub total: ReadingCounts,
    /// Messages that the stream had to forget before they were read.
    pub missed_messages: u64,
    /// Where the next page begins, if there is more.
    pub next: Option<String>,
}

/// How many readings of a device became what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceCounts {
    /// Which device.
    pub device: DeviceId,
    /// Where it was when it said something last.
    pub site: Site,
    /// When anything of it was received last.
    pub received: Timestamp,
    /// How many.
    pub counts: ReadingCounts,
}

/// How many readings became what. Each reading is accepted, repeated, in conflict or refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingCounts {
    /// Recorded.
    pub accepted: u64,
    /// Of these, so many came late: they belong to history.
    pub late: u64,
    /// Of these, so many bore a time later than when they were received, within what a clock may differ.
    pub ahead: u64,
    /// There already, with the same value.
    pub repeated: u64,
    /// There already, with another value: the first counts.
    pub conflicting: u64,
    /// Not recorded.
    pub refused: u64,
    /// Why, with how many, by reason.
    pub reasons: Vec<Refused>,
}

/// How many readings were not recorded for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Why.
    pub reason: Refusal,
    /// How many; of messages of which nothing could be read, how many messages.
    pub readings: u64,
}

/// Why a reading was not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Its time is further ahead of the broker's than a clock may differ.
    TooFarAhead,
    /// Its time is before what is kept.
    TooOld,
    /// Its value is text, a list, nothing, or no number that can be kept.
    NotANumber,
    /// The name of its metric is not legal.
    InvalidMetric,
    /// Its time cannot be understood.
    InvalidTime,
    /// The device measures too many different things already.
    TooManyMetrics,
    /// The device says more than its share.
    TooFast,
    /// A message of which nothing could be read. It became a dead letter.
    Unreadable,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::TooFarAhead,
        Self::TooOld,
        Self::NotANumber,
        Self::InvalidMetric,
        Self::InvalidTime,
        Self::TooManyMetrics,
        Self::TooFast,
        Self::Unreadable,
    ];

    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::TooFarAhead => "too_far_ahead",
            Self::TooOld => "too_old",
            Self::NotANumber => "not_a_number",
            Self::InvalidMetric => "invalid_metric",
            Self::InvalidTime => "invalid_time",
            Self::TooManyMetrics => "too_many_metrics",
            Self::TooFast => "too_fast",
            Self::Unreadable => "unreadable",
        }
    }
}
