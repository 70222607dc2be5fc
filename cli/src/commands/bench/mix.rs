//! `shopctl bench mix`: what buyers do, in the proportions in which they do it.

use super::load::Load;
use crate::bench::mix::Mix;
use crate::bench::orders::Orders;
use crate::bench::run::{Measured, measure, tell};
use crate::bench::{consent, goods};
use crate::failure::Failure;
use crate::shop::Shop;

const EXAMPLES: &str = "\
Of a hundred things done 26 list products, 17 show one, 37 search, 17 put something into a new cart,
2 look at an earlier order, and 1 is a complete checkout. These are the proportions of the shopping mix of
TPC-W, the usual measure of web shops, rounded. Carts that are left expire as any other.

Exit codes: as of shopctl bench orders.

Examples:
  shopctl bench mix --yes
  shopctl bench mix --rate 500 --for 1m --yes
  shopctl bench mix --products 10000 --yes -o json | jq '.times | map_values(.p99_us)'";

/// Measure what buyers do: browse, search, fill carts, order, in real proportions
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    load: Load,
    /// How many products there are
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=i64::from(goods::PRODUCTS_MAX)))]
    products: u32,
}

pub(super) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    shop.client().await?;
    consent::sure(shop, args.load.yes, "places orders, fills carts and makes products").await?;
    let plan = args.load.plan();
    goods::products(shop, args.products).await?;
    goods::stock(shop, args.products, plan.until, 1).await?;
    let skus = goods::skus(args.products)?;
    let client = shop.asker().await?;
    let orders = Orders::listening(client.clone(), goods::bodies(&skus, 1, None)?, shop.patience).await?;
    let mix = Mix::new(client, orders, &skus, shop.patience)?;
    let measured =
        Measured { what: "mix", about: "what buyers do".to_owned(), changes: true, products: args.products };
    let mut report = measure(shop, measured, &mix, &plan).await?;
    report.left.orders = mix.placed();
    tell(shop, &report, true)
}
