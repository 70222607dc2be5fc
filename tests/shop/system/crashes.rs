//! Killed at any moment: every order ends, and the books balance.

use contracts::OrderId;
use contracts::order::PlaceOrder;
use kit::testing::Broker;
use tests::NAMES;
use tests::customer::{DECLINED_CARD, order_of};
use tests::processes::ProcessShop;

#[tokio::test(flavor = "multi_thread")]
async fn killing_every_service_in_turn_while_orders_flow_loses_nothing() {
    let (mut processes, shop) = ProcessShop::open().await;
    shop.sells("killed-mug", 1000, 200).await;
    let (done, mut stop) = tokio::sync::oneshot::channel::<()>();
    let buyer = shop.clone();
    let buying = tokio::spawn(async move {
        let mut orders: Vec<OrderId> = Vec::new();
        while stop.try_recv().is_err() {
            let number = orders.len();
            let mut request = order_of(&[("killed-mug", 1 + i64::try_from(number % 3).unwrap())]);
            if number % 5 == 4 {
                request = PlaceOrder { payment_method: DECLINED_CARD.into(), ..request };
            }
            let placed = buyer.insists_on(&request, &format!("killed-{number}")).await;
            orders.push(placed.expect("an order").order);
        }
        orders
    });
    for _ in 0..2 {
        for name in NAMES {
            let before = progress(&shop).await;
            processes.kill_and_restart(name);
            // The next kill comes once orders flow again: every service is killed at its work.
            kit::testing::eventually("orders flow again", || async {
                (progress(&shop).await > before + 3).then_some(())
            })
            .await;
        }
    }
    done.send(()).unwrap();
    let orders = buying.await.unwrap();
    for order in &orders {
        shop.settles(*order).await;
    }
    let books = shop.balances(&[("killed-mug", 200)]).await;
    assert_eq!(books.orders.len(), orders.len(), "each order once");
}

/// How many orders there are; the order service may be down at the moment.
async fn progress(shop: &tests::Counter) -> u64 {
    let counts = kit::testing::eventually("orders are counted", || async {
        shop.client().ask(&contracts::order::CountOrders {}).await.ok()
    })
    .await;
    counts.stages.values().sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_told_to_stop_under_load_answers_everything_it_accepted() {
    let (mut processes, shop) = ProcessShop::open().await;
    shop.sells("term-mug", 1000, 100_000).await;
    let (done, stop) = tokio::sync::watch::channel(false);
    let buyers: Vec<_> = (0..16)
        .map(|buyer| {
            let (shop, stop) = (shop.clone(), stop.clone());
            tokio::spawn(async move {
                let mut orders = Vec::new();
                while !*stop.borrow() {
                    let key = format!("term-{buyer}-{}", orders.len());
                    let call = kit::Call { key: Some(key), ..kit::Call::default() };
                    // Nobody retries here: between two owners a request waits, it is not lost.
                    orders.push(
                        shop.client()
                            .call(&order_of(&[("term-mug", 1)]), call)
                            .await
                            .expect("an answer")
                            .order,
                    );
                }
                orders
            })
        })
        .collect();
    for name in ["order", "inventory", "payment", "catalog"] {
        let before = progress(&shop).await;
        let began = std::time::Instant::now();
        let status = processes.stop(name);
        assert!(status.success(), "{name} ended with {status}");
        assert!(began.elapsed() < std::time::Duration::from_secs(10), "{name} drained within its time");
        processes.start(name);
        kit::testing::eventually("orders flow again", || async {
            (progress(&shop).await > before + 20).then_some(())
        })
        .await;
    }
    done.send(true).unwrap();
    let mut orders = 0;
    for buyer in buyers {
        orders += buyer.await.unwrap().len();
    }
    let books = shop.balances(&[("term-mug", 100_000)]).await;
    assert_eq!(books.orders.len(), orders, "nothing was accepted without an answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_remembered_by_the_process_that_comes_after() {
    let (mut processes, shop) = ProcessShop::open().await;
    shop.sells("kept-mug", 1000, 10).await;
    let request = order_of(&[("kept-mug", 1)]);
    let first = shop.insists_on(&request, "kept").await.unwrap();
    processes.kill_and_restart("order");
    let again = shop.insists_on(&request, "kept").await.unwrap();
    assert_eq!(again.order, first.order);
    let other = shop.insists_on(&order_of(&[("kept-mug", 2)]), "kept").await.unwrap_err();
    assert_eq!(&*other.reason, "idempotency_key_reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_cannot_run_says_why_and_ends_with_its_own_code() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(contracts::shop());
    let keys = broker.options(folder.path()).keys();
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = std::process::Command::new(tests::processes::program("shopd"));
        command.args(arguments).arg("--data").arg(folder.path()).arg("--keys").arg(&keys);
        command.envs(variables.iter().copied());
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert_eq!(run(&["order"], &[("SHOP_LOG", "not=a=filter")]).0, Some(78));
    assert_eq!(run(&["nobody"], &[]).0, Some(2));

    let newer = folder.path().join("cart.db");
    let opened = kit::engine::schema::open_writer(
        &newer,
        "cart",
        &[""; 99],
        kit::Timestamp::UNIX_EPOCH,
        &mut kit::clock::SystemChance,
    );
    drop(opened.unwrap());
    let (code, said) = run(&["cart"], &[]);
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("cart.db") && said.contains("version 99"), "{said}");

    std::fs::write(
        folder.path().join("order.db"),
        "this is no database, but long enough to look like one".repeat(20),
    )
    .unwrap();
    let (code, said) = run(&["order"], &[]);
    assert_eq!(code, Some(74), "{said}");
    assert!(said.contains("order.db"), "{said}");

    std::fs::remove_file(keys.join("payment.seed")).unwrap();
    let (code, said) = run(&["payment"], &[]);
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("payment.seed") && said.contains("shopctl keys make"), "{said}");
}
