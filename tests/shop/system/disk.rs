//! Full disks: nothing new is accepted, nothing accepted is lost, and it goes on by itself.

use kit::testing::eventually;
use kit::{Call, Error};
use tests::customer::order_of;
use tests::processes::ProcessShop;
use tests::small_disk::SmallDisk;
use tests::{Counter, NAMES, Shop};

/// What the shop says to an order while a disk is full.
async fn refusal(shop: &Counter, key: &str) -> Error {
    let call = Call { key: Some(key.to_owned()), ..Call::default() };
    shop.client().call(&order_of(&[("full-mug", 1)]), call).await.unwrap_err()
}

/// Waits until a service says that it has no room, or has it again.
async fn room(shop: &Counter, service: &str, is_there: bool) -> String {
    eventually(&format!("{service} has room: {is_there}"), || async {
        let health = shop.health(service).await?;
        let said = health.parts.get("room").cloned()?;
        ((said == "ok") == is_there).then_some(said)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_nothing_new_is_accepted_and_with_room_everything_goes_on_without_a_restart() {
    let mut disk = None;
    let (processes, shop) = ProcessShop::open_on(|data| disk = SmallDisk::over(data, 128)).await;
    let Some(disk) = disk else { return };
    shop.sells("full-mug", 1000, 500).await;
    let pids = NAMES.map(|name| processes.pid(name));
    let mut accepted = Vec::new();
    for number in 0..20 {
        accepted
            .push(shop.insists_on(&order_of(&[("full-mug", 1)]), &format!("before-{number}")).await.unwrap());
    }
    // Below the reserve, with some of the orders still on their way; and then not a single byte.
    for (round, left) in [2 << 20, 0].into_iter().enumerate() {
        disk.fill(left);
        for name in NAMES {
            let said = room(&shop, name, false).await;
            assert!(said.contains("nothing was done") && said.contains("free space"), "{name}: {said}");
        }
        let refused = refusal(&shop, &format!("refused-{round}")).await;
        assert_eq!(refused.reason, "disk_full", "{refused:?}");
        assert!(refused.kind.is_retryable());
        let first = &accepted[0];
        assert_eq!(shop.order(first.order).await.order, first.order, "reads go on");
        let again = shop.insists_on(&order_of(&[("full-mug", 1)]), "before-0").await.unwrap();
        assert_eq!(again.order, first.order, "what was answered is answered again");
        for name in NAMES {
            let health = shop.health(name).await.unwrap();
            assert_eq!(health.dead_letters, 0, "{name}: a full disk is nobody's dead letter");
            assert!(!health.is_well(), "{name} says that it is not");
        }
        disk.clear();
        for name in NAMES {
            room(&shop, name, true).await;
        }
        let key = format!("refused-{round}");
        accepted.push(shop.insists_on(&order_of(&[("full-mug", 1)]), &key).await.unwrap());
    }
    // All at once, under load: nobody has looked how much room is left.
    let buyer = shop.clone();
    let buying = tokio::spawn(async move {
        let mut orders = Vec::new();
        for number in 0..60 {
            let key = format!("through-{number}");
            orders.push(buyer.insists_on(&order_of(&[("full-mug", 1)]), &key).await.unwrap());
        }
        orders
    });
    eventually("orders flow", || async { (shop.books().await.orders.len() > 30).then_some(()) }).await;
    disk.fill(0);
    room(&shop, "order", false).await;
    disk.clear();
    accepted.extend(buying.await.unwrap());
    for order in &accepted {
        shop.settles(order.order).await;
    }
    let books = shop.balances(&[("full-mug", 500)]).await;
    assert_eq!(books.orders.len(), accepted.len(), "each order once, and none that was refused");
    assert_eq!(NAMES.map(|name| processes.pid(name)), pids);
    for (name, pid) in NAMES.iter().zip(pids) {
        assert_eq!(shop.health(name).await.unwrap().pid, pid, "{name} is the process it was");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_brokers_disk_is_full_orders_are_accepted_and_wait_and_with_room_they_go_on() {
    let mut own = Shop::open();
    let shop = own.counter().await;
    shop.sells("full-mug", 1000, 500).await;
    shop.until_quiet().await;
    own.broker().kill();
    let store = own.broker().store();
    std::fs::remove_dir_all(&store).unwrap();
    std::fs::create_dir(&store).unwrap();
    let Some(disk) = SmallDisk::over(&store, 24) else { return };
    own.broker().restart();
    shop.until_open().await;
    shop.until_quiet().await;

    disk.fill(0);
    let mut accepted = Vec::new();
    for number in 0..300 {
        accepted
            .push(shop.insists_on(&order_of(&[("full-mug", 1)]), &format!("waits-{number}")).await.unwrap());
        let health = shop.health("order").await.unwrap();
        if health.parts["relay"] != "ok" {
            break;
        }
    }
    let said = eventually("the relay says why it waits", || async {
        let health = shop.health("order").await?;
        health.parts.get("relay").filter(|said| said.contains("disk may be full")).cloned()
    })
    .await;
    assert!(said.contains("wait in the outbox"), "{said}");

    disk.clear();
    own.broker().restart();
    for order in &accepted {
        shop.settles(order.order).await;
    }
    let books = shop.balances(&[("full-mug", 500)]).await;
    assert_eq!(books.orders.len(), accepted.len());
    own.close().await;
}
