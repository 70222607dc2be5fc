//! What may be asked of telemetry.

use contracts::telemetry::{
    GetSeries, GetSummary, GetTelemetry, PAGE_BUCKETS_MAX, RebuildBegan, RebuildTelemetry, SeriesView,
    Summary, TelemetryState, reason,
};
use kit::error::reason::INVALID_LIMIT;
use kit::{Ctx, Error, Result, page};

use crate::settings::Settings;
use crate::span::Span;
use crate::{rebuild, store};

/// Tells the buckets of a device and metric.
pub async fn get_series(ctx: Ctx, asked: GetSeries, settings: Settings) -> Result<SeriesView> {
    let GetSeries { device, metric, from, to, step, limit, after } = asked;
    let span = Span::of((from, to), step, ctx.now(), &settings)?;
    let (first, end) = (Span::moment(span.from)?, Span::moment(span.to)?);
    let limit = match limit.unwrap_or(PAGE_BUCKETS_MAX) {
        limit @ 1..=PAGE_BUCKETS_MAX => limit as usize,
        other => {
            let what = format!("nothing was told: a page has 1 to {PAGE_BUCKETS_MAX} buckets, not {other}");
            return Err(Error::invalid(INVALID_LIMIT, what));
        }
    };
    let behind: Option<i64> = page::after(after.as_deref())?;
    let (unit, mut buckets) = ctx
        .read(move |sql| {
            let (series, unit) = store::find_series(sql, device, &metric)?.ok_or_else(|| {
                Error::not_found(reason::SERIES_UNKNOWN, format!("no {metric} was ever heard of {device}"))
            })?;
            Ok((unit, store::list_buckets(sql, series, &span, behind, limit + 1)?))
        })
        .await?;
    let more = buckets.len() > limit;
    buckets.truncate(limit);
    let next = buckets.last().filter(|_| more).map(|last| last.at.as_millisecond().to_string());
    Ok(SeriesView { unit, step: span.step, from: first, to: end, buckets, next })
}

/// Tells what the readings of a device come to in a time.
pub async fn get_summary(ctx: Ctx, asked: GetSummary, settings: Settings) -> Result<Summary> {
    let span = Span::of_summary((asked.from, asked.to), ctx.now(), &settings)?;
    let (from, to) = (Span::moment(span.from)?, Span::moment(span.to)?);
    let metrics = ctx.read(move |sql| store::summarise(sql, asked.device, &span)).await?;
    Ok(Summary { from, to, step: span.step, metrics })
}

/// Tells what there is.
pub async fn get_state(ctx: Ctx, _: GetTelemetry) -> Result<TelemetryState> {
    ctx.read(store::show_state).await
}

/// Makes all buckets anew, beside those that are shown.
pub async fn rebuild(ctx: Ctx, _: RebuildTelemetry) -> Result<RebuildBegan> {
    ctx.write(rebuild::begin).await
}
