//! Examples of what ingest says.

use jiff::{Timestamp, ToSpan};
use kit::Example;

use crate::DeviceId;
use crate::ingest::{
    Counts, DeviceCounts, GetCounts, GetLatest, GetRange, Latest, LatestReading, ListSeries, Range,
    ReadingCounts, ReadingsRecorded, RecordedSeries, Refusal, Refused, Series, SeriesList,
};
use crate::readings::{Metric, Reading, Site, Unit};

/// A time of a reading, and of its receipt.
fn times() -> (Timestamp, Timestamp) {
    let time = Timestamp::from_millisecond(Reading::example().time).unwrap_or_default();
    (time, time + 120.milliseconds())
}

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
        Self { site: Site::example(), number: 7, series: vec![RecordedSeries::example()] }
    }
}

impl Example for GetLatest {
    fn example() -> Self {
        Self { device: DeviceId::example(), metric: None }
    }
}

impl Example for Latest {
    fn example() -> Self {
        let (time, received) = times();
        let metric = LatestReading {
            metric: Metric::example(),
            unit: Some(Unit::example()),
            time,
            received,
            value: Reading::example().value,
        };
        Self { device: DeviceId::example(), site: Site::example(), received, metrics: vec![metric] }
    }
}

impl Example for GetRange {
    fn example() -> Self {
        let (time, _) = times();
        Self {
            device: DeviceId::example(),
            metric: Metric::example(),
            from: time,
            to: time + 24.hours(),
            limit: None,
            after: None,
        }
    }
}

impl Example for Range {
    fn example() -> Self {
        Self {
            unit: Some(Unit::example()),
            readings: vec![Reading::example()],
            after_ms: vec![120],
            number: 7,
            next: None,
        }
    }
}

impl Example for ListSeries {
    fn example() -> Self {
        Self::default()
    }
}

impl Example for SeriesList {
    fn example() -> Self {
        let series = Series {
            device: DeviceId::example(),
            site: Site::example(),
            metric: Metric::example(),
            unit: Some(Unit::example()),
            newest: times().0,
        };
        Self { items: vec![series], next: None }
    }
}

impl Example for GetCounts {
    fn example() -> Self {
        Self::default()
    }
}

impl Example for Counts {
    fn example() -> Self {
        let counts = ReadingCounts {
            accepted: 1440,
            late: 60,
            ahead: 0,
            repeated: 12,
            conflicting: 0,
            refused: 3,
            reasons: vec![Refused { reason: Refusal::TooFarAhead, readings: 3 }],
        };
        let item = DeviceCounts {
            device: DeviceId::example(),
            site: Site::example(),
            received: times().1,
            counts: counts.clone(),
        };
        Self { items: vec![item], total: counts, missed_messages: 0, next: None }
    }
}
