//! Many who sign in at once.

use std::sync::Arc;

use auth::hasher::{HASHING_AT_ONCE, HASHING_WAITING_MAX};
use auth::throttle::ACCOUNT_FAILURES;
use kit::Kind;

use crate::door::{Door, OTHER, PASSWORD};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_thousand_who_sign_in_at_once_each_is_answered_or_told_to_wait() {
    let door = Arc::new(Door::open().await);
    door.customer("ann@example.org").await;
    let before = door.hasher.hashed();
    let tries: Vec<_> = (0..1000)
        .map(|_| {
            let door = Arc::clone(&door);
            tokio::spawn(async move { door.log_in("ann@example.org", PASSWORD).await })
        })
        .collect();
    let mut signed_in = 0;
    for answer in tries {
        match answer.await.unwrap() {
            Ok(_) => signed_in += 1,
            Err(error) => assert_eq!((error.kind, &*error.reason), (Kind::Overloaded, "overloaded")),
        }
    }
    assert!(signed_in >= HASHING_WAITING_MAX, "{signed_in}");
    assert_eq!(door.hasher.hashed() - before, signed_in);
    assert_eq!(door.hasher.most_at_once(), HASHING_AT_ONCE);
    // Whoever was told to wait can sign in now.
    door.log_in("ann@example.org", PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_made_at_the_same_time_are_told_no_more_than_those_made_one_by_one() {
    let door = Arc::new(Door::open().await);
    door.customer("ann@example.org").await;
    let guesses: Vec<_> = (0..20)
        .map(|number| {
            let door = Arc::clone(&door);
            let guess = format!("{OTHER} {number}");
            tokio::spawn(async move { door.log_in("ann@example.org", &guess).await })
        })
        .collect();
    let mut told = 0;
    for answer in guesses {
        match &*answer.await.unwrap().unwrap_err().reason {
            "wrong_credentials" => told += 1,
            reason => assert_eq!(reason, "too_many_attempts"),
        }
    }
    assert_eq!(told, ACCOUNT_FAILURES);
}
