//! Attacks on the whole shop: what must not be kept anywhere, and what must not bring it down.

use std::path::Path;
use std::time::Duration;

use contracts::auth::{AskReset, LogIn, Refresh, Secret};
use contracts::order::{CancelOrder, RefundOrder, Stage};
use futures_util::future::join_all;
use kit::{Call, Client, Kind, Role};
use serde_json::{Value, json};
use tests::customer::order_of;
use tests::people::{PASSWORD, code_of, secret_of};
use tests::processes::ProcessShop;
use tests::{Counter, shared};

/// A number that passes for a card's, and the ways in which people write one.
const CARD: [&str; 4] =
    ["4000056655665556", "4000 0566 5566 5556", "4000-0566-5566-5556", "4000.0566.5566.5556"];

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                found.push((path.display().to_string(), bytes));
            }
        }
    }
    found
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn assert_no_card(bytes: &[u8], place: &str) {
    for form in CARD {
        assert!(!holds(bytes, form), "{form} stands in {place}");
    }
}

/// Sends a body, and checks that nothing of the card comes back.
async fn push(shop: &Counter, subject: &str, body: Value) -> Result<Value, kit::Error> {
    let call = Call { key: Some(Client::new_key()), ..Call::default() };
    let said = shop.client().call_as::<_, Value>(subject, &body, call).await;
    let text = match &said {
        Ok(reply) => reply.to_string(),
        Err(error) => format!("{error} {} {:?}", error.reason, error.details),
    };
    assert_no_card(text.as_bytes(), &format!("the answer of {subject} to {body}"));
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cards_number_that_is_typed_anywhere_is_kept_nowhere() {
    let (mut processes, shop) = ProcessShop::open().await;
    shop.sells("card-mug", 1000, 100).await;
    let mut seen = shop.client().watch("events.>").await.unwrap();
    let order = |method: &str| {
        let mut body = serde_json::to_value(order_of(&[("card-mug", 1)])).unwrap();
        body["payment_method"] = json!(method);
        body
    };
    for form in CARD {
        for method in [form.to_owned(), format!("pm_card_{form}"), format!("visa {form} 12/28 123")] {
            push(&shop, "order.place", order(&method)).await.expect_err("no number of a card is taken");
        }
        let mut wrong = order("pm_card_visa");
        wrong[form] = json!(form);
        push(&shop, "order.place", wrong).await.expect_err("an unknown field");
        let mut wrong = order("pm_card_visa");
        wrong["lines"][0]["quantity"] = json!(form);
        push(&shop, "order.place", wrong).await.expect_err("a wrong type");
        let mut wrong = order("pm_card_visa");
        wrong["lines"][0]["sku"] = json!(form);
        push(&shop, "order.place", wrong).await.expect_err("no product");
        push(&shop, "order.get", json!({"order": form})).await.expect_err("no order");
        push(&shop, "catalog.search", json!({"text": form})).await.ok();
    }
    let placed = shop.places(&order_of(&[("card-mug", 1)])).await.unwrap();
    shop.reaches(placed.order, Stage::Confirmed).await;
    for form in CARD {
        let reason = format!("paid with {form} by mistake");
        let cancel = CancelOrder { order: placed.order, reason: reason.clone() };
        push(&shop, "order.cancel", serde_json::to_value(cancel).unwrap())
            .await
            .expect_err("not in a reason");
        let refund = RefundOrder { order: placed.order, amount: None, reason: reason.clone() };
        push(&shop, "order.refund", serde_json::to_value(refund).unwrap())
            .await
            .expect_err("not in a reason");
        let receive = json!({"sku": "card-mug", "quantity": 1, "reason": reason});
        push(&shop, "inventory.receive", receive).await.expect_err("not in a reason");
    }
    shop.until_quiet().await;
    for name in tests::NAMES {
        let asked = json!({"key": placed.order.to_string(), "bodies": true});
        push(&shop, &format!("{name}.trace"), asked).await.unwrap();
    }
    while let Ok(Some(told)) = tokio::time::timeout(Duration::from_millis(100), seen.next()).await {
        assert_no_card(told.body.to_string().as_bytes(), &told.subject);
    }
    let places = files(processes.broker().folder());
    assert!(places.iter().any(|(path, _)| path.ends_with("order.db")), "the databases are among them");
    assert!(places.iter().any(|(path, _)| path.ends_with("order.log")), "and the logs");
    assert!(places.iter().any(|(path, _)| path.contains("ORDER")), "and the streams");
    for (path, bytes) in places {
        assert_no_card(&bytes, &path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_tokens_and_the_secrets_of_guests_are_kept_nowhere() {
    let (mut processes, shop) = ProcessShop::open().await;
    shop.sells("secret-mug", 1000, 10).await;
    let pair = shop.signs_up(processes.broker(), "secret@example.org", Role::Customer).await;
    let mut mails = shop.client().watch("events.auth.mail_due").await.unwrap();
    let refreshed = shop.client().ask(&Refresh { refresh_token: pair.refresh_token.clone() }).await.unwrap();
    shop.client().ask(&AskReset { email: "secret@example.org".parse().unwrap() }).await.unwrap();
    let notification = processes.broker().client_of("notification").await;
    let code = code_of(&mut mails, &notification, &pair.account.email).await;
    for (buyer, name) in
        [(shop.for_holder_of(&refreshed), "a customer"), (shop.for_guest("secret"), "a guest")]
    {
        let order = buyer.places(&order_of(&[("secret-mug", 1)])).await.expect(name).order;
        buyer.settles(order).await;
    }
    shop.until_quiet().await;
    let mut secrets = vec![PASSWORD.to_owned(), secret_of("secret")];
    for pair in [&pair, &refreshed] {
        secrets.push(pair.access_token.expose().to_owned());
        secrets.push(pair.refresh_token.expose().to_owned());
    }
    let places = files(processes.broker().folder());
    for secret in secrets {
        for (path, bytes) in &places {
            assert!(!holds(bytes, &secret), "a secret stands in {path}");
        }
    }
    let with_code = places.iter().filter(|(_, bytes)| holds(bytes, code.expose()));
    let with_code: Vec<&String> = with_code.map(|(path, _)| path).collect();
    assert!(
        with_code.len() == 1 && with_code[0].contains("/mail/"),
        "a code stands in its mail: {with_code:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_log_ins_at_once_are_answered_or_turned_away_and_the_shop_goes_on_selling() {
    let shop = shared().counter().await;
    shop.sells("flood-mug", 1000, 10).await;
    shop.signs_up(shared().lent_broker(), "flood@example.org", Role::Customer).await;
    let log_in = |number: usize| {
        let shop = shop.clone();
        async move {
            let asked = LogIn {
                email: format!(
                    "flood{}@example.org",
                    if number.is_multiple_of(50) { String::new() } else { number.to_string() }
                )
                .parse()
                .unwrap(),
                password: Secret::new(if number.is_multiple_of(50) {
                    PASSWORD
                } else {
                    "a guess that is wrong"
                }),
                device: String::new(),
                source: String::new(),
            };
            shop.client().call(&asked, Call { timeout: Duration::from_secs(30), ..Call::default() }).await
        }
    };
    let flood = join_all((1..=1000).map(log_in));
    let order = async { shop.places(&order_of(&[("flood-mug", 1)])).await };
    let (answers, order) = tokio::join!(flood, order);
    assert_eq!(shop.settles(order.unwrap().order).await.stage, Stage::Confirmed, "orders go on meanwhile");
    let mut turned_away = 0;
    for answer in answers {
        match answer {
            Ok(_) => {}
            Err(error) => match error.kind {
                Kind::Unauthenticated | Kind::Refused => {}
                Kind::Overloaded => turned_away += 1,
                _ => panic!("{error:?}"),
            },
        }
    }
    assert!(turned_away > 0, "what cannot be hashed soon is not kept waiting");
    shop.health("auth").await.expect("sign-in still answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_a_password_is_stopped_also_for_the_one_who_knows_it() {
    let own = tests::Shop::open();
    let shop = own.counter().await;
    shop.signs_up(own.lent_broker(), "guessed@example.org", Role::Customer).await;
    let log_in = |email: &str, password: &str| {
        let asked = LogIn {
            email: email.parse().unwrap(),
            password: Secret::new(password),
            device: String::new(),
            source: String::new(),
        };
        let client = shop.client().clone();
        async move { client.ask(&asked).await }
    };
    for email in ["guessed@example.org", "nobody-at-all@example.org"] {
        let mut said = Vec::new();
        for _ in 0..8 {
            said.push(log_in(email, "a guess that is wrong").await.unwrap_err());
        }
        assert_eq!(&*said[0].reason, "wrong_credentials", "{email}");
        assert_eq!(&*said[7].reason, "too_many_attempts", "{email}");
        assert!(said[7].details.as_ref().is_some_and(|details| details["retry_at"].is_string()), "{email}");
    }
    let locked = log_in("guessed@example.org", PASSWORD).await.unwrap_err();
    assert_eq!(&*locked.reason, "too_many_attempts", "the right one tells nobody anything now");
    own.close().await;
}

#[tokio::test]
async fn headers_that_are_no_headers_are_refused_and_break_nothing() {
    let shop = shared().counter().await;
    let nats = shop.client().nats();
    for (name, value) in [
        ("Authorization", "Basic b3BlcmF0b3I6"),
        ("Authorization", "Bearer"),
        ("Authorization", "Bearer a.b.c"),
        ("Authorization", "Bearer \u{1b}[2J"),
        ("Shop-Guest", "short"),
        ("Shop-Guest", "*.>"),
        ("Shop-Guest", "'; DROP TABLE orders; --________"),
        ("Shop-For", "admin:operator"),
        ("traceparent", "00-zz"),
        ("Shop-Timeout-Ms", "-1"),
        ("Shop-Timeout-Ms", "99999999999999999999"),
    ] {
        let said = kit::testing::request_with(nats, "order.get", &[(name, value)], b"{}").await;
        let error = said.expect_err("refused");
        assert!(
            matches!(error.kind, Kind::Invalid | Kind::Unauthenticated | Kind::Forbidden),
            "{name}: {value:?}: {error:?}"
        );
        assert!(!error.message.chars().any(kit::text::is_unprintable), "{error:?}");
    }
    // A line break cannot be sent by a client; what arrives with one is no header of ours.
    for key in ["a\r\nAuthorization: Bearer x", "a\0b"] {
        let call = Call { key: Some(key.to_owned()), ..Call::default() };
        let said = shop.client().call_raw("cart.add", "{}".into(), call).await.unwrap_err();
        assert_eq!(said.kind, Kind::Invalid, "{key:?}");
    }
}
