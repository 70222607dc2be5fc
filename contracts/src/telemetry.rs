//! Telemetry: what the readings of each device come to by minute, hour and day of UTC.
//!
//! A reading counts in the minute in which it was measured by the device's clock, however late it came.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::DeviceId;
use crate::readings::{Metric, Unit};

/// The name of the service.
pub const NAME: &str = "telemetry";

kit::subjects! {
    ask "telemetry.series" GetSeries -> SeriesView by [operator], "Tells count, least, most, mean and last of a device and metric by minute, hour or day.";
    ask "telemetry.summary" GetSummary -> Summary by [operator], "Tells the same of a whole time, for each metric of a device.";
    ask "telemetry.state" GetTelemetry -> TelemetryState by [operator], "Tells how many buckets there are, and whether they are being rebuilt.";
    change "telemetry.rebuild" RebuildTelemetry -> RebuildBegan by [operator], "Builds all buckets anew from the readings that are kept, beside those that are shown until then.";
}

/// Reasons telemetry gives.
pub mod reason {
    /// The end is not after the beginning.
    pub const INVALID_SPAN: &str = "invalid_span";
    /// So many buckets are not told at once.
    pub const SPAN_TOO_LONG: &str = "span_too_long";
    /// No reading of this device and metric was heard.
    pub const SERIES_UNKNOWN: &str = "series_unknown";
}

/// The most buckets that the span of one question may have.
pub const BUCKETS_MAX: i64 = 50_000;
/// The buckets that a span has at most if the step is chosen by the service.
pub const BUCKETS_CHOSEN: i64 = 1500;
/// The most buckets on one page.
pub const PAGE_BUCKETS_MAX: u32 = 3000;

/// How long a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A minute.
    Minute,
    /// An hour, from minute 0.
    Hour,
    /// A day of UTC.
    Day,
}

impl Step {
    /// Every step, the shortest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// How long it is, in milliseconds.
    pub fn millis(self) -> i64 {
        match self {
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }

    /// The beginning of the bucket that a moment lies in, both in milliseconds since 1970.
    pub fn begin(self, millis: i64) -> i64 {
        millis - millis.rem_euclid(self.millis())
    }

    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// Asks for the buckets of a device and metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetSeries {
    /// Which device.
    pub device: DeviceId,
    /// What was measured.
    pub metric: Metric,
    /// From the bucket of this moment.
    pub from: Timestamp,
    /// To the end of the bucket before this moment.
    pub to: Timestamp,
    /// How long a bucket is; if not said, the shortest of which there are not too many and that is still kept.
    #[serde(default)]
    pub step: Option<Step>,
    /// At most so many, 3000 if not said and at most.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Behind this, which the page before said as its `next`.
    #[serde(default)]
    pub after: Option<String>,
}

/// The buckets of a device and metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesView {
    /// In which unit, if the device says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// How long a bucket is.
    pub step: Step,
    /// The beginning of the first bucket.
    pub from: Timestamp,
    /// The end of the last.
    pub to: Timestamp,
    /// The buckets, the oldest first; those without a reading are left out.
    pub buckets: Vec<Bucket>,
    /// Where the next page begins, if there is more.
    pub next: Option<String>,
}

/// What the readings of some time come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its beginning.
    pub at: Timestamp,
    /// What the readings come to.
    #[serde(flatten)]
    pub figures: Figures,
}

/// What readings come to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// How many.
    pub count: u64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
    /// The mean.
    pub mean: f64,
    /// The last by its time.
    pub last: f64,
    /// When that was measured.
    pub last_at: Timestamp,
}

/// Asks what the readings of a device come to in a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetSummary {
    /// Which device.
    pub device: DeviceId,
    /// From the bucket of this moment.
    pub from: Timestamp,
    /// To the end of the bucket before this moment.
    pub to: Timestamp,
}

/// What the readings of a device come to in a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The beginning of the first bucket.
    pub from: Timestamp,
    /// The end of the last.
    pub to: Timestamp,
    /// Of which buckets it is made.
    pub step: Step,
    /// Each metric of which there is a reading in this time.
    pub metrics: Vec<MetricSummary>,
}

/// What the readings of a metric come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricSummary {
    /// What was measured.
    pub metric: Metric,
    /// In which unit, if the device says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// What the readings come to.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Asks what there is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetTelemetry {}

/// What there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TelemetryState {
    /// Counts how often the buckets were built, from 1.
    pub generation: u64,
    /// How many pairs of device and metric there are.
    pub series: u64,
    /// How many readings were counted since the buckets were built.
    pub readings: u64,
    /// When the last rebuild ended; none if there was none.
    pub rebuilt_at: Option<Timestamp>,
    /// The rebuild that runs, if one does.
    pub rebuild: Option<RebuildProgress>,
}

/// How far a rebuild is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebuildProgress {
    /// The generation that is being built.
    pub generation: u64,
    /// When it began.
    pub began_at: Timestamp,
    /// How many pairs of device and metric are done.
    pub series: u64,
    /// How many readings were counted.
    pub readings: u64,
}

/// Builds all buckets anew.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RebuildTelemetry {}

/// A rebuild that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebuildBegan {
    /// Whether it began now; else one was running already, and this is that one.
    pub began: bool,
    /// The generation that is being built; once it is shown, the rebuild is done.
    pub generation: u64,
}
