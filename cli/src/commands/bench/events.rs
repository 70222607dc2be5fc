//! `shopctl bench events`: from when an event became true until everybody who hears it has acted on it.

use super::load::Load;
use crate::bench::orders::Orders;
use crate::bench::run::{Measured, measure, tell};
use crate::bench::{consent, events, goods};
use crate::failure::Failure;
use crate::shop::Shop;

const EXAMPLES: &str = "\
The events are those of orders, which it places as shopctl bench orders does. Of up to 1000 of them, spread
over the whole time, every journal is asked afterwards. A time is from the moment at which an event became
true inside the service that told it, until whoever heard it had committed what it made of it; both are
written down by the services themselves, so nothing of this command is in it. `heard` is all together.

Exit codes: as of shopctl bench orders.

Examples:
  shopctl bench events --yes
  shopctl bench events --rate 100 --yes
  shopctl bench events --yes -o json | jq '.times.heard'";

/// Measure events: from when each became true until whoever hears it has acted on it and committed
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    load: Load,
    /// Over how many products the orders are spread
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=i64::from(goods::PRODUCTS_MAX)))]
    products: u32,
}

pub(super) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    shop.client().await?;
    consent::sure(shop, args.load.yes, "places orders and makes products").await?;
    let plan = args.load.plan();
    goods::products(shop, args.products).await?;
    goods::stock(shop, args.products, plan.until, 1).await?;
    let bodies = goods::bodies(&goods::skus(args.products)?, 1, None)?;
    let client = shop.asker().await?;
    let orders = Orders::listening(client.clone(), bodies, shop.patience).await?;
    let about = "orders, by their events".to_owned();
    let measured = Measured { what: "events", about, changes: true, products: args.products };
    let mut report = measure(shop, measured, &orders, &plan).await?;
    report.left.orders = orders.placed();
    if !report.interrupted {
        let (heard, silent) = events::heard(&client, orders.sample().traces()).await;
        report.times.extend(heard);
        report.note_silence(silent);
    }
    tell(shop, &report, true)
}
