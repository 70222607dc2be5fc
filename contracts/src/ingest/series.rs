//! Recorded readings on the wire: times after a base.

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use super::RecordedSeries;
use crate::DeviceId;
use crate::readings::{Metric, Reading, Unit};

/// As it is said.
#[derive(Deserialize)]
pub(super) struct Said {
    device: DeviceId,
    metric: Metric,
    #[serde(default)]
    unit: Option<Unit>,
    live: bool,
    #[serde(default)]
    base: i64,
    readings: Vec<Reading>,
}

impl From<Said> for RecordedSeries {
    fn from(said: Said) -> Self {
        let Said { device, metric, unit, live, base, mut readings } = said;
        for reading in &mut readings {
            reading.time = reading.time.saturating_add(base);
        }
        Self { device, metric, unit, live, readings }
    }
}

impl Serialize for RecordedSeries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let base = self.readings.first().map_or(0, |reading| reading.time);
        let mut said = serializer.serialize_struct("RecordedSeries", 6)?;
        said.serialize_field("device", &self.device)?;
        said.serialize_field("metric", &self.metric)?;
        match &self.unit {
            Some(unit) => said.serialize_field("unit", unit)?,
            None => said.skip_field("unit")?,
        }
        said.serialize_field("live", &self.live)?;
        said.serialize_field("base", &base)?;
        said.serialize_field("readings", &After { base, readings: &self.readings })?;
        said.end()
    }
}

/// Readings whose times are said after a base.
struct After<'a> {
    base: i64,
    readings: &'a [Reading],
}

impl Serialize for After<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.readings.iter().map(|reading| {
            // What would be too far away for a number cannot be: times are those of devices, within a few hundred years.
            (reading.time.saturating_sub(self.base), reading.value)
        }))
    }
}

#[cfg(test)]
mod tests {
    use kit::Example;

    use super::*;

    #[test]
    fn times_are_said_after_the_first() {
        let readings = vec![
            Reading { time: 1_767_268_800_000, value: 4.5 },
            Reading { time: 1_767_268_801_000, value: 4.25 },
        ];
        let series = RecordedSeries { readings, ..RecordedSeries::example() };
        let said = serde_json::to_value(&series).unwrap();
        assert_eq!(said["base"], 1_767_268_800_000_i64);
        assert_eq!(said["readings"], serde_json::json!([[0, 4.5], [1000, 4.25]]));
        assert_eq!(serde_json::from_value::<RecordedSeries>(said).unwrap(), series);
    }

    #[test]
    fn an_event_of_before_there_was_a_base_is_read() {
        let mut said =
            serde_json::to_value(RecordedSeries { readings: vec![], ..RecordedSeries::example() }).unwrap();
        said.as_object_mut().unwrap().remove("base");
        said["readings"] = serde_json::json!([[1_767_268_800_000_i64, 4.5]]);
        let series: RecordedSeries = serde_json::from_value(said).unwrap();
        assert_eq!(series.readings, [Reading { time: 1_767_268_800_000, value: 4.5 }]);
    }
}
