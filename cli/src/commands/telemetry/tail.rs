//! `shopctl telemetry tail`: readings as they are recorded.

use contracts::DeviceId;
use contracts::ingest::{ReadingsRecorded, RecordedSeries};
use contracts::readings::{Metric, Reading, Site, Unit};
use jiff::Timestamp;
use kit::error::reason;
use kit::message::Event;
use serde::Serialize;

use super::{metric, site};
use crate::failure::{Failure, exit};
use crate::output::Tone;
use crate::sensors::plot::number;
use crate::shop::Shop;
use crate::{pick, show};

/// Show readings as they are recorded, from now on, until Ctrl-C
///
/// A repeat is not recorded, so it is not shown. What came late is marked.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl telemetry tail
  shopctl telemetry tail --device dev_01h2e8kqvbfwea724h75qc655w --metric temperature
  shopctl telemetry tail --site seattle -n 100 -o jsonl")]
pub(crate) struct Args {
    /// Only of this device
    #[arg(long, value_name = "DEVICE", value_parser = pick::id::<DeviceId>)]
    device: Option<DeviceId>,
    /// Only of this site
    #[arg(long, value_name = "NAME", value_parser = site)]
    site: Option<Site>,
    /// Only of this metric
    #[arg(long, value_name = "NAME", value_parser = metric)]
    metric: Option<Metric>,
    /// End after so many
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
}

/// One reading on a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    device: DeviceId,
    site: &'a Site,
    metric: &'a Metric,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
    time: Timestamp,
    value: f64,
    live: bool,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let mut watch = shop.client().await?.watch(ReadingsRecorded::SUBJECT).await?;
    shop.out.say("listening to readings; Ctrl-C ends it");
    let mut interrupted = std::pin::pin!(shop.interrupted());
    let mut left = args.count.unwrap_or(u64::MAX);
    loop {
        let told = tokio::select! {
            () = &mut interrupted => return Err(Failure::shown(exit::INTERRUPTED)),
            told = watch.next() => told,
        };
        let Some(told) = told else {
            return Err(Failure::new(
                exit::BROKER_UNREACHABLE,
                reason::BROKER_UNREACHABLE,
                "the connection to the broker ended",
            ));
        };
        // What is not understood is somebody's mistake, and no reading.
        let Ok(recorded) = serde_json::from_value::<ReadingsRecorded>(told.body) else { continue };
        if args.site.as_ref().is_some_and(|site| *site != recorded.site) {
            continue;
        }
        for series in recorded.series.iter().filter(|series| args.wants(series)) {
            for reading in &series.readings {
                print(shop, &recorded.site, series, reading)?;
                left -= 1;
                if left == 0 {
                    return Ok(());
                }
            }
        }
    }
}

impl Args {
    fn wants(&self, series: &RecordedSeries) -> bool {
        self.device.is_none_or(|device| device == series.device)
            && self.metric.as_ref().is_none_or(|metric| *metric == series.metric)
    }
}

fn print(shop: &Shop, site: &Site, series: &RecordedSeries, reading: &Reading) -> Result<(), Failure> {
    let time = Timestamp::from_millisecond(reading.time).unwrap_or_default();
    let unit = series.unit.as_ref().map(Unit::as_str);
    if !shop.out.is_table() {
        let (device, metric, live) = (series.device, &series.metric, series.live);
        return shop.out.json(&Line { device, site, metric, unit, time, value: reading.value, live });
    }
    let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
    let at = if series.live { show::clock(time) } else { show::time(time) };
    let late = if series.live { "" } else { "  late" };
    shop.out.line(format!(
        "{}  {site}  {}  {}  {}{unit}{late}",
        shop.out.paint(Tone::Faint, &at),
        series.device,
        series.metric,
        number(reading.value)
    ))
}
