//! `shopctl audit` and `shopctl doctor` at books that are sound while orders keep coming, and at books
//! that somebody has really broken.

use std::path::Path;

use contracts::order::{CancelOrder, PlaceOrder, RefundOrder, Stage};
use contracts::payment::GetPayment;
use kit::testing::eventually;
use serde_json::Value;
use tests::audit::faults_of_files;
use tests::commands::shopctl;
use tests::customer::{DECLINED_CARD, order_of};
use tests::processes::ProcessShop;
use tests::{Shop, euros};

/// What was found: what about, and what is wrong.
fn found(report: &Value) -> Vec<(String, String, String)> {
    let text = |fault: &Value, field: &str| fault[field].as_str().expect("text").to_owned();
    let faults = report["findings"].as_array().expect("findings").iter();
    faults.map(|fault| (text(fault, "rule"), text(fault, "about"), text(fault, "says"))).collect()
}

/// Changes a database that nobody has open, as only a broken program or a person could.
pub(super) fn tamper(database: &Path, service: &str, statement: &str) {
    let reader = kit::engine::schema::open_reader(database).expect("a database");
    let version = "SELECT version FROM schema_version WHERE part = ?1";
    let migrations: usize = reader.query_row(version, [service], |row| row.get(0)).expect("a version");
    drop(reader);
    let (connection, _) = kit::engine::schema::open_writer(
        database,
        service,
        &vec![""; migrations],
        kit::Timestamp::UNIX_EPOCH,
        &mut kit::clock::SystemChance,
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let changed = connection.execute(statement, ()).expect("a statement");
    assert_eq!(changed, 1, "{statement}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_never_cries_wolf_while_two_hundred_orders_run_through() {
    let own = Shop::open();
    let shop = own.counter().await;
    shop.sells("audited-mug", 1000, 10_000).await;
    shop.sells("audited-last", 1000, 20).await;
    let buying = tokio::spawn({
        let shop = shop.clone();
        async move {
            for number in 0..200 {
                let request = match number % 5 {
                    0 => {
                        PlaceOrder { payment_method: DECLINED_CARD.into(), ..order_of(&[("audited-mug", 1)]) }
                    }
                    1 => order_of(&[("audited-mug", 2), ("audited-last", 1)]),
                    2 => PlaceOrder {
                        payment_method: "pm_test_slow".into(),
                        ..order_of(&[("audited-mug", 1)])
                    },
                    _ => order_of(&[("audited-mug", 1)]),
                };
                let order = shop.places(&request).await.unwrap().order;
                match number % 5 {
                    2 => drop(shop.client().ask(&CancelOrder { order, reason: String::new() }).await),
                    3 if shop.settles(order).await.stage == Stage::Confirmed => {
                        let amount = (number % 2 == 0).then(|| euros(400));
                        let refund = RefundOrder { order, amount, reason: "audited".into() };
                        shop.client().ask(&refund).await.unwrap();
                    }
                    _ => {}
                }
            }
        }
    });
    let mut audits = 0;
    while !buying.is_finished() || audits == 0 {
        let (code, report) = shopctl(own.lent_broker(), &own.data().join("none"), &["audit"]).await;
        assert_eq!((code, found(&report)), (0, vec![]), "{report:#}");
        audits += 1;
    }
    buying.await.unwrap();
    shop.balances(&[("audited-mug", 10_000), ("audited-last", 20)]).await;
    let (code, report) = shopctl(own.lent_broker(), &own.data().join("none"), &["audit"]).await;
    assert_eq!((code, &report["moving"], &report["cut"]), (0, &0.into(), &false.into()), "{report:#}");
    assert_eq!(report["looked_at"]["orders"], 200);
    assert_eq!(faults_of_files(&own.data()), []);
    let secrets = ledgers::secrets_in(&own.data(), &[("the operator", b"a secret that nobody was told")]);
    assert_eq!(secrets.unwrap(), []);
    own.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_books_are_named_with_the_order_and_the_product() {
    let (mut processes, shop) = ProcessShop::open().await;
    shop.sells("broken-mug", 1000, 100).await;
    let mut orders = Vec::new();
    for _ in 0..3 {
        let order = shop.places(&order_of(&[("broken-mug", 2)])).await.unwrap().order;
        shop.reaches(order, Stage::Confirmed).await;
        orders.push(order);
    }
    shop.until_quiet().await;
    let data = processes.data().to_path_buf();
    let (code, report) = shopctl(processes.lent_broker(), &data.join("none"), &["audit"]).await;
    assert_eq!((code, found(&report)), (0, vec![]), "{report:#}");

    for name in ["inventory", "payment", "notification"] {
        assert!(processes.stop(name).success());
    }
    let of = |order| format!("order_id = '{order}'");
    let inventory = data.join("inventory.db");
    tamper(&inventory, "inventory", "UPDATE stock SET on_hand = on_hand + 5 WHERE sku = 'broken-mug'");
    let back = format!("UPDATE holds SET state = 'released' WHERE {}", of(orders[0]));
    tamper(&inventory, "inventory", &back);
    let more = format!("UPDATE payments SET amount = 2500, captured = 2500 WHERE {}", of(orders[1]));
    tamper(&data.join("payment.db"), "payment", &more);
    let dead = "INSERT INTO dead_letter (state, source, origin, sequence, event_id, subject, key, body, trace_id, span_id,
                                         reason, message, attempts, first_at_ms, last_at_ms)
                VALUES ('dead', 'ORDER', 'x', 1, 'evt', 'events.order.placed', 'k', x'', zeroblob(16), 1, 'broken', 'no', 1, 1, 1)";
    tamper(&data.join("notification.db"), "notification", dead);
    let unwritten = format!("DELETE FROM notifications WHERE about = '{}'", orders[2]);
    tamper(&data.join("notification.db"), "notification", &unwritten);
    tamper(&inventory, "inventory", "UPDATE outbox SET body = x'7b7d' WHERE seq = 2");
    tamper(&data.join("payment.db"), "payment", "DELETE FROM outbox WHERE seq = 2");
    for name in ["inventory", "payment", "notification"] {
        processes.start(name);
    }
    shop.until_open().await;

    let (code, report) = shopctl(processes.lent_broker(), &data.join("none"), &["audit"]).await;
    assert_eq!(code, 12, "{report:#}");
    let (sold, paid, unwritten) = (orders[0].to_string(), orders[1].to_string(), orders[2].to_string());
    let id = shop.client().ask(&GetPayment { order: Some(orders[1]), payment: None }).await.unwrap().payment;
    let taken = format!("has a payment {id} that is captured of 2500, but the provider took 2000");
    let expected = [
        ("stock", "broken-mug", "has 99 on hand, but its ledger adds up to 94"),
        (
            "stock",
            "broken-mug",
            "has 99 on hand and 4 sold, but 100 came in: 100 received, +0 by corrections",
        ),
        ("holds", &*sold, "is confirmed, but its stock is released"),
        ("money", &*paid, "is confirmed, so 20.00 EUR of it should be kept, but it is 25.00 EUR"),
        ("provider", &*paid, &*taken),
        ("notices", &*unwritten, "is sold, but nobody wrote to the buyer"),
        (
            "told",
            "inventory",
            "tells otherwise than was told: the outbox of inventory is damaged itself in 1 rows: 2",
        ),
        ("told", "payment", "tells otherwise than was told: the outbox of payment has lost 1 rows: 2"),
        ("deadlines", "notification", "could not act on 1 events; 0 more wait behind them"),
    ];
    let found = found(&report);
    for (rule, about, says) in expected {
        let fault = (rule.to_owned(), about.to_owned(), says.to_owned());
        assert!(found.contains(&fault), "{fault:?} in {found:#?}");
    }
    let others = found.iter().filter(|(rule, ..)| rule != "payments").count();
    assert_eq!((others, found.len()), (9, 10), "{found:#?}");
    let by_files: Vec<_> = faults_of_files(&data).into_iter().map(|fault| (fault.rule, fault.says)).collect();
    for says in [
        "is confirmed, but its stock is released",
        &taken,
        "acted on events that were never told of PAYMENT: 2",
    ] {
        assert!(by_files.iter().any(|(_, said)| said == says), "{says} in {by_files:#?}");
    }
    let looks: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|fault| fault["look"].as_str().unwrap()).collect();
    assert!(looks.contains(&&*format!("shopctl trace {sold}")), "{looks:?}");

    let dead = eventually("the doctor finds the dead letter", || async {
        let (code, report) = shopctl(processes.lent_broker(), &data.join("none"), &["doctor"]).await;
        let findings = report["findings"].as_array().unwrap().clone();
        let dead = findings
            .into_iter()
            .find(|finding| finding["check"] == "dead letters" && finding["level"] != "ok");
        dead.filter(|_| code == 12)
    })
    .await;
    assert_eq!(dead["mend"][0], "shopctl dlq ls", "{dead:#}");
}
