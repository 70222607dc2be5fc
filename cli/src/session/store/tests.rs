//! Tests of the files in which sessions are kept.

use std::os::unix::fs::PermissionsExt;

use contracts::auth::{AccountView, Secret};
use contracts::{CustomerId, Email};
use kit::Role;
use kit::access::words::SessionId;
use kit::id::Id;

use super::*;

const NO_WAIT: Duration = Duration::ZERO;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_268_800 + seconds).unwrap()
}

fn tokens(access: &str) -> TokenPair {
    TokenPair {
        access_token: Secret::new(access),
        access_expires_at: at(900),
        refresh_token: Secret::new("the-refresh-token"),
        refresh_expires_at: at(86_400),
        session: SessionId::from_bits(7),
        account: AccountView {
            customer: CustomerId::from_bits(7),
            email: "ann@example.org".parse::<Email>().unwrap(),
            role: Role::Customer,
            confirmed: true,
            disabled: false,
            created_at: at(0),
        },
    }
}

fn scratch() -> (tempfile::TempDir, Store) {
    let scratch = tempfile::tempdir().unwrap();
    let store = Store::at(scratch.path().join("shop/sessions"), "the shop in /somewhere".to_owned());
    (scratch, store)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_session_is_kept_for_its_owner_only_until_it_is_removed() {
    let (_scratch, store) = scratch();
    assert_eq!(store.read().unwrap(), None);
    let lock = store.lock(NO_WAIT).await.unwrap();
    let written = store.write(&lock, at(0), tokens("one")).unwrap();
    assert_eq!(store.read().unwrap(), Some(written));
    assert_eq!(mode(&store.path()), 0o600);
    assert_eq!(mode(store.path().parent().unwrap()), 0o700);
    store.remove(&lock).unwrap();
    store.remove(&lock).unwrap();
    assert_eq!(store.read().unwrap(), None);
}

#[tokio::test]
async fn only_one_at_a_time_exchanges_tokens() {
    let (_scratch, store) = scratch();
    let held = store.lock(NO_WAIT).await.unwrap();
    let refused = store.lock(NO_WAIT).await.unwrap_err();
    assert_eq!((refused.exit(), refused.code()), (exit::LOCKED, "locked"));
    let (waited, ()) = tokio::join!(store.lock(Duration::from_secs(10)), async { drop(held) });
    waited.unwrap();
}

#[tokio::test]
async fn a_file_that_is_not_understood_is_said_without_what_stands_in_it() {
    let (_scratch, store) = scratch();
    let lock = store.lock(NO_WAIT).await.unwrap();
    store.write(&lock, at(0), tokens("one")).unwrap();
    let good = std::fs::read_to_string(store.path()).unwrap();
    let broken = [
        String::new(),
        "null".to_owned(),
        good[..good.len() / 2].to_owned(),
        good.replace("\"format\": 1", "\"format\": 2"),
        good.replace("\"format\": 1", "\"format\": \"the-refresh-token\""),
    ];
    for text in broken {
        private::replace(&store.path(), &text).unwrap();
        let failure = store.read().unwrap_err();
        assert_eq!((failure.exit(), failure.code()), (exit::CONFIGURATION, "malformed_session"), "{text}");
        assert!(!failure.to_json().to_string().contains("the-refresh-token"), "{text}");
    }
}

#[tokio::test]
async fn the_session_of_another_shop_is_not_used() {
    let (_scratch, store) = scratch();
    let lock = store.lock(NO_WAIT).await.unwrap();
    store.write(&lock, at(0), tokens("one")).unwrap();
    let other = Store::at(store.folder.clone(), "the shop at nats://elsewhere:4222".to_owned());
    assert_ne!(store.path(), other.path());
    std::fs::copy(store.path(), other.path()).unwrap();
    let failure = other.read().unwrap_err();
    assert_eq!(failure.exit(), exit::CONFIGURATION);
    assert!(failure.message().contains("it is about the shop in /somewhere"), "{}", failure.message());
}

#[test]
fn a_session_shows_no_token() {
    let session =
        Session { format: FORMAT, shop: "x".to_owned(), since: at(0), tokens: tokens("the-access") };
    let shown = format!("{session:?}");
    assert!(!shown.contains("the-access") && !shown.contains("the-refresh-token"), "{shown}");
}

#[test]
fn a_shop_is_called_the_same_however_it_is_written() {
    let called = shop_at_broker("nats://shop.example.org:4222");
    assert_eq!(called, "the shop at nats://shop.example.org:4222");
    for same in
        ["NATS://Shop.Example.org:4222/", "shop.example.org:4222", "nats://ann:hunter2@shop.example.org:4222"]
    {
        assert_eq!(shop_at_broker(same), called, "{same}");
    }
    let scratch = tempfile::tempdir().unwrap();
    let roundabout = scratch.path().join(".").join("data").join("..");
    std::fs::create_dir(scratch.path().join("data")).unwrap();
    assert_eq!(shop_in_folder(&roundabout), shop_in_folder(scratch.path()));
}
