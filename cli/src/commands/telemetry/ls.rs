//! `shopctl telemetry ls`: what is measured by which device.

use contracts::DeviceId;
use contracts::ingest::{ListSeries, Series};

use crate::failure::Failure;
use crate::output::Table;
use crate::pages::{self, Extent};
use crate::shop::Shop;
use crate::{pick, row, show};

/// List what is measured by which device
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl telemetry ls
  shopctl telemetry ls --device dev_01h2e8kqvbfwea724h75qc655w -o jsonl | jq -r .metric")]
pub(crate) struct Args {
    /// Only of this device
    #[arg(long, value_name = "DEVICE", value_parser = pick::id::<DeviceId>)]
    device: Option<DeviceId>,
    #[command(flatten)]
    extent: Extent,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let ask = |after, limit| ListSeries { device: args.device, limit, after };
    let table = |items: &[Series]| {
        Table::new(&["device", "site", "metric", "unit", "newest"]).whole(&[0]).rows(items.iter().map(
            |one| {
                let unit = one.unit.as_ref().map(ToString::to_string).unwrap_or_default();
                row![
                    one.device.to_string(),
                    one.site.as_str(),
                    one.metric.as_str(),
                    unit,
                    show::time(one.newest)
                ]
            },
        ))
    };
    pages::show(shop, args.extent, ask, |page| (page.items, page.next), table).await
}
