//! `shopctl audit`: whether the books of all services agree.

use crate::audit;
use crate::failure::Failure;
use crate::pick;
use crate::shop::Shop;

const EXAMPLES: &str = "\
Checked is: the ledger of each product adds up to its stock; what is held is held for orders that
wait, and what was paid has left the house; an order has one payment, of its total; what was charged
less what was given back is what the order says, and what the provider has in its own ledger; the
buyer of every sale was written to; every stream holds what its outbox told; and nothing waits past
its deadline. Of many events only the first 200000 are compared word for word: shopctl stream verify
compares all. Of messages to people the newest 20000 are looked at.

It may run while the shop is busy: what does not agree is looked at again, once everything that was
told has been heard, and is a finding if it stands as before.

Exit codes: 0 the books agree, 10 somebody did not answer, 12 something was found.

Examples:
  shopctl audit
  shopctl audit --since 1h                                  orders of the last hour, and what waits
  shopctl audit -o json | jq '.findings[] | {about, says}'";

/// Check the shop's invariants on live data: stock, money, and what was told
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Only orders placed since, such as 30m, 2h, a day (2026-11-23) or 2026-11-23T10:00:00Z, and whatever waits
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let since = args.since.as_deref().map(|text| pick::moment(text, shop.now())).transpose();
    let since = since.map_err(|what| Failure::invalid("invalid_time", format!("--since: {what}")))?;
    let report = audit::audit(shop, since).await?;
    if shop.out.is_table() {
        shop.out.line(audit::draw(&report, shop.out.width(), shop.out.has_colour()))?;
    } else {
        shop.out.json(&report)?;
    }
    match report.exit() {
        0 => Ok(()),
        code => Err(Failure::shown(code)),
    }
}
