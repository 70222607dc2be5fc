//! `shopctl product`: the catalog.

mod import;

use clap::Subcommand;
use contracts::catalog::{
    GetProduct, ListCategories, ListProducts, ProductState, ProductView, PutProduct, RetireProduct,
    SearchProducts,
};
use contracts::{Currency, Money, Sku};

use crate::args::Once;
use crate::failure::Failure;
use crate::output::{Cell, Table, Tone};
use crate::pages::{self, Extent};
use crate::shop::Shop;
use crate::{pick, row, show};

/// The catalog: products, their categories and prices
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Import(import::Args),
    Ls(Ls),
    #[command(visible_alias = "show")]
    Get(Get),
    Search(Search),
    Put(Put),
    Retire(Retire),
    Categories(Categories),
}

/// List products by sku
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl product ls --category mugs
  shopctl product ls --all -o jsonl | jq -r .sku")]
pub(crate) struct Ls {
    /// Only of this category
    #[arg(long, value_name = "NAME")]
    category: Option<String>,
    /// Retired ones too
    #[arg(long)]
    retired: bool,
    #[command(flatten)]
    extent: Extent,
}

/// Show one product
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl product get mug-blue")]
pub(crate) struct Get {
    /// Which product
    #[arg(value_parser = pick::sku)]
    sku: Sku,
}

/// Find products by words and beginnings of words, the best first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl product search blue mug
  shopctl product search mug --category mugs")]
pub(crate) struct Search {
    /// What to look for; the last word may be the beginning of one
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
    /// Only of this category
    #[arg(long, value_name = "NAME")]
    category: Option<String>,
    #[command(flatten)]
    extent: Extent,
}

/// Create a product, or change it
///
/// A product that was retired is in sale again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl product put mug-blue --name 'Mug, blue' --category Kitchen --price 12.90
  shopctl product put mug-blue --name 'Mug, blue' --category Kitchen --price 11.90 --version 3")]
pub(crate) struct Put {
    /// Which product
    #[arg(value_parser = pick::sku)]
    sku: Sku,
    /// Its name
    #[arg(long)]
    name: String,
    /// Where it belongs
    #[arg(long, value_name = "NAME")]
    category: String,
    /// What one piece costs, such as 12.90 or 12.90USD
    #[arg(long, value_name = "AMOUNT")]
    price: String,
    /// Of which currency the price is [default: EUR]
    #[arg(long, value_name = "CODE")]
    currency: Option<Currency>,
    /// What it is
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    description: String,
    /// The version that was read; refused if it changed since. 0: it must not exist yet
    #[arg(long, value_name = "N")]
    version: Option<u64>,
    #[command(flatten)]
    once: Once,
}

/// Take a product out of sale; orders that name it keep it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl product retire mug-blue")]
pub(crate) struct Retire {
    /// Which product
    #[arg(value_parser = pick::sku)]
    sku: Sku,
    /// The version that was read; refused if it changed since
    #[arg(long, value_name = "N")]
    version: Option<u64>,
    #[command(flatten)]
    once: Once,
}

/// List the categories with how many products each has
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl product categories")]
pub(crate) struct Categories {}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Import(args) => import::run(shop, args).await,
        Command::Ls(args) => ls(shop, args).await,
        Command::Get(args) => get(shop, args).await,
        Command::Search(args) => search(shop, args).await,
        Command::Put(args) => put(shop, args).await,
        Command::Retire(args) => retire(shop, args).await,
        Command::Categories(_) => categories(shop).await,
    }
}

async fn ls(shop: &Shop, args: Ls) -> Result<(), Failure> {
    let Ls { category, retired, extent } = args;
    let ask = |after, limit| ListProducts { category: category.clone(), retired, after, limit };
    pages::show(shop, extent, ask, |page| (page.items, page.next), |items| table(items, retired)).await
}

async fn search(shop: &Shop, args: Search) -> Result<(), Failure> {
    let Search { text, category, extent } = args;
    let text = text.join(" ");
    let ask = |after, limit| SearchProducts { text: text.clone(), category: category.clone(), after, limit };
    pages::show(shop, extent, ask, |page| (page.items, page.next), |items| table(items, false)).await
}

async fn get(shop: &Shop, args: Get) -> Result<(), Failure> {
    let product = shop.call(&GetProduct { sku: args.sku }).await?;
    if !shop.out.is_table() {
        return shop.out.json(&product);
    }
    shop.out.line(show::facts(&[
        ("sku", product.sku.to_string()),
        ("name", product.name),
        ("category", product.category),
        ("price", product.price.to_string()),
        ("state", state(product.state).to_owned()),
        ("description", product.description),
        ("version", product.version.to_string()),
        ("changed", show::time(product.changed_at)),
    ]))
}

async fn put(shop: &Shop, args: Put) -> Result<(), Failure> {
    let price = match args.currency {
        None => pick::price(&args.price),
        Some(currency) => Money::parse_major(&args.price, currency).map_err(|error| error.to_string()),
    };
    let put = PutProduct {
        sku: args.sku,
        name: args.name,
        description: args.description,
        category: args.category,
        price: price.map_err(|why| Failure::invalid("invalid_amount", format!("--price: {why}")))?,
        expected_version: args.version,
    };
    let product = shop.call_once(&put, &args.once).await?;
    let what = if product.version == 1 { "created" } else { "changed" };
    changed(shop, &product, &format!("{what}, {} at {}", product.name, product.price))
}

async fn retire(shop: &Shop, args: Retire) -> Result<(), Failure> {
    let retire = RetireProduct { sku: args.sku, expected_version: args.version };
    let product = shop.call_once(&retire, &args.once).await?;
    changed(shop, &product, "out of sale")
}

fn changed(shop: &Shop, product: &ProductView, what: &str) -> Result<(), Failure> {
    if !shop.out.is_table() {
        return shop.out.json(product);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(format!("{mark} {what}, version {}", product.version));
    shop.out.line(product.sku.as_str())
}

async fn categories(shop: &Shop) -> Result<(), Failure> {
    let categories = shop.call(&ListCategories {}).await?;
    shop.out.list(&categories.items, |items| {
        Table::new(&["category", "products"])
            .right(&[1])
            .rows(items.iter().map(|category| row![&category.name, category.products]))
    })
}

fn table(products: &[ProductView], with_state: bool) -> Table {
    let mut header = vec!["sku", "name", "category", "price", "version"];
    if with_state {
        header.push("state");
    }
    Table::new(&header).right(&[3, 4]).whole(&[0, 3, 4]).rows(products.iter().map(|product| {
        let mut cells =
            row![product.sku.as_str(), &product.name, &product.category, product.price, product.version];
        if with_state {
            cells.push(match product.state {
                ProductState::Active => Cell::from(state(product.state)),
                ProductState::Retired => Cell::toned(state(product.state), Tone::Faint),
            });
        }
        cells
    }))
}

fn state(state: ProductState) -> &'static str {
    match state {
        ProductState::Active => "active",
        ProductState::Retired => "retired",
    }
}
