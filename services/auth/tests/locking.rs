//! Too many tries that fail.

use std::time::Duration;

use auth::throttle::{ACCOUNT_FAILURES, LOCK_FIRST, SOURCE_FAILURES, WINDOW};
use contracts::auth::LogIn;
use kit::{Caller, Error, Kind, Timestamp};

use crate::door::{Door, OTHER, PASSWORD, log_in, reason};

fn retry_at(error: &Error) -> Timestamp {
    assert_eq!((error.kind, &*error.reason), (Kind::Refused, "too_many_attempts"));
    error.details.as_ref().unwrap()["retry_at"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn five_failures_lock_an_account_also_after_a_restart_and_nobody_looks_at_passwords() {
    let door = Door::open().await;
    door.customer("ann@example.org").await;
    for email in ["ann@example.org", "nobody@example.org"] {
        for _ in 0..ACCOUNT_FAILURES {
            assert_eq!(reason(door.log_in(email, OTHER).await), "wrong_credentials");
        }
        door.auth.reopen();
        let hashed = door.hasher.hashed();
        let refused = door.log_in(&email.to_uppercase(), PASSWORD).await.unwrap_err();
        assert_eq!(retry_at(&refused), door.auth.now() + LOCK_FIRST, "{email}");
        assert_eq!(door.hasher.hashed(), hashed);
    }
    door.auth.advance(LOCK_FIRST).await;
    door.log_in("ann@example.org", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_further_failure_locks_for_longer_and_a_success_forgets_all() {
    let door = Door::open().await;
    door.customer("ann@example.org").await;
    for _ in 0..ACCOUNT_FAILURES {
        assert!(door.log_in("ann@example.org", OTHER).await.is_err());
    }
    door.auth.advance(LOCK_FIRST).await;
    assert_eq!(reason(door.log_in("ann@example.org", OTHER).await), "wrong_credentials");
    let refused = door.log_in("ann@example.org", PASSWORD).await.unwrap_err();
    assert_eq!(retry_at(&refused), door.auth.now() + 2 * LOCK_FIRST);

    door.auth.advance(2 * LOCK_FIRST).await;
    door.log_in("ann@example.org", PASSWORD).await.unwrap();
    for _ in 1..ACCOUNT_FAILURES {
        assert_eq!(reason(door.log_in("ann@example.org", OTHER).await), "wrong_credentials");
    }
    door.log_in("ann@example.org", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_source_is_locked_whatever_accounts_it_tries_and_others_are_not() {
    let door = Door::open().await;
    door.customer("ann@example.org").await;
    let from = |source: &str, asked: LogIn| LogIn { source: source.into(), ..asked };
    for number in 0..SOURCE_FAILURES {
        let asked = from("192.0.2.7", log_in(&format!("guess-{number}@example.org"), OTHER));
        let answer = door.auth.ask_for("gateway", &Caller::Anonymous, &asked).await;
        assert_eq!(reason(answer), "wrong_credentials");
    }
    let asked = from("192.0.2.7", log_in("ann@example.org", PASSWORD));
    let refused = door.auth.ask_for("gateway", &Caller::Anonymous, &asked).await.unwrap_err();
    assert_eq!(retry_at(&refused), door.auth.now() + LOCK_FIRST);
    // Also if a storefront says so, which asks for people who are nobody yet.
    assert_eq!(reason(door.auth.ask_by(&Caller::Anonymous, &asked).await), "too_many_attempts");
    door.auth.ask_for("gateway", &Caller::Anonymous, &from("192.0.2.8", asked.clone())).await.unwrap();
    door.auth.ask_by(&Caller::Anonymous, &from("192.0.2.8", asked)).await.unwrap();
}

#[tokio::test]
async fn a_strangers_guesses_do_not_shut_everybody_out() {
    let door = Door::open().await;
    door.customer("ann@example.org").await;
    for number in 0..=SOURCE_FAILURES {
        assert!(door.log_in(&format!("guess-{number}@example.org"), OTHER).await.is_err());
    }
    door.log_in("ann@example.org", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn signing_in_to_an_account_that_one_registered_does_not_buy_more_guesses() {
    let door = Door::open().await;
    door.customer("ann@example.org").await;
    door.register("ann@example.org", "what the thief chose").await.unwrap();
    for _ in 1..ACCOUNT_FAILURES {
        assert_eq!(reason(door.log_in("ann@example.org", OTHER).await), "wrong_credentials");
    }
    assert_eq!(reason(door.log_in("ann@example.org", "what the thief chose").await), "not_confirmed");
    assert_eq!(reason(door.log_in("ann@example.org", OTHER).await), "wrong_credentials");
    assert_eq!(reason(door.log_in("ann@example.org", OTHER).await), "too_many_attempts");
}

#[tokio::test]
async fn a_stolen_token_does_not_help_to_guess_the_password() {
    let door = Door::open().await;
    let pair = door.signed_in("ann@example.org").await;
    let thief = door.caller(&pair);
    for _ in 0..ACCOUNT_FAILURES {
        assert_eq!(reason(door.change(&thief, OTHER, "another password").await), "wrong_credentials");
    }
    assert_eq!(reason(door.change(&thief, PASSWORD, "another password").await), "too_many_attempts");
}

#[tokio::test]
async fn what_failed_long_ago_is_forgotten_in_the_table_too() {
    let door = Door::open().await;
    assert!(door.log_in("nobody@example.org", OTHER).await.is_err());
    let rows = || {
        door.auth.sql(|sql| sql.get("SELECT count(*) FROM tries", [], |row| row.get::<_, u32>(0))).unwrap()
    };
    door.auth.advance(WINDOW).await;
    assert_eq!(rows(), 1);
    door.stop_for(Duration::from_secs(24 * 60 * 60)).await;
    door.auth.advance(Duration::from_secs(10 * 60)).await;
    assert_eq!(rows(), 0);
}
