//! What should never come: card numbers, texts that are no tokens, bodies that are not JSON.

use std::fmt::Write;

use contracts::payment::{PaymentDeclined, PaymentState, code};
use kit::{Event, Kind};

use crate::{Shop, due, order};

#[tokio::test]
async fn a_card_number_is_declined_and_never_kept() {
    let shop = Shop::open();
    let numbers = [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "card 4242424242424242 12/34 123",
        "pm_card_4242424242424242",
        "4242 4242 4242 4241",
    ];
    for (number, text) in (1..).zip(numbers) {
        shop.due(order(number), text);
        let declined = shop.payment_of(order(number)).await;
        assert_eq!(
            (declined.state, &*declined.code),
            (PaymentState::Declined, code::INVALID_PAYMENT_METHOD),
            "{text}"
        );
        assert!(declined.payment_method.starts_with("****") && declined.payment_method.len() == 8, "{text}");
    }
    assert_eq!(shop.work().await, 0);
    assert_eq!(shop.payment_of(order(2)).await.payment_method, "****4242");
    assert_eq!(shop.told_of::<PaymentDeclined>().len(), numbers.len());

    let kept = everything(&shop);
    assert!(kept.contains("****4242"));
    for part in ["42424242", "4242 4242", "4242-4242"] {
        assert!(!kept.contains(part), "{part} was kept");
    }
    shop.books_agree();
}

#[tokio::test]
async fn a_text_that_is_no_token_is_declined_and_not_kept() {
    let shop = Shop::open();
    let long = "x".repeat(101);
    for (number, text) in
        (1..).zip(["", "visa please", "a\nb", "a\0b", "\u{202e}evil", "$(rm)", "'; DROP", &long])
    {
        shop.due(order(number), text);
        let declined = shop.payment_of(order(number)).await;
        assert_eq!(
            (declined.state, &*declined.code),
            (PaymentState::Declined, code::INVALID_PAYMENT_METHOD),
            "{text:?}"
        );
        assert_eq!(declined.payment_method, "****");
    }
    assert_eq!(shop.work().await, 0);
    assert!(!everything(&shop).contains("evil"));
    shop.books_agree();
}

#[tokio::test]
async fn an_event_that_is_not_understood_is_kept_aside_and_charges_nobody() {
    let shop = Shop::open();
    let subject = contracts::order::PaymentDue::SUBJECT;
    let good = serde_json::to_value(due(order(1), "pm_card_visa")).unwrap();
    let with = |field: &str, value: serde_json::Value| {
        let mut body = good.clone();
        body[field] = value;
        body.to_string()
    };
    let bodies = [
        String::new(),
        "not JSON".into(),
        "[".repeat(10_000),
        "{}".into(),
        with("order", "ord_*.>".into()),
        with("amount", serde_json::json!({"amount": -1, "currency": "EUR"})),
        with("amount", serde_json::json!({"amount": 1e20, "currency": "EUR"})),
        with("amount", serde_json::json!({"amount": 1, "currency": "eur"})),
    ];
    for (number, body) in bodies.iter().enumerate() {
        shop.hear_raw(subject, &format!("key{number}"), body.clone().into_bytes());
    }
    assert_eq!(shop.dead_letters().len(), bodies.len());
    assert_eq!(shop.work().await, 0);
    assert!(shop.told().is_empty());

    // An older hearer accepts what a newer teller adds.
    shop.hear_raw(subject, "another", with("added_later", 1.into()).into_bytes());
    assert_eq!(shop.work().await, 1);
}

#[tokio::test]
async fn a_request_that_is_not_understood_changes_nothing() {
    let shop = Shop::open();
    let requests = [
        ("payment.get", "not JSON"),
        ("payment.get", r#"{"payment": "pay_*"}"#),
        ("payment.get", r#"{"order": "ord_\n"}"#),
        ("payment.get", r#"{"order": "ord_01h2e8kqvbfwea724h75qc655w", "extra": 1}"#),
        ("payment.list", r#"{"states": ["paid"]}"#),
        ("payment.list", r#"{"limit": -1}"#),
        ("payment.reconcile", r#"{"payment": "ord_01h2e8kqvbfwea724h75qc655w"}"#),
        ("payment.reconcile", "{}"),
    ];
    for (subject, body) in requests {
        let error = shop.ask_raw(subject, Some("key"), body).await.unwrap_err();
        assert_eq!((error.kind, &*error.reason), (Kind::Invalid, "invalid_body"), "{subject} {body}");
    }
    let error = shop.ask_raw("payment.reconcile", None, "{}").await.unwrap_err();
    assert_eq!(error.reason, "idempotency_key_missing");
}

/// Every text and body in every table of the database.
fn everything(shop: &Shop) -> String {
    shop.sql(|sql| {
        let tables: Vec<String> = sql.list(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' LIMIT 100",
            [],
            |row| row.get(0),
        )?;
        let mut all = String::new();
        for table in tables {
            let columns: Vec<String> =
                sql.list("SELECT name FROM pragma_table_info(?1) LIMIT 100", [&table], |row| row.get(0))?;
            for column in columns {
                let query = format!(
                    "SELECT CAST({column} AS TEXT) FROM {table} WHERE {column} IS NOT NULL LIMIT 10000"
                );
                for text in sql.list(&query, [], |row| {
                    Ok(String::from_utf8_lossy(row.get_ref(0)?.as_bytes()?).into_owned())
                })? {
                    let _ = writeln!(all, "{text}");
                }
            }
        }
        Ok(all)
    })
    .unwrap()
}
