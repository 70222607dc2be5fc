//! Every SQL statement of ingest: here those that record, in `chunks` where readings lie, in `show` those that are asked,
//! in `old` those that forget; in `turn` what turns rows of before.

mod chunks;
mod old;
mod show;
mod turn;

use contracts::DeviceId;
use contracts::ingest::Refusal;
use contracts::readings::{Metric, Site, Unit};
use kit::sql::Columns;
use kit::{Error, Result, Sql, Tx};
use rusqlite::{named_params, params};

use crate::gather::Taken;

pub use chunks::{
    Chunk, Listed, first_behind, first_chunk, grow_chunk, insert_chunk, last_chunk, list_readings, put_chunk,
};
pub use old::{Pruning, pruning, put_pruning, remove_before, series_behind};
pub use show::{Found, find_device, get_total, latest, list_counts, list_series, missed, number};
pub use turn::turn;

/// A device that said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Its number in this database.
    pub number: i64,
    /// When it was heard before this, in milliseconds since 1970.
    pub received: i64,
}

/// What a device measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Its number in this database.
    pub number: i64,
    /// In which unit, if the device said it.
    pub unit: Option<Unit>,
    /// The time of its newest reading; before all time if there is none.
    pub newest: i64,
}

/// What became of readings of a device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Recorded.
    pub accepted: u64,
    /// Of these, so many late.
    pub late: u64,
    /// Of these, so many before their time.
    pub ahead: u64,
    /// There already.
    pub repeated: u64,
    /// There already with another value.
    pub conflicting: u64,
}

impl Tally {
    /// Counts a reading of a time of which there is one.
    pub fn seen_again(&mut self, first: f64, again: f64) {
        if first.to_bits() == again.to_bits() {
            self.repeated += 1;
        } else {
            self.conflicting += 1;
        }
    }
}

/// The device, which has just said something. What it said of itself is noted with its counts: [`note_device`].
pub fn take_device(tx: &Tx<'_>, device: DeviceId, site: &Site, received: i64) -> Result<Device> {
    let text = device.to_string();
    let find = || {
        tx.find("SELECT number, received_at_ms FROM devices WHERE device = ?1", [&text], |row| {
            let mut columns = Columns::of(row);
            Ok(Device { number: columns.get("number")?, received: columns.get("received_at_ms")? })
        })
    };
    if let Some(found) = find()? {
        return Ok(found);
    }
    tx.execute(
        "INSERT INTO devices (device, site, received_at_ms, accepted, late, ahead, repeated, conflicting)
         VALUES (?1, ?2, ?3, 0, 0, 0, 0, 0)",
        params![text, site.as_str(), received],
    )?;
    find()?.ok_or_else(|| Error::internal("a device that was written is not there"))
}

/// Notes where a device is and when it was heard, and adds to its counts. A message that was received before the last
/// one says nothing about where the device is now.
pub fn note_device(tx: &Tx<'_>, device: &Device, site: &Site, received: i64, tally: &Tally) -> Result<()> {
    if *tally == Tally::default() && received < device.received {
        return Ok(());
    }
    let is_newer = received >= device.received;
    tx.execute_in_order(
        "UPDATE devices
         SET site = coalesce(:site, site), received_at_ms = :received,
             accepted = accepted + :accepted, late = late + :late, ahead = ahead + :ahead,
             repeated = repeated + :repeated, conflicting = conflicting + :conflicting
         WHERE number = :device",
        named_params! {
            ":site": is_newer.then_some(site.as_str()),
            ":received": received.max(device.received),
            ":accepted": tally.accepted,
            ":late": tally.late,
            ":ahead": tally.ahead,
            ":repeated": tally.repeated,
            ":conflicting": tally.conflicting,
            ":device": device.number,
        },
    )?;
    Ok(())
}

/// Adds to the readings of a device that were not recorded.
pub fn add_refused(tx: &Tx<'_>, device: &Device, why: Refusal, readings: u64) -> Result<()> {
    tx.execute(
        "INSERT INTO refusals (device, reason, readings) VALUES (?1, ?2, ?3)
         ON CONFLICT (device, reason) DO UPDATE SET readings = readings + excluded.readings",
        params![device.number, why.word(), readings],
    )?;
    Ok(())
}

/// What a device measures under a name, if it ever did.
pub fn find_series(sql: &Sql<'_>, device: &Device, metric: &Metric) -> Result<Option<Series>> {
    sql.find(
        "SELECT number, unit, newest_ms FROM series WHERE device = ?1 AND metric = ?2",
        params![device.number, metric.as_str()],
        |row| {
            let mut columns = Columns::of(row);
            let number = columns.get("number")?;
            let unit = columns.optional("unit")?;
            Ok(Series { number, unit, newest: columns.get("newest_ms")? })
        },
    )
}

/// How many things a device measures.
pub fn count_series(sql: &Sql<'_>, device: &Device) -> Result<usize> {
    sql.get("SELECT count(*) FROM series WHERE device = ?1", [device.number], |row| row.get(0))
}

/// A device measures something new.
pub fn insert_series(tx: &Tx<'_>, device: &Device, metric: &Metric, unit: Option<&Unit>) -> Result<Series> {
    tx.execute(
        "INSERT INTO series (device, metric, unit, newest_ms, newest_value, newest_after_ms)
         VALUES (?1, ?2, ?3, ?4, 0, 0)",
        params![device.number, metric.as_str(), unit.map_or("", Unit::as_str), i64::MIN],
    )?;
    let number = tx.get(
        "SELECT number FROM series WHERE device = ?1 AND metric = ?2",
        params![device.number, metric.as_str()],
        |row| row.get(0),
    )?;
    Ok(Series { number, unit: unit.cloned(), newest: i64::MIN })
}

/// A device says another unit than before.
pub fn update_unit(tx: &Tx<'_>, series: &Series, unit: &Unit) -> Result<()> {
    tx.execute("UPDATE series SET unit = ?2 WHERE number = ?1", params![series.number, unit.as_str()])?;
    Ok(())
}

/// Notes the newest reading of a series.
pub fn update_newest(tx: &Tx<'_>, series: &Series, newest: &Taken) -> Result<()> {
    tx.execute(
        "UPDATE series SET newest_ms = ?2, newest_value = ?3, newest_after_ms = ?4 WHERE number = ?1",
        params![series.number, newest.time, newest.value, newest.received - newest.time],
    )?;
    Ok(())
}

/// The number of the next event.
pub fn next_number(tx: &Tx<'_>) -> Result<u64> {
    tx.execute("UPDATE totals SET number = number + 1 WHERE one = 1", [])?;
    number(tx)
}

/// Counts messages that the stream forgot.
pub fn add_missed(tx: &Tx<'_>, messages: u64) -> Result<()> {
    tx.execute("UPDATE totals SET missed = missed + ?1 WHERE one = 1", [messages])?;
    Ok(())
}
