//! `shopctl cart`: what somebody means to buy.

use clap::Subcommand;
use contracts::cart::{AddItem, CartView, ClearCart, GetCart, RemoveItem, SetItem};
use contracts::{CartId, Sku};

use crate::args::Once;
use crate::failure::Failure;
use crate::output::{Cell, Table, Tone};
use crate::pick::{self, Item};
use crate::shop::Shop;
use crate::{row, show};

/// Carts: prices are always those of the catalog
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(visible_alias = "get")]
    Show(Show),
    Add(Add),
    Set(Set),
    Rm(Rm),
    Clear(Clear),
}

/// Show a cart at the prices of now
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl cart show cart_01h2e8kqvbfwea724h75qc655w")]
pub(crate) struct Show {
    /// Which cart
    #[arg(value_name = "ID", value_parser = pick::id::<CartId>)]
    cart: CartId,
}

/// Add pieces of products, to a new cart if none is named
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl cart add mug-blue:2 tee-m
  CART=$(shopctl cart add mug-blue:2)
  shopctl cart add --cart $CART tee-m && shopctl order place --cart $CART --wait")]
pub(crate) struct Add {
    /// Products and how many pieces more of each; one if not said
    #[arg(required = true, value_name = "SKU:QTY", value_parser = item)]
    items: Vec<Item>,
    /// To which cart
    #[arg(long, value_name = "ID", value_parser = pick::id::<CartId>)]
    cart: Option<CartId>,
}

/// Set how many pieces of a product there are; 0 removes it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl cart set cart_01h2e8kqvbfwea724h75qc655w mug-blue:3")]
pub(crate) struct Set {
    /// Which cart
    #[arg(value_name = "ID", value_parser = pick::id::<CartId>)]
    cart: CartId,
    /// The product and how many pieces of it
    #[arg(value_name = "SKU:QTY", value_parser = pieces)]
    item: (Sku, u32),
    #[command(flatten)]
    read: Read,
}

/// Remove a product
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl cart rm cart_01h2e8kqvbfwea724h75qc655w mug-blue")]
pub(crate) struct Rm {
    /// Which cart
    #[arg(value_name = "ID", value_parser = pick::id::<CartId>)]
    cart: CartId,
    /// Which product
    #[arg(value_parser = pick::sku)]
    sku: Sku,
    #[command(flatten)]
    read: Read,
}

/// Remove everything
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl cart clear cart_01h2e8kqvbfwea724h75qc655w")]
pub(crate) struct Clear {
    /// Which cart
    #[arg(value_name = "ID", value_parser = pick::id::<CartId>)]
    cart: CartId,
    #[command(flatten)]
    read: Read,
}

#[derive(Debug, clap::Args)]
struct Read {
    /// The version that was read; refused if the cart changed since
    #[arg(long, value_name = "N")]
    version: Option<u64>,
    #[command(flatten)]
    once: Once,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Show(args) => {
            let cart = shop.call(&GetCart { cart: args.cart }).await?;
            if shop.out.is_table() { view(shop, &cart) } else { shop.out.json(&cart) }
        }
        Command::Add(args) => add(shop, args).await,
        Command::Set(Set { cart, item: (sku, quantity), read }) => {
            let set = SetItem { cart, sku, quantity, expected_version: read.version };
            changed(shop, &shop.call_once(&set, &read.once).await?)
        }
        Command::Rm(Rm { cart, sku, read }) => {
            let remove = RemoveItem { cart, sku, expected_version: read.version };
            changed(shop, &shop.call_once(&remove, &read.once).await?)
        }
        Command::Clear(Clear { cart, read }) => {
            let clear = ClearCart { cart, expected_version: read.version };
            changed(shop, &shop.call_once(&clear, &read.once).await?)
        }
    }
}

async fn add(shop: &Shop, args: Add) -> Result<(), Failure> {
    let mut cart = args.cart;
    let mut last = None;
    for (done, item) in args.items.into_iter().enumerate() {
        let sku = item.sku.to_string();
        let add = AddItem { cart, sku: item.sku, quantity: item.quantity, expected_version: None };
        let view = shop.call(&add).await.map_err(|failure| match cart {
            Some(cart) if done > 0 => {
                let so_far = if done == 1 {
                    "the first product is".to_owned()
                } else {
                    format!("{done} products are")
                };
                failure.so(format!("{so_far} in {cart}, {sku} is not"))
            }
            _ => failure,
        })?;
        cart = Some(view.cart);
        last = Some(view);
    }
    match last {
        Some(view) => changed(shop, &view),
        None => Ok(()),
    }
}

/// Says what is in the cart now: its number for programs, the rest for people.
fn changed(shop: &Shop, cart: &CartView) -> Result<(), Failure> {
    if !shop.out.is_table() {
        return shop.out.json(cart);
    }
    let lines = cart.lines.iter().map(|line| format!("{}:{}", line.sku, line.quantity));
    let total = cart.total.map(|total| format!(", {total}")).unwrap_or_default();
    let mark = shop.out.paint_note(Tone::Good, "✓");
    match cart.lines.len() {
        0 => shop.out.say(format!("{mark} the cart is empty")),
        _ => shop.out.say(format!("{mark} {}{total}", lines.collect::<Vec<_>>().join(" "))),
    }
    shop.out.line(cart.cart.to_string())?;
    if !cart.lines.is_empty() {
        shop.out.next(format!("shopctl order place --cart {} --wait", cart.cart));
    }
    Ok(())
}

fn view(shop: &Shop, cart: &CartView) -> Result<(), Failure> {
    shop.out.line(show::facts(&[
        ("cart", cart.cart.to_string()),
        ("total", cart.total.map(|total| total.to_string()).unwrap_or_default()),
        ("version", cart.version.to_string()),
        ("expires", show::time(cart.expires_at)),
    ]))?;
    if cart.lines.is_empty() {
        shop.out.say("there is nothing in it");
        return Ok(());
    }
    shop.out.line("")?;
    let table = Table::new(&["sku", "name", "pieces", "price", "note"]).right(&[2, 3]).whole(&[0, 2, 3]);
    shop.out.table(&table.rows(cart.lines.iter().map(|line| {
        let note = match (line.available, line.price_changed) {
            (false, _) => Cell::toned("cannot be bought any more", Tone::Bad),
            (true, true) => Cell::toned(format!("was {}", line.unit_price_when_added), Tone::Warn),
            (true, false) => Cell::from(""),
        };
        row![line.sku.as_str(), &line.name, line.quantity, line.unit_price, note]
    })))
}

/// Reads `SKU:QTY` without a price: a cart has the prices of the catalog.
fn item(text: &str) -> Result<Item, String> {
    match pick::item(text)? {
        Item { unit_price: Some(_), .. } => {
            Err("a cart has the prices of the catalog, none can be stated".to_owned())
        }
        item => Ok(item),
    }
}

/// Reads `SKU:QTY`, where 0 pieces are fine.
fn pieces(text: &str) -> Result<(Sku, u32), String> {
    let (sku, quantity) = text.split_once(':').ok_or("wanted is SKU:QTY, such as mug-blue:3")?;
    let sku = pick::sku(sku)?;
    match quantity {
        "0" => Ok((sku, 0)),
        _ => Ok((sku, pick::quantity(quantity)?.get())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_can_be_set_to_nothing_but_not_added_as_nothing() {
        assert_eq!(pieces("mug:0").unwrap().1, 0);
        assert_eq!(pieces("mug:3").unwrap().1, 3);
        assert!(item("mug:0").is_err());
        for wrong in ["mug", "mug:", "mug:-1", "mug:99999999999", ":1", "a b:1"] {
            assert!(pieces(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn nobody_states_a_price_for_a_cart() {
        assert!(item("mug:1@12.90").is_err());
        assert_eq!(item("mug").unwrap().quantity.get(), 1);
    }
}
