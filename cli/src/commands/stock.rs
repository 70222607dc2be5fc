//! `shopctl stock`: how much of what is in the house, and why.

mod receive;
mod release;

use clap::Subcommand;
use contracts::inventory::{
    AdjustStock, GetLedger, GetStock, HoldView, LedgerEntry, ListHolds, ListStock, SetMarks, StockView,
};
use contracts::{OrderId, Sku};

use crate::args::Once;
use crate::failure::Failure;
use crate::output::{Cell, Table, Tone};
use crate::pages::{self, Extent};
use crate::shop::Shop;
use crate::{pick, row, show};

/// Stock: what is in the house, what is held for orders, and every change with its cause
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Ls(Ls),
    #[command(visible_alias = "show")]
    Get(Get),
    Receive(receive::Args),
    Adjust(Adjust),
    Marks(Marks),
    Release(release::Args),
    Ledger(Ledger),
    Holds(Holds),
}

/// List stock by sku
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl stock ls --all")]
pub(crate) struct Ls {
    /// Only what counts as low
    #[arg(long)]
    low: bool,
    #[command(flatten)]
    extent: Extent,
}

/// Show the stock of one product
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl stock get mug-blue
  shopctl stock get mug-blue -o json | jq .available")]
pub(crate) struct Get {
    /// Which product
    #[arg(value_parser = pick::sku)]
    sku: Sku,
}

/// Correct the stock of a product, up or down
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl stock adjust mug-blue -1 --reason broken
  shopctl stock adjust mug-blue +3 --reason 'found behind the shelf'")]
pub(crate) struct Adjust {
    /// Which product
    #[arg(value_parser = pick::sku)]
    sku: Sku,
    /// Pieces more or fewer, with its sign: +3 or -1
    #[arg(value_name = "+N|-N", allow_negative_numbers = true, value_parser = change)]
    change: i64,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    once: Once,
}

/// Set when stock counts as low, and when as enough again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl stock marks mug-blue --low 5 --high 40")]
pub(crate) struct Marks {
    /// Which product
    #[arg(value_parser = pick::sku)]
    sku: Sku,
    /// At so many available pieces it counts as low; 0 for never
    #[arg(long, value_name = "N")]
    low: u64,
    /// At so many it counts as enough again
    #[arg(long, value_name = "N")]
    high: u64,
    #[command(flatten)]
    once: Once,
}

/// Show every change of a product's stock with its cause, the newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl stock ledger mug-blue")]
pub(crate) struct Ledger {
    /// Which product
    #[arg(value_parser = pick::sku)]
    sku: Sku,
    #[command(flatten)]
    extent: Extent,
}

/// List what is held for orders, the oldest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl stock holds")]
pub(crate) struct Holds {
    /// Only for this order
    #[arg(long, value_name = "ID", value_parser = pick::id::<OrderId>)]
    order: Option<OrderId>,
    #[command(flatten)]
    extent: Extent,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Ls(args) => ls(shop, args).await,
        Command::Get(args) => get(shop, args).await,
        Command::Receive(args) => receive::run(shop, args).await,
        Command::Adjust(args) => adjust(shop, args).await,
        Command::Marks(args) => marks(shop, args).await,
        Command::Release(args) => release::run(shop, args).await,
        Command::Ledger(args) => ledger(shop, args).await,
        Command::Holds(args) => holds(shop, args).await,
    }
}

async fn ls(shop: &Shop, Ls { low, extent }: Ls) -> Result<(), Failure> {
    let ask = |after, limit| ListStock { low, after, limit };
    let table = |items: &[StockView]| {
        Table::new(&["sku", "available", "on hand", "held", "low at", "changed"])
            .right(&[1, 2, 3, 4])
            .whole(&[0, 1, 2, 3, 4])
            .rows(items.iter().map(|stock| {
                let available = match (stock.available, stock.low) {
                    (0, _) => Cell::toned(0, Tone::Bad),
                    (available, true) => Cell::toned(available, Tone::Warn),
                    (available, false) => Cell::from(available),
                };
                let changed = show::time(stock.changed_at);
                row![stock.sku.as_str(), available, stock.on_hand, stock.held, mark(stock.low_mark), changed]
            }))
    };
    pages::show(shop, extent, ask, |page| (page.items, page.next), table).await
}

async fn get(shop: &Shop, args: Get) -> Result<(), Failure> {
    let stock = shop.call(&GetStock { sku: args.sku }).await?;
    if !shop.out.is_table() {
        return shop.out.json(&stock);
    }
    let low = match stock {
        StockView { quarantined: true, .. } => "  (put aside by an alarm)",
        StockView { low: true, .. } => "  (low)",
        _ => "",
    };
    shop.out.line(show::facts(&[
        ("sku", stock.sku.to_string()),
        ("available", format!("{}{low}", stock.available)),
        ("on hand", stock.on_hand.to_string()),
        ("held", stock.held.to_string()),
        ("low at", mark(stock.low_mark)),
        ("enough at", mark(stock.high_mark)),
        ("changed", show::time(stock.changed_at)),
    ]))
}

async fn adjust(shop: &Shop, args: Adjust) -> Result<(), Failure> {
    let adjust = AdjustStock { sku: args.sku, change: args.change, reason: args.reason };
    let stock = shop.call_once(&adjust, &args.once).await?;
    changed(shop, &stock, &format!("{:+} pieces", adjust.change))
}

async fn marks(shop: &Shop, args: Marks) -> Result<(), Failure> {
    let set = SetMarks { sku: args.sku, low_mark: args.low, high_mark: args.high };
    let stock = shop.call_once(&set, &args.once).await?;
    changed(
        shop,
        &stock,
        &format!("low at {}, enough again at {}", mark(stock.low_mark), mark(stock.high_mark)),
    )
}

async fn ledger(shop: &Shop, Ledger { sku, extent }: Ledger) -> Result<(), Failure> {
    let ask = |after, limit| GetLedger { sku: sku.clone(), after, limit };
    let signed = |change: i64| if change == 0 { String::new() } else { format!("{change:+}") };
    let table = |items: &[LedgerEntry]| {
        let header = ["entry", "at", "cause", "on hand", "", "held", "", "for", "reason"];
        Table::new(&header).right(&[0, 3, 4, 5, 6]).whole(&[0, 2, 3, 4, 5, 6, 7]).rows(items.iter().map(
            |entry| {
                row![
                    entry.entry,
                    show::time(entry.at),
                    &entry.cause,
                    signed(entry.on_hand_change),
                    entry.on_hand,
                    signed(entry.held_change),
                    entry.held,
                    entry.order.map(|order| order.to_string()).unwrap_or_default(),
                    &entry.reason,
                ]
            },
        ))
    };
    pages::show(shop, extent, ask, |page| (page.items, page.next), table).await
}

async fn holds(shop: &Shop, Holds { order, extent }: Holds) -> Result<(), Failure> {
    let ask = |after, limit| ListHolds { order, after, limit, ..ListHolds::default() };
    let table = |items: &[HoldView]| {
        Table::new(&["order", "state", "items", "expires"]).whole(&[0, 1]).rows(items.iter().map(|hold| {
            let pieces = hold.items.iter().map(|item| format!("{}:{}", item.sku, item.quantity));
            let expires = if hold.state == "held" { show::time(hold.expires_at) } else { String::new() };
            row![hold.order, &hold.state, pieces.collect::<Vec<_>>().join(" "), expires]
        }))
    };
    pages::show(shop, extent, ask, |page| (page.items, page.next), table).await
}

/// Says what became of the stock: the sku for programs, the rest for people.
fn changed(shop: &Shop, stock: &StockView, what: &str) -> Result<(), Failure> {
    if !shop.out.is_table() {
        return shop.out.json(stock);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(format!(
        "{mark} {what}: {} available, {} on hand, {} held",
        stock.available, stock.on_hand, stock.held
    ));
    shop.out.line(stock.sku.as_str())
}

fn mark(pieces: u64) -> String {
    if pieces == 0 { "never".to_owned() } else { pieces.to_string() }
}

/// Reads a change. Its sign must stand there: a plain number could be meant as the new stock.
fn change(text: &str) -> Result<i64, String> {
    match text.parse() {
        Ok(0) => Err("0 changes nothing".to_owned()),
        Ok(change) if text.starts_with(['+', '-']) => Ok(change),
        Ok(change) => Err(format!("say +{change} for more pieces or -{change} for fewer")),
        Err(_) => Err("a change is a whole number with its sign, such as +3 or -1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_stock_has_its_sign() {
        assert_eq!((change("+3"), change("-12")), (Ok(3), Ok(-12)));
        assert_eq!(change("3").unwrap_err(), "say +3 for more pieces or -3 for fewer");
        for wrong in ["", "+", "-", "0", "+0", "1.5", "+1.5", "--1", "99999999999999999999"] {
            assert!(change(wrong).is_err(), "{wrong:?}");
        }
    }
}
