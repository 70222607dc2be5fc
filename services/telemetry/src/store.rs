//! Every SQL statement of telemetry: here those of series and buckets, in [`rebuilding`] those of a rebuild, in [`show`]
//! those that are asked, in [`old`] those that forget.

mod old;
mod rebuilding;
mod show;

use contracts::DeviceId;
use contracts::readings::{Metric, Unit};
use contracts::telemetry::Step;
use kit::sql::Columns;
use kit::{Result, Sql, Tx};
use rusqlite::{named_params, params};

use crate::rollup::{Place, Rollup};

pub use old::{Pruning, has_bucket, pruned, pruning, put_pruned, put_pruning, remove_before, series_behind};
pub use rebuilding::{
    Building, Page, State, advance, begin_rebuild, end_rebuild, give_up_rebuild, keep_old_buckets,
    list_pages, mark_rebuilt, newest_generation, next_to_rebuild, put_page, remove_others, settle, state,
};
pub use show::{find_series, list_buckets, show_state, summarise};

/// A pair of device and metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Series {
    /// Its number in this database.
    pub number: i64,
    /// The generation in which it was last built.
    pub rebuilt: u64,
}

/// How a step is written.
pub(crate) fn step_number(step: Step) -> i64 {
    match step {
        Step::Minute => 0,
        Step::Hour => 1,
        Step::Day => 2,
    }
}

/// Times of buckets are written in minutes.
pub(crate) const MINUTE_MS: i64 = 60_000;

/// The series of a device and metric; one that is new belongs to a generation. Its unit is the last that was said.
pub fn take_series(
    tx: &Tx<'_>,
    (device, metric): (DeviceId, &Metric),
    unit: Option<&Unit>,
    generation: u64,
) -> Result<Series> {
    let device = device.to_string();
    let find = || {
        tx.find(
            "SELECT number, unit, rebuilt FROM series WHERE device = ?1 AND metric = ?2",
            params![device, metric.as_str()],
            |row| {
                let mut columns = Columns::of(row);
                let number = columns.get("number")?;
                let same = unit.is_none_or(|unit| columns_unit(&mut columns, unit));
                // The unit was not looked at if none is said.
                let rebuilt = row.get("rebuilt")?;
                Ok((Series { number, rebuilt }, same))
            },
        )
    };
    match find()? {
        Some((series, true)) => Ok(series),
        Some((series, false)) => {
            let unit = unit.map_or("", Unit::as_str);
            tx.execute("UPDATE series SET unit = ?2 WHERE number = ?1", params![series.number, unit])?;
            Ok(series)
        }
        None => {
            tx.execute(
                "INSERT INTO series (device, metric, unit, rebuilt) VALUES (?1, ?2, ?3, ?4)",
                params![device, metric.as_str(), unit.map_or("", Unit::as_str), generation],
            )?;
            let found = find()?.map(|(series, _)| series);
            found.ok_or_else(|| kit::Error::internal("a series is not where it was put"))
        }
    }
}

fn columns_unit(columns: &mut Columns<'_, '_>, unit: &Unit) -> bool {
    columns.get::<String>("unit").is_ok_and(|text| text == unit.as_str())
}

/// Adds to buckets of a series.
pub fn add_rollups(tx: &Tx<'_>, generation: u64, series: &Series, rollups: &[(Place, Rollup)]) -> Result<()> {
    for ((step, at), rollup) in rollups {
        // Every expression on the right sees the row as it was before. The long one is what the new sum loses by
        // rounding: see `Rollup::add`.
        tx.execute_in_order(
            "INSERT INTO buckets (generation, series, step, at_minute, count, least, most, total, rest, last,
                                  last_after_ms)
             VALUES (:generation, :series, :step, :at, :count, :least, :most, :total, :rest, :last, :last_after)
             ON CONFLICT (generation, series, step, at_minute) DO UPDATE
             SET count = count + excluded.count,
                 least = min(least, excluded.least),
                 most = max(most, excluded.most),
                 rest = rest + excluded.rest
                      + ((total - ((total + excluded.total) - ((total + excluded.total) - total)))
                      + (excluded.total - ((total + excluded.total) - total))),
                 total = total + excluded.total,
                 last = CASE WHEN excluded.last_after_ms >= last_after_ms THEN excluded.last ELSE last END,
                 last_after_ms = max(last_after_ms, excluded.last_after_ms)",
            named_params! {
                ":generation": generation,
                ":series": series.number,
                ":step": step_number(*step),
                ":at": at / MINUTE_MS,
                ":count": rollup.count,
                ":least": rollup.least,
                ":most": rollup.most,
                ":total": rollup.total,
                ":rest": rollup.rest,
                ":last": rollup.last,
                ":last_after": rollup.last_at - at,
            },
        )?;
    }
    Ok(())
}

/// Counts readings that were heard.
pub fn add_readings(tx: &Tx<'_>, readings: u64) -> Result<()> {
    tx.execute("UPDATE state SET readings = readings + ?1 WHERE one = 1", [readings])?;
    Ok(())
}

/// How many series there are.
pub fn count_series(sql: &Sql<'_>) -> Result<u64> {
    sql.get("SELECT count(*) FROM series", [], |row| row.get(0))
}
