//! `shopctl telemetry counts`: how many readings of each device became what.

use contracts::DeviceId;
use contracts::ingest::{Counts, DeviceCounts, GetCounts, ReadingCounts};
use contracts::readings::Site;

use super::site;
use crate::failure::Failure;
use crate::output::{Cell, Table, Tone};
use crate::pages::{self, Extent};
use crate::shop::Shop;
use crate::{pick, row, show};

/// Show how many readings were recorded, repeated, late and refused, and why
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl telemetry counts
  shopctl telemetry counts --site seattle --all
  shopctl telemetry counts --device dev_01h2e8kqvbfwea724h75qc655w -o json")]
pub(crate) struct Args {
    /// Only of this device
    #[arg(long, value_name = "DEVICE", value_parser = pick::id::<DeviceId>)]
    device: Option<DeviceId>,
    /// Only of this site
    #[arg(long, value_name = "NAME", value_parser = site)]
    site: Option<Site>,
    #[command(flatten)]
    extent: Extent,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let (device, site) = (args.device, args.site);
    let ask = |after, limit| GetCounts { device, site: site.clone(), limit, after };
    let total = std::cell::RefCell::new(None);
    let open = |page: Counts| {
        *total.borrow_mut() = Some((page.total, page.missed_messages));
        (page.items, page.next)
    };
    pages::show(shop, args.extent, ask, open, table).await?;
    let Some((total, missed)) = total.into_inner() else { return Ok(()) };
    shop.out.say(format!(
        "of all devices: {} recorded, {} of them late; {} repeated, {} in conflict, {} refused{}",
        total.accepted,
        total.late,
        total.repeated,
        total.conflicting,
        total.refused,
        reasons(&total)
    ));
    if missed > 0 {
        let missed = show::count(missed, "message", "messages");
        shop.out.warn(format!("{missed} were forgotten before they were read: the stream was full"));
    }
    Ok(())
}

fn table(items: &[DeviceCounts]) -> Table {
    let header = ["device", "site", "recorded", "late", "repeated", "conflicts", "refused", "heard last"];
    Table::new(&header).right(&[2, 3, 4, 5, 6]).whole(&[0]).rows(items.iter().map(|one| {
        let counts = &one.counts;
        let refused = match counts.refused {
            0 => Cell::from(0),
            refused => Cell::toned(refused, Tone::Warn),
        };
        row![
            one.device.to_string(),
            one.site.as_str(),
            counts.accepted,
            counts.late,
            counts.repeated,
            counts.conflicting,
            refused,
            show::time(one.received)
        ]
    }))
}

/// ` (too_old 3, not_a_number 1)`, or nothing.
fn reasons(counts: &ReadingCounts) -> String {
    let reasons: Vec<String> = counts
        .reasons
        .iter()
        .map(|refused| format!("{} {}", refused.reason.word(), refused.readings))
        .collect();
    if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) }
}
