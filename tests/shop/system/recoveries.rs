//! One database put back from before alone: it takes up its own events again, or says why it cannot.

use std::path::{Path, PathBuf};

use contracts::catalog::{GetProduct, ProductState, PutProduct, RetireProduct};
use contracts::order::Stage;
use kit::testing::eventually;
use tests::commands::shopctl;
use tests::customer::order_of;
use tests::processes::ProcessShop;
use tests::{Counter, euros, sku_of};

const ENDINGS: [&str; 3] = ["", "-wal", "-shm"];

/// Stops a service, keeps a copy of its database, and starts it again.
async fn keep(processes: &mut ProcessShop, shop: &Counter, service: &'static str) -> PathBuf {
    assert!(processes.stop(service).success());
    let kept = processes.data().join("kept");
    std::fs::create_dir_all(&kept).unwrap();
    copy(processes.data(), &kept, service);
    processes.start(service);
    shop.until_open().await;
    kept
}

/// Puts that copy back, alone, and waits until the service has seen that its stream knows more.
async fn put_back(processes: &mut ProcessShop, shop: &Counter, service: &'static str, kept: &Path) {
    assert!(processes.stop(service).success());
    copy(kept, processes.data(), service);
    processes.start(service);
    eventually("it sees that its stream knows more", || async {
        let relay = shop.health(service).await?.parts.get("relay").cloned()?;
        relay.contains(&format!("shopctl db recover {service}")).then_some(())
    })
    .await;
}

fn copy(from: &Path, to: &Path, service: &str) {
    for ending in ENDINGS {
        let name = format!("{service}.db{ending}");
        let _ = std::fs::remove_file(to.join(&name));
        if from.join(&name).exists() {
            std::fs::copy(from.join(&name), to.join(&name)).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_older_than_its_stream_takes_up_what_it_told_and_says_the_same_as_before() {
    let (mut processes, shop) = ProcessShop::open().await;
    let data = processes.data().to_path_buf();
    for sku in ["old-mug", "gone-mug"] {
        shop.sells(sku, 1000, 10).await;
    }
    let kept = keep(&mut processes, &shop, "catalog").await;
    let put = |sku: &str, cents, description: &str| PutProduct {
        sku: sku_of(sku),
        name: format!("The {sku}"),
        description: description.into(),
        category: "Tests".into(),
        price: euros(cents),
        expected_version: None,
    };
    shop.client().ask(&put("new-mug", 700, "Blue,\nwith a handle")).await.unwrap();
    shop.client().ask(&put("old-mug", 1200, "Dearer now")).await.unwrap();
    let retire = RetireProduct { sku: sku_of("gone-mug"), expected_version: None };
    shop.client().ask(&retire).await.unwrap();
    shop.until_quiet().await;
    let skus = ["old-mug", "gone-mug", "new-mug"];
    let mut before = Vec::new();
    for sku in skus {
        before.push(shop.client().ask(&GetProduct { sku: sku_of(sku) }).await.unwrap());
    }
    put_back(&mut processes, &shop, "catalog", &kept).await;
    let refused = shop.client().ask(&put("late-mug", 1, "")).await.unwrap_err();
    assert_eq!(&*refused.reason, "database_behind_stream");

    let words = ["db", "recover", "catalog"];
    let (code, plan) = shopctl(processes.lent_broker(), &data, &words).await;
    assert_eq!(
        (code, &plan["applied"], &plan["not_taken"]),
        (0, &false.into(), &serde_json::json!({})),
        "{plan:#}"
    );
    assert_eq!((&plan["first"], &plan["last"]), (&3.into(), &5.into()), "{plan:#}");
    let words = ["db", "recover", "catalog", "--confirm=catalog"];
    let (code, done) = shopctl(processes.lent_broker(), &data, &words).await;
    assert_eq!((code, &done["applied"]), (0, &true.into()), "{done:#}");
    for (sku, before) in skus.into_iter().zip(before) {
        let now = shop.client().ask(&GetProduct { sku: sku_of(sku) }).await.unwrap();
        assert_eq!(now, before);
    }
    let late = eventually("it accepts changes again", || async {
        shop.client().ask(&put("late-mug", 500, "")).await.ok()
    })
    .await;
    assert_eq!((late.version, late.state), (1, ProductState::Active));
    shop.until_quiet().await;
    let (code, report) = shopctl(processes.lent_broker(), &data, &["stream", "verify"]).await;
    assert_eq!(code, 0, "{report:#}");
    let (code, report) = shopctl(processes.lent_broker(), &data, &["audit"]).await;
    assert_eq!(code, 0, "{report:#}");
    let (code, again) = shopctl(processes.lent_broker(), &data, &["db", "recover", "catalog"]).await;
    assert_eq!((code, &again["first"]), (0, &(again["last"].as_u64().unwrap() + 1).into()), "{again:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_database_whose_events_say_too_little_is_refused_and_named_and_its_numbers_are_never_given_twice()
 {
    let (mut processes, shop) = ProcessShop::open().await;
    let data = processes.data().to_path_buf();
    shop.sells("numbered-mug", 1000, 10).await;
    let kept = keep(&mut processes, &shop, "order").await;
    let lost = shop.places(&order_of(&[("numbered-mug", 1)])).await.unwrap().order;
    shop.reaches(lost, Stage::Confirmed).await;
    shop.until_quiet().await;
    let newest = shop.health("order").await.unwrap().outbox_newest;
    put_back(&mut processes, &shop, "order", &kept).await;

    // Whoever looks at the files alone sees it too: others have heard more than it has told.
    let words = ["db", "recover", "order", "--confirm=order"];
    let (code, refused) = shopctl(processes.lent_broker(), &data, &words).await;
    assert_eq!((code, &refused["error"]["code"]), (9, &"not_recoverable".into()), "{refused:#}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("events.order.placed"), "{refused:#}");

    let words = ["db", "recover", "order", "--events-only", "--confirm=order"];
    let (code, done) = shopctl(processes.lent_broker(), &data, &words).await;
    assert_eq!((code, &done["last"]), (0, &newest.into()), "{done:#}");
    assert_eq!(done["keys"], serde_json::json!([lost.to_string()]), "{done:#}");
    let order = eventually("orders are accepted again", || async {
        shop.places(&order_of(&[("numbered-mug", 2)])).await.ok()
    })
    .await
    .order;
    shop.reaches(order, Stage::Confirmed).await;
    let (code, report) = shopctl(processes.lent_broker(), &data, &["stream", "verify"]).await;
    assert_eq!(code, 0, "{report:#}");
    // What the tables do not know is not passed over.
    let (code, report) = shopctl(processes.lent_broker(), &data, &["audit"]).await;
    assert_eq!(code, 12, "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_two_moments_are_found_by_the_check_of_a_shop_that_is_down() {
    let (mut processes, shop) = ProcessShop::open().await;
    let data = processes.data().to_path_buf();
    shop.sells("checked-mug", 1000, 10).await;
    shop.until_quiet().await;
    let (code, checked) = shopctl(processes.lent_broker(), &data, &["db", "check"]).await;
    assert_eq!((code, &checked[0]["by"]), (0, &"service".into()), "{checked:#}");
    let kept = keep(&mut processes, &shop, "order").await;
    let order = shop.places(&order_of(&[("checked-mug", 1)])).await.unwrap().order;
    shop.reaches(order, Stage::Confirmed).await;
    shop.until_quiet().await;
    let (code, refused) = shopctl(processes.lent_broker(), &data, &["db", "check", "--offline"]).await;
    assert_eq!((code, &refused["error"]["code"]), (75, &"service_runs".into()), "{refused:#}");
    for name in tests::NAMES {
        assert!(processes.stop(name).success());
    }
    let (code, checked) = shopctl(processes.lent_broker(), &data, &["db", "check", "--offline"]).await;
    assert_eq!(code, 0, "{checked:#}");
    copy(&kept, &data, "order");
    let (code, checked) = shopctl(processes.lent_broker(), &data, &["db", "check", "--offline"]).await;
    assert_eq!(code, 12, "{checked:#}");
    let of = |service: &str| {
        let all = checked.as_array().unwrap().iter();
        all.clone().find(|one| one["service"] == service).unwrap()["findings"].to_string()
    };
    assert!(of("inventory").contains("the database of order ends with row"), "{checked:#}");
    assert_eq!(of("order"), "[]");

    // A file without its head, and without the log that still has it.
    for ending in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(data.join(format!("payment.db{ending}")));
    }
    let path = data.join("payment.db");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[..100].fill(0);
    std::fs::write(&path, bytes).unwrap();
    let (code, checked) = shopctl(processes.lent_broker(), &data, &["db", "check", "payment"]).await;
    assert_eq!(
        (code, &checked[0]["verdict"], &checked[0]["by"]),
        (12, &"wrong".into(), &"file".into()),
        "{checked:#}"
    );
}
