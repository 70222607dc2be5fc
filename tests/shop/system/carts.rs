//! Ordering a cart takes what was ordered, and nothing else.

use contracts::cart::{AddItem, GetCart};
use contracts::order::{PlaceOrder, Stage};
use contracts::{CartId, Quantity};
use kit::Kind;
use kit::testing::eventually;
use tests::customer::order_of;
use tests::{Counter, euros, shared, sku_of};

async fn adds(shop: &Counter, cart: Option<CartId>, sku: &str, pieces: i64) -> contracts::cart::CartView {
    let add = AddItem {
        cart,
        sku: sku_of(sku),
        quantity: Quantity::try_from(pieces).unwrap(),
        expected_version: None,
    };
    shop.client().ask(&add).await.unwrap()
}

#[tokio::test]
async fn a_cart_keeps_what_was_added_while_it_was_ordered() {
    let shop = shared().counter().await;
    shop.sells("cart-mug", 1000, 10).await;
    shop.sells("cart-tee", 2000, 10).await;
    let cart = adds(&shop, None, "cart-mug", 2).await;

    let placed = shop.places(&PlaceOrder { cart: Some(cart.cart), ..order_of(&[]) }).await.unwrap();
    adds(&shop, Some(cart.cart), "cart-mug", 1).await;
    adds(&shop, Some(cart.cart), "cart-tee", 1).await;
    let order = shop.settles(placed.order).await;

    assert_eq!((order.stage, order.total), (Stage::Confirmed, euros(2000)));
    let left = eventually("what was ordered has left the cart", || async {
        let cart = shop.client().ask(&GetCart { cart: cart.cart }).await.ok()?;
        let pieces: Vec<(String, u32)> =
            cart.lines.iter().map(|line| (line.sku.to_string(), line.quantity.get())).collect();
        (pieces == [("cart-mug".to_owned(), 1), ("cart-tee".to_owned(), 1)]).then_some(cart)
    })
    .await;
    assert_eq!(left.total, Some(euros(3000)));
}

#[tokio::test]
async fn a_cart_whose_prices_changed_is_ordered_only_if_that_is_accepted() {
    let shop = shared().counter().await;
    shop.sells("dearer-mug", 1000, 10).await;
    let cart = adds(&shop, None, "dearer-mug", 1).await;
    shop.prices("dearer-mug", 1500).await;

    let shown = shop.client().ask(&GetCart { cart: cart.cart }).await.unwrap();
    assert!(shown.lines[0].price_changed);
    assert_eq!((shown.lines[0].unit_price, shown.lines[0].unit_price_when_added), (euros(1500), euros(1000)));

    let request = PlaceOrder { cart: Some(cart.cart), ..order_of(&[]) };
    let refused = shop.places(&request).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Refused, "price_changed"));
    let placed = shop.places(&PlaceOrder { accept_prices: true, ..request }).await.unwrap();
    assert_eq!(placed.total, euros(1500));
}

#[tokio::test]
async fn a_cart_that_was_changed_behind_ones_back_is_not_ordered() {
    let shop = shared().counter().await;
    shop.sells("versioned-mug", 1000, 10).await;
    let shown = adds(&shop, None, "versioned-mug", 1).await;
    adds(&shop, Some(shown.cart), "versioned-mug", 5).await;
    let request = PlaceOrder { cart: Some(shown.cart), cart_version: Some(shown.version), ..order_of(&[]) };
    let refused = shop.places(&request).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Conflict, "version_conflict"));
}
