//! Examples of what ingest says.

use kit::Example;

use crate::DeviceId;
use crate::ingest::{ReadingsRecorded, RecordedSeries};
use crate::readings::{Metric, Reading, Site, Unit};

impl Example for RecordedSeries {
    fn example() -> Self {
        Self {
            device: DeviceId::example(),
            metric: Metric::example(),
            unit: Some(Unit::example()),
            live: true,
            readings: vec![Reading::example()],
        }
    }
}

impl Example for ReadingsRecorded {
    fn example() -> Self {
        Self { site: Site::example(), series: vec![RecordedSeries::example()] }
    }
}
