//! `shopctl telemetry series`: what a device measured over a time, as a curve or as rows.

use contracts::DeviceId;
use contracts::readings::Metric;
use contracts::telemetry::{Bucket, GetSeries, SeriesView, Step};
use jiff::{SignedDuration, Timestamp};

use super::metric;
use crate::failure::Failure;
use crate::output::Table;
use crate::sensors::plot::{number, plot};
use crate::shop::Shop;
use crate::{pick, row, show};

/// How far back it is looked if nobody says.
const SPAN_DEFAULT: SignedDuration = SignedDuration::from_hours(24);

/// Show what a device measured: a curve on a terminal, rows otherwise
///
/// A column goes from the least to the most of its time. Late readings are in it as soon as they are recorded.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl telemetry series dev_01h2e8kqvbfwea724h75qc655w temperature
  shopctl telemetry series dev_01h2e8kqvbfwea724h75qc655w temperature --since 30d --step hour
  shopctl telemetry series dev_01h2e8kqvbfwea724h75qc655w temp --since 2010-01-01 --until 2011-01-01
  shopctl telemetry series dev_01h2e8kqvbfwea724h75qc655w temperature -o jsonl | jq .mean")]
pub(crate) struct Args {
    /// Whose
    #[arg(value_parser = pick::id::<DeviceId>)]
    device: DeviceId,
    /// What was measured
    #[arg(value_parser = metric)]
    metric: Metric,
    /// From then on: so long ago, a day or a time [default: 24h ago]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Until then [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Of how long a time each figure is: minute, hour or day [default: as fits]
    #[arg(long, value_name = "STEP", value_parser = step)]
    step: Option<Step>,
    /// Rows, also on a terminal
    #[arg(long)]
    rows: bool,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let now = shop.now();
    let moment = |text: &Option<String>| {
        text.as_deref()
            .map(|text| pick::moment(text, now))
            .transpose()
            .map_err(|why| Failure::invalid("invalid_time", why))
    };
    let to = moment(&args.until)?.unwrap_or(now);
    let earlier = to.checked_sub(SPAN_DEFAULT).unwrap_or(to);
    let from = moment(&args.since)?.unwrap_or(earlier);
    let series = whole(shop, &args, from, to).await?;
    if series.buckets.is_empty() && shop.out.is_table() {
        shop.out.say(format!(
            "{} measured no {} from {} to {}",
            args.device,
            args.metric,
            show::time(from),
            show::time(to)
        ));
        return Ok(());
    }
    match shop.out.width() {
        Some(width) if shop.out.is_table() && !args.rows => curve(shop, &args, &series, width),
        _ => shop.out.list(&series.buckets, table),
    }
}

/// All pages as one.
async fn whole(shop: &Shop, args: &Args, from: Timestamp, to: Timestamp) -> Result<SeriesView, Failure> {
    let mut asked = GetSeries {
        device: args.device,
        metric: args.metric.clone(),
        from,
        to,
        step: args.step,
        limit: None,
        after: None,
    };
    let mut series = shop.call(&asked).await?;
    // The pages behind the first are of the same step.
    asked.step = Some(series.step);
    while let Some(next) = series.next.take() {
        asked.after = Some(next);
        let page = shop.call(&asked).await?;
        series.buckets.extend(page.buckets);
        series.next = page.next;
    }
    Ok(series)
}

fn curve(shop: &Shop, args: &Args, series: &SeriesView, width: usize) -> Result<(), Failure> {
    let unit = series.unit.as_ref().map(|unit| format!(" in {unit}")).unwrap_or_default();
    shop.out.line(format!("{}{unit}, {}", args.metric, args.device))?;
    let ends = (show::time(series.from), show::time(series.to));
    let lines =
        plot(&series.buckets, series.step.millis(), (series.from, series.to), (&ends.0, &ends.1), width);
    lines.iter().try_for_each(|line| shop.out.line(line))?;
    let readings: u64 = series.buckets.iter().map(|bucket| bucket.figures.count).sum();
    let sum: f64 =
        series.buckets.iter().map(|bucket| bucket.figures.mean * bucket.figures.count as f64).sum();
    shop.out.say(format!(
        "{} by the {}, mean {}",
        show::count(readings, "reading", "readings"),
        series.step.word(),
        number(sum / readings.max(1) as f64)
    ));
    Ok(())
}

fn table(buckets: &[Bucket]) -> Table {
    Table::new(&["at", "readings", "min", "mean", "max", "last"]).right(&[1, 2, 3, 4, 5]).rows(
        buckets.iter().map(|Bucket { at, figures }| {
            let [min, mean, max, last] = [figures.min, figures.mean, figures.max, figures.last].map(number);
            row![show::time(*at), figures.count, min, mean, max, last]
        }),
    )
}

fn step(text: &str) -> Result<Step, String> {
    let found = Step::ALL.into_iter().find(|step| step.word() == text);
    found.ok_or_else(|| "a step is minute, hour or day".to_owned())
}
