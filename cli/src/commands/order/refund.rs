//! `shopctl order refund`: gives money back.

use std::time::Instant;

use contracts::order::{GetOrder, OrderView, RefundOrder, RefundState, RefundView, attention};
use contracts::{Money, OrderId};

use super::follow::{self, Ending, Following};
use super::left_of;
use super::stages::Stages;
use crate::args::Once;
use crate::failure::{Failure, exit};
use crate::output::Tone;
use crate::pick;
use crate::shop::Shop;

/// Give back money of a confirmed order, all of it or a part
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl order refund ord_01h2e8kqvbfwea724h75qc655w --wait
  shopctl order refund ord_01h2e8kqvbfwea724h75qc655w --amount 12.90 --reason 'broken on arrival'")]
pub(crate) struct Args {
    /// Which order
    #[arg(value_name = "ID", value_parser = pick::id::<OrderId>)]
    order: OrderId,
    /// How much, such as 12.90 [default: all that remains]
    #[arg(long, value_name = "AMOUNT")]
    amount: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    /// Wait until the money is given back
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    once: Once,
}

pub(super) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let following = if args.wait { Some(Following::begin(shop).await?) } else { None };
    let amount = match &args.amount {
        Some(text) => Some(amount(shop, args.order, text).await?),
        None => None,
    };
    let (began, began_at) = (Instant::now(), shop.now());
    let request = RefundOrder { order: args.order, amount, reason: args.reason };
    let order = shop.call_once(&request, &args.once).await?;
    let newest = order.refunds.last().cloned();
    let (Some(mut following), Some(refund)) = (following, newest.clone()) else {
        return tell(shop, &order, newest.as_ref());
    };
    let mut stages = Stages::new(shop, order.order, began_at);
    let is_known = |order: &OrderView| match state(order, &refund) {
        Some(RefundState::Pending) if order.reason == attention::REFUND_OUTCOME_UNKNOWN => {
            Some("outcome_unknown")
        }
        Some(RefundState::Pending) => None,
        Some(RefundState::Failed) => Some("not_refunded"),
        Some(RefundState::Done) | None => Some("refunded"),
    };
    let left = left_of(shop.patience, began);
    match following.until(&mut stages, order, Some(left), is_known).await? {
        Ending::Interrupted(order) => Err(follow::interrupted(shop, stages, &order)),
        Ending::TimeOut(order) => {
            let failure = Failure::new(
                exit::PENDING,
                "still_pending",
                format!(
                    "{} are not given back yet after {} s; it goes on",
                    refund.amount,
                    shop.patience.as_secs_f64()
                ),
            )
            .mend(format!("shopctl order get {}", order.order));
            Err(follow::tell_badly(shop, stages, &order, failure))
        }
        Ending::Reached(order) if state(&order, &refund) == Some(RefundState::Done) => {
            let mark = shop.out.paint_note(Tone::Good, "✓");
            shop.out.say(format!("{mark} {} are given back, {} in all", refund.amount, order.refunded));
            follow::tell_well(shop, stages, &order, &format!("shopctl trace {}", order.order))
        }
        Ending::Reached(order) if state(&order, &refund) == Some(RefundState::Pending) => {
            let failure =
                Failure::new(exit::OUTCOME_UNKNOWN, attention::REFUND_OUTCOME_UNKNOWN, order.message.clone())
                    .mend(format!("shopctl trace {}", order.order));
            Err(follow::tell_badly(shop, stages, &order, failure))
        }
        Ending::Reached(order) => {
            let failure = Failure::new(
                exit::REFUSED,
                "refund_failed",
                format!("{} were not given back: the provider refuses; a person must look", refund.amount),
            )
            .mend(format!("shopctl trace {}", order.order));
            Err(follow::tell_badly(shop, stages, &order, failure))
        }
    }
}

/// An amount without a currency is of that of the order.
async fn amount(shop: &Shop, order: OrderId, text: &str) -> Result<Money, Failure> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let read = if plain {
        let currency = shop.call(&GetOrder { order }).await?.total.currency();
        Money::parse_major(text, currency).map_err(|error| error.to_string())
    } else {
        pick::price(text)
    };
    read.map_err(|why| Failure::invalid("invalid_amount", format!("--amount: {why}")))
}

fn state(order: &OrderView, refund: &RefundView) -> Option<RefundState> {
    order.refunds.iter().find(|known| known.refund == refund.refund).map(|known| known.state)
}

fn tell(shop: &Shop, order: &OrderView, refund: Option<&RefundView>) -> Result<(), Failure> {
    if !shop.out.is_table() {
        return shop.out.json(order);
    }
    let what = refund.map_or_else(|| order.refunded.to_string(), |refund| refund.amount.to_string());
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(format!("{mark} {what} of {} will be given back", order.total));
    shop.out.line(order.order.to_string())?;
    shop.out.next(format!("shopctl order get {}", order.order));
    Ok(())
}
