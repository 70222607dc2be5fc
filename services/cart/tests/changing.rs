//! What people do with a cart.

use std::sync::Arc;

use contracts::cart::{AddItem, CartLine, CartView, ItemAdded, SetItem};
use contracts::{CartId, Quantity};
use kit::{Event, Kind};
use serde_json::json;

use crate::shelf::{Shop, adding, contents, money, order_of, sku};

#[tokio::test]
async fn a_cart_shows_what_is_in_it_at_the_catalogs_prices() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 2).await;

    let shown = shop.add(cart, "tee", 1).await.unwrap();

    let line = |product: &str, quantity, amount| CartLine {
        sku: sku(product),
        name: format!("A {product}"),
        quantity: Quantity::try_from(quantity).unwrap(),
        unit_price: money(amount, "EUR"),
        unit_price_when_added: money(amount, "EUR"),
        price_changed: false,
        available: true,
    };
    let wanted = CartView {
        cart,
        version: 2,
        lines: vec![line("mug", 2, 1290), line("tee", 1, 2000)],
        total: Some(money(4580, "EUR")),
        expires_at: shop.cart.now() + cart::expiry::KEPT_FOR,
    };
    assert_eq!(shown, wanted);
    assert_eq!(shop.show(cart).await.unwrap(), wanted);
}

#[tokio::test]
async fn adding_tells_what_was_added() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 2).await;
    shop.set(cart, "mug", 5).await.unwrap();
    shop.set(cart, "mug", 1).await.unwrap();
    shop.remove(cart, "mug").await.unwrap();

    let added =
        |quantity| ItemAdded { cart, sku: sku("mug"), quantity: Quantity::try_from(quantity).unwrap() };
    assert_eq!(shop.cart.told_of::<ItemAdded>(), [added(2), added(3)]);
    assert_eq!(shop.cart.told(), [ItemAdded::SUBJECT, ItemAdded::SUBJECT]);
}

#[tokio::test]
async fn pieces_of_the_same_product_add_up_in_one_line() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 2).await;
    shop.add(cart, "tee", 1).await.unwrap();
    assert_eq!(contents(&shop.add(cart, "mug", 3).await.unwrap()), "5 mug, 1 tee");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_add_at_once_lose_nothing() {
    let shop = Arc::new(Shop::open());
    let cart = shop.new_cart("mug", 1).await;
    let adding: Vec<_> = (0..50)
        .map(|number| {
            let shop = Arc::clone(&shop);
            tokio::spawn(async move { shop.add(cart, ["mug", "tee"][number % 2], 1).await })
        })
        .collect();
    for added in adding {
        added.await.unwrap().unwrap();
    }
    let shown = shop.show(cart).await.unwrap();
    let pieces: Vec<(&str, u32)> =
        shown.lines.iter().map(|line| (line.sku.as_str(), line.quantity.get())).collect();
    assert_eq!((pieces.as_slice(), shown.version), (&[("mug", 26), ("tee", 25)][..], 51));
}

#[tokio::test]
async fn what_happens_while_the_catalog_is_asked_is_not_lost() {
    let shop = Arc::new(Shop::open());
    let cart = shop.new_cart("mug", 5).await;
    let seen = Arc::clone(&shop);
    shop.cart.stub(move |asked| {
        seen.order(&order_of(1, Some(cart), &[("mug", 4)]));
        Ok(seen.quotes(asked))
    });
    let shown = shop.add(cart, "mug", 2).await.unwrap();
    assert_eq!((contents(&shown).as_str(), shown.version), ("3 mug", 3));

    let stale = SetItem { cart, sku: sku("mug"), quantity: 9, expected_version: Some(3) };
    let seen = Arc::clone(&shop);
    shop.cart.stub(move |asked| {
        seen.order(&order_of(2, Some(cart), &[("mug", 1)]));
        Ok(seen.quotes(asked))
    });
    assert_eq!(shop.cart.ask(&stale).await.unwrap_err().reason, "version_conflict");
}

#[tokio::test]
async fn the_same_key_adds_once() {
    let shop = Shop::open();
    let first = shop.cart.ask_as("key-1", &adding(None, "mug", 2)).await.unwrap();
    shop.sells("mug", 9900, "EUR");
    let again = shop.cart.ask_as("key-1", &adding(None, "mug", 2)).await.unwrap();
    assert_eq!(again, first);
    let other = shop.cart.ask_as("key-1", &adding(None, "mug", 3)).await.unwrap_err();
    assert_eq!(other.reason, "idempotency_key_reused");
    assert_eq!(shop.cart.told_of::<ItemAdded>().len(), 1);
}

#[tokio::test]
async fn a_price_that_changed_since_the_line_was_added_is_shown() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 2).await;
    shop.sells("mug", 1500, "EUR");

    let shown = shop.show(cart).await.unwrap();
    let line = &shown.lines[0];
    assert_eq!(
        (line.unit_price, line.unit_price_when_added, line.price_changed, shown.total),
        (money(1500, "EUR"), money(1290, "EUR"), true, Some(money(3000, "EUR")))
    );

    // Adding more is agreeing to the price of now.
    let shown = shop.add(cart, "mug", 1).await.unwrap();
    assert_eq!(
        (shown.lines[0].unit_price_when_added, shown.lines[0].price_changed),
        (money(1500, "EUR"), false)
    );
}

#[tokio::test]
async fn what_went_out_of_sale_stays_visible_and_is_not_counted() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 2).await;
    shop.add(cart, "tee", 1).await.unwrap();
    shop.retires("mug");

    let shown = shop.show(cart).await.unwrap();
    assert_eq!((shown.lines[0].available, shown.lines[0].unit_price), (false, money(1290, "EUR")));
    assert_eq!((shown.lines[1].available, shown.total), (true, Some(money(2000, "EUR"))));

    let refused = shop.set(cart, "mug", 1).await.unwrap_err();
    assert_eq!((&*refused.reason, refused.message.as_str()), ("unknown_sku", "mug is no longer in sale"));
    assert_eq!(contents(&shop.set(cart, "mug", 0).await.unwrap()), "1 tee");
}

#[tokio::test]
async fn setting_a_line_to_nothing_removes_it() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 2).await;
    assert_eq!(contents(&shop.set(cart, "tee", 4).await.unwrap()), "2 mug, 4 tee");
    let shown = shop.set(cart, "mug", 0).await.unwrap();
    assert_eq!((contents(&shown).as_str(), shown.version), ("4 tee", 3));
    let refused = shop.set(cart, "mug", 0).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::NotFound, "not_in_cart"));
}

#[tokio::test]
async fn what_changes_nothing_is_no_new_version() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 2).await;
    assert_eq!(shop.set(cart, "mug", 2).await.unwrap().version, 1);
    assert_eq!(shop.clear(cart).await.unwrap().version, 2);
    let shown = shop.clear(cart).await.unwrap();
    assert_eq!((shown.version, shown.lines, shown.total), (2, vec![], None));
}

#[tokio::test]
async fn a_cart_that_changed_since_it_was_read_is_left_alone() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 2).await;
    shop.add(cart, "tee", 1).await.unwrap();

    let stale = SetItem { cart, sku: sku("mug"), quantity: 9, expected_version: Some(1) };
    let refused = shop.cart.ask(&stale).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Conflict, "version_conflict"));
    assert_eq!(refused.details, Some(json!({ "expected": 1, "actual": 2 })));
    assert_eq!(contents(&shop.show(cart).await.unwrap()), "2 mug, 1 tee");

    let fresh = SetItem { expected_version: Some(2), ..stale };
    assert_eq!(shop.cart.ask(&fresh).await.unwrap().version, 3);
}

#[tokio::test]
async fn a_cart_that_does_not_exist_is_unknown_to_every_request() {
    let shop = Shop::open();
    let nowhere: CartId = kit::id::Id::from_bits(7);
    let refusals = [
        shop.show(nowhere).await,
        shop.add(nowhere, "mug", 1).await,
        shop.set(nowhere, "mug", 1).await,
        shop.remove(nowhere, "mug").await,
        shop.clear(nowhere).await,
    ];
    for refused in refusals {
        let refused = refused.unwrap_err();
        assert_eq!((refused.kind, &*refused.reason), (Kind::NotFound, "unknown_cart"));
    }
}

#[tokio::test]
async fn what_the_catalog_does_not_have_cannot_go_in() {
    let shop = Shop::open();
    let refused = shop.cart.ask(&adding(None, "unicorn", 1)).await.unwrap_err();
    assert_eq!(
        (refused.kind, &*refused.reason, refused.message.as_str()),
        (Kind::NotFound, "unknown_sku", "unicorn is not in the catalog")
    );
    assert_eq!(shop.cart.told(), [""; 0]);
}

#[tokio::test]
async fn without_the_catalog_there_are_no_prices_but_a_cart_can_be_emptied() {
    let shop = Shop::without_catalog();
    let refused = shop.cart.ask(&adding(None, "mug", 1)).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Unavailable, "no_responders"));

    let shop = Shop::open();
    let cart = shop.new_cart("mug", 2).await;
    shop.add(cart, "tee", 2).await.unwrap();
    shop.cart.stub(|_: contracts::catalog::QuotePrices| {
        Err(kit::Error::unavailable("no_responders", "nobody answers catalog.quote"))
    });
    assert_eq!(shop.show(cart).await.unwrap_err().kind, Kind::Unavailable);
    assert_eq!(shop.remove(cart, "tee").await.unwrap_err().kind, Kind::Unavailable);
    assert_eq!(shop.clear(cart).await.unwrap().lines, []);
    assert_eq!(shop.show(cart).await.unwrap().lines, []);
}

#[tokio::test]
async fn malformed_requests_are_refused_and_change_nothing() {
    let shop = Shop::open();
    let cart = shop.new_cart("mug", 1).await;
    let ask = |subject: &'static str, body: serde_json::Value| {
        let shop = &shop;
        async move { shop.cart.ask_raw(subject, Some(&subject.repeat(3)), body.to_string()).await.unwrap_err() }
    };
    for quantity in [json!(0), json!(-1), json!(10_001), json!(1e30), json!(1.5), json!("2"), json!(null)] {
        let refused = ask("cart.add", json!({ "cart": cart, "sku": "mug", "quantity": quantity })).await;
        assert_eq!((refused.kind, &*refused.reason), (Kind::Invalid, "invalid_body"), "{quantity}");
    }
    for quantity in [json!(-1), json!(u64::from(u32::MAX) + 1)] {
        let refused = ask("cart.set", json!({ "cart": cart, "sku": "mug", "quantity": quantity })).await;
        assert_eq!(&*refused.reason, "invalid_body", "{quantity}");
    }
    for bad_sku in ["", "a.b", "*", ">", "a b", "a\nb", "a\u{0}b", "' OR 1=1 --"] {
        let refused = ask("cart.remove", json!({ "cart": cart, "sku": bad_sku })).await;
        assert_eq!(&*refused.reason, "invalid_body", "{bad_sku:?}");
    }
    for id in [
        "",
        "cart_",
        "cart_*",
        "cart_>",
        "cart_a.b",
        "ord_01h2e8kqvbfwea724h75qc655w",
        "cart 1",
        "cart_1\r\n",
    ] {
        let refused = ask("cart.get", json!({ "cart": id })).await;
        assert_eq!(&*refused.reason, "invalid_body", "{id:?}");
    }
    let unknown_field = ask("cart.add", json!({ "sku": "mug", "quantity": 1, "price": 1 })).await;
    assert_eq!(&*unknown_field.reason, "invalid_body");
    let nested = shop.cart.ask_raw("cart.get", None, "[".repeat(100_000)).await.unwrap_err();
    assert_eq!(&*nested.reason, "invalid_body");
    let no_key =
        shop.cart.ask_raw("cart.clear", None, json!({ "cart": cart }).to_string()).await.unwrap_err();
    assert_eq!(&*no_key.reason, "idempotency_key_missing");

    let too_many = shop.set(cart, "mug", 10_001).await.unwrap_err();
    assert_eq!((too_many.kind, &*too_many.reason), (Kind::Invalid, "invalid_quantity"));
    let shown = shop.show(cart).await.unwrap();
    assert_eq!((contents(&shown).as_str(), shown.version), ("1 mug", 1));
}

#[tokio::test]
async fn a_version_of_a_cart_that_does_not_exist_yet_is_0() {
    let shop = Shop::open();
    let asked = AddItem { expected_version: Some(3), ..adding(None, "mug", 1) };
    assert_eq!(shop.cart.ask(&asked).await.unwrap_err().reason, "version_conflict");
    let asked = AddItem { expected_version: Some(0), ..asked };
    assert_eq!(shop.cart.ask(&asked).await.unwrap().version, 1);
}
