//! `shopctl bench orders`: complete checkouts.

use contracts::{Email, Sku};

use super::load::Load;
use crate::bench::orders::Orders;
use crate::bench::run::{Measured, measure, tell};
use crate::bench::{consent, goods};
use crate::failure::Failure;
use crate::pick;
use crate::shop::Shop;
use crate::show::count;

const EXAMPLES: &str = "\
Each is an order of one piece of one product, paid with a test card. It counts from the moment it is
sent until the event that confirms it has come back; `placed` is the time until the answer of
order.place. At a fixed rate it counts from when it should have been sent, so that time it had to wait
for its turn is not left out. Afterwards it is waited until every service has heard everything, and the
books of these orders are audited.

An order that is not confirmed within --timeout, 30s if not said, has failed; nothing is sent twice.

Without --email nobody is written to. With it each order is a mail, and where mails are files, a file.
What limited it is a guess from how busy the processors, the threads and the disk were.

Exit codes: 0 all of it ended well and the books agree, 12 something failed or they do not,
10 somebody did not answer the audit, 130 stopped with Ctrl-C; what was measured by then is told.

Examples:
  shopctl bench orders --yes
  shopctl bench orders --in-flight 256 --for 30s --yes
  shopctl bench orders --rate 200 --for 5m --yes            a fixed rate, with the waits it causes
  shopctl bench orders --count 10000 --yes -o json | jq '.times.confirmed.p99_us'";

/// Measure complete checkouts: placed, stock held, paid, confirmed, and seen by whoever ordered
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    load: Load,
    /// Over how many products the orders are spread
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=i64::from(goods::PRODUCTS_MAX)), conflicts_with = "sku")]
    products: u32,
    /// How many products each order has, one piece of each
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=50))]
    lines: u32,
    /// Order this product, with what stock it has, instead of products of its own
    #[arg(long, value_name = "SKU", value_parser = pick::sku)]
    sku: Option<Sku>,
    /// Have a confirmation written to this address for each order
    #[arg(long, value_name = "ADDRESS")]
    email: Option<Email>,
}

pub(super) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    // Before anybody is asked whether it is meant: without a shop there is nothing to mean.
    shop.client().await?;
    consent::sure(shop, args.load.yes, "places orders and makes products").await?;
    let plan = args.load.plan();
    let (skus, products) = match args.sku {
        Some(sku) => (vec![sku], 0),
        None => {
            goods::products(shop, args.products).await?;
            goods::stock(shop, args.products, plan.until, args.lines).await?;
            (goods::skus(args.products)?, args.products)
        }
    };
    let lines = usize::try_from(args.lines).unwrap_or(1);
    let bodies = goods::bodies(&skus, lines, args.email.as_ref())?;
    let orders = Orders::listening(shop.asker().await?, bodies, shop.patience).await?;
    let about = format!("orders of {}", count(args.lines.min(skus.len() as u32), "line", "lines"));
    let measured = Measured { what: "orders", about, changes: true, products };
    let mut report = measure(shop, measured, &orders, &plan).await?;
    report.left.orders = orders.placed();
    tell(shop, &report, true)
}
