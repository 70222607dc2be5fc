//! `shopctl stock release`: what an alarm put aside can be sold again.

use contracts::Sku;
use contracts::inventory::ReleaseStock;

use crate::args::Once;
use crate::failure::Failure;
use crate::pick;
use crate::shop::Shop;

/// Let stock that an alarm put aside be sold again
///
/// Its ledger says which alarm it was. Goods that were spoiled are taken out of the stock before, with
/// `stock adjust`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl stock release milk-1l --reason 'the probe was warm, the goods were not'")]
pub(crate) struct Args {
    /// Which product
    #[arg(value_parser = pick::sku)]
    sku: Sku,
    /// Why it can be sold after all
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    once: Once,
}

pub(super) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let release = ReleaseStock { sku: args.sku, reason: args.reason };
    let stock = shop.call_once(&release, &args.once).await?;
    super::changed(shop, &stock, "it can be sold again")
}
