//! Signing in, and the tokens one gets.

use std::time::Duration;

use auth::session::{ACCESS_LIFE, IDLE_MAX, REFRESH_GRACE, SESSION_LIFE, SESSIONS_MAX};
use contracts::auth::{ListSessions, SetDisabled};
use kit::access::words::SessionRevoked;
use kit::testing::operator;
use kit::{Caller, Kind};

use crate::door::{Door, OTHER, PASSWORD, log_in, reason};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_token_says_who_signed_in_what_they_may_do_and_for_how_long() {
    let door = Door::open().await;
    let pair = door.signed_in("ann@example.org").await;
    let claims = door.claims(&pair).unwrap();
    assert_eq!(claims.sub, pair.account.customer.to_string());
    assert_eq!((claims.role.as_str(), claims.sid), ("customer", pair.session.to_string()));
    assert_eq!(pair.access_expires_at, door.auth.now() + ACCESS_LIFE);
    assert_eq!(pair.refresh_expires_at, door.auth.now() + IDLE_MAX);
    assert_eq!(claims.exp, pair.access_expires_at.as_second());
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_are_told_apart_by_nobody() {
    let door = Door::open().await;
    door.customer("ann@example.org").await;
    let before = door.hasher.hashed();
    let wrong = door.log_in("ann@example.org", OTHER).await.unwrap_err();
    let after_one = door.hasher.hashed();
    let unknown = door.log_in("nobody@example.org", OTHER).await.unwrap_err();
    assert_eq!((wrong.kind, wrong.details.clone()), (Kind::Unauthenticated, unknown.details.clone()));
    assert_eq!((&wrong.reason, &wrong.message), (&unknown.reason, &unknown.message));
    assert_eq!((unknown.kind, &*unknown.reason), (Kind::Unauthenticated, "wrong_credentials"));
    assert_eq!((after_one - before, door.hasher.hashed() - after_one), (1, 1));
}

#[tokio::test]
async fn a_shut_account_is_told_only_to_whoever_knows_its_password() {
    let door = Door::open().await;
    let pair = door.signed_in("ann@example.org").await;
    let shut = SetDisabled { customer: pair.account.customer, disabled: true };
    door.auth.ask_by(&operator(), &shut).await.unwrap();
    assert_eq!(door.revoked(), 1);
    assert_eq!(reason(door.log_in("ann@example.org", PASSWORD).await), "account_disabled");
    assert_eq!(reason(door.log_in("ann@example.org", OTHER).await), "wrong_credentials");
    assert_eq!(reason(door.refresh(&pair).await), "invalid_refresh_token");

    let open = SetDisabled { disabled: false, ..shut };
    door.auth.ask_by(&operator(), &open).await.unwrap();
    door.log_in("ann@example.org", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_the_next() {
    let door = Door::open().await;
    let first = door.signed_in("ann@example.org").await;
    door.auth.advance(ACCESS_LIFE + 31 * SECOND).await;
    assert_eq!(reason(door.claims(&first)), "token_expired");
    let second = door.refresh(&first).await.unwrap();
    assert_eq!((second.session, &second.account), (first.session, &first.account));
    assert_ne!(second.refresh_token, first.refresh_token);
    door.claims(&second).unwrap();
    let third = door.refresh(&second).await.unwrap();
    assert_ne!(third.refresh_token, second.refresh_token);
}

#[tokio::test]
async fn a_refresh_that_was_sent_twice_is_answered_twice_and_goes_on() {
    let door = Door::open().await;
    let first = door.signed_in("ann@example.org").await;
    let second = door.refresh(&first).await.unwrap();
    door.auth.advance(REFRESH_GRACE).await;
    let again = door.refresh(&first).await.unwrap();
    assert_eq!(again.refresh_token, second.refresh_token);
    assert_eq!(door.revoked(), 0);
    door.refresh(&again).await.unwrap();
}

#[tokio::test]
async fn a_refresh_token_that_comes_again_later_ends_the_session_of_owner_and_thief() {
    let door = Door::open().await;
    let stolen = door.signed_in("ann@example.org").await;
    let newest = door.refresh(&stolen).await.unwrap();
    door.auth.advance(REFRESH_GRACE + SECOND).await;

    let refused = door.refresh(&stolen).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Unauthenticated, "refresh_token_reused"));
    let revoked: Vec<SessionRevoked> = door.auth.told_of();
    assert_eq!(revoked[0].session, newest.session);
    assert!(revoked[0].until >= newest.access_expires_at + 30 * SECOND);
    for token in [&stolen, &newest] {
        assert_eq!(reason(door.refresh(token).await), "invalid_refresh_token");
        assert!(door.claims(token).is_err());
    }
    assert_eq!(door.revoked(), 1);
}

#[tokio::test]
async fn a_token_two_exchanges_old_ends_the_session_at_once() {
    let door = Door::open().await;
    let first = door.signed_in("ann@example.org").await;
    let second = door.refresh(&first).await.unwrap();
    door.refresh(&second).await.unwrap();
    assert_eq!(reason(door.refresh(&first).await), "refresh_token_reused");
}

#[tokio::test]
async fn a_forged_refresh_token_ends_nothing() {
    let door = Door::open().await;
    let pair = door.signed_in("ann@example.org").await;
    let good = pair.refresh_token.expose().to_owned();
    for forged in [good.replace(".1.", ".2."), good.replace(".1.", ".0."), format!("{good}0"), "x".into()] {
        let forged = contracts::auth::TokenPair {
            refresh_token: contracts::auth::Secret::new(forged),
            ..pair.clone()
        };
        assert_eq!(reason(door.refresh(&forged).await), "invalid_refresh_token");
    }
    assert_eq!(door.revoked(), 0);
    door.refresh(&pair).await.unwrap();
}

#[tokio::test]
async fn a_session_that_is_used_lasts_ninety_days_and_one_that_is_not_thirty() {
    let door = Door::open().await;
    let idle = door.signed_in("ann@example.org").await;
    let mut used = door.log_in("ann@example.org", PASSWORD).await.unwrap();
    let began = door.auth.now();
    door.stop_for(IDLE_MAX - SECOND).await;
    used = door.refresh(&used).await.unwrap();
    door.auth.advance(SECOND).await;
    assert_eq!(reason(door.refresh(&idle).await), "invalid_refresh_token");
    for _ in 0..2 {
        door.stop_for(IDLE_MAX - 60 * SECOND).await;
        used = door.refresh(&used).await.unwrap();
    }
    assert_eq!(used.refresh_expires_at, began + SESSION_LIFE);
    // The last access token does not outlive it.
    let left = Duration::try_from((began + SESSION_LIFE).duration_since(door.auth.now())).unwrap();
    door.stop_for(left - 60 * SECOND).await;
    used = door.refresh(&used).await.unwrap();
    assert_eq!(used.access_expires_at, used.refresh_expires_at);
    door.auth.advance(60 * SECOND).await;
    assert_eq!(reason(door.refresh(&used).await), "invalid_refresh_token");
}

#[tokio::test]
async fn one_session_too_many_ends_the_oldest() {
    let door = Door::open().await;
    let oldest = door.signed_in("ann@example.org").await;
    let mut newest = oldest.clone();
    for _ in 0..SESSIONS_MAX {
        door.auth.advance(SECOND).await;
        newest = door.log_in("ann@example.org", PASSWORD).await.unwrap();
    }
    let listed = door.auth.ask_by(&door.caller(&newest), &ListSessions::default()).await.unwrap();
    assert_eq!((listed.items.len(), door.revoked()), (SESSIONS_MAX, 1));
    assert_eq!(listed.items[0].session, newest.session);
    assert_eq!(reason(door.refresh(&oldest).await), "invalid_refresh_token");
}

#[tokio::test]
async fn a_session_says_from_where_it_came_as_far_as_that_can_be_believed() {
    let door = Door::open().await;
    let own = door.signed_in("ann@example.org").await;
    let asked = contracts::auth::LogIn {
        source: "192.0.2.7".into(),
        device: String::new(),
        ..log_in("ann@example.org", PASSWORD)
    };
    door.auth.ask_by(&door.caller(&own), &asked).await.unwrap();
    door.auth.ask_for("gateway", &Caller::Anonymous, &asked).await.unwrap();
    let listed = door.auth.ask_by(&door.caller(&own), &ListSessions::default()).await.unwrap();
    let mut sources: Vec<&str> = listed.items.iter().map(|item| item.source.as_str()).collect();
    sources.sort_unstable();
    assert_eq!(sources, ["192.0.2.7".to_owned(), "anonymous".to_owned(), door.caller(&own).to_string()]);
    let own: Vec<bool> = listed.items.iter().map(|item| item.session == own.session).collect();
    assert_eq!(own, listed.items.iter().map(|item| item.own).collect::<Vec<_>>());
}
