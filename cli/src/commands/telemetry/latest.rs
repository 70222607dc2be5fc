//! `shopctl telemetry latest`: the newest reading of each metric of a device.

use contracts::DeviceId;
use contracts::ingest::{GetLatest, Latest};
use contracts::readings::Metric;

use super::metric;
use crate::failure::Failure;
use crate::output::Table;
use crate::sensors::plot::number;
use crate::shop::Shop;
use crate::{pick, row, show};

/// Show the newest reading of each metric of a device, by the device's clock
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl telemetry latest dev_01h2e8kqvbfwea724h75qc655w
  shopctl telemetry latest dev_01h2e8kqvbfwea724h75qc655w temperature -o json | jq '.metrics[].value'")]
pub(crate) struct Args {
    /// Whose
    #[arg(value_parser = pick::id::<DeviceId>)]
    device: DeviceId,
    /// Only of this metric
    #[arg(value_parser = metric)]
    metric: Option<Metric>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let latest = shop.call(&GetLatest { device: args.device, metric: args.metric }).await?;
    if !shop.out.is_table() {
        return shop.out.json(&latest);
    }
    shop.out.say(format!("{} at {}", latest.device, latest.site));
    shop.out.table(&table(&latest))
}

fn table(latest: &Latest) -> Table {
    Table::new(&["metric", "value", "unit", "measured", "received"]).right(&[1]).rows(
        latest.metrics.iter().map(|newest| {
            let unit = newest.unit.as_ref().map(ToString::to_string).unwrap_or_default();
            row![
                newest.metric.as_str(),
                number(newest.value),
                unit,
                show::time(newest.time),
                show::time(newest.received)
            ]
        }),
    )
}
