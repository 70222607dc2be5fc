//! What must be refused with a clear reason, write nothing, and break nothing.

use kit::Kind;
use serde_json::{Value, json};

use crate::{Catalog, mug};

async fn refused(catalog: &Catalog, subject: &str, body: impl Into<Vec<u8>>) -> String {
    let body = body.into();
    let shown = String::from_utf8_lossy(&body).chars().take(80).collect::<String>();
    let key = format!("key-{}", catalog.0.now());
    let error = catalog.0.ask_raw(subject, Some(&key), body).await.expect_err(&shown);
    assert_eq!(error.kind, Kind::Invalid, "{shown}: {}", error.chain());
    assert!(!error.message.contains(['\n', '\r', '\0']), "{}", error.message);
    error.reason.into_owned()
}

fn with(field: &str, value: Value) -> String {
    let mut body = serde_json::to_value(mug("mug-blue", "Mug, blue")).unwrap();
    body[field] = value;
    body.to_string()
}

#[tokio::test]
async fn a_body_that_is_not_as_declared_is_refused() {
    let catalog = Catalog::empty();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for subject in [
        "catalog.get",
        "catalog.list",
        "catalog.search",
        "catalog.quote",
        "catalog.put",
        "catalog.retire",
        "catalog.import",
    ] {
        for body in ["", "{", "null", "\u{0}", "[]]", "\"text\"", "{\"nonsense\": 1}", &deep] {
            assert_eq!(refused(&catalog, subject, body).await, "invalid_body", "{subject}");
        }
        assert_eq!(refused(&catalog, subject, b"\xff\xfe".to_vec()).await, "invalid_body");
        assert_eq!(refused(&catalog, subject, " ".repeat(300_000)).await, "body_too_large");
    }
    assert!(catalog.0.told().is_empty());
}

#[tokio::test]
async fn a_product_that_cannot_be_is_refused_and_nothing_is_written() {
    let catalog = Catalog::empty();
    for sku in ["", "a b", "a.b", "*", ">", "a\nb", "a\0b", "-a", "é", &"a".repeat(65)] {
        assert_eq!(
            refused(&catalog, "catalog.put", with("sku", json!(sku))).await,
            "invalid_body",
            "{sku:?}"
        );
    }
    for (field, value) in [
        ("price", json!({ "amount": -1, "currency": "EUR" })),
        ("price", json!({ "amount": 1.5, "currency": "EUR" })),
        ("price", json!({ "amount": 100_000_000_000_i64, "currency": "EUR" })),
        ("price", json!({ "amount": 1, "currency": "eur" })),
        ("price", json!({ "amount": 1, "currency": "XXX" })),
        ("price", json!("12.90")),
        ("expected_version", json!(-1)),
        ("expected_version", json!("1")),
        ("colour", json!("blue")),
    ] {
        assert_eq!(
            refused(&catalog, "catalog.put", with(field, value.clone())).await,
            "invalid_body",
            "{field} {value}"
        );
    }
    for (field, text) in [
        ("name", ""),
        ("name", " \t "),
        ("name", "a\u{202e}b"),
        ("name", "a\nb"),
        ("name", &"a".repeat(201)),
        ("description", "\u{1b}]0;"),
        ("description", &"a".repeat(4001)),
        ("category", ""),
        ("category", "a\r\nb"),
        ("category", &"a".repeat(61)),
    ] {
        assert_eq!(
            refused(&catalog, "catalog.put", with(field, json!(text))).await,
            "invalid_text",
            "{field} {text:?}"
        );
    }
    assert!(catalog.0.told().is_empty());
    assert_eq!(
        catalog
            .0
            .sql(|sql| sql.get("SELECT count(*) FROM products", [], |row| row.get::<_, u64>(0)))
            .unwrap(),
        0
    );
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused() {
    let catalog = Catalog::empty();
    for (subject, text) in [("catalog.list", None), ("catalog.search", Some("mug"))] {
        let body = |field: &str, value: Value| {
            let mut body = json!({ field: value });
            if let Some(text) = text {
                body["text"] = json!(text);
            }
            body.to_string()
        };
        for limit in [0, 201, u32::MAX] {
            assert_eq!(refused(&catalog, subject, body("limit", json!(limit))).await, "invalid_limit");
        }
        assert_eq!(refused(&catalog, subject, body("limit", json!(-1))).await, "invalid_body");
        for cursor in ["", " ", "a b", "*", "a'--", "\n", "é"] {
            assert_eq!(
                refused(&catalog, subject, body("after", json!(cursor))).await,
                "invalid_cursor",
                "{cursor:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_change_without_a_key_is_refused() {
    let catalog = Catalog::empty();
    let refused = catalog.0.ask_raw("catalog.put", None, with("name", json!("Mug"))).await.unwrap_err();
    assert_eq!(refused.reason, "idempotency_key_missing");
}
