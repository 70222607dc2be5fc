//! Files that break: while they are used, and while nobody looks. Refused or noticed, never silently wrong.

use std::path::Path;

use contracts::OrderId;
use kit::testing::eventually;
use kit::{Call, Error};
use tests::Counter;
use tests::customer::order_of;
use tests::processes::ProcessShop;
use tests::small_disk::SmallDisk;

/// Places orders, each once, until one is not answered. Answers those that were accepted.
async fn until_silent(shop: &Counter, prefix: &str) -> (Vec<OrderId>, Error) {
    let mut accepted = Vec::new();
    loop {
        let timeout = std::time::Duration::from_secs(3);
        let call = Call { key: Some(format!("{prefix}-{}", accepted.len())), timeout, ..Call::default() };
        match shop.client().call(&order_of(&[("frail-mug", 1)]), call).await {
            Ok(order) => accepted.push(order.order),
            Err(error) => return (accepted, error),
        }
        assert!(accepted.len() < 5000, "orders are still answered");
    }
}

/// The end of an order service that broke: its code, what it said, and that nobody was told a lie.
async fn ends_with_74(processes: &mut ProcessShop, unanswered: &Error, names: &str) {
    let ended = processes.ends("order").await;
    let said = processes.said("order");
    assert_eq!(ended.code(), Some(74), "{said}");
    assert!(said.contains(names) && said.contains("shopctl db check"), "{said}");
    let nobody = ["timed_out", "no_responders"].contains(&&*unanswered.reason);
    assert!(nobody, "whether it was done is not known, so nobody may say: {unanswered:?}");
}

/// Starts the service again: what was accepted is there, what was not answered can be sent again.
async fn goes_on(processes: &mut ProcessShop, shop: &Counter, accepted: &[OrderId], unanswered_key: &str) {
    processes.start_after("order", ":");
    let again = shop.insists_on(&order_of(&[("frail-mug", 1)]), unanswered_key).await.unwrap();
    for order in accepted.iter().chain([&again.order]) {
        shop.settles(*order).await;
    }
    let books = shop.balances(&[("frail-mug", 10_000)]).await;
    assert_eq!(books.orders.len(), accepted.len() + 1, "each once");
}

async fn open() -> (ProcessShop, Counter) {
    let (mut processes, shop) = ProcessShop::open().await;
    shop.sells("frail-mug", 1000, 10_000).await;
    processes.kill("order");
    processes.start_after("order", ":");
    eventually("order answers", || async { shop.health("order").await }).await;
    (processes, shop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_ends_the_service_which_answers_nobody_and_the_next_process_goes_on() {
    let (mut processes, shop) = open().await;
    processes.kill("order");
    // The system refuses to write beyond so many blocks of a file, and this is no full disk.
    processes.start_after("order", "trap '' XFSZ; ulimit -f 3000");
    let (accepted, unanswered) = until_silent(&shop, "limit").await;
    ends_with_74(&mut processes, &unanswered, "order.db").await;
    assert!(!accepted.is_empty());
    goes_on(&mut processes, &shop, &accepted, &format!("limit-{}", accepted.len())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_deleted_under_a_running_service_costs_nothing_that_was_answered() {
    let (mut processes, shop) = open().await;
    let mut accepted = Vec::new();
    for number in 0..10 {
        let key = format!("kept-{number}");
        accepted.push(shop.insists_on(&order_of(&[("frail-mug", 1)]), &key).await.unwrap().order);
    }
    std::fs::remove_file(processes.data().join("order.db-wal")).unwrap();
    let (more, unanswered) = until_silent(&shop, "gone").await;
    accepted.extend(&more);
    ends_with_74(&mut processes, &unanswered, "order.db-wal was removed").await;
    goes_on(&mut processes, &shop, &accepted, &format!("gone-{}", more.len())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_replaced_under_a_running_service_is_not_written_to() {
    let (mut processes, shop) = open().await;
    let path = processes.data().join("order.db");
    std::fs::rename(&path, processes.data().join("moved.db")).unwrap();
    std::fs::write(&path, "something else").unwrap();
    let (_, unanswered) = until_silent(&shop, "moved").await;
    ends_with_74(&mut processes, &unanswered, "order.db was removed or replaced").await;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "something else");
    std::fs::rename(processes.data().join("moved.db"), &path).unwrap();
    goes_on(&mut processes, &shop, &[], "moved-0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_breaks_under_a_running_service_ends_it_and_it_does_not_start_again() {
    let (mut processes, shop) = open().await;
    processes.stop("order");
    processes.start_after("order", ":");
    eventually("order answers", || async { shop.health("order").await }).await;
    overwrite(&processes.data().join("order.db"), 0, u64::MAX);
    let (_, unanswered) = until_silent(&shop, "torn").await;
    ends_with_74(&mut processes, &unanswered, "order.db").await;
    processes.start_after("order", ":");
    assert_eq!(processes.ends("order").await.code(), Some(74));
}

/// Overwrites a part of a file in place.
fn overwrite(path: &Path, from: u64, to: u64) {
    use std::os::unix::fs::FileExt;
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let to = to.min(file.metadata().unwrap().len());
    let rubbish = vec![0x5a; usize::try_from(to - from).unwrap()];
    file.write_all_at(&rubbish, from).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_broke_while_nobody_looked_is_refused_at_the_start_or_the_loss_is_noticed() {
    let (mut processes, shop) = open().await;
    let (accepted, path) = (10, processes.data().join("order.db"));
    for number in 0..accepted {
        let order = shop.insists_on(&order_of(&[("frail-mug", 1)]), &format!("all-{number}")).await.unwrap();
        shop.settles(order.order).await;
    }
    shop.until_quiet().await;
    processes.kill("order");
    let log = processes.data().join("order.db-wal");
    let sound = tempfile::tempdir().unwrap();
    for file in [&path, &log] {
        std::fs::copy(file, sound.path().join(file.file_name().unwrap())).unwrap();
    }
    let size = std::fs::metadata(&log).unwrap().len();

    type Harm<'a> = Box<dyn Fn() + 'a>;
    let harms: [(&str, Harm<'_>, &str); 3] = [
        (
            "log flipped in the middle",
            Box::new(|| overwrite(&log, size / 2, size / 2 + 1)),
            "commits from there on are lost",
        ),
        ("header of the log overwritten", Box::new(|| overwrite(&log, 0, 32)), "all of it is lost"),
        (
            "log cut to nothing",
            Box::new(|| std::fs::write(&log, "").unwrap()),
            "the database was restored from before",
        ),
    ];
    for (what, harm, says) in harms {
        harm();
        processes.start_after("order", ":");
        eventually(&format!("{what} is noticed"), || async {
            processes.said("order").contains(says).then_some(())
        })
        .await;
        if what == "log cut to nothing" {
            let refused = shop.client().ask(&order_of(&[("frail-mug", 1)])).await.unwrap_err();
            assert_eq!(refused.reason, "database_behind_stream", "{what}");
            processes.kill("order");
        } else {
            assert_eq!(processes.ends("order").await.code(), Some(74), "{what}");
        }
        for file in [&path, &log] {
            std::fs::copy(sound.path().join(file.file_name().unwrap()), file).unwrap();
        }
        let _ = std::fs::remove_file(processes.data().join("order.db-shm"));
    }
    processes.start_after("order", ":");
    eventually("order answers", || async { shop.health("order").await }).await;
    assert_eq!(shop.balances(&[("frail-mug", 10_000)]).await.orders.len(), accepted);

    // Closed in order there is no log that holds the first page too.
    assert!(processes.stop("order").success());
    overwrite(&path, 0, 100);
    processes.start_after("order", ":");
    assert_eq!(processes.ends("order").await.code(), Some(74), "a header that was overwritten");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_system_does_not_give_is_said_with_a_code() {
    let (mut processes, shop) = open().await;
    processes.kill("order");
    processes.start_after("order", "ulimit -n 12");
    let ended = processes.ends("order").await;
    let said = processes.said("order");
    assert!([Some(70), Some(74)].contains(&ended.code()), "{ended}: {said}");
    assert!(said.to_lowercase().contains("open files") || said.contains("order.db"), "{said}");

    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::over(folder.path(), 8) else { return };
    disk.read_only(true);
    let mut second = processes.second("cart", folder.path());
    let ended = eventually("it ends", || {
        let ended = second.ended();
        async move { ended }
    });
    assert_eq!(ended.await.code(), Some(74), "{}", processes.said("cart"));
    assert!(processes.said("cart").contains("cart.lock"), "{}", processes.said("cart"));
    drop((processes, shop));
}
