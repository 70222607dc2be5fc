//! Whatever is sent, the answer is a clear error, and nothing is written.

use bytes_of::bodies;
use contracts::word;
use kit::message::{Word, WordKind};
use kit::{Call, Client, Kind};
use serde_json::{Value, json};
use tests::{Counter, NAMES, shared};

/// Texts that must not reach a subject, a header or a query.
const HOSTILE: &[&str] = &[
    "",
    " ",
    "a.b",
    "*",
    ">",
    "a b",
    "a\tb",
    "a\r\nb",
    "$JS.API.STREAM.DELETE.ORDER",
    "'; DROP TABLE orders; --",
    "\u{1b}[2J",
    "\u{202e}",
    "é",
    "\u{0}",
    "../../etc/passwd",
    "%s%n",
    "NEAR(a b)",
    "\"unclosed",
];

async fn answer(shop: &Counter, subject: &str, body: Vec<u8>) -> kit::Error {
    let call = Call { key: Some(Client::new_key()), ..Call::default() };
    let said = shop.client().call_raw(subject, body.into(), call).await;
    said.expect_err(&format!("{subject} must not accept this"))
}

/// Every request that a person may ask; the broker does not carry others of theirs.
fn askable() -> impl Iterator<Item = &'static Word> {
    let runs = |word: &&Word| NAMES.contains(&word.owner());
    contracts::words().filter(runs).filter(|word| word.kind != WordKind::Event && word.access.is_for_people())
}

fn clear(error: &kit::Error, of: &str) {
    assert!(
        matches!(
            error.kind,
            Kind::Invalid | Kind::NotFound | Kind::Refused | Kind::Conflict | Kind::Unauthenticated
        ),
        "{of}: {error:?}"
    );
    assert!(!error.reason.is_empty() && !error.message.is_empty(), "{of}: {error:?}");
    assert!(!error.message.chars().any(kit::text::is_unprintable), "{of}: {:?}", error.message);
}

#[tokio::test]
async fn every_request_refuses_what_is_no_request() {
    let shop = shared().counter().await;
    for word in askable() {
        for body in bodies(word) {
            let error = answer(&shop, word.subject, body.clone()).await;
            clear(
                &error,
                &format!("{} {}", word.subject, String::from_utf8_lossy(&body[..body.len().min(80)])),
            );
        }
    }
}

#[tokio::test]
async fn hostile_text_in_every_field_of_every_request_harms_nothing() {
    let shop = shared().counter().await;
    for word in askable() {
        let example = (word.example)();
        for path in text_fields(&example) {
            for hostile in HOSTILE {
                let mut body = example.clone();
                *body.pointer_mut(&path).unwrap() = json!(hostile);
                let call = Call { key: Some(Client::new_key()), ..Call::default() };
                let said = shop.client().call_raw(word.subject, body.to_string().into(), call).await;
                if let Err(error) = said {
                    clear(&error, &format!("{} {path} {hostile:?}", word.subject));
                }
            }
        }
    }
    for name in tests::NAMES {
        let health = shop.health(name).await.expect("every service still answers");
        assert_eq!(health.dead_letters, 0, "{name}");
    }
}

#[tokio::test]
async fn impossible_quantities_and_amounts_are_refused() {
    let shop = shared().counter().await;
    shop.sells("bounded-mug", 1000, 10).await;
    for quantity in [
        json!(0),
        json!(-1),
        json!(10_001),
        json!(1e300),
        json!(1.5),
        json!("2"),
        json!(null),
        json!(u64::MAX),
    ] {
        let mut order = (word("order.place").unwrap().example)();
        order["lines"] = json!([{"sku": "bounded-mug", "quantity": quantity}]);
        clear(&answer(&shop, "order.place", order.to_string().into()).await, &format!("{quantity}"));
    }
    for (amount, currency) in [
        (json!(-1), "EUR"),
        (json!(1), "XXX"),
        (json!(i64::MAX), "EUR"),
        (json!(1), "eur"),
        (json!(0.5), "EUR"),
    ] {
        let mut put = (word("catalog.put").unwrap().example)();
        put["price"] = json!({"amount": amount, "currency": currency});
        clear(&answer(&shop, "catalog.put", put.to_string().into()).await, &format!("{amount} {currency}"));
    }
    let foreign: contracts::catalog::PutProduct = serde_json::from_value(json!({
        "sku": "dollar-mug", "name": "Dollar mug", "category": "Tests", "price": {"amount": 500, "currency": "USD"}
    }))
    .unwrap();
    shop.client().ask(&foreign).await.unwrap();
    let mixed =
        shop.places(&tests::customer::order_of(&[("bounded-mug", 1), ("dollar-mug", 1)])).await.unwrap_err();
    assert_eq!(&*mixed.reason, "mixed_currencies");
}

/// Where a JSON value holds a text.
fn text_fields(value: &Value) -> Vec<String> {
    fn walk(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::String(_) => found.push(path.to_owned()),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, &format!("{path}/{index}"), found);
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    walk(field, &format!("{path}/{name}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(value, "", &mut found);
    found
}

/// Bodies that are no request of a word.
mod bytes_of {
    use kit::message::Word;
    use serde_json::json;

    pub(super) fn bodies(word: &Word) -> Vec<Vec<u8>> {
        let example = (word.example)();
        let mut unknown_field = example.clone();
        unknown_field["zzz_unknown"] = json!(1);
        let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
        let mut bodies: Vec<Vec<u8>> =
            ["", "no json", "[]", "1", "null", "\"text\"", "{\"a\":", "{} {}", &deep]
                .iter()
                .map(|text| text.as_bytes().to_vec())
                .collect();
        bodies.push(unknown_field.to_string().into_bytes());
        bodies.push(vec![0xff, 0xfe, b'{', b'}']);
        bodies.push(format!("{{\"text\":\"{}\"}}", "x".repeat(kit::limits::REQUEST_BYTES_MAX)).into_bytes());
        if let Some(fields) = example.as_object() {
            for name in fields.keys() {
                let mut wrong = example.clone();
                wrong[name] = json!({"deep": [{"wrong": true}]});
                bodies.push(wrong.to_string().into_bytes());
            }
        }
        bodies
    }
}
