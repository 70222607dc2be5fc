//! Ingest: every reading of every device, once.

use serde::{Deserialize, Serialize};

use crate::DeviceId;
use crate::readings::{Metric, Reading, Site, Unit};

/// The name of the service.
pub const NAME: &str = "ingest";

kit::subjects! {
    event "events.ingest.recorded" ReadingsRecorded of site, "Readings of one site were recorded for the first time.";
}

/// Readings of one site were recorded, each for the first time: a repeat is never told again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadingsRecorded {
    /// Where.
    pub site: Site,
    /// Of which device and metric.
    pub series: Vec<RecordedSeries>,
}

/// New readings of one device and metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedSeries {
    /// Who measured.
    pub device: DeviceId,
    /// What.
    pub metric: Metric,
    /// In which unit, if the device says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Whether they came about when they were measured. What came late belongs to history: it corrects
    /// figures and raises no alarm.
    pub live: bool,
    /// The readings, by their time.
    pub readings: Vec<Reading>,
}
