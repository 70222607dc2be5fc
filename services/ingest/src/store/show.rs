//! The statements that are asked.

use contracts::DeviceId;
use contracts::ingest::{DeviceCounts, LatestReading, ReadingCounts, Refusal, Refused, Series};
use contracts::readings::{Metric, Site};
use kit::sql::{Columns, time};
use kit::{Result, Sql, Timestamp};
use rusqlite::{Row, params};

/// A device, as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its number in this database.
    pub number: i64,
    /// Where it was when it said something last.
    pub site: Site,
    /// When that was received.
    pub received: Timestamp,
}

/// The number of the last event.
pub fn number(sql: &Sql<'_>) -> Result<u64> {
    sql.get("SELECT number FROM totals WHERE one = 1", [], |row| row.get(0))
}

/// Messages that the stream forgot before they were read.
pub fn missed(sql: &Sql<'_>) -> Result<u64> {
    sql.get("SELECT missed FROM totals WHERE one = 1", [], |row| row.get(0))
}

/// A device, if it ever said anything.
pub fn find_device(sql: &Sql<'_>, device: DeviceId) -> Result<Option<Found>> {
    sql.find(
        "SELECT number, site, received_at_ms FROM devices WHERE device = ?1",
        [device.to_string()],
        |row| {
            let mut columns = Columns::of(row);
            let number = columns.get("number")?;
            let site = columns.parsed("site")?;
            Ok(Found { number, site, received: columns.time("received_at_ms")? })
        },
    )
}

/// The newest readings of a device, by metric; of one metric, or of all. Without one of which nothing was recorded.
pub fn latest(sql: &Sql<'_>, device: i64, metric: Option<&Metric>) -> Result<Vec<LatestReading>> {
    sql.list(
        "SELECT metric, unit, newest_ms, newest_ms + newest_after_ms AS received_ms, newest_value FROM series
         WHERE device = ?1 AND (?2 = '' OR metric = ?2) AND newest_ms > ?3
         ORDER BY metric",
        params![device, metric.map_or("", Metric::as_str), i64::MIN],
        |row| {
            let mut columns = Columns::of(row);
            Ok(LatestReading {
                metric: columns.parsed("metric")?,
                unit: columns.optional("unit")?,
                time: columns.time("newest_ms")?,
                received: columns.time("received_ms")?,
                value: columns.get("newest_value")?,
            })
        },
    )
}

/// What is measured, behind a number; by one device, or by all. Each with its number.
pub fn list_series(
    sql: &Sql<'_>,
    device: Option<i64>,
    after: i64,
    rows_max: usize,
) -> Result<Vec<(i64, Series)>> {
    sql.list(
        "SELECT series.number AS number, devices.device AS device, site, metric, unit, newest_ms
         FROM series CROSS JOIN devices ON devices.number = series.device
         WHERE series.number > ?1 AND (?2 = 0 OR series.device = ?2) AND newest_ms > ?3
         ORDER BY series.number LIMIT ?4",
        params![after, device.unwrap_or(0), i64::MIN, rows_max],
        |row| {
            let mut columns = Columns::of(row);
            let number = columns.get("number")?;
            let series = Series {
                device: columns.parsed("device")?,
                site: columns.parsed("site")?,
                metric: columns.parsed("metric")?,
                unit: columns.optional("unit")?,
                newest: columns.time("newest_ms")?,
            };
            Ok((number, series))
        },
    )
}

/// The counts of devices behind a number, of one device or site or of all. Each with its number.
pub fn list_counts(
    sql: &Sql<'_>,
    (device, site): (Option<i64>, Option<&Site>),
    after: i64,
    rows_max: usize,
) -> Result<Vec<(i64, DeviceCounts)>> {
    let mut found = sql.list(
        "SELECT number, device, site, received_at_ms, accepted, late, ahead, repeated, conflicting FROM devices
         WHERE number > ?1 AND (?2 = 0 OR number = ?2) AND (?3 = '' OR site = ?3)
         ORDER BY number LIMIT ?4",
        params![after, device.unwrap_or(0), site.map_or("", Site::as_str), rows_max],
        |row| {
            let counts = DeviceCounts {
                device: kit::sql::parsed(row, "device")?,
                site: kit::sql::parsed(row, "site")?,
                received: time(row, "received_at_ms")?,
                counts: row_to_counts(row)?,
            };
            Ok((row.get("number")?, counts))
        },
    )?;
    for (number, counts) in &mut found {
        let reasons = sql.list(
            "SELECT reason, readings FROM refusals WHERE device = ?1 ORDER BY readings DESC, reason",
            [*number],
            row_to_refused,
        )?;
        counts.counts.add_reasons(reasons);
    }
    Ok(found)
}

/// The counts of all devices together.
pub fn get_total(sql: &Sql<'_>) -> Result<ReadingCounts> {
    let mut total = sql.get(
        "SELECT coalesce(sum(accepted), 0) AS accepted, coalesce(sum(late), 0) AS late,
                coalesce(sum(ahead), 0) AS ahead, coalesce(sum(repeated), 0) AS repeated,
                coalesce(sum(conflicting), 0) AS conflicting
         FROM devices",
        [],
        row_to_counts,
    )?;
    let reasons = sql.list(
        "SELECT reason, sum(readings) AS readings FROM refusals GROUP BY reason ORDER BY readings DESC, reason",
        [],
        row_to_refused,
    )?;
    total.add_reasons(reasons);
    Ok(total)
}

/// Adding up reasons.
trait Reasons {
    fn add_reasons(&mut self, reasons: Vec<Option<Refused>>);
}

impl Reasons for ReadingCounts {
    fn add_reasons(&mut self, reasons: Vec<Option<Refused>>) {
        self.reasons = reasons.into_iter().flatten().collect();
        self.refused = self.reasons.iter().map(|reason| reason.readings).sum();
    }
}

fn row_to_counts(row: &Row<'_>) -> rusqlite::Result<ReadingCounts> {
    Ok(ReadingCounts {
        accepted: row.get("accepted")?,
        late: row.get("late")?,
        ahead: row.get("ahead")?,
        repeated: row.get("repeated")?,
        conflicting: row.get("conflicting")?,
        ..ReadingCounts::default()
    })
}

/// None for a word of a newer program.
fn row_to_refused(row: &Row<'_>) -> rusqlite::Result<Option<Refused>> {
    let (word, readings): (String, u64) = (row.get("reason")?, row.get("readings")?);
    let reason = Refusal::ALL.into_iter().find(|refusal| refusal.word() == word);
    Ok(reason.map(|reason| Refused { reason, readings }))
}
