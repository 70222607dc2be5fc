//! How long a cart is kept.

use std::time::Duration;

use cart::expiry::KEPT_FOR;
use contracts::cart::CartExpired;

use crate::shelf::{Shop, contents, order_of};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_cart_that_nobody_changes_expires() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 2).await;
    shop.cart.advance(KEPT_FOR - SECOND).await;
    shop.show(cart).await.unwrap();

    shop.cart.advance(SECOND).await;
    assert_eq!(shop.cart.told_of::<CartExpired>(), [CartExpired { cart }]);
    assert_eq!(shop.show(cart).await.unwrap_err().reason, "unknown_cart");
    assert_eq!(shop.add(cart, "mug", 1).await.unwrap_err().reason, "unknown_cart");
    let left: [i64; 2] = shop
        .cart
        .sql(|sql| {
            sql.get("SELECT (SELECT count(*) FROM carts), (SELECT count(*) FROM cart_lines)", [], |row| {
                Ok([row.get(0)?, row.get(1)?])
            })
        })
        .unwrap();
    assert_eq!(left, [0, 0]);
}

#[tokio::test]
async fn a_change_lets_a_cart_live_longer_and_a_look_does_not() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 2).await;
    shop.cart.advance(KEPT_FOR - SECOND).await;
    let shown = shop.add(cart, "mug", 1).await.unwrap();
    assert_eq!(shown.expires_at, shop.cart.now() + KEPT_FOR);

    shop.cart.advance(KEPT_FOR - SECOND).await;
    assert_eq!(contents(&shop.show(cart).await.unwrap()), "3 mug");
    shop.cart.advance(SECOND).await;
    assert_eq!(shop.cart.told_of::<CartExpired>().len(), 1);
}

#[tokio::test]
async fn an_order_of_a_cart_that_expired_is_harmless() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 2).await;
    shop.cart.advance(KEPT_FOR).await;
    let told = shop.cart.told();
    shop.order(&order_of(1, Some(cart), &[("mug", 2)]));
    assert_eq!(shop.cart.told(), told);
}
