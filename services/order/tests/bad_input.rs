//! Bad input: each a clear error with a stable reason, no panic, and nothing written.

use contracts::order::{CancelOrder, GetHistory, GetOrder, PlaceOrder, REASON_CHARS_MAX, RefundOrder};
use kit::{Error, Kind};
use serde_json::{Value, json};

use crate::shop::{Shop, unknown_order, wish};

impl Shop {
    /// Sends anything at all, which must be refused and must leave nothing.
    async fn refuses_body(&self, subject: &str, body: impl Into<Vec<u8>>) -> Error {
        let body = body.into();
        let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        let error = self.service.ask_raw(subject, Some("key"), body).await.expect_err(&shown);
        assert_ne!(error.kind, Kind::Internal, "{shown}: {}", error.chain());
        assert!(!error.message.chars().any(char::is_control), "{shown}: {error}");
        assert!(error.message.chars().count() < 500, "{shown}: {error}");
        let rows = self.service.sql(|sql| {
            sql.get("SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM outbox)", [], |row| {
                row.get::<_, u64>(0)
            })
        });
        assert_eq!(rows.unwrap(), 0, "{shown}");
        error
    }

    async fn refuses_order(&self, change: impl FnOnce(&mut Value)) -> Error {
        let mut body = serde_json::to_value(wish(&[("pen", 1)])).unwrap();
        change(&mut body);
        self.refuses_body("order.place", body.to_string()).await
    }
}

#[tokio::test]
async fn quantities_are_whole_and_positive_and_not_huge() {
    let shop = Shop::open();
    for bad in [
        json!(0),
        json!(-1),
        json!(10_001),
        json!(1e300),
        json!(1.5),
        json!("2"),
        json!(null),
        json!(i64::MIN),
    ] {
        let error = shop.refuses_order(|body| body["lines"][0]["quantity"] = bad.clone()).await;
        assert_eq!((error.kind, &*error.reason), (Kind::Invalid, "invalid_body"), "{bad}");
    }
}

#[tokio::test]
async fn names_of_products_hold_nothing_that_could_go_elsewhere() {
    let shop = Shop::open();
    let long = "a".repeat(65);
    for bad in ["", "a.b", "*", ">", "a b", "a\nb", "a\0b", "$JS.API", "é", "';--", &long] {
        let error = shop.refuses_order(|body| body["lines"][0]["sku"] = json!(bad)).await;
        assert_eq!((error.kind, &*error.reason), (Kind::Invalid, "invalid_body"), "{bad:?}");
    }
}

#[tokio::test]
async fn malformed_identifiers_are_refused_wherever_one_is_asked_for() {
    let shop = Shop::open();
    let bad = [
        "",
        "ord",
        "ord_",
        "ord.*",
        "ord_>",
        "ord_01h455vb4pex5vsknk084sn02Q",
        "ord_01h455vb4pex5vsknk084sn02q\n",
        "pay_01h455vb4pex5vsknk084sn02q",
        "../orders",
    ];
    for subject in ["order.get", "order.history", "order.cancel", "order.refund"] {
        for id in bad {
            let error = shop.refuses_body(subject, json!({ "order": id }).to_string()).await;
            assert_eq!((error.kind, &*error.reason), (Kind::Invalid, "invalid_body"), "{subject} {id:?}");
        }
    }
    for field in ["cart", "customer"] {
        assert_eq!(shop.refuses_order(|body| body[field] = json!("x.y")).await.kind, Kind::Invalid);
    }
}

#[tokio::test]
async fn bodies_are_what_was_declared() {
    let shop = Shop::open();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let long = format!("{{\"payment_method\": \"{}\"}}", "x".repeat(300_000));
    for body in ["", "{", "null", "[]", "42", "\"order\"", "{\"a\":", "\u{feff}{}", &deep] {
        for subject in
            ["order.place", "order.get", "order.list", "order.history", "order.cancel", "order.refund"]
        {
            let error = shop.refuses_body(subject, body).await;
            assert_eq!((error.kind, &*error.reason), (Kind::Invalid, "invalid_body"), "{subject} {body:.20}");
        }
    }
    assert_eq!(&*shop.refuses_body("order.place", long).await.reason, "body_too_large");
    assert_eq!(&*shop.refuses_body("order.place", [0xff, 0xfe, 0x00]).await.reason, "invalid_body");
}

#[tokio::test]
async fn a_field_that_nobody_knows_is_not_ignored() {
    let shop = Shop::open();
    let error = shop.refuses_order(|body| body["acept_prices"] = json!(true)).await;
    assert_eq!(&*error.reason, "invalid_body");
    assert!(error.message.contains("acept_prices"), "{error}");
    shop.refuses_order(|body| body["lines"][0]["price"] = json!(1)).await;
    shop.refuses_order(|body| {
        body["lines"][0]["unit_price"] = json!({ "amount": 1, "currency": "EUR", "tax": 0 });
    })
    .await;
}

#[tokio::test]
async fn money_is_whole_and_of_a_currency_there_is() {
    let shop = Shop::open();
    for price in [
        json!({ "amount": -1, "currency": "EUR" }),
        json!({ "amount": 1.5, "currency": "EUR" }),
        json!({ "amount": 100_000_000_000_i64, "currency": "EUR" }),
        json!({ "amount": 1, "currency": "EURO" }),
        json!({ "amount": 1, "currency": "eur" }),
        json!({ "amount": 1 }),
        json!("12.90 EUR"),
    ] {
        shop.refuses_order(|body| body["lines"][0]["unit_price"] = price.clone()).await;
    }
}

#[tokio::test]
async fn addresses_cannot_carry_headers() {
    let shop = Shop::open();
    for bad in [
        "",
        "ann",
        "ann@example.org\r\nBcc: ben@example.org",
        "ann@example.org, ben@example.org",
        "a b@example.org",
    ] {
        assert_eq!(
            shop.refuses_order(|body| body["email"] = json!(bad)).await.kind,
            Kind::Invalid,
            "{bad:?}"
        );
    }
}

#[tokio::test]
async fn a_payment_method_is_a_token() {
    let shop = Shop::open();
    let long = "x".repeat(101);
    for bad in ["", " ", "pm card", "pm\ncard", "pm_card'; --", "pm_é", "pm_\0", &long] {
        let error = shop
            .service
            .ask(&PlaceOrder { payment_method: bad.into(), ..wish(&[("pen", 1)]) })
            .await
            .unwrap_err();
        assert_eq!((error.kind, &*error.reason), (Kind::Invalid, "invalid_payment_method"), "{bad:?}");
    }
    for good in ["pm_card_visa", "tok-1", "X"] {
        let asked = PlaceOrder { payment_method: good.into(), ..wish(&[("pen", 1)]) };
        assert_eq!(shop.service.ask(&asked).await.unwrap().payment_method, good);
    }
}

#[tokio::test]
async fn the_number_of_a_card_is_never_kept_and_never_repeated() {
    let shop = Shop::open();
    for number in [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "card_378282246310005",
        "6304000000000000000",
    ] {
        let asked = PlaceOrder { payment_method: number.into(), ..wish(&[("pen", 1)]) };
        let error = shop.service.ask(&asked).await.unwrap_err();
        assert_eq!((error.kind, &*error.reason), (Kind::Invalid, "invalid_payment_method"), "{number}");
        assert!(!error.message.contains(&number[..8]), "{error}");
        assert_eq!(error.details, None);
    }
    for table in ["orders", "stored_reply", "outbox"] {
        let rows = shop
            .service
            .sql(|sql| sql.get(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, u64>(0)));
        assert_eq!(rows.unwrap(), 0, "{table}");
    }
}

#[tokio::test]
async fn an_order_that_is_not_there_is_named() {
    let shop = Shop::open();
    let order = unknown_order();
    let message = format!("there is no order {order}");
    let check = |error: Error| {
        assert_eq!((error.kind, &*error.reason, &error.message), (Kind::NotFound, "unknown_order", &message));
    };
    check(shop.service.ask(&GetOrder { order }).await.unwrap_err());
    check(shop.service.ask(&GetHistory { order }).await.unwrap_err());
    check(shop.service.ask(&CancelOrder { order, reason: String::new() }).await.unwrap_err());
    check(shop.service.ask(&RefundOrder { order, amount: None, reason: String::new() }).await.unwrap_err());
}

#[tokio::test]
async fn a_reason_is_one_line_that_a_person_can_read() {
    let shop = Shop::open();
    let paid = shop.confirmed_order().await.order;
    let order = shop.places_two_mugs().await.order;
    let long = "x".repeat(REASON_CHARS_MAX + 1);
    for reason in ["  ", "two\nlines", "\u{1b}[2J", "\u{202e}", "a\0b", &long] {
        let error = shop.service.ask(&CancelOrder { order, reason: reason.into() }).await.unwrap_err();
        assert_eq!((error.kind, &*error.reason), (Kind::Invalid, "invalid_text"), "{reason:?}");
        let asked = RefundOrder { order: paid, amount: None, reason: reason.into() };
        assert_eq!(&*shop.service.ask(&asked).await.unwrap_err().reason, "invalid_text", "{reason:?}");
    }
    let reason = "it's \"broken\"; DROP TABLE orders; -- 100 % 🫖";
    let ended = shop.service.ask(&CancelOrder { order, reason: reason.into() }).await.unwrap();
    assert_eq!(ended.message, reason);
}

#[tokio::test]
async fn what_changes_something_needs_a_key() {
    let shop = Shop::open();
    let body = serde_json::to_vec(&wish(&[("pen", 1)])).unwrap();
    for key in [None, Some(""), Some("a b"), Some("a\nb"), Some("é")] {
        let error = shop.service.ask_raw("order.place", key, body.clone()).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{key:?}");
    }
    assert_eq!(shop.told(), Vec::<String>::new());
}
