//! `shopctl telemetry`: what devices measured.

mod plot;

use clap::Subcommand;
use contracts::DeviceId;
use contracts::ingest::GetLatest;
use contracts::readings::Metric;
use contracts::telemetry::{Bucket, GetSeries, SeriesView, Step};

use crate::failure::Failure;
use crate::output::Table;
use crate::shop::Shop;
use crate::{pick, row, show};

/// Terminals narrower than this get no plot.
const PLOT_FROM_WIDTH: usize = 50;
/// A plot is at most so wide: a wider one says no more.
const PLOT_WIDTH_MAX: usize = 120;
/// Buckets that are asked for at a time.
const BUCKETS_AT_ONCE: u32 = 1500;

/// What devices measured: the newest readings, and what they come to over time
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Latest(Latest),
    Series(Series),
}

/// Show the newest reading of each metric of a device
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl telemetry latest dev_01h2e8kqvbfwea724h75qc655w")]
pub(crate) struct Latest {
    /// Which device
    #[arg(value_name = "ID", value_parser = pick::id::<DeviceId>)]
    device: DeviceId,
    /// Only of this metric
    #[arg(long)]
    metric: Option<Metric>,
}

/// Draw what a device measured over time; piped, or with --table, a row for each minute, hour or day
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl telemetry series dev_01h2e8kqvbfwea724h75qc655w temperature --since 1d
  shopctl telemetry series dev_01h2e8kqvbfwea724h75qc655w temperature --since 2026-01-01 --step day -o json")]
pub(crate) struct Series {
    /// Which device
    #[arg(value_name = "ID", value_parser = pick::id::<DeviceId>)]
    device: DeviceId,
    /// What was measured
    metric: Metric,
    /// From when on: how long ago, a day, or a time
    #[arg(long, value_name = "WHEN", default_value = "1d")]
    since: String,
    /// Until when [default: now]
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// For each minute, hour or day [default: the shortest of which there are not too many]
    #[arg(long, value_parser = step)]
    step: Option<Step>,
    /// Rows instead of a plot
    #[arg(long)]
    table: bool,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Latest(args) => latest(shop, args).await,
        Command::Series(args) => series(shop, args).await,
    }
}

async fn latest(shop: &Shop, args: Latest) -> Result<(), Failure> {
    let latest = shop.call(&GetLatest { device: args.device, metric: args.metric }).await?;
    if !shop.out.is_table() {
        return shop.out.json(&latest);
    }
    let table = Table::new(&["metric", "value", "unit", "measured", "received"])
        .right(&[1])
        .whole(&[0, 1])
        .rows(latest.metrics.iter().map(|one| {
            let unit = one.unit.as_ref().map_or("", |unit| unit.as_str());
            row![one.metric.as_str(), one.value, unit, show::time(one.time), show::time(one.received)]
        }));
    shop.out.table(&table)
}

async fn series(shop: &Shop, args: Series) -> Result<(), Failure> {
    let moment = |text: &str| pick::moment(text, shop.now()).map_err(|why| Failure::invalid("usage", why));
    let from = moment(&args.since)?;
    let to = args.until.as_deref().map(moment).transpose()?.unwrap_or_else(|| shop.now());
    let mut asked = GetSeries {
        device: args.device,
        metric: args.metric.clone(),
        from,
        to,
        step: args.step,
        limit: Some(BUCKETS_AT_ONCE),
        after: None,
    };
    let mut whole: SeriesView = shop.call(&asked).await?;
    while let Some(next) = whole.next.take() {
        asked.step = Some(whole.step);
        asked.after = Some(next);
        let page = shop.call(&asked).await?;
        whole.buckets.extend(page.buckets);
        whole.next = page.next;
    }
    if !shop.out.is_table() {
        return shop.out.json(&whole);
    }
    match shop.out.width().filter(|width| *width >= PLOT_FROM_WIDTH && !args.table) {
        Some(width) if !whole.buckets.is_empty() => {
            let unit = whole.unit.as_ref().map_or(String::new(), |unit| format!(" in {unit}"));
            shop.out.line(format!("{}{unit}, by {}", args.metric, whole.step.word()))?;
            shop.out.line(plot::plot(&whole, width.min(PLOT_WIDTH_MAX)))
        }
        _ => shop.out.table(&rows(&whole.buckets)),
    }
}

fn rows(buckets: &[Bucket]) -> Table {
    let header = ["from", "readings", "least", "mean", "most", "last"];
    Table::new(&header).right(&[1, 2, 3, 4, 5]).whole(&[0, 1, 2, 3, 4, 5]).rows(buckets.iter().map(
        |bucket| {
            let figures = &bucket.figures;
            let mean = format!("{:.3}", figures.mean);
            row![show::time(bucket.at), figures.count, figures.min, mean, figures.max, figures.last]
        },
    ))
}

fn step(text: &str) -> Result<Step, String> {
    let found = Step::ALL.into_iter().find(|step| step.word() == text);
    found.ok_or_else(|| "wanted is minute, hour or day".to_owned())
}
