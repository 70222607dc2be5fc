//! Examples of what telemetry says.

use jiff::{Timestamp, ToSpan};
use kit::Example;

use crate::DeviceId;
use crate::readings::{Metric, Reading, Unit};
use crate::telemetry::{
    Bucket, Figures, GetSeries, GetSummary, GetTelemetry, MetricSummary, RebuildBegan, RebuildProgress,
    RebuildTelemetry, SeriesView, Step, Summary, TelemetryState,
};

/// An hour.
fn hour() -> (Timestamp, Timestamp) {
    let from = Timestamp::from_millisecond(Reading::example().time).unwrap_or_default();
    (from, from + 1.hour())
}

fn figures() -> Figures {
    Figures { count: 60, min: 3.9, max: 4.4, mean: 4.15, last: 4.1, last_at: hour().0 + 59.minutes() }
}

impl Example for GetSeries {
    fn example() -> Self {
        let (from, to) = hour();
        Self {
            device: DeviceId::example(),
            metric: Metric::example(),
            from,
            to,
            step: Some(Step::Hour),
            limit: None,
            after: None,
        }
    }
}

impl Example for SeriesView {
    fn example() -> Self {
        let (from, to) = hour();
        let buckets = vec![Bucket { at: from, figures: figures() }];
        Self { unit: Some(Unit::example()), step: Step::Hour, from, to, buckets, next: None }
    }
}

impl Example for GetSummary {
    fn example() -> Self {
        let (from, to) = hour();
        Self { device: DeviceId::example(), from, to }
    }
}

impl Example for Summary {
    fn example() -> Self {
        let (from, to) = hour();
        let metric =
            MetricSummary { metric: Metric::example(), unit: Some(Unit::example()), figures: figures() };
        Self { from, to, step: Step::Hour, metrics: vec![metric] }
    }
}

impl Example for GetTelemetry {
    fn example() -> Self {
        Self {}
    }
}

impl Example for TelemetryState {
    fn example() -> Self {
        let rebuild = RebuildProgress { generation: 2, began_at: hour().1, series: 3, readings: 20_000 };
        Self { generation: 1, series: 12, readings: 86_400, rebuilt_at: None, rebuild: Some(rebuild) }
    }
}

impl Example for RebuildTelemetry {
    fn example() -> Self {
        Self {}
    }
}

impl Example for RebuildBegan {
    fn example() -> Self {
        Self { began: true, generation: 2 }
    }
}
