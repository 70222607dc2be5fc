//! A batch of messages becomes rows and events, in one transaction.

use contracts::ingest::{RecordedSeries, Refusal};
use contracts::readings::{Metric, Reading, Unit};
use kit::drain::{Batch, Unfit};
use kit::{Result, Tx};

use crate::chunks;
use crate::gather::{Gathered, METRICS_MAX, OfDevice, Taken};
use crate::rate::Rates;
use crate::settings::Settings;
use crate::store::{self, Device, Series, Tally};
use crate::tell::Telling;

/// How old a reading may be when it is received to count as live: packs of a few minutes do. What is older came late,
/// and so is what is older than the newest of its series: it corrects figures and raises no alarm.
pub const LIVE_WITHIN_MS: i64 = 5 * 60 * 1000;

/// Records the readings of a batch, and tells of them. Answers the messages of which nothing could be read.
pub fn drain(tx: &mut Tx<'_>, batch: &Batch, settings: &Settings, rates: &Rates) -> Result<Vec<Unfit>> {
    let newest = batch.messages.last().map_or(0, |message| message.received.as_millisecond());
    let (mut gathered, mut unfit) = (Gathered::default(), Vec::new());
    let mut held = rates.hold(newest, &batch.stream);
    for (at, message) in batch.messages.iter().enumerate() {
        if let Err(error) = gathered.take(message, settings.keep, &mut held) {
            unfit.push(Unfit { at, error });
        }
    }
    drop(held);
    let mut telling = Telling::default();
    for device in gathered.devices {
        record(tx, device, &mut telling)?;
    }
    telling.tell(tx)?;
    if batch.missed > 0 {
        tracing::warn!(messages = batch.missed, "The stream forgot messages before they were read");
        store::add_missed(tx, batch.missed)?;
    }
    Ok(unfit)
}

/// Records what a device said.
fn record(tx: &mut Tx<'_>, mut said: OfDevice, telling: &mut Telling) -> Result<()> {
    let device = store::take_device(tx, said.device, &said.site, said.received)?;
    let mut tally = Tally::default();
    for of in std::mem::take(&mut said.metrics) {
        let Some(series) = series_of(tx, &device, &of.metric, of.unit.as_ref())? else {
            said.refuse_many(Refusal::TooManyMetrics, of.readings.len() as u64);
            continue;
        };
        let told = keep(tx, &series, of.readings, &mut tally)?;
        let unit = of.unit.or(series.unit);
        for (live, readings) in [(false, told.late), (true, told.live)] {
            if !readings.is_empty() {
                let (device, metric, unit) = (said.device, of.metric.clone(), unit.clone());
                telling.add(&said.site, RecordedSeries { device, metric, unit, live, readings });
            }
        }
    }
    store::note_device(tx, &device, &said.site, said.received, &tally)?;
    said.refused().try_for_each(|(why, readings)| store::add_refused(tx, &device, why, readings))
}

/// The series of a metric; none if it would be one too many.
fn series_of(tx: &Tx<'_>, device: &Device, metric: &Metric, unit: Option<&Unit>) -> Result<Option<Series>> {
    let found = store::find_series(tx, device, metric)?;
    match (found, unit) {
        (Some(series), Some(unit)) if series.unit.as_ref() != Some(unit) => {
            store::update_unit(tx, &series, unit)?;
            Ok(Some(series))
        }
        (Some(series), _) => Ok(Some(series)),
        (None, _) if store::count_series(tx, device)? >= METRICS_MAX => Ok(None),
        (None, unit) => store::insert_series(tx, device, metric, unit).map(Some),
    }
}

/// What was recorded, by its time.
#[derive(Debug, Default)]
struct Kept {
    live: Vec<Reading>,
    late: Vec<Reading>,
}

/// Records readings of a series: of each time the first one counts.
fn keep(tx: &Tx<'_>, series: &Series, mut readings: Vec<Taken>, tally: &mut Tally) -> Result<Kept> {
    // Stable: of the same time the first that came stays the first.
    readings.sort_by_key(|reading| reading.time);
    let mut before: Option<Taken> = None;
    readings.retain(|reading| match before {
        Some(first) if first.time == reading.time => {
            tally.seen_again(first.value, reading.value);
            false
        }
        _ => {
            before = Some(*reading);
            true
        }
    });
    let mut kept = Kept { live: Vec::with_capacity(readings.len()), late: Vec::new() };
    // What is newer than the newest cannot be there yet.
    let new = readings.partition_point(|reading| reading.time <= series.newest);
    chunks::weave(tx, series.number, &readings[..new], |reading, there| match there {
        Some(first) => tally.seen_again(first, reading.value),
        None => {
            kept.late.push(Reading { time: reading.time, value: reading.value });
            tally.accepted += 1;
            tally.late += 1;
            tally.ahead += u64::from(reading.time > reading.received);
        }
    })?;
    chunks::append(tx, series.number, &readings[new..])?;
    for reading in &readings[new..] {
        let live = reading.received - reading.time <= LIVE_WITHIN_MS;
        let to = if live { &mut kept.live } else { &mut kept.late };
        to.push(Reading { time: reading.time, value: reading.value });
        tally.accepted += 1;
        tally.late += u64::from(!live);
        tally.ahead += u64::from(reading.time > reading.received);
    }
    if let Some(newest) = readings[new..].last() {
        store::update_newest(tx, series, newest)?;
    }
    Ok(kept)
}
