//! What an order takes out of the cart it was made of.

use contracts::order::OrderPlaced;
use kit::Event;

use crate::shelf::{Shop, contents, order_id, order_of};

#[tokio::test]
async fn an_order_takes_exactly_what_was_ordered() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 2).await;
    shop.add(cart, "tee", 1).await.unwrap();

    shop.order(&order_of(1, Some(cart), &[("mug", 2), ("tee", 1)]));

    let shown = shop.show(cart).await.unwrap();
    assert_eq!((contents(&shown).as_str(), shown.version), ("", 3));
}

#[tokio::test]
async fn a_cart_keeps_what_was_added_meanwhile() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 2).await;
    // The order was made of 2 mugs; before it is heard of, more goes in.
    shop.add(cart, "mug", 3).await.unwrap();
    shop.add(cart, "tee", 1).await.unwrap();

    shop.order(&order_of(1, Some(cart), &[("mug", 2)]));

    let shown = shop.show(cart).await.unwrap();
    assert_eq!((contents(&shown).as_str(), shown.version), ("3 mug, 1 tee", 4));
}

#[tokio::test]
async fn a_line_that_shrank_meanwhile_is_gone() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 5).await;
    shop.set(cart, "mug", 1).await.unwrap();
    shop.order(&order_of(1, Some(cart), &[("mug", 5), ("tee", 2)]));
    assert_eq!(contents(&shop.show(cart).await.unwrap()), "");
}

#[tokio::test]
async fn an_order_that_is_told_twice_takes_once() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 5).await;
    let order = order_of(1, Some(cart), &[("mug", 2)]);
    let body = serde_json::to_vec(&order).unwrap();

    let number = shop.cart.hear(&order);
    shop.cart.hear_at(number, OrderPlaced::SUBJECT, &order.key(), body).unwrap();
    shop.order(&order);

    let shown = shop.show(cart).await.unwrap();
    assert_eq!((contents(&shown).as_str(), shown.version), ("3 mug", 2));

    shop.order(&order_of(2, Some(cart), &[("mug", 2)]));
    assert_eq!(contents(&shop.show(cart).await.unwrap()), "1 mug");
}

#[tokio::test]
async fn an_order_without_a_cart_or_of_an_unknown_one_changes_nothing() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 5).await;
    shop.order(&order_of(1, None, &[("mug", 2)]));
    shop.order(&order_of(2, Some(kit::id::Id::from_bits(9)), &[("mug", 2)]));
    let shown = shop.show(cart).await.unwrap();
    assert_eq!((contents(&shown).as_str(), shown.version), ("5 mug", 1));
}

#[tokio::test]
async fn only_the_last_orders_of_a_cart_are_remembered() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 1000).await;
    for number in 1..=100 {
        shop.order(&order_of(number, Some(cart), &[("mug", 1)]));
    }
    let remembered: Vec<String> = shop
        .cart
        .sql(|sql| sql.list("SELECT order_id FROM cart_orders ORDER BY id", [], |row| row.get(0)))
        .unwrap();
    let last: Vec<String> = (69..=100).map(|number| order_id(number).to_string()).collect();
    assert_eq!(remembered, last);
    assert_eq!(contents(&shop.show(cart).await.unwrap()), "900 mug");
}
