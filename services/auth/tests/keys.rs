//! The keys that sign tokens, and that one follows another without a gap.

use std::time::Duration;

use auth::keys::{KEY_AGE, KEY_LEAD, KEYS_MAX, TOLD_EVERY};
use auth::session::ACCESS_TAIL;
use contracts::auth::{GetKeys, RotateKey};
use kit::access::token;
use kit::access::words::KeyRotated;
use kit::testing::{Scratch, operator};
use kit::{Caller, Kind};

use crate::door::Door;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn the_first_key_is_told_at_the_first_start_and_signs_at_once() {
    let door = Door::open().await;
    let told: Vec<KeyRotated> = door.auth.told_of();
    assert_eq!((told.len(), told[0].signs_from), (1, door.auth.now()));
    door.auth.reopen();
    door.auth.set_periods().await;
    assert_eq!(door.auth.told_of::<KeyRotated>().len(), 1);

    let shown = door.auth.ask_by(&Caller::Anonymous, &GetKeys {}).await.unwrap();
    assert_eq!((shown.keys.len(), shown.keys[0].kid), (1, told[0].key));
}

#[tokio::test]
async fn before_the_first_start_is_done_nobody_can_register() {
    let auth = Scratch::of(auth::service());
    let asked = <contracts::auth::Register as kit::Example>::example();
    assert_eq!(auth.ask_by(&Caller::Anonymous, &asked).await.unwrap_err().kind, Kind::Unavailable);
}

#[tokio::test]
async fn tokens_are_good_all_the_way_through_a_rotation() {
    let door = Door::open().await;
    let mut pair = door.signed_in("ann@example.org").await;
    let first = door.auth.told_of::<KeyRotated>()[0].key;
    let shown = door.auth.ask_by(&operator(), &RotateKey {}).await.unwrap();
    assert_eq!((shown.keys.len(), shown.keys[1].kid), (2, first));
    let (next, signs_from) = (shown.keys[0].kid, shown.keys[0].signs_from);
    assert_eq!(signs_from, door.auth.now() + KEY_LEAD);
    assert_eq!(shown.keys[1].valid_until, signs_from + ACCESS_TAIL);

    let mut before = pair.clone();
    for _ in 0..30 {
        // Each token is good until its time is over, whichever key signed it.
        let kid = token::key_of(pair.access_token.expose()).unwrap();
        let wanted = if door.auth.now() < signs_from { first } else { next };
        assert_eq!(kid, wanted.to_string(), "{}", door.auth.now());
        door.claims(&pair).unwrap();
        let old = door.claims(&before);
        assert!(old.is_ok() || before.access_expires_at <= door.auth.now(), "{old:?}");
        if before.access_expires_at <= door.auth.now() {
            before = pair.clone();
        }
        door.auth.advance(MINUTE).await;
        pair = door.refresh(&pair).await.unwrap();
    }
    let shown = door.auth.ask_by(&Caller::Anonymous, &GetKeys {}).await.unwrap();
    assert_eq!(shown.keys.iter().map(|key| key.kid).collect::<Vec<_>>(), [next]);
}

#[tokio::test]
async fn a_key_is_replaced_by_itself_after_a_week_and_told_again_each_day() {
    let door = Door::open().await;
    let mut pair = door.signed_in("ann@example.org").await;
    let first = door.auth.told_of::<KeyRotated>().remove(0);
    for _ in 0..6 {
        door.stop_for(TOLD_EVERY).await;
    }
    door.stop_for(TOLD_EVERY - KEY_LEAD - MINUTE).await;
    let told: Vec<KeyRotated> = door.auth.told_of();
    assert!(told.iter().all(|told| told.key == first.key));
    assert_eq!(told.len() as u64, KEY_AGE.as_secs() / TOLD_EVERY.as_secs());
    pair = door.refresh(&pair).await.unwrap();
    door.claims(&pair).unwrap();

    door.stop_for(2 * MINUTE).await;
    let shown = door.auth.ask_by(&Caller::Anonymous, &GetKeys {}).await.unwrap();
    assert_eq!(shown.keys.len(), 2);
    pair = door.refresh(&pair).await.unwrap();
    assert_eq!(token::key_of(pair.access_token.expose()).unwrap(), first.key.to_string());
    door.auth.advance(KEY_LEAD).await;
    door.claims(&pair).unwrap();
    pair = door.refresh(&pair).await.unwrap();
    assert_eq!(token::key_of(pair.access_token.expose()).unwrap(), shown.keys[0].kid.to_string());
    door.claims(&pair).unwrap();
}

#[tokio::test]
async fn after_a_long_sleep_a_token_is_good_at_once() {
    let door = Door::open().await;
    let pair = door.signed_in("ann@example.org").await;
    // Nobody has looked after the keys meanwhile: the service was stopped.
    let sleep =
        "UPDATE own_keys SET signs_from_ms = signs_from_ms - ?1, valid_until_ms = valid_until_ms - ?1,
                        told_at_ms = told_at_ms - ?1 RETURNING id";
    for days in [3_i64, 30] {
        let back = days * 24 * 60 * 60 * 1000;
        door.auth.sql(|sql| sql.get(sleep, [back], |row| row.get::<_, String>(0))).unwrap();
        let next = door.refresh(&pair).await.unwrap();
        door.claims(&next).unwrap();
    }
}

#[tokio::test]
async fn there_are_never_more_keys_than_a_service_keeps() {
    let door = Door::open().await;
    for _ in 1..KEYS_MAX {
        door.auth.ask_by(&operator(), &RotateKey {}).await.unwrap();
    }
    let refused = door.auth.ask_by(&operator(), &RotateKey {}).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Overloaded, "overloaded"));
    door.auth.advance(KEY_LEAD + ACCESS_TAIL + MINUTE).await;
    assert_eq!(door.auth.ask_by(&operator(), &RotateKey {}).await.unwrap().keys.len(), 2);

    // Nor do old ones stand in the way of the next, however long nobody looked after them.
    for _ in 2..KEYS_MAX {
        door.auth.ask_by(&operator(), &RotateKey {}).await.unwrap();
    }
    door.stop_for(2 * KEY_AGE).await;
    let pair = door.signed_in("ann@example.org").await;
    door.claims(&pair).unwrap();
}
