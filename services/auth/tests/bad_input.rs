//! What makes no sense, or wants to do harm, is refused and changes nothing.

use contracts::auth::{LogIn, Register, Secret};
use kit::Caller;
use serde_json::json;

use crate::door::{Door, OTHER, PASSWORD, log_in, reason};

#[tokio::test]
async fn bodies_that_make_no_sense_are_refused() {
    let door = Door::open().await;
    let told = door.auth.told();
    let password = "correct horse battery";
    for (subject, body) in [
        ("auth.register", json!({})),
        ("auth.register", json!({ "email": "ann", "password": password })),
        ("auth.register", json!({ "email": "a@b.c\r\nBcc: x@y.z", "password": password })),
        ("auth.register", json!({ "email": "ann@example.org", "password": 7 })),
        ("auth.register", json!({ "email": "ann@example.org", "password": password, "role": "admin" })),
        ("auth.log_in", json!({ "email": "ann@example.org' OR 1=1 --", "password": password })),
        ("auth.log_in", json!({ "email": ["ann@example.org"], "password": password })),
        ("auth.confirm", json!({ "code": null })),
        ("auth.refresh", json!({ "refresh_token": { "a": 1 } })),
        ("auth.keys", json!({ "x": 1 })),
    ] {
        let refused = door.auth.ask_raw_by(&Caller::Anonymous, subject, None, body.to_string()).await;
        assert_eq!(reason(refused), "invalid_body", "{subject} {body}");
    }
    assert_eq!(door.auth.told(), told);
    assert_eq!(door.hasher.hashed(), 0);
}

#[tokio::test]
async fn weak_passwords_are_refused_wherever_one_is_chosen() {
    let door = Door::open().await;
    let pair = door.signed_in("annabelle@example.org").await;
    let (ann, hashed) = (door.caller(&pair), door.hasher.hashed());
    for weak in ["", "short", "Password123", "annabelle@example.org", "zzzzzzzzzzzz", &"a b".repeat(60)] {
        assert_eq!(reason(door.register("annabelle@example.org", weak).await), "weak_password", "{weak:?}");
        assert_eq!(reason(door.change(&ann, PASSWORD, weak).await), "weak_password", "{weak:?}");
    }
    door.ask_reset("annabelle@example.org").await.unwrap();
    let code = door.code().await;
    assert_eq!(reason(door.reset(&code, "short").await), "weak_password");
    assert_eq!(door.hasher.hashed(), hashed);
    // The code was not spent on it.
    door.reset(&code, OTHER).await.unwrap();
}

#[tokio::test]
async fn names_of_devices_and_sources_are_short_and_cannot_drive_a_terminal() {
    let door = Door::open().await;
    door.customer("ann@example.org").await;
    for bad in ["a\nb", "\u{1b}[2J", "\u{202e}evil", &"x".repeat(65)] {
        for asked in [
            LogIn { device: bad.into(), ..log_in("ann@example.org", PASSWORD) },
            LogIn { source: bad.into(), ..log_in("ann@example.org", PASSWORD) },
        ] {
            assert_eq!(reason(door.auth.ask_by(&Caller::Anonymous, &asked).await), "invalid_text", "{bad:?}");
        }
    }
}

#[tokio::test]
async fn codes_that_nobody_gave_are_refused() {
    let door = Door::open().await;
    door.register("ann@example.org", PASSWORD).await.unwrap();
    let code = door.code().await;
    let (ticket, proof) = code.split_once('.').unwrap();
    for bad in [
        String::new(),
        ".".to_owned(),
        ticket.to_owned(),
        format!("{ticket}."),
        format!("{proof}.{ticket}"),
        format!("{ticket}.{ticket}"),
        code.to_uppercase(),
        "x".repeat(100_000),
        format!("{code}\0"),
    ] {
        assert_eq!(reason(door.confirm(&bad).await), "invalid_code", "{bad:.80}");
        assert_eq!(reason(door.reset(&bad, OTHER).await), "invalid_code", "{bad:.80}");
    }
    door.confirm(&code).await.unwrap();
}

#[tokio::test]
async fn a_password_of_any_length_and_script_is_only_wrong() {
    let door = Door::open().await;
    door.customer("ann@example.org").await;
    for wrong in ["", "\0", "пароль пароль", &"x".repeat(200_000)] {
        let answer = door.log_in("ann@example.org", wrong).await;
        assert_eq!(reason(answer), "wrong_credentials");
    }
    let asked = Register {
        email: "zoe@example.org".parse().unwrap(),
        password: Secret::new("пароль пароль"),
    };
    door.auth.ask_by(&Caller::Anonymous, &asked).await.unwrap();
    let code = door.code().await;
    door.confirm(&code).await.unwrap();
    door.log_in("zoe@example.org", "пароль пароль").await.unwrap();
}
