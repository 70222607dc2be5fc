//! Bad input: a clear error with a stable reason, and nothing written.

use contracts::inventory::{AdjustStock, REASON_CHARS_MAX, ReceiveStock, reason};
use kit::Kind;
use kit::error::reason::{BODY_TOO_LARGE, IDEMPOTENCY_KEY_MISSING, INVALID_BODY, INVALID_TEXT};

use crate::{House, named};

async fn assert_refused(house: &House, subject: &str, body: impl Into<Vec<u8>>, reason: &str) {
    let body = body.into();
    let shown = String::from_utf8_lossy(&body).chars().take(120).collect::<String>();
    let error = house.ask_raw(subject, Some("a-key"), body).await.unwrap_err();
    assert_eq!((error.kind, &*error.reason), (Kind::Invalid, reason), "{subject} {shown}");
    assert!(!error.message.contains('\n') && error.message.len() < 500, "{shown}: {}", error.message);
    assert_eq!(house.number("SELECT count(*) FROM stored_reply"), 0, "a malformed request uses up no key");
}

#[tokio::test]
async fn a_body_that_is_not_what_was_declared_is_refused() {
    let house = House::empty();
    let deep = "[".repeat(100_000);
    for subject in
        ["inventory.receive", "inventory.adjust", "inventory.set_marks", "inventory.get", "inventory.list"]
    {
        for body in ["", "nonsense", "[1]", "\"mug\"", "{", "{\"sku\":", "\u{0}", &deep] {
            assert_refused(&house, subject, body, INVALID_BODY).await;
        }
        assert_refused(&house, subject, [0xff, 0xfe, 0x00], INVALID_BODY).await;
        assert_refused(&house, subject, "x".repeat(300_000), BODY_TOO_LARGE).await;
    }
    assert_eq!(house.number("SELECT count(*) FROM stock"), 0);
}

#[tokio::test]
async fn a_field_that_nobody_knows_is_refused() {
    let house = House::empty();
    for (subject, body) in [
        ("inventory.receive", r#"{"sku":"mug","quantity":1,"quanttiy":2}"#),
        ("inventory.adjust", r#"{"sku":"mug","change":1,"reason":"x","force":true}"#),
        ("inventory.set_marks", r#"{"sku":"mug","low_mark":1,"high_mark":2,"mid":3}"#),
        ("inventory.get", r#"{"sku":"mug","at":"now"}"#),
        ("inventory.holds", r#"{"of_orders":[]}"#),
    ] {
        assert_refused(&house, subject, body, INVALID_BODY).await;
    }
}

#[tokio::test]
async fn a_sku_that_is_none_is_refused_everywhere() {
    let house = House::empty();
    let long = "a".repeat(65);
    for sku in ["", "a.b", "*", ">", "a b", "a\\nb", "a\\u0000b", "-a", "é", "'; DROP TABLE stock; --", &long]
    {
        for (subject, rest) in [
            ("inventory.receive", r#""quantity":1"#),
            ("inventory.adjust", r#""change":1,"reason":"x""#),
            ("inventory.set_marks", r#""low_mark":1,"high_mark":2"#),
            ("inventory.ledger", r#""limit":1"#),
        ] {
            assert_refused(&house, subject, format!(r#"{{"sku":"{sku}",{rest}}}"#), INVALID_BODY).await;
        }
        assert_refused(&house, "inventory.get", format!(r#"{{"sku":"{sku}"}}"#), INVALID_BODY).await;
    }
    assert_eq!(house.number("SELECT count(*) FROM stock"), 0);
}

#[tokio::test]
async fn an_order_that_is_none_is_refused() {
    let house = House::empty();
    for order in [
        "",
        "ord_",
        "*",
        ">",
        "ord_01h2e8kqvbfwea724h75qc655w.x",
        "hold_01h2e8kqvbfwea724h75qc655w",
        "a b",
        "a\\nb",
    ] {
        assert_refused(&house, "inventory.holds", format!(r#"{{"order":"{order}"}}"#), INVALID_BODY).await;
    }
}

#[tokio::test]
async fn a_number_that_cannot_be_is_refused() {
    let house = House::empty();
    for quantity in ["0", "1000000001", "18446744073709551615"] {
        let body = format!(r#"{{"sku":"mug","quantity":{quantity}}}"#);
        assert_refused(&house, "inventory.receive", body, reason::INVALID_QUANTITY).await;
    }
    for quantity in ["-1", "1.5", "1e3", "\"1\"", "null", "18446744073709551616", "1e999"] {
        let body = format!(r#"{{"sku":"mug","quantity":{quantity}}}"#);
        assert_refused(&house, "inventory.receive", body, INVALID_BODY).await;
    }
    assert_refused(
        &house,
        "inventory.adjust",
        r#"{"sku":"mug","change":0,"reason":"x"}"#,
        reason::NOTHING_TO_ADJUST,
    )
    .await;
    for change in ["9223372036854775808", "-9223372036854775809", "0.5"] {
        let body = format!(r#"{{"sku":"mug","change":{change},"reason":"x"}}"#);
        assert_refused(&house, "inventory.adjust", body, INVALID_BODY).await;
    }
    let marks = r#"{"sku":"mug","low_mark":1,"high_mark":18446744073709551615}"#;
    assert_refused(&house, "inventory.set_marks", marks, reason::INVALID_MARKS).await;
    assert_eq!(house.number("SELECT count(*) FROM stock"), 0);
}

#[tokio::test]
async fn the_largest_corrections_are_refused_by_rule() {
    let house = House::with(&[("mug", 7)]).await;
    assert_eq!(house.adjusts("mug", i64::MIN).await.unwrap_err().reason, reason::NOT_ENOUGH_STOCK);
    assert_eq!(house.adjusts("mug", i64::MAX).await.unwrap_err().reason, reason::TOO_MUCH_STOCK);
    assert_eq!(house.count("mug").await, (7, 0));
}

#[tokio::test]
async fn a_reason_is_one_line_that_can_be_read() {
    let house = House::with(&[("mug", 7)]).await;
    let long = "x".repeat(REASON_CHARS_MAX + 1);
    for text in ["a\nb", "a\r\nb", "a\0b", "a\u{1b}[2Jb", "a\u{202e}b", "   ", &long] {
        let receive = ReceiveStock { sku: named("mug"), quantity: 1, reason: text.to_owned() };
        assert_eq!(house.ask(&receive).await.unwrap_err().reason, INVALID_TEXT, "{text:?}");
        let adjust = AdjustStock { sku: named("mug"), change: 1, reason: text.to_owned() };
        assert_eq!(house.ask(&adjust).await.unwrap_err().reason, INVALID_TEXT, "{text:?}");
    }
    let none = AdjustStock { sku: named("mug"), change: 1, reason: String::new() };
    assert_eq!(house.ask(&none).await.unwrap_err().reason, INVALID_TEXT);
    let plain =
        AdjustStock { sku: named("mug"), change: 1, reason: "O'Neil's \"count\" – 50 % ünter; --".into() };
    house.ask(&plain).await.unwrap();
    assert_eq!(house.ledger_of("mug").await[0].reason, plain.reason);
}

#[tokio::test]
async fn a_change_needs_a_key() {
    let house = House::empty();
    for (subject, body) in [
        ("inventory.receive", r#"{"sku":"mug","quantity":1}"#),
        ("inventory.adjust", r#"{"sku":"mug","change":1,"reason":"x"}"#),
        ("inventory.set_marks", r#"{"sku":"mug","low_mark":1,"high_mark":2}"#),
    ] {
        let error = house.ask_raw(subject, None, body).await.unwrap_err();
        assert_eq!(error.reason, IDEMPOTENCY_KEY_MISSING);
    }
    assert_eq!(house.number("SELECT count(*) FROM stock"), 0);
}
