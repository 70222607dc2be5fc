//! What the broker asks is believed only if a server signed it, just now, for us.

use super::*;
use crate::testing::{AskingServer, question};

fn now() -> Timestamp {
    Timestamp::from_second(1_767_268_800).unwrap()
}

fn claims_of(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(claims).unwrap()).unwrap()
}

#[test]
fn a_question_of_a_server_is_read() {
    let asked = Asked::read(question("dev_1", "word", 7, now()).as_bytes(), now()).unwrap();
    assert_eq!((asked.user.as_str(), asked.password.as_str(), asked.connection), ("dev_1", "word", 7));
    assert!(!format!("{asked:?}").contains("word"));
}

#[test]
fn what_no_server_signed_is_not_believed() {
    let good = question("dev_1", "word", 7, now());
    let other = question("dev_2", "word", 7, now());
    let parts: Vec<&str> = good.split('.').collect();
    let foreign: Vec<&str> = other.split('.').collect();
    let late = now() + std::time::Duration::from_secs(3600);
    for (text, at) in [
        (format!("{}.{}.{}", parts[0], foreign[1], parts[2]), now()),
        (format!("{}.{}", parts[0], parts[1]), now()),
        (format!("{good}.x"), now()),
        (String::new(), now()),
        ("a.b.c".to_owned(), now()),
        ("x".repeat(QUESTION_BYTES_MAX + 1), now()),
        (good.clone(), late),
    ] {
        assert_eq!(Asked::read(text.as_bytes(), at).unwrap_err().reason, "invalid_question");
    }
}

#[test]
fn what_is_too_long_to_be_a_word_is_no_word() {
    let long = "x".repeat(WORD_BYTES_MAX + 1);
    let asks = |client: &str, user| AskingServer::start().question(client, (user, &long), 7, now());
    let asked = Asked::read(asks("x", &long).as_bytes(), now()).unwrap();
    assert_eq!((asked.user, asked.password), (String::new(), String::new()));
    let asked = Asked::read(asks(&long, "x").as_bytes(), now());
    assert_eq!(asked.unwrap_err().reason, "invalid_question");
}

#[test]
fn an_answer_says_to_the_server_what_its_client_may_do() {
    let issuer = Issuer::generate().unwrap();
    let asked = Asked::read(question("dev_1", "word", 7, now()).as_bytes(), now()).unwrap();
    let grant = Grant {
        name: "dev_1".to_owned(),
        account: "DEVICES".to_owned(),
        publish: vec!["telemetry.here.dev_1".to_owned()],
        subscribe: vec![],
        subscriptions_max: 10,
        payload_max: 1000,
        until: now(),
    };
    let answer = claims_of(&asked.let_in(&issuer, &grant, now()).unwrap());
    assert_eq!((&answer["aud"], &answer["iss"]), (&asked.server.clone().into(), &issuer.public_key().into()));
    let user = claims_of(answer["nats"]["jwt"].as_str().unwrap());
    assert_eq!((&user["aud"], &user["sub"]), (&json!("DEVICES"), &answer["sub"]));
    assert_eq!(user["nats"]["pub"]["allow"], json!(["telemetry.here.dev_1"]));
    let refusal = claims_of(&asked.refuse(&issuer, "no", now()).unwrap());
    assert_eq!((&refusal["nats"]["error"], refusal["nats"].get("jwt")), (&json!("no"), None));
}
