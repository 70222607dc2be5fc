//! `shopctl report`: sales, products and the way from cart to order, in figures.

use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use contracts::Currency;
use contracts::analytics::{By, GetFunnel, GetSales, GetTopProducts, PRODUCTS_MAX};
use jiff::Timestamp;

use crate::failure::Failure;
use crate::output::Format;
use crate::pick;
use crate::report::{self, Style, WIDTH_DEFAULT, WIDTH_MAX, WIDTH_MIN};
use crate::shop::Shop;

/// Since when figures are shown, if nobody says.
const SINCE_DEFAULT: &str = "7d";
/// Sales of no more time than this are shown by hour, if nobody says.
const BY_HOUR_UP_TO: Duration = Duration::from_secs(48 * 60 * 60);

/// Sales, products and the way from cart to order, in figures
///
/// Hours and days are those of UTC, and whole ones. What happened counts in the hour in which it was
/// told: money that is given back counts in the hour of the refund, however long ago the sale was.
/// A terminal shows bars; a pipe gets CSV, with amounts in major units; -o json and -o jsonl have them in
/// minor units. In CSV, a name that a spreadsheet would take for a formula has an apostrophe before it.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Sales(Sales),
    Products(Products),
    Funnel(Funnel),
}

/// Of what time, and how it is shown.
#[derive(Debug, clap::Args)]
pub(crate) struct What {
    /// From then on: how long ago (24h, 30d), a day (2026-02-01) or a time [default: 7d]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Until then: how long ago, the beginning of a day, or a time [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// As CSV, also on a terminal and whatever -o says
    #[arg(long)]
    csv: bool,
    /// Only characters that every terminal has
    #[arg(long)]
    ascii: bool,
    /// How wide to draw [default: the terminal]
    #[arg(long, value_name = "N", value_parser = width)]
    width: Option<usize>,
}

/// Revenue, orders and the average basket, by hour or day
///
/// Orders are those that were confirmed; revenue is what was charged less what was given back.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl report sales                             the last seven days, by day
  shopctl report sales --since 24h                 by hour
  shopctl report sales --since 2026-02-01 --until 2026-03-01 --by day
  shopctl report sales --since 30d > sales.csv     for a spreadsheet
  shopctl report sales --currency USD -o json")]
pub(crate) struct Sales {
    /// In hours or days [default: hours up to two days, else days]
    #[arg(long, value_enum, value_name = "hour|day", hide_possible_values = true)]
    by: Option<Step>,
    /// Only in this currency
    #[arg(long, value_name = "CODE", value_parser = currency)]
    currency: Option<Currency>,
    #[command(flatten)]
    what: What,
}

/// The products that brought most, in confirmed orders
///
/// Money that was given back is not taken off: nobody says for which product it was.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl report products                          the ten that brought most in seven days
  shopctl report products --since 30d --limit 50
  shopctl report products --csv > products.csv")]
pub(crate) struct Products {
    /// At most so many of each currency
    #[arg(long, value_name = "N", default_value = "10", value_parser = clap::value_parser!(u32).range(1..=i64::from(PRODUCTS_MAX)))]
    limit: u32,
    /// Only in this currency
    #[arg(long, value_name = "CODE", value_parser = currency)]
    currency: Option<Currency>,
    #[command(flatten)]
    what: What,
}

/// How many carts and orders came how far, and why the others were lost
///
/// Each counts once, where it began: what becomes of it later is counted there too.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl report funnel
  shopctl report funnel --since 24h
  shopctl report funnel --since 2026-02-01 --until 2026-02-02 -o json")]
pub(crate) struct Funnel {
    #[command(flatten)]
    what: What,
}

/// How long one bucket of time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    Hour,
    Day,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Sales(args) => sales(shop, args).await,
        Command::Products(args) => products(shop, args).await,
        Command::Funnel(args) => funnel(shop, args).await,
    }
}

async fn sales(shop: &Shop, args: Sales) -> Result<(), Failure> {
    let (from, to) = args.what.span(shop.now())?;
    let by = match args.by {
        Some(Step::Hour) => By::Hour,
        Some(Step::Day) => By::Day,
        None if to.duration_since(from).unsigned_abs() <= BY_HOUR_UP_TO => By::Hour,
        None => By::Day,
    };
    let told = shop.call(&GetSales { from, to, by, currency: args.currency }).await?;
    let lines = || {
        let of = |one: &contracts::analytics::CurrencySales| {
            let currency = one.currency;
            let line = move |bucket: &contracts::analytics::SalesBucket| serde_json::json!({ "currency": currency, "at": bucket.at, "figures": bucket.figures });
            one.buckets.iter().map(line).collect::<Vec<_>>()
        };
        told.currencies.iter().flat_map(of).collect()
    };
    let drawn = |width, style| report::sales(&told, width, style);
    show(shop, &args.what, &told, lines, || report::csv::sales(&told), drawn)
}

async fn products(shop: &Shop, args: Products) -> Result<(), Failure> {
    let (from, to) = args.what.span(shop.now())?;
    let asked = GetTopProducts { from, to, limit: Some(args.limit), currency: args.currency };
    let told = shop.call(&asked).await?;
    let lines = || told.items.clone();
    let drawn = |width, style| report::products(&told, width, style);
    show(shop, &args.what, &told, lines, || report::csv::products(&told), drawn)
}

async fn funnel(shop: &Shop, args: Funnel) -> Result<(), Failure> {
    let (from, to) = args.what.span(shop.now())?;
    let told = shop.call(&GetFunnel { from, to }).await?;
    let lines = || vec![told.clone()];
    let drawn = |width, style| report::funnel(&told, width, style);
    show(shop, &args.what, &told, lines, || report::csv::funnel(&told), drawn)
}

/// Writes figures in the form that is wanted: drawn, as CSV, or as JSON, of which `jsonl` has `lines`.
fn show<T: serde::Serialize, L: serde::Serialize>(
    shop: &Shop,
    what: &What,
    told: &T,
    lines: impl FnOnce() -> Vec<L>,
    csv: impl FnOnce() -> Result<String, Failure>,
    drawn: impl FnOnce(usize, Style) -> String,
) -> Result<(), Failure> {
    let nobody_looks = shop.out.width().is_none() && what.width.is_none() && shop.settings.output.is_none();
    match shop.out.format() {
        _ if what.csv => shop.out.line(csv()?.trim_end()),
        Format::Json | Format::Otlp | Format::Mermaid => shop.out.json(told),
        Format::Jsonl => lines().iter().try_for_each(|line| shop.out.json(line)),
        Format::Table if nobody_looks => shop.out.line(csv()?.trim_end()),
        Format::Table => {
            let width = what.width.or(shop.out.width()).unwrap_or(WIDTH_DEFAULT);
            let style = Style { ascii: what.ascii, colour: shop.out.has_colour() };
            shop.out.line(drawn(width.min(WIDTH_MAX), style).trim_end())
        }
    }
}

impl What {
    fn span(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), Failure> {
        let read = |name: &str, text: &str| {
            pick::moment(text, now).map_err(|why| {
                Failure::invalid("invalid_time", format!("nothing is shown: {name}: {why}"))
                    .mend("shopctl report sales --since 24h")
            })
        };
        let from = read("--since", self.since.as_deref().unwrap_or(SINCE_DEFAULT))?;
        let to = self.until.as_deref().map(|text| read("--until", text)).transpose()?.unwrap_or(now);
        if to <= from {
            let message =
                "nothing is shown: the end of the time, --until, is not after its beginning, --since";
            return Err(Failure::invalid("invalid_span", message));
        }
        Ok((from, to))
    }
}

fn currency(text: &str) -> Result<Currency, String> {
    text.to_uppercase().parse::<Currency>().map_err(|error| error.to_string())
}

fn width(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(width @ WIDTH_MIN..=WIDTH_MAX) => Ok(width),
        _ => Err(format!("a width is {WIDTH_MIN} to {WIDTH_MAX}")),
    }
}
