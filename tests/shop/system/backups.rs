//! Backups of a shop at work, put back: one moment of all services, and books that are clean afterwards.

use std::collections::BTreeSet;
use std::path::Path;

use contracts::OrderId;
use contracts::order::{GetOrder, ListOrders, Stage};
use kit::Call;
use kit::admin::{HoldWriter, LetWriterGo, WriterHeld, WriterWentOn};
use kit::testing::eventually;
use serde_json::Value;
use tests::commands::shopctl;
use tests::customer::order_of;
use tests::processes::ProcessShop;
use tests::{NAMES, shared};

async fn orders(shop: &tests::Counter) -> BTreeSet<OrderId> {
    let mut all = BTreeSet::new();
    let mut asked = ListOrders { limit: Some(200), ..ListOrders::default() };
    loop {
        let page = shop.client().ask(&asked).await.expect("a page of orders");
        all.extend(page.items.iter().map(|order| order.order));
        asked.after = page.next;
        if asked.after.is_none() {
            return all;
        }
    }
}

async fn put_back(processes: &mut ProcessShop, shop: &tests::Counter, backup: &str) -> Value {
    for name in NAMES {
        assert!(processes.stop(name).success());
    }
    let data = processes.data().to_path_buf();
    let words = ["backup", "restore", backup, "--replace"];
    let (code, restored) = shopctl(processes.lent_broker(), &data, &words).await;
    assert_eq!(code, 0, "{restored:#}");
    for name in NAMES {
        processes.start(name);
    }
    shop.until_open().await;
    restored
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_while_orders_flow_is_put_back_and_the_books_are_clean() {
    let (mut processes, shop) = ProcessShop::open().await;
    let data = processes.data().to_path_buf();
    shop.sells("saved-mug", 1000, 10_000).await;
    let (done, stop) = tokio::sync::watch::channel(false);
    let (told, placed) = tokio::sync::watch::channel(Vec::<OrderId>::new());
    let buyers: Vec<_> = (0..3)
        .map(|buyer| {
            let (shop, stop, told) = (shop.clone(), stop.clone(), told.clone());
            tokio::spawn(async move {
                let mut number = 0;
                while !*stop.borrow() {
                    let key = format!("saved-{buyer}-{number}");
                    let order =
                        shop.insists_on(&order_of(&[("saved-mug", 1)]), &key).await.expect("an order");
                    told.send_modify(|all| all.push(order.order));
                    number += 1;
                }
            })
        })
        .collect();
    let more = async |count: usize| {
        let wanted = placed.borrow().len() + count;
        eventually("orders flow", || async { (placed.borrow().len() >= wanted).then_some(()) }).await;
    };
    more(20).await;
    let before = placed.borrow().clone();
    let (code, made) = shopctl(processes.lent_broker(), &data, &["backup", "create"]).await;
    assert_eq!(code, 0, "{made:#}");
    let count = placed.borrow().len();
    // One order of each buyer may have been on its way when the command ended.
    more(40).await;
    let after = placed.borrow()[count + 3..].to_vec();
    done.send(true).unwrap();
    for buyer in buyers {
        buyer.await.unwrap();
    }
    assert_eq!(made["services"].as_array().unwrap().len(), NAMES.len());
    let backup = made["folder"].as_str().unwrap();
    let (code, checked) = shopctl(processes.lent_broker(), &data, &["backup", "verify", backup]).await;
    assert_eq!((code, &checked["sound"]), (0, &true.into()), "{checked:#}");

    // While the shop runs, nothing is touched.
    let words = ["backup", "restore", backup, "--replace"];
    let (code, refused) = shopctl(processes.lent_broker(), &data, &words).await;
    assert_eq!((code, &refused["error"]["code"]), (75, &"service_runs".into()), "{refused:#}");

    for _ in 0..2 {
        let restored = put_back(&mut processes, &shop, backup).await;
        let moved = Path::new(restored["moved_to"].as_str().expect("a folder")).to_path_buf();
        assert!(moved.join("order.db").exists(), "what was there is kept");
        for order in &before {
            shop.settles(*order).await;
        }
        for order in &after {
            let error =
                shop.client().ask(&GetOrder { order: *order }).await.expect_err("an order after the cut");
            assert_eq!(&*error.reason, "unknown_order");
        }
        let known = orders(&shop).await;
        for order in &known {
            shop.settles(*order).await;
        }
        shop.balances(&[("saved-mug", 10_000)]).await;
        let (code, report) = shopctl(processes.lent_broker(), &data, &["audit"]).await;
        assert_eq!(code, 0, "{report:#}");
        let new = shop.places(&order_of(&[("saved-mug", 2)])).await.expect("an order").order;
        assert_eq!(shop.reaches(new, Stage::Confirmed).await.stage, Stage::Confirmed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_on_an_empty_machine_makes_a_whole_shop_of_it() {
    let (processes, shop) = ProcessShop::open().await;
    let data = processes.data().to_path_buf();
    shop.sells("moved-mug", 1000, 10).await;
    let order = shop.places(&order_of(&[("moved-mug", 3)])).await.unwrap().order;
    shop.reaches(order, Stage::Confirmed).await;
    let apart = tempfile::tempdir().unwrap();
    let backup = apart.path().join("monday");
    let backup = backup.to_str().unwrap();
    let (code, made) = shopctl(processes.lent_broker(), &data, &["backup", "create", "--to", backup]).await;
    assert_eq!((code, &made["folder"]), (0, &backup.into()), "{made:#}");
    drop(processes);

    let (mut elsewhere, shop) = ProcessShop::open().await;
    let restored = put_back(&mut elsewhere, &shop, backup).await;
    assert!(restored["moved_to"].is_string(), "the empty databases of the new shop are kept too");
    assert_eq!(shop.order(order).await.stage, Stage::Confirmed);
    shop.balances(&[("moved-mug", 10)]).await;
    let data = elsewhere.data().to_path_buf();
    let (code, report) = shopctl(elsewhere.lent_broker(), &data, &["audit"]).await;
    assert_eq!(code, 0, "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_shop_that_is_not_whole_is_none_and_leaves_nothing() {
    let (mut processes, shop) = ProcessShop::open().await;
    let data = processes.data().to_path_buf();
    assert!(processes.stop("cart").success());
    let words = ["backup", "create", "--timeout", "1s"];
    let (code, refused) = shopctl(processes.lent_broker(), &data, &words).await;
    assert_eq!(code, 10, "{refused:#}");
    let left: Vec<_> = std::fs::read_dir(data.join("backups")).into_iter().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
    processes.start("cart");
    shop.until_open().await;
    let (code, made) = shopctl(processes.lent_broker(), &data, &["backup", "create"]).await;
    assert_eq!(code, 0, "{made:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_nobody_lets_go_goes_on_by_itself_and_requests_wait_meanwhile() {
    let shop = shared().counter().await;
    shop.sells("held-mug", 1000, 10).await;
    let backup = "held-and-forgotten".to_owned();
    let hold = HoldWriter { backup: backup.clone() };
    let held: WriterHeld = shop.client().call_as("order.hold_writer", &hold, Call::default()).await.unwrap();
    assert!(!held.origin.is_empty());
    // Whoever held it has ended; the order waits for the writer, and is not refused.
    let order = shop.places(&order_of(&[("held-mug", 1)])).await.expect("an order").order;
    shop.reaches(order, Stage::Confirmed).await;
    let let_go = LetWriterGo { backup };
    let late: WriterWentOn =
        shop.client().call_as("order.let_writer_go", &let_go, Call::default()).await.unwrap();
    assert!(!late.in_time, "too late is said, so that nobody makes a backup of it");
    let elsewhere = HoldWriter { backup: "../elsewhere".into() };
    let refused =
        shop.client().call_as::<_, WriterHeld>("order.hold_writer", &elsewhere, Call::default()).await;
    assert_eq!(&*refused.unwrap_err().reason, "invalid_id");
}
