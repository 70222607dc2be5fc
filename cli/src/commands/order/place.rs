//! `shopctl order place`: turns products or a cart into an order.

use std::path::PathBuf;
use std::time::Instant;

use contracts::order::{LineRequest, PlaceOrder, reason};
use contracts::{CartId, CustomerId, Email};
use kit::Client;

use super::follow::{self, Following};
use super::left_of;
use super::stages::Stages;
use crate::args::Once;
use crate::failure::Failure;
use crate::import::file;
use crate::pick::{self, Item};
use crate::shop::Shop;

/// How an order is paid if nobody says.
const PAYMENT_METHOD_DEFAULT: &str = "pm_card_visa";

/// Place an order
///
/// It is placed at the prices of now. A price behind @ is what the buyer was told: the order is
/// refused if it costs something else.
///
/// With --wait each stage is shown as it happens, until the order is confirmed (exit code 0) or
/// cancelled (9). If that takes longer than --timeout, or after Ctrl-C, the order goes on by itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl order place --item mug-blue:2 --wait
  shopctl order place --item mug-blue:2@12.90 --item tee-m --email ann@example.org
  shopctl order place --cart cart_01h2e8kqvbfwea724h75qc655w --accept-prices
  shopctl order place --item mug-blue --pay pm_card_visa_chargeDeclined --wait
  shopctl order place -f order.json -o json | jq -r .order")]
pub(crate) struct Args {
    /// A product, how many pieces of it, and perhaps what one should cost; may be repeated
    #[arg(long = "item", value_name = "SKU:QTY[@PRICE]", value_parser = pick::item, required_unless_present_any = ["cart", "file"], conflicts_with_all = ["cart", "file"])]
    items: Vec<Item>,
    /// Everything in this cart
    #[arg(long, value_name = "ID", value_parser = pick::id::<CartId>, conflicts_with = "file")]
    cart: Option<CartId>,
    /// The version of the cart that was read; refused if it changed since
    #[arg(long, value_name = "N", requires = "cart")]
    cart_version: Option<u64>,
    /// Order even if a price of the cart changed since it was added
    #[arg(long, requires = "cart")]
    accept_prices: bool,
    /// How to pay: the token of a payment method [default: pm_card_visa]
    #[arg(long, value_name = "METHOD")]
    pay: Option<String>,
    /// Where to write to
    #[arg(long, value_name = "ADDRESS")]
    email: Option<Email>,
    /// For whom, if it is not a guest
    #[arg(long, value_name = "ID", value_parser = pick::id::<CustomerId>)]
    customer: Option<CustomerId>,
    /// The order as JSON, as `order.place` takes it, or - for standard input
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Show each stage as it happens, until the order waits for nobody any more
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    once: Once,
}

pub(super) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let (wait, once) = (args.wait, args.once.clone());
    let request = args.request(shop)?;
    let following = if wait { Some(Following::begin(shop).await?) } else { None };
    let (began, began_at) = (Instant::now(), shop.now());
    let trace = Client::new_trace();
    let trace_id = format!("{:032x}", trace.id);
    let order = shop
        .call_in(&request, &once, Some(trace))
        .await
        .map_err(|failure| mended(failure.trace(trace_id), &request))?;
    let mut stages = Stages::new(shop, order.order, began_at);
    let Some(mut following) = following else {
        if !shop.out.is_table() {
            return shop.out.json(&order);
        }
        stages.accepted(&order)?;
        let next = format!("shopctl order watch {}", order.order);
        return follow::tell_well(shop, stages, &order, &next);
    };
    stages.accepted(&order)?;
    let left = left_of(shop.patience, began);
    let ending = following.until(&mut stages, order, Some(left), follow::settled).await?;
    follow::tell_checkout(shop, stages, ending, Some(shop.patience))
}

impl Args {
    fn request(self, shop: &Shop) -> Result<PlaceOrder, Failure> {
        let mut request = match &self.file {
            Some(path) => from_json(&file::name(path), &file::read(shop, path)?)?,
            None => PlaceOrder {
                cart: self.cart,
                cart_version: self.cart_version,
                lines: self.items.into_iter().map(line).collect(),
                accept_prices: self.accept_prices,
                customer: None,
                email: None,
                payment_method: PAYMENT_METHOD_DEFAULT.to_owned(),
            },
        };
        request.customer = self.customer.or(request.customer);
        request.email = self.email.or(request.email);
        request.payment_method = self.pay.unwrap_or(request.payment_method);
        Ok(request)
    }
}

fn line(Item { sku, quantity, unit_price }: Item) -> LineRequest {
    LineRequest { sku, quantity, unit_price }
}

fn from_json(name: &str, bytes: &[u8]) -> Result<PlaceOrder, Failure> {
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        let said = text.rsplit_once(" at line ").map_or(text.as_str(), |(said, _)| said);
        let place = format!("{name}:{}:{}", error.line(), error.column());
        Failure::invalid("invalid_json", format!("{place}: {said}"))
            .mend("subjects.md shows what order.place takes, with an example")
    })
}

/// What helps against a refusal.
fn mended(failure: Failure, request: &PlaceOrder) -> Failure {
    match (failure.code(), request.cart) {
        (reason::PRICE_CHANGED, Some(cart)) => failure
            .mend(format!("shopctl cart show {cart}      shows what changed"))
            .mend("the same command with --accept-prices orders at the prices of now"),
        (reason::PRICE_CHANGED, None) => failure.mend("the same command with the new price, or without any"),
        (reason::UNKNOWN_SKU, _) => failure.mend("shopctl product search TEXT"),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::Example;

    #[test]
    fn an_order_can_be_written_as_json() {
        let json = serde_json::to_vec(&PlaceOrder::example()).unwrap();
        assert_eq!(from_json("order.json", &json).unwrap(), PlaceOrder::example());
    }

    #[test]
    fn a_mistake_in_the_json_has_its_place() {
        let json =
            b"{\n  \"lines\": [{\"sku\": \"mug\", \"qty\": 2}],\n  \"payment_method\": \"pm_card_visa\"\n}";
        let failure = from_json("order.json", json).unwrap_err();
        assert!(
            failure.message().starts_with("order.json:2:32: unknown field `qty`"),
            "{}",
            failure.message()
        );
    }
}
