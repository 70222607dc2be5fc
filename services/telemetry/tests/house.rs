//! A telemetry service, an ingest that tells it of readings, and a plain computation to compare with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contracts::DeviceId;
use contracts::ingest::{
    GetRange, ListSeries, Range, ReadingsRecorded, RecordedSeries, Series, SeriesList, reason,
};
use contracts::readings::{Metric, Reading, Unit};
use contracts::telemetry::{Bucket, Figures, GetSeries, GetTelemetry, Step, TelemetryState};
use kit::id::Id;
use kit::testing::Scratch;
use kit::{Error, Timestamp};
use telemetry::Settings;

/// Readings of each series as ingest has them, and how many events it told.
#[derive(Default)]
pub(crate) struct Raw {
    pub(crate) readings: BTreeMap<(DeviceId, Metric), BTreeMap<i64, f64>>,
    number: u64,
    /// Between which times there were readings of each series.
    extents: BTreeMap<(DeviceId, Metric), (i64, i64)>,
    /// Events that are recorded and were not heard yet.
    pub(crate) untold: Vec<ReadingsRecorded>,
}

/// The service, and an ingest beside it.
pub(crate) struct House {
    pub(crate) service: Scratch,
    pub(crate) raw: Arc<Mutex<Raw>>,
}

impl House {
    pub(crate) fn open() -> Self {
        Self::with(Settings::keeping_days(10_000))
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let service = Scratch::of(telemetry::service(settings));
        let raw = Arc::new(Mutex::new(Raw::default()));
        let (listing, telling) = (Arc::clone(&raw), Arc::clone(&raw));
        service.stub(move |asked: ListSeries| Ok(listing.lock().unwrap().list(&asked)));
        service.stub(move |asked: GetRange| telling.lock().unwrap().range(&asked));
        Self { service, raw }
    }

    /// Ingest records readings of a series; of each time the first counts. They are not heard yet.
    pub(crate) fn record(&self, series: &(DeviceId, Metric), readings: &[(i64, f64)]) {
        let mut raw = self.raw.lock().unwrap();
        for (time, _) in readings {
            let extent = raw.extents.entry(series.clone()).or_insert((*time, *time));
            *extent = (extent.0.min(*time), extent.1.max(*time));
        }
        let known = raw.readings.entry(series.clone()).or_default();
        let mut new = Vec::new();
        for (time, value) in readings {
            known.entry(*time).or_insert_with(|| {
                new.push(Reading { time: *time, value: *value });
                *value
            });
        }
        if new.is_empty() {
            return;
        }
        raw.number += 1;
        let unit = Some("Cel".parse::<Unit>().unwrap());
        let recorded =
            RecordedSeries { device: series.0, metric: series.1.clone(), unit, live: false, readings: new };
        let event =
            ReadingsRecorded { site: "seattle".parse().unwrap(), number: raw.number, series: vec![recorded] };
        raw.untold.push(event);
    }

    /// Everything that is recorded is heard.
    pub(crate) fn hear(&self) {
        let untold = std::mem::take(&mut self.raw.lock().unwrap().untold);
        for event in untold {
            self.service.hear(&event);
        }
        assert_eq!(self.service.dead_letters(), []);
    }

    /// Ingest records readings, and they are heard.
    pub(crate) fn hears(&self, series: &(DeviceId, Metric), readings: &[(i64, f64)]) {
        self.record(series, readings);
        self.hear();
    }

    /// All buckets of a series.
    pub(crate) async fn buckets(&self, series: &(DeviceId, Metric), step: Step) -> Vec<Bucket> {
        let (mut from, end) = self.extent(series);
        // As much as may be asked at once, again and again.
        let long = match step {
            Step::Minute => Duration::from_secs(30 * 86_400),
            Step::Hour | Step::Day => Duration::from_secs(2000 * 86_400),
        };
        let mut all: Vec<Bucket> = Vec::new();
        while from < end {
            let (to, mut after) = (from + long, None);
            loop {
                let (device, metric) = series.clone();
                let asked = GetSeries { device, metric, from, to, step: Some(step), limit: None, after };
                let page = self.service.ask(&asked).await.unwrap();
                // A bucket at an edge is in both spans.
                all.extend(page.buckets.into_iter().filter(|bucket| bucket.at >= from));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            from = to;
        }
        all.dedup();
        all
    }

    /// A time in which all readings of a series lie that were ever recorded.
    fn extent(&self, series: &(DeviceId, Metric)) -> (Timestamp, Timestamp) {
        let day = Step::Day.millis();
        let (from, to) = self.raw.lock().unwrap().extents.get(series).copied().unwrap_or((NOON, NOON));
        let moment = |millis| Timestamp::from_millisecond(Step::Day.begin(millis)).unwrap();
        (moment(from), moment(to + day))
    }

    pub(crate) async fn state(&self) -> TelemetryState {
        self.service.ask(&GetTelemetry {}).await.unwrap()
    }

    /// What the readings that ingest has come to, computed plainly.
    pub(crate) fn plain(&self, series: &(DeviceId, Metric), step: Step) -> Vec<Bucket> {
        let raw = self.raw.lock().unwrap();
        let mut groups: BTreeMap<i64, Vec<(i64, f64)>> = BTreeMap::new();
        for (time, value) in raw.readings.get(series).into_iter().flatten() {
            groups.entry(time.div_euclid(step.millis()) * step.millis()).or_default().push((*time, *value));
        }
        let bucket = |(at, readings): (i64, Vec<(i64, f64)>)| {
            let values = || readings.iter().map(|(_, value)| *value);
            // Tenths are summed as whole numbers.
            let tenths: i64 = values().map(|value| (value * 10.0).round() as i64).sum();
            let (last_at, last) = readings[readings.len() - 1];
            let figures = Figures {
                count: readings.len() as u64,
                min: values().fold(f64::INFINITY, f64::min),
                max: values().fold(f64::NEG_INFINITY, f64::max),
                mean: tenths as f64 / 10.0 / readings.len() as f64,
                last,
                last_at: Timestamp::from_millisecond(last_at).unwrap(),
            };
            Bucket { at: Timestamp::from_millisecond(at).unwrap(), figures }
        };
        groups.into_iter().map(bucket).collect()
    }

    /// Asserts that the buckets of a series are those of a plain computation.
    pub(crate) async fn agrees(&self, series: &(DeviceId, Metric)) {
        for step in Step::ALL {
            let (found, expected) = (self.buckets(series, step).await, self.plain(series, step));
            assert_eq!(found.len(), expected.len(), "{step:?}");
            for (found, expected) in found.iter().zip(&expected) {
                let (mean, other) = (found.figures.mean, expected.figures.mean);
                assert!((mean - other).abs() <= 1e-9 * other.abs().max(1.0), "{found:?} {expected:?}");
                let same = Figures { mean: other, ..found.figures };
                assert_eq!((found.at, same), (expected.at, expected.figures), "{step:?}");
            }
        }
    }
}

impl Raw {
    fn list(&self, asked: &ListSeries) -> SeriesList {
        let skip: usize = asked.after.as_ref().map_or(0, |after| after.parse().unwrap());
        // So few on a page that there are several.
        let items: Vec<Series> = self
            .readings
            .iter()
            .skip(skip)
            .take(2)
            .map(|((device, metric), readings)| Series {
                device: *device,
                site: "seattle".parse().unwrap(),
                metric: metric.clone(),
                unit: None,
                newest: Timestamp::from_millisecond(*readings.keys().last().unwrap()).unwrap(),
            })
            .collect();
        let end = skip + items.len();
        SeriesList { items, next: (end < self.readings.len()).then(|| end.to_string()) }
    }

    fn range(&self, asked: &GetRange) -> Result<Range, Error> {
        let known = self.readings.get(&(asked.device, asked.metric.clone()));
        let known = known.ok_or_else(|| Error::not_found(reason::SERIES_UNKNOWN, "no such series"))?;
        let after: i64 = asked.after.as_ref().map_or(i64::MIN, |after| after.parse().unwrap());
        // So few on a page that there are several.
        let page = 7;
        let mut readings: Vec<Reading> = known
            .iter()
            .filter(|(time, _)| **time > after)
            .take(page + 1)
            .map(|(time, value)| Reading { time: *time, value: *value })
            .collect();
        let more = readings.len() > page;
        readings.truncate(page);
        let next = readings.last().filter(|_| more).map(|last| last.time.to_string());
        let after_ms = vec![0; readings.len()];
        Ok(Range { unit: None, readings, after_ms, number: self.number, next })
    }
}

pub(crate) fn series(device: u128, metric: &str) -> (DeviceId, Metric) {
    (DeviceId::from_bits(device), metric.parse().unwrap())
}

/// Noon of 1 January 2026, which the clock shows.
pub(crate) const NOON: i64 = 1_767_268_800_000;
