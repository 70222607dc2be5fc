//! What was recorded, as events: one a site and batch, or several where one would be too long.

use contracts::ingest::{ReadingsRecorded, RecordedSeries};
use contracts::readings::Site;
use kit::limits::EVENT_BYTES_MAX;
use kit::{Result, Tx};

use crate::store;

/// The most bytes that a reading takes in an event: 13 digits of time, 24 of value, what parts them, and one to spare.
const READING_BYTES: usize = 42;

/// The most bytes that a series takes in an event without its readings: the names are bounded.
const SERIES_BYTES: usize = 320;

/// The most bytes that are put into an event, by this reckoning, with room for what is around the series.
const BYTES_MAX: usize = EVENT_BYTES_MAX - 1024;

/// What is to be told of a batch.
#[derive(Debug, Default)]
pub struct Telling {
    full: Vec<(Site, Vec<RecordedSeries>)>,
    open: Vec<Open>,
}

/// An event that takes more.
#[derive(Debug)]
struct Open {
    site: Site,
    bytes: usize,
    series: Vec<RecordedSeries>,
}

impl Telling {
    /// Adds readings of a series.
    pub fn add(&mut self, site: &Site, mut series: RecordedSeries) {
        let at = self.open.iter().position(|open| open.site == *site).unwrap_or_else(|| {
            self.open.push(Open { site: site.clone(), bytes: 0, series: Vec::new() });
            self.open.len() - 1
        });
        let open = &mut self.open[at];
        loop {
            let room = BYTES_MAX.saturating_sub(open.bytes + SERIES_BYTES) / READING_BYTES;
            if series.readings.len() <= room {
                open.bytes += SERIES_BYTES + series.readings.len() * READING_BYTES;
                return open.series.push(series);
            }
            if room > 0 {
                let rest = series.readings.split_off(room);
                open.series.push(RecordedSeries {
                    readings: std::mem::replace(&mut series.readings, rest),
                    ..series.clone()
                });
            }
            self.full.push((site.clone(), std::mem::take(&mut open.series)));
            open.bytes = 0;
        }
    }

    /// Tells it.
    pub fn tell(self, tx: &mut Tx<'_>) -> Result<()> {
        let open = self.open.into_iter().map(|open| (open.site, open.series));
        for (site, series) in self.full.into_iter().chain(open) {
            let number = store::next_number(tx)?;
            tx.emit(&ReadingsRecorded { site, number, series })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use contracts::readings::Reading;
    use kit::Example;

    use super::*;

    /// Readings whose numbers are as long as they get.
    fn long(readings: i64) -> RecordedSeries {
        let reading = |at| Reading { time: 1_767_268_800_000 + at, value: -1.797_693_134_862_315_7e-308 };
        RecordedSeries { readings: (0..readings).map(reading).collect(), ..RecordedSeries::example() }
    }

    #[test]
    fn no_event_is_too_long_and_nothing_is_left_out() {
        let mut telling = Telling::default();
        let site = Site::example();
        for readings in [1, 5_000, 20_000, 7, 6_000] {
            telling.add(&site, long(readings));
        }
        let mut told = 0;
        let open = telling.open.into_iter().map(|open| (open.site, open.series));
        for (site, series) in telling.full.into_iter().chain(open) {
            told += series.iter().map(|series| series.readings.len()).sum::<usize>();
            let event = ReadingsRecorded { site, number: u64::MAX, series };
            let bytes = serde_json::to_vec(&event).unwrap().len();
            assert!(bytes <= EVENT_BYTES_MAX, "{bytes}");
        }
        assert_eq!(told, 31_008);
    }
}
