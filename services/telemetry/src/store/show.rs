//! The statements that are asked. Each sees the generation that stands, in one statement, so that a swap is never seen
//! half.

use contracts::DeviceId;
use contracts::readings::{Metric, Unit};
use contracts::telemetry::{Bucket, Figures, MetricSummary, RebuildProgress, TelemetryState};
use kit::sql::Columns;
use kit::{Error, Result, Sql, Timestamp};
use rusqlite::{Row, params};

use super::{MINUTE_MS, count_series, state, step_number};
use crate::rollup::Rollup;
use crate::span::Span;

/// The number of a series and its unit, if there is one.
pub fn find_series(sql: &Sql<'_>, device: DeviceId, metric: &Metric) -> Result<Option<(i64, Option<Unit>)>> {
    sql.find(
        "SELECT number, unit FROM series WHERE device = ?1 AND metric = ?2",
        params![device.to_string(), metric.as_str()],
        |row| {
            let mut columns = Columns::of(row);
            Ok((columns.get("number")?, columns.optional("unit")?))
        },
    )
}

/// The buckets of a span that begin behind a time, in milliseconds since 1970.
pub fn list_buckets(
    sql: &Sql<'_>,
    series: i64,
    span: &Span,
    behind: Option<i64>,
    rows_max: usize,
) -> Result<Vec<Bucket>> {
    let behind = behind.map_or(i64::MIN, |at| at.div_euclid(MINUTE_MS));
    sql.list(
        "SELECT at_minute, count, least, most, total, rest, last, last_after_ms FROM buckets
         WHERE generation = (SELECT standing FROM state WHERE one = 1)
           AND series = ?1 AND step = ?2 AND at_minute >= ?3 AND at_minute < ?4 AND at_minute > ?5
         ORDER BY at_minute LIMIT ?6",
        params![series, step_number(span.step), span.from / MINUTE_MS, span.to / MINUTE_MS, behind, rows_max],
        row_to_bucket,
    )
}

/// What the buckets of a span come to, for each metric of a device.
pub fn summarise(sql: &Sql<'_>, device: DeviceId, span: &Span) -> Result<Vec<MetricSummary>> {
    sql.list(
        "WITH part AS MATERIALIZED (
             SELECT series.number AS series, metric, unit, at_minute, count, least, most, total, rest, last,
                    last_after_ms
             FROM series CROSS JOIN buckets
               ON buckets.generation = (SELECT standing FROM state WHERE one = 1)
              AND buckets.series = series.number AND step = ?2 AND at_minute >= ?3 AND at_minute < ?4
             WHERE series.device = ?1
         ),
         ends AS (SELECT series, max(at_minute) AS at_minute, last, last_after_ms FROM part GROUP BY series)
         SELECT metric, unit, ends.at_minute AS at_minute, sum(count) AS count, min(least) AS least,
                max(most) AS most, sum(total) AS total, sum(rest) AS rest, ends.last AS last,
                ends.last_after_ms AS last_after_ms
         FROM part JOIN ends ON ends.series = part.series
         GROUP BY part.series ORDER BY metric",
        params![device.to_string(), step_number(span.step), span.from / MINUTE_MS, span.to / MINUTE_MS],
        |row| {
            let mut columns = Columns::of(row);
            let (metric, unit) = (columns.parsed("metric")?, columns.optional("unit")?);
            Ok(MetricSummary { metric, unit, figures: read_bucket(&mut columns)?.figures })
        },
    )
}

/// What there is, and how far a rebuild is.
pub fn show_state(sql: &Sql<'_>) -> Result<TelemetryState> {
    let state = state(sql)?;
    let moment = |millis| {
        Timestamp::from_millisecond(millis).map_err(|_| Error::internal("a time outside of the calendar"))
    };
    let rebuild = match &state.building {
        None => None,
        Some(building) => Some(RebuildProgress {
            generation: building.generation,
            began_at: moment(building.began_at)?,
            series: sql.get(
                "SELECT count(*) FROM series WHERE rebuilt = ?1",
                [building.generation],
                |row| row.get(0),
            )?,
            readings: building.counted,
        }),
    };
    let rebuilt_at = (state.rebuilt_at > 0).then(|| moment(state.rebuilt_at)).transpose()?;
    let (generation, readings) = (state.standing, state.readings);
    Ok(TelemetryState { generation, series: count_series(sql)?, readings, rebuilt_at, rebuild })
}

fn row_to_bucket(row: &Row<'_>) -> rusqlite::Result<Bucket> {
    read_bucket(&mut Columns::of(row))
}

fn read_bucket(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Bucket> {
    let at: i64 = columns.get::<i64>("at_minute")? * MINUTE_MS;
    let rollup = Rollup {
        count: columns.get("count")?,
        least: columns.get("least")?,
        most: columns.get("most")?,
        total: columns.get("total")?,
        rest: columns.get("rest")?,
        last: columns.get("last")?,
        last_at: at,
    };
    let last_at = columns.checked("last_after_ms", |after| Timestamp::from_millisecond(at + after))?;
    let at = Timestamp::from_millisecond(at).unwrap_or(last_at);
    let mean = rollup.mean();
    let Rollup { count, least: min, most: max, last, .. } = rollup;
    Ok(Bucket { at, figures: Figures { count, min, max, mean, last, last_at } })
}
