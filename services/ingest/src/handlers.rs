//! What may be asked of ingest.

use contracts::ingest::{
    Counts, GetCounts, GetLatest, GetRange, Latest, ListSeries, READINGS_DEFAULT, READINGS_MAX, Range,
    SeriesList, reason,
};
use kit::error::reason::INVALID_LIMIT;
use kit::{Ctx, Error, Result, page};

use crate::store::{self, Device};

/// Tells the newest readings of a device.
pub async fn get_latest(ctx: Ctx, asked: GetLatest) -> Result<Latest> {
    let GetLatest { device, metric } = asked;
    ctx.look_up(move |sql| {
        let found = store::find_device(sql, device)?.ok_or_else(|| unknown("nothing", &device))?;
        let metrics = store::latest(sql, found.number, metric.as_ref())?;
        if metrics.is_empty() && metric.is_some() {
            return Err(unknown("no such metric", &device));
        }
        Ok(Latest { device, site: found.site, received: found.received, metrics })
    })
    .await
}

/// Tells the readings of a device and metric, by time.
pub async fn get_range(ctx: Ctx, asked: GetRange) -> Result<Range> {
    let GetRange { device, metric, from, to, limit, after } = asked;
    let limit = match limit.unwrap_or(READINGS_DEFAULT) {
        limit @ 1..=READINGS_MAX => limit as usize,
        other => {
            let what = format!("a page has 1 to {READINGS_MAX} readings, not {other}; nothing was told");
            return Err(Error::invalid(INVALID_LIMIT, what));
        }
    };
    if to <= from {
        let what = "nothing was told: the end must be after the beginning";
        return Err(Error::invalid(reason::INVALID_SPAN, what));
    }
    let after: Option<i64> = page::after(after.as_deref())?;
    // A reading in the last millisecond before an end that has finer parts is before it.
    let end = to.as_millisecond() + i64::from(to.subsec_nanosecond() % 1_000_000 != 0);
    let begin = after.map_or(from.as_millisecond(), |after| after.saturating_add(1));
    ctx.read(move |sql| {
        // It is read first: what is recorded meanwhile is told under a later number.
        let number = store::number(sql)?;
        let found = store::find_device(sql, device)?.ok_or_else(|| unknown("nothing", &device))?;
        let series = store::find_series(sql, &Device { number: found.number, received: i64::MIN }, &metric)?
            .ok_or_else(|| unknown("no such metric", &device))?;
        let store::Listed { readings: mut rows, number: told } =
            store::list_readings(sql, series.number, (begin, end), limit + 1)?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let number = told.unwrap_or(number);
        let next = rows.last().filter(|_| more).map(|(reading, _)| reading.time.to_string());
        let (readings, after_ms) = rows.into_iter().unzip();
        Ok(Range { unit: series.unit, readings, after_ms, number, next })
    })
    .await
}

/// Lists what is measured by which device.
pub async fn list_series(ctx: Ctx, asked: ListSeries) -> Result<SeriesList> {
    let limit = page::limit(asked.limit)?;
    let after: i64 = page::after(asked.after.as_deref())?.unwrap_or(0);
    let found = ctx
        .read(move |sql| {
            let Some(device) = asked.device else { return store::list_series(sql, None, after, limit + 1) };
            match store::find_device(sql, device)? {
                Some(found) => store::list_series(sql, Some(found.number), after, limit + 1),
                None => Ok(Vec::new()),
            }
        })
        .await?;
    let (items, next) = page::cut(found, limit, |(number, _)| *number);
    Ok(SeriesList { items: items.into_iter().map(|(_, series)| series).collect(), next })
}

/// Tells how many readings became what.
pub async fn get_counts(ctx: Ctx, asked: GetCounts) -> Result<Counts> {
    let GetCounts { device, site, limit, after } = asked;
    let limit = page::limit(limit)?;
    let after: i64 = page::after(after.as_deref())?.unwrap_or(0);
    let (found, total, missed_messages) = ctx
        .read(move |sql| {
            let known = device.map(|device| store::find_device(sql, device)).transpose()?;
            let found = match known {
                Some(None) => Vec::new(),
                known => {
                    let device = known.flatten().map(|found| found.number);
                    store::list_counts(sql, (device, site.as_ref()), after, limit + 1)?
                }
            };
            Ok((found, store::get_total(sql)?, store::missed(sql)?))
        })
        .await?;
    let (items, next) = page::cut(found, limit, |(number, _)| *number);
    let items = items.into_iter().map(|(_, counts)| counts).collect();
    Ok(Counts { items, total, missed_messages, next })
}

fn unknown(what: &str, device: &contracts::DeviceId) -> Error {
    Error::not_found(reason::SERIES_UNKNOWN, format!("{what} was ever recorded of {device}"))
}
