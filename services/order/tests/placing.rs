//! Placing an order: from a cart or from lines, at the prices the catalog gives now.

use contracts::basics::{LINES_MAX, QUANTITY_MAX};
use contracts::order::{ListOrders, OrderPlaced, PlaceOrder, Stage};
use contracts::{CartId, CustomerId};
use kit::{Error, Example, Kind};
use serde_json::json;

use crate::shop::{Shop, cart, eur, line, sku, wish, wish_for_cart};

/// The order was refused, and nothing of it was kept.
async fn refused(shop: &Shop, asked: &PlaceOrder) -> Error {
    let error = shop.service.ask(asked).await.unwrap_err();
    assert_eq!(shop.service.told(), Vec::<String>::new(), "{error}");
    let orders = shop.service.ask(&ListOrders::default()).await.unwrap();
    assert_eq!(orders.items, [], "{error}");
    assert!(!error.message.contains('\n') && !error.message.ends_with('.'), "{error}");
    error
}

#[tokio::test]
async fn lines_are_ordered_at_the_prices_of_now() {
    let shop = Shop::open();
    let asked = PlaceOrder { customer: Some(CustomerId::example()), ..wish(&[("mug-blue", 2), ("pen", 3)]) };
    let order = shop.service.ask(&asked).await.unwrap();

    assert_eq!((order.stage, order.version), (Stage::Placed, 1));
    assert_eq!(order.total, eur(2877));
    assert_eq!((order.customer, order.email.clone()), (asked.customer, asked.email));
    assert_eq!((order.cart, order.payment, order.refunded), (None, None, eur(0)));
    let lines: Vec<_> = order
        .lines
        .iter()
        .map(|line| (line.sku.as_str(), line.name.as_str(), line.unit_price, line.total))
        .collect();
    assert_eq!(lines, [("mug-blue", "Mug, blue", eur(1290), eur(2580)), ("pen", "Pen", eur(99), eur(297))]);
    assert_eq!((order.trace.len(), order.trace.bytes().all(|byte| byte.is_ascii_hexdigit())), (32, true));
    assert_eq!(order, shop.order(&order).await);

    let told: Vec<OrderPlaced> = shop.service.told_of();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].order, &told[0].lines, told[0].total), (order.order, &order.lines, order.total));
    let first = &shop.history(&order).await[0];
    assert_eq!((first.from, first.to, first.cause.as_str()), (None, Stage::Placed, "asked_to_place"));
}

#[tokio::test]
async fn the_price_stays_what_it_was_when_it_was_ordered() {
    let shop = Shop::open();
    let order = shop.places_two_mugs().await;
    shop.service.stub(|_: contracts::catalog::QuotePrices| panic!("the catalog is not asked again"));
    shop.reserves(&order);
    shop.captures(&order);
    assert_eq!(shop.order(&order).await.total, eur(2580));
}

#[tokio::test]
async fn lines_of_the_same_product_become_one() {
    let shop = Shop::open();
    let order = shop.places(&[("pen", 1), ("tee", 1), ("pen", 4)]).await;
    let lines: Vec<_> = order.lines.iter().map(|line| (line.sku.as_str(), line.quantity.get())).collect();
    assert_eq!(lines, [("pen", 5), ("tee", 1)]);
    assert_eq!(order.total, eur(2495));
}

#[tokio::test]
async fn a_stated_price_that_differs_is_refused_with_both_for_every_such_line() {
    let shop = Shop::open();
    let mut asked = wish(&[("mug-blue", 1), ("tee", 1), ("pen", 1), ("pen", 1)]);
    asked.lines[0].unit_price = Some(eur(990));
    asked.lines[1].unit_price = Some(eur(2000));
    asked.lines[2].unit_price = Some(eur(90));
    asked.lines[3].unit_price = Some(eur(90));
    let error = refused(&shop, &asked).await;
    assert_eq!((error.kind, &*error.reason), (Kind::Refused, "price_changed"));
    assert_eq!(
        error.message,
        "nothing was ordered: mug-blue costs 12.90 EUR now, not 9.90 EUR, pen costs 0.99 EUR now, not 0.90 EUR"
    );
    let eur = |cents: i64| json!({ "amount": cents, "currency": "EUR" });
    assert_eq!(
        error.details.unwrap(),
        json!({ "lines": [
            { "sku": "mug-blue", "then": eur(990), "now": eur(1290) },
            { "sku": "pen", "then": eur(90), "now": eur(99) },
        ]})
    );
}

#[tokio::test]
async fn a_stated_price_that_is_right_is_ordered() {
    let shop = Shop::open();
    let mut asked = wish(&[("mug-blue", 1)]);
    asked.lines[0].unit_price = Some(eur(1290));
    assert_eq!(shop.service.ask(&asked).await.unwrap().total, eur(1290));
}

#[tokio::test]
async fn everything_that_cannot_be_bought_is_named_at_once() {
    let shop = Shop::open();
    let error = refused(&shop, &wish(&[("mug-blue", 1), ("old-lamp", 1), ("nothing", 1)])).await;
    assert_eq!((error.kind, &*error.reason), (Kind::NotFound, "unknown_sku"));
    assert_eq!(error.message, "nothing was ordered: old-lamp (retired), nothing (unknown) cannot be bought");
    assert_eq!(
        error.details.unwrap(),
        json!({ "missing": [{ "sku": "old-lamp", "why": "retired" }, { "sku": "nothing", "why": "unknown" }] })
    );

    let many: Vec<String> = (0..LINES_MAX).map(|number| format!("no-{number:03}")).collect();
    let asked = PlaceOrder { lines: many.iter().map(|sku| line(sku, 1)).collect(), ..wish(&[]) };
    let error = refused(&shop, &asked).await;
    assert!(error.message.ends_with("no-004 (unknown) and 95 more cannot be bought"), "{error}");
    assert_eq!(error.details.unwrap()["missing"].as_array().unwrap().len(), LINES_MAX);
}

#[tokio::test]
async fn an_order_is_of_one_currency() {
    let shop = Shop::open();
    let error = refused(&shop, &wish(&[("mug-blue", 1), ("book", 1)])).await;
    assert_eq!((error.kind, &*error.reason), (Kind::Refused, "mixed_currencies"));
    assert!(error.message.contains("book costs USD, the lines before it EUR"), "{error}");
}

#[tokio::test]
async fn an_order_is_not_larger_than_an_order_may_be() {
    let shop = Shop::open();
    let skus: Vec<String> = (0..=LINES_MAX).map(|number| format!("item-{number:03}")).collect();
    let lines = |count: usize| PlaceOrder {
        lines: skus[..count].iter().map(|sku| line(sku, 1)).collect(),
        ..wish(&[])
    };
    let error = refused(&shop, &lines(LINES_MAX + 1)).await;
    assert_eq!((error.kind, &*error.reason), (Kind::Refused, "order_too_large"));

    // Pieces of a product that is named again count together.
    let most = i64::from(QUANTITY_MAX);
    let error = refused(&shop, &wish(&[("pen", most), ("tee", 1), ("pen", 1)])).await;
    assert_eq!(&*error.reason, "order_too_large");
    assert!(error.message.ends_with("10001 of pen were asked for"), "{error}");

    // More money than can be counted, in one line and in the sum.
    for dear in [wish(&[("gold", 11)]), wish(&[("gold", 10), ("tee", 1)])] {
        assert_eq!(&*refused(&shop, &dear).await.reason, "order_too_large");
    }

    let order = shop.service.ask(&lines(LINES_MAX)).await.unwrap();
    assert_eq!(order.lines.len(), LINES_MAX);
    assert_eq!(shop.places(&[("pen", most)]).await.lines[0].quantity.get(), QUANTITY_MAX);
}

#[tokio::test]
async fn an_order_needs_a_cart_or_lines_and_not_both() {
    let shop = Shop::open();
    shop.has_cart(cart());
    let both = PlaceOrder { cart: Some(CartId::example()), ..wish(&[("pen", 1)]) };
    for asked in [wish(&[]), both] {
        let error = refused(&shop, &asked).await;
        assert_eq!((error.kind, &*error.reason), (Kind::Invalid, "nothing_to_order"));
    }
    let of_no_cart = PlaceOrder { cart_version: Some(1), ..wish(&[("pen", 1)]) };
    assert_eq!(refused(&shop, &of_no_cart).await.kind, Kind::Invalid);
}

#[tokio::test]
async fn a_cart_is_ordered_as_it_was_shown() {
    let shop = Shop::open();
    let cart = cart();
    shop.has_cart(cart.clone());
    let order =
        shop.service.ask(&PlaceOrder { cart_version: Some(3), ..wish_for_cart(cart.cart) }).await.unwrap();
    assert_eq!((order.cart, order.total), (Some(cart.cart), eur(1488)));
    assert_eq!(order.lines[1].sku, sku("pen"));
    let told: Vec<OrderPlaced> = shop.service.told_of();
    assert_eq!(told[0].cart, Some(cart.cart));
}

#[tokio::test]
async fn a_cart_that_changed_since_it_was_shown_is_not_ordered() {
    let shop = Shop::open();
    shop.has_cart(cart());
    let error = refused(&shop, &PlaceOrder { cart_version: Some(2), ..wish_for_cart(cart().cart) }).await;
    assert_eq!((error.kind, &*error.reason), (Kind::Conflict, "version_conflict"));
    assert_eq!(error.details.unwrap(), json!({ "expected": 2, "actual": 3 }));
}

#[tokio::test]
async fn a_price_that_changed_in_the_cart_must_be_accepted() {
    let shop = Shop::open();
    let mut cart = cart();
    (cart.lines[1].unit_price, cart.lines[1].price_changed) = (eur(149), true);
    shop.has_cart(cart.clone());

    let error = refused(&shop, &wish_for_cart(cart.cart)).await;
    assert_eq!((error.kind, &*error.reason), (Kind::Refused, "price_changed"));
    assert_eq!(error.details.unwrap()["lines"][0]["then"]["amount"], 99);

    let accepted = PlaceOrder { accept_prices: true, ..wish_for_cart(cart.cart) };
    assert_eq!(shop.service.ask(&accepted).await.unwrap().total, eur(1588));
}

#[tokio::test]
async fn what_left_the_catalog_is_not_ordered_from_a_cart() {
    let shop = Shop::open();
    let mut cart = cart();
    cart.lines[0].available = false;
    shop.has_cart(cart.clone());
    let error = refused(&shop, &PlaceOrder { accept_prices: true, ..wish_for_cart(cart.cart) }).await;
    assert_eq!((error.kind, &*error.reason), (Kind::NotFound, "unknown_sku"));
    assert_eq!(error.details.unwrap()["missing"][0]["sku"], "mug-blue");
}

#[tokio::test]
async fn an_empty_cart_is_no_order() {
    let shop = Shop::open();
    shop.has_cart(contracts::cart::CartView { lines: vec![], total: None, ..cart() });
    assert_eq!(&*refused(&shop, &wish_for_cart(cart().cart)).await.reason, "nothing_to_order");
}

#[tokio::test]
async fn two_tabs_order_one_cart_once() {
    let shop = Shop::open();
    shop.has_cart(cart());
    let order = shop.service.ask(&wish_for_cart(cart().cart)).await.unwrap();
    let error = shop.service.ask(&wish_for_cart(cart().cart)).await.unwrap_err();
    assert_eq!((error.kind, &*error.reason), (Kind::Conflict, "version_conflict"));
    assert_eq!(error.details.unwrap()["order"], order.order.to_string());

    // What was put in afterwards is another version, and can be ordered.
    shop.has_cart(contracts::cart::CartView { version: 5, ..cart() });
    assert!(shop.service.ask(&wish_for_cart(cart().cart)).await.is_ok());
}

#[tokio::test]
async fn what_a_neighbour_says_is_passed_on() {
    let shop = Shop::open();
    shop.has_cart(cart());
    let other = wish_for_cart("cart_01h455vb4pex5vsknk084sn02q".parse().unwrap());
    assert_eq!(&*refused(&shop, &other).await.reason, "unknown_cart");

    let alone = kit::testing::Scratch::of(order::service());
    for asked in [wish(&[("pen", 1)]), wish_for_cart(CartId::example())] {
        let error = alone.ask(&asked).await.unwrap_err();
        assert_eq!((error.kind, &*error.reason), (Kind::Unavailable, "no_responders"));
    }
}

#[tokio::test]
async fn the_same_key_places_one_order() {
    let shop = Shop::open();
    let asked = wish(&[("pen", 1)]);
    let first = shop.service.ask_as("key-1", &asked).await.unwrap();
    let again = shop.service.ask_as("key-1", &asked).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(shop.service.ask(&ListOrders::default()).await.unwrap().items, [first]);

    let error = shop.service.ask_as("key-1", &wish(&[("pen", 2)])).await.unwrap_err();
    assert_eq!((error.kind, &*error.reason), (Kind::Refused, "idempotency_key_reused"));

    // A refusal is the answer, too.
    let mut stale = wish(&[("pen", 1)]);
    stale.lines[0].unit_price = Some(eur(1));
    let error = shop.service.ask_as("key-2", &stale).await.unwrap_err();
    shop.service.stub(|_: contracts::catalog::QuotePrices| panic!("the catalog is not asked again"));
    let again = shop.service.ask_as("key-2", &stale).await.unwrap_err();
    assert_eq!((again.message, again.details), (error.message, error.details));

    assert_eq!(shop.service.told_of::<OrderPlaced>().len(), 1);
}

#[tokio::test]
async fn what_may_exist_tomorrow_may_be_asked_for_again() {
    let shop = Shop::open();
    let asked = wish(&[("new-thing", 1)]);
    shop.service.ask_as("key-1", &asked).await.unwrap_err();
    shop.service.stub(|asked: contracts::catalog::QuotePrices| {
        let quote = |sku| contracts::catalog::Quote { sku, name: "New".into(), price: eur(100), version: 1 };
        Ok(contracts::catalog::Quotes { items: asked.skus.into_iter().map(quote).collect(), missing: vec![] })
    });
    assert_eq!(shop.service.ask_as("key-1", &asked).await.unwrap().total, eur(100));
}
