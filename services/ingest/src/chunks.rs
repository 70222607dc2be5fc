//! Into which chunk readings go: what is newer than all is added at the end, what is late is woven in where it belongs.

use kit::{Result, Tx};

use crate::chunk::{self, READINGS_MAX};
use crate::gather::Taken;
use crate::store;

/// From so many readings on, those of a batch begin a chunk of their own, beside whatever else begins then. Fewer are
/// added to the last chunk: one more page is changed for that, but chunks of few readings take more room.
const OWN_CHUNK_FROM: usize = READINGS_MAX / 2;

/// Records readings that are newer than all of their series, by their time.
pub fn append(tx: &Tx<'_>, series: i64, mut readings: &[Taken]) -> Result<()> {
    if (1..OWN_CHUNK_FROM).contains(&readings.len())
        && let Some(mut last) = store::last_chunk(tx, series, i64::MAX)?
    {
        let room = READINGS_MAX.saturating_sub(last.readings);
        let (now, rest) = readings.split_at(room.min(chunk::within_span(last.first, readings)));
        store::grow_chunk(tx, &mut last, now)?;
        readings = rest;
    }
    chunk::cut(readings).into_iter().try_for_each(|piece| store::insert_chunk(tx, series, piece))
}

/// Records readings where they belong by their time, of which no two are the same, unless there is one of that time.
/// `each` is told of every reading in turn, and the value that is there already.
pub fn weave(
    tx: &Tx<'_>,
    series: i64,
    mut readings: &[Taken],
    mut each: impl FnMut(&Taken, Option<f64>),
) -> Result<()> {
    while let Some(earliest) = readings.first() {
        // What is before all chunks belongs to the first of them.
        let chunk = match store::last_chunk(tx, series, earliest.time)? {
            None => store::first_chunk(tx, series)?,
            found => found,
        };
        let there = chunk.as_ref().map_or(Ok(Vec::new()), store::Chunk::read)?;
        let begins = chunk.as_ref().map_or(earliest.time, |chunk| chunk.first);
        let end = store::first_behind(tx, series, begins)?.unwrap_or(i64::MAX);
        let (here, behind) = readings.split_at(readings.partition_point(|reading| reading.time < end));
        readings = behind;
        let woven = weave_into(&there, here, &mut each);
        if woven.len() == there.len() {
            continue;
        }
        let mut pieces = chunk::cut(&woven).into_iter();
        if let (Some(chunk), Some(piece)) = (chunk, pieces.next()) {
            store::put_chunk(tx, chunk.number, piece)?;
        }
        pieces.try_for_each(|piece| store::insert_chunk(tx, series, piece))?;
    }
    Ok(())
}

/// Both by their time; of the same time, the one that is there.
fn weave_into(
    mut there: &[Taken],
    readings: &[Taken],
    mut each: impl FnMut(&Taken, Option<f64>),
) -> Vec<Taken> {
    let mut woven = Vec::with_capacity(there.len() + readings.len());
    for reading in readings {
        let (before, rest) = there.split_at(there.partition_point(|other| other.time < reading.time));
        woven.extend_from_slice(before);
        there = rest;
        match there.first() {
            Some(first) if first.time == reading.time => each(reading, Some(first.value)),
            _ => {
                each(reading, None);
                woven.push(*reading);
            }
        }
    }
    woven.extend_from_slice(there);
    woven
}
