//! Which products brought most, and how they are called.

use crate::shop::{Shop, named};

#[tokio::test]
async fn the_product_that_brought_most_comes_first_in_each_currency() {
    let shop = Shop::open();
    shop.sold(1, 1, &[("mug", 2, 1000), ("tee", 1, 2400)]);
    shop.sold(2, 2, &[("mug", 1, 1000)]);
    shop.sold(3, 3, &[("usd-pin", 9, 100)]);
    let told: Vec<_> = shop
        .products()
        .await
        .into_iter()
        .map(|product| (product.sku.to_string(), product.orders, product.pieces, product.amount))
        .collect();
    let wanted = [("mug", 2, 3, 3000), ("tee", 1, 1, 2400), ("usd-pin", 1, 9, 900)];
    let wanted = wanted.map(|(sku, orders, pieces, amount)| (sku.to_owned(), orders, pieces, amount));
    assert_eq!(told, wanted);
}

#[tokio::test]
async fn a_product_has_its_last_name_in_whatever_order_names_are_heard() {
    let shop = Shop::open();
    let name = async || shop.products().await[0].name.clone();
    shop.sold(1, 1, &[("mug", 1, 1000)]);
    assert_eq!(name().await, "A mug", "as the order had it");
    shop.hears(Shop::minute(2), &named("mug", "Mug, large", 2));
    shop.hears(Shop::minute(1), &named("mug", "Mug", 1));
    shop.sold(9, 2, &[("mug", 1, 1000)]);
    assert_eq!(name().await, "Mug, large");
}
