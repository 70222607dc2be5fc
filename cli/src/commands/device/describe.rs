//! `shopctl device describe`: where a device stands, and the words to find it by.

use contracts::DeviceId;
use contracts::device::DescribeDevice;
use contracts::readings::Site;

use super::{changed, label};
use crate::args::Once;
use crate::failure::Failure;
use crate::pick;
use crate::shop::Shop;

/// Change where a device stands, or its labels
///
/// Labels that are not named stay. A device that moves is disconnected, and comes again for its new place.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("what").required(true).multiple(true).args(["site", "label"]),
    after_help = "\
Examples:
  shopctl device describe dev_01h2e8kqvbfwea724h75qc655w --site berlin
  shopctl device describe dev_01h2e8kqvbfwea724h75qc655w --label room=4 --label row=      no row any more"
)]
pub(crate) struct Args {
    /// Which device
    #[arg(value_name = "ID", value_parser = pick::id::<DeviceId>)]
    device: DeviceId,
    /// Where it stands
    #[arg(long)]
    site: Option<Site>,
    /// A word to find it by, none to take it away; may be given more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = label)]
    label: Vec<(String, String)>,
    #[command(flatten)]
    once: Once,
}

pub(super) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let Args { device, site, label, once } = args;
    let relabel = label
        .into_iter()
        .map(|(name, value)| (name, Some(value).filter(|value| !value.is_empty())))
        .collect();
    let view = shop.call_once(&DescribeDevice { device, site, labels: None, relabel }, &once).await?;
    let labels: Vec<String> = view.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let labels = if labels.is_empty() { "no labels".to_owned() } else { labels.join(", ") };
    changed(shop, &view, &format!("it stands at {}, with {labels}", view.site))
}
