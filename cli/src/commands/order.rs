//! `shopctl order`: from placed to an end.

mod follow;
mod place;
mod refund;
mod stages;

use std::time::Duration;

use clap::Subcommand;
use contracts::order::{
    CancelOrder, GetHistory, GetOrder, ListOrders, OrderHistory, OrderView, RefundState, Stage,
};
use contracts::{CustomerId, OrderId};
use serde_json::json;

use crate::args::Once;
use crate::failure::Failure;
use crate::output::{Cell, Table, Tone};
use crate::pages::{self, Extent};
use crate::shop::Shop;
use crate::{pick, row, show};

/// Orders: place them, watch them, cancel them, give money back
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Place(Box<place::Args>),
    #[command(visible_alias = "show")]
    Get(Get),
    Ls(Ls),
    Watch(Watch),
    Cancel(Cancel),
    Refund(refund::Args),
}

/// Show one order
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl order get ord_01h2e8kqvbfwea724h75qc655w
  shopctl order get ord_01h2e8kqvbfwea724h75qc655w --history
  shopctl order get ord_01h2e8kqvbfwea724h75qc655w -o json | jq -r .stage")]
pub(crate) struct Get {
    /// Which order
    #[arg(value_name = "ID", value_parser = pick::id::<OrderId>)]
    order: OrderId,
    /// Every move of it too, with its time and cause
    #[arg(long)]
    history: bool,
}

/// List orders, the newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl order ls --stage placed,awaiting_payment --older 1h     those that hang
  shopctl order ls --since 24h --all -o jsonl | jq .total")]
pub(crate) struct Ls {
    /// Only at these stages, such as placed,awaiting_payment
    #[arg(long, value_name = "STAGE,..", value_delimiter = ',')]
    stage: Vec<Stage>,
    /// Only of this customer
    #[arg(long, value_name = "ID", value_parser = pick::id::<CustomerId>)]
    customer: Option<CustomerId>,
    /// Only those placed since: so long ago, such as 2h, a day (2026-02-01), or a time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only those placed before: so long ago, such as 1h, a day, or a time
    #[arg(long, value_name = "TIME")]
    older: Option<String>,
    #[command(flatten)]
    extent: Extent,
}

/// Show each stage of an order as it happens, until it waits for nobody any more
///
/// The exit code says how it ended: 0 confirmed, 9 cancelled.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl order watch ord_01h2e8kqvbfwea724h75qc655w")]
pub(crate) struct Watch {
    /// Which order
    #[arg(value_name = "ID", value_parser = pick::id::<OrderId>)]
    order: OrderId,
}

/// Cancel an order that has not been paid
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl order cancel ord_01h2e8kqvbfwea724h75qc655w --reason 'changed their mind'")]
pub(crate) struct Cancel {
    /// Which order
    #[arg(value_name = "ID", value_parser = pick::id::<OrderId>)]
    order: OrderId,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    #[command(flatten)]
    once: Once,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Place(args) => place::run(shop, *args).await,
        Command::Get(args) => get(shop, args).await,
        Command::Ls(args) => ls(shop, args).await,
        Command::Watch(args) => watch(shop, args).await,
        Command::Cancel(args) => cancel(shop, args).await,
        Command::Refund(args) => refund::run(shop, args).await,
    }
}

async fn get(shop: &Shop, args: Get) -> Result<(), Failure> {
    let order = shop.call(&GetOrder { order: args.order }).await?;
    let history = if args.history { Some(shop.call(&GetHistory { order: args.order }).await?) } else { None };
    if !shop.out.is_table() {
        return match history {
            Some(history) => shop.out.json(&json!({ "order": order, "history": history.moves })),
            None => shop.out.json(&order),
        };
    }
    view(shop, &order)?;
    history.map_or(Ok(()), |history| moves(shop, &history))
}

async fn ls(shop: &Shop, args: Ls) -> Result<(), Failure> {
    let moment = |name: &str, text: &Option<String>| {
        let read = text.as_deref().map(|text| pick::moment(text, shop.now())).transpose();
        read.map_err(|why| Failure::invalid("invalid_time", format!("{name}: {why}")))
    };
    let (from, before) = (moment("--since", &args.since)?, moment("--older", &args.older)?);
    let ask = |after, limit| ListOrders {
        stages: args.stage.clone(),
        customer: args.customer,
        placed_from: from,
        placed_before: before,
        after,
        limit,
    };
    let table = |items: &[OrderView]| {
        Table::new(&["order", "stage", "total", "pieces", "placed", "reason"])
            .right(&[2, 3])
            .whole(&[0, 1, 2, 3])
            .rows(items.iter().map(|order| {
                row![
                    order.order,
                    toned(order.stage),
                    order.total,
                    pieces(order),
                    show::time(order.placed_at),
                    &order.reason
                ]
            }))
    };
    pages::show(shop, args.extent, ask, |page| (page.items, page.next), table).await
}

async fn watch(shop: &Shop, args: Watch) -> Result<(), Failure> {
    let mut following = follow::Following::begin(shop).await?;
    let order = shop.call(&GetOrder { order: args.order }).await?;
    let history = shop.call(&GetHistory { order: args.order }).await?;
    let mut stages = stages::Stages::new(shop, order.order, order.placed_at);
    for one in &history.moves {
        stages.moved(one)?;
    }
    let ending = if order.stage.is_settled() {
        follow::Ending::Reached(Box::new(order))
    } else {
        following.until(&mut stages, order, None, follow::settled).await?
    };
    follow::tell_checkout(shop, stages, ending, None)
}

async fn cancel(shop: &Shop, args: Cancel) -> Result<(), Failure> {
    let cancel = CancelOrder { order: args.order, reason: args.reason };
    let order = shop.call_once(&cancel, &args.once).await?;
    if !shop.out.is_table() {
        return shop.out.json(&order);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(match order.stage {
        Stage::Cancelled => format!("{mark} cancelled; what was held for it is free"),
        stage => format!("{mark} asked for; the order is at {stage} until its payment is known"),
    });
    shop.out.line(order.order.to_string())?;
    shop.out.next(format!("shopctl order watch {}", order.order));
    Ok(())
}

fn view(shop: &Shop, order: &OrderView) -> Result<(), Failure> {
    let text = |some: Option<String>| some.unwrap_or_default();
    let deadline = order.deadline.map(|at| format!("this stage ends by {}", show::time(at)));
    let refunded = if order.refunded.is_zero() { String::new() } else { order.refunded.to_string() };
    shop.out.line(show::facts(&[
        ("order", order.order.to_string()),
        ("stage", order.stage.to_string()),
        ("reason", [order.reason.as_str(), order.message.as_str()].join("  ").trim().to_owned()),
        ("total", order.total.to_string()),
        ("refunded", refunded),
        ("paid with", order.payment_method.clone()),
        ("payment", text(order.payment.map(|id| id.to_string()))),
        ("customer", text(order.customer.map(|id| id.to_string()))),
        ("e-mail", text(order.email.as_ref().map(|email| email.masked()))),
        ("cart", text(order.cart.map(|id| id.to_string()))),
        ("placed", show::time(order.placed_at)),
        ("changed", format!("{}, version {}", show::time(order.changed_at), order.version)),
        ("deadline", text(deadline)),
        ("trace", order.trace.clone()),
    ]))?;
    shop.out.line("")?;
    let lines =
        Table::new(&["sku", "name", "pieces", "price", "total"]).right(&[2, 3, 4]).whole(&[0, 2, 3, 4]);
    shop.out.table(
        &lines.rows(
            order
                .lines
                .iter()
                .map(|line| row![line.sku.as_str(), &line.name, line.quantity, line.unit_price, line.total]),
        ),
    )?;
    if order.refunds.is_empty() {
        return Ok(());
    }
    shop.out.line("")?;
    let refunds = Table::new(&["refund", "amount", "state", "reason"]).right(&[1]).whole(&[0, 1, 2]);
    shop.out.table(&refunds.rows(order.refunds.iter().map(|refund| {
        let state = match refund.state {
            RefundState::Pending => Cell::toned("pending", Tone::Warn),
            RefundState::Done => Cell::from("done"),
            RefundState::Failed => Cell::toned("failed", Tone::Bad),
        };
        row![refund.refund, refund.amount, state, &refund.reason]
    })))
}

fn moves(shop: &Shop, history: &OrderHistory) -> Result<(), Failure> {
    shop.out.line("")?;
    let table = Table::new(&["at", "to", "cause", "note"]);
    shop.out.table(&table.rows(
        history.moves.iter().map(|one| row![show::clock(one.at), toned(one.to), &one.cause, &one.note]),
    ))
}

fn toned(stage: Stage) -> Cell {
    match stage {
        Stage::Confirmed => Cell::toned(stage, Tone::Good),
        Stage::NeedsAttention => Cell::toned(stage, Tone::Bad),
        Stage::Cancelled | Stage::Refunded => Cell::toned(stage, Tone::Faint),
        Stage::Placed | Stage::AwaitingPayment => Cell::toned(stage, Tone::Warn),
    }
}

fn pieces(order: &OrderView) -> u64 {
    order.lines.iter().map(|line| u64::from(line.quantity.get())).sum()
}

/// The time that is left until then.
fn left_of(patience: Duration, began: std::time::Instant) -> Duration {
    patience.saturating_sub(began.elapsed())
}
