//! What does not go into a cart.

use cart::cart::{Cart, Line, Prices};
use contracts::basics::{LINES_MAX, QUANTITY_MAX};
use contracts::money::AMOUNT_MAX;
use kit::Kind;

use crate::shelf::{Shop, contents, money, sku};

#[tokio::test]
async fn a_line_holds_only_so_many_pieces() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", i64::from(QUANTITY_MAX)).await;
    let refused = shop.add(cart, "mug", 1).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Refused, "cart_full"));
    assert_eq!(
        refused.message,
        "a cart holds at most 10000 pieces of a product; 1 more of mug would be 10001"
    );
    assert_eq!(contents(&shop.show(cart).await.unwrap()), "10000 mug");
}

#[tokio::test]
async fn a_cart_holds_only_so_many_products() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 1).await;
    for number in 1..LINES_MAX {
        let product = format!("p{number}");
        shop.sells(&product, 100, "EUR");
        shop.add(cart, &product, 1).await.unwrap();
    }
    let refused = shop.add(cart, "tee", 1).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Refused, "cart_full"));
    let shown = shop.add(cart, "p7", 1).await.unwrap();
    assert_eq!((shown.lines.len(), shown.total), (LINES_MAX, Some(money(1290 + 100 * 100, "EUR"))));
}

#[tokio::test]
async fn a_cart_is_of_one_currency() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 1).await;
    let refused = shop.add(cart, "pin", 1).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Refused, "mixed_currencies"));
    assert_eq!(refused.message, "pin costs USD, and mug in the cart costs EUR; one cart is of one currency");
    assert_eq!(shop.set(cart, "pin", 1).await.unwrap_err().reason, "mixed_currencies");

    shop.remove(cart, "mug").await.unwrap();
    assert_eq!(contents(&shop.add(cart, "pin", 1).await.unwrap()), "1 pin");
}

#[tokio::test]
async fn a_product_that_changed_its_currency_has_no_sum_with_the_others() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 1).await;
    shop.add(cart, "tee", 1).await.unwrap();
    shop.sells("tee", 2100, "USD");

    let shown = shop.show(cart).await.unwrap();
    assert_eq!((shown.total, shown.lines[1].price_changed), (None, true));
    assert_eq!(shop.add(cart, "mug", 1).await.unwrap_err().reason, "mixed_currencies");
    assert_eq!(shop.remove(cart, "tee").await.unwrap().total, Some(money(1290, "EUR")));
}

#[tokio::test]
async fn a_cart_costs_no_more_than_money_can_be() {
    let shop = Shop::open();
    shop.sells("island", AMOUNT_MAX, "EUR");
    let cart = shop.new_cart("island", 1).await;
    let refused = shop.add(cart, "island", 1).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Refused, "cart_full"));
    assert_eq!(shop.add(cart, "mug", 1).await.unwrap_err().reason, "cart_full");

    // A price that rose afterwards is nobody's mistake: the cart is shown, without a sum.
    let cart = shop.new_cart("mug", 2).await;
    shop.sells("mug", AMOUNT_MAX, "EUR");
    assert_eq!(shop.show(cart).await.unwrap().total, None);
}

#[test]
fn a_line_that_was_added_by_somebody_else_just_now_is_shown_at_their_price() {
    let line = Line {
        sku: sku("mug"),
        name: "A mug".into(),
        quantity: 2.try_into().unwrap(),
        unit_price: money(1290, "EUR"),
    };
    let mut cart = Cart::new(kit::id::Id::from_bits(1), kit::Owner::nobody(), kit::Timestamp::UNIX_EPOCH);
    cart.lines.push(line);
    let shown = cart.view(&Prices::default());
    assert_eq!((shown.lines[0].available, shown.lines[0].price_changed), (true, false));
    assert_eq!(shown.total, Some(money(2580, "EUR")));
}
