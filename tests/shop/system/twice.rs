//! Two processes of one service: one owns the database, and never do both write.

use kit::testing::eventually;
use tests::customer::order_of;
use tests::processes::{ProcessShop, signal};

#[tokio::test(flavor = "multi_thread")]
async fn when_the_owner_is_killed_one_standby_takes_over_and_the_other_goes_on_waiting() {
    let (mut processes, shop) = ProcessShop::open().await;
    shop.sells("heir-mug", 1000, 100).await;
    let data = processes.data().to_owned();
    let (mut one, mut two) = (processes.second("order", &data), processes.second("order", &data));
    let standing = "Standing by: order is owned by process";
    eventually("both stand by", || async {
        (processes.said("order").matches(standing).count() == 2).then_some(())
    })
    .await;
    let first = shop.insists_on(&order_of(&[("heir-mug", 1)]), "first").await.unwrap();
    processes.kill("order");
    let heir = eventually("somebody answers", || async { shop.health("order").await }).await.pid;
    assert!([one.pid(), two.pid()].contains(&heir));
    assert_eq!(processes.said("order").matches("Taking over order").count(), 1);
    let second = shop.insists_on(&order_of(&[("heir-mug", 1)]), "second").await.unwrap();
    for order in [first.order, second.order] {
        shop.settles(order).await;
    }
    assert_eq!((one.ended(), two.ended()), (None, None), "who waits goes on waiting");
    assert_eq!(shop.balances(&[("heir-mug", 100)]).await.orders.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_stands_still_keeps_its_database_and_goes_on_when_it_is_woken() {
    let (processes, shop) = ProcessShop::open().await;
    shop.sells("still-mug", 1000, 100).await;
    let data = processes.data().to_owned();
    let mut standby = processes.second("order", &data);
    eventually("it stands by", || async { processes.said("order").contains("Standing by").then_some(()) })
        .await;
    let accepted = shop.insists_on(&order_of(&[("still-mug", 1)]), "before").await.unwrap();

    processes.signal("order", "STOP");
    let call = kit::Call { key: Some("during".into()), ..kit::Call::default() };
    let unanswered = shop.client().call(&order_of(&[("still-mug", 1)]), call).await.unwrap_err();
    assert!(unanswered.kind.is_retryable(), "{unanswered:?}");
    assert!(!processes.said("order").contains("Taking over"), "two would write");
    assert_eq!(standby.ended(), None);

    processes.signal("order", "CONT");
    let during = shop.insists_on(&order_of(&[("still-mug", 1)]), "during").await.unwrap();
    assert_eq!(shop.health("order").await.unwrap().pid, processes.pid("order"));
    for order in [accepted.order, during.order] {
        shop.settles(order).await;
    }
    assert_eq!(shop.balances(&[("still-mug", 100)]).await.orders.len(), 2, "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_whose_lock_was_deleted_ends_and_whoever_locked_the_new_file_goes_on() {
    let (mut processes, shop) = ProcessShop::open().await;
    shop.sells("lock-mug", 1000, 100).await;
    let data = processes.data().to_owned();
    let first = shop.insists_on(&order_of(&[("lock-mug", 1)]), "first").await.unwrap();
    processes.kill("order");
    processes.start_after("order", ":");
    eventually("the owner answers", || async { shop.health("order").await }).await;

    std::fs::remove_file(data.join("order.lock")).unwrap();
    let other = processes.second("order", &data);
    let ended = processes.ends("order").await;
    assert_eq!(ended.code(), Some(74), "{}", processes.said("order"));
    assert!(processes.said("order").contains("order.lock was removed or replaced"));
    let second = shop.insists_on(&order_of(&[("lock-mug", 1)]), "second").await.unwrap();
    assert_eq!(shop.health("order").await.unwrap().pid, other.pid());
    for order in [first.order, second.order] {
        shop.settles(order).await;
    }
    assert_eq!(shop.balances(&[("lock-mug", 100)]).await.orders.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_copies_of_a_database_in_two_places_only_one_is_told_from() {
    let (mut processes, shop) = ProcessShop::open().await;
    shop.sells("copy-mug", 1000, 100).await;
    let first = shop.insists_on(&order_of(&[("copy-mug", 1)]), "first").await.unwrap();
    shop.settles(first.order).await;
    shop.until_quiet().await;
    assert!(processes.stop("order").success());
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::copy(processes.data().join("order.db"), elsewhere.path().join("order.db")).unwrap();
    processes.start("order");
    let second = shop.insists_on(&order_of(&[("copy-mug", 1)]), "second").await.unwrap();
    shop.settles(second.order).await;

    // The copy hears nothing that was not told before it was made, and may tell nothing.
    let copy = processes.second("order", elsewhere.path());
    eventually("the copy is fenced off", || async {
        processes.said("order").contains("the database was restored from before").then_some(())
    })
    .await;
    signal("KILL", copy.pid());
    drop(copy);
    let third = shop.insists_on(&order_of(&[("copy-mug", 1)]), "third").await.unwrap();
    for order in [second.order, third.order] {
        shop.settles(order).await;
    }
    assert_eq!(shop.balances(&[("copy-mug", 100)]).await.orders.len(), 3, "the stream holds one history");
}
