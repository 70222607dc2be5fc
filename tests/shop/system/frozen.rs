//! A process that was stopped for a while and goes on as if nothing had happened: nothing is done twice.

use std::time::Duration;

use kit::Call;
use kit::testing::eventually;
use serde_json::Value;
use tests::Counter;
use tests::flow::{MUG, POSTER};
use tests::processes::ProcessShop;

/// Who asks for so long and hears nothing has waited for somebody who is frozen.
const SILENCE: Duration = Duration::from_millis(1500);

async fn gives_no_answer(shop: &Counter, service: &str) -> Option<()> {
    let (subject, call) = (format!("{service}.health"), Call { timeout: SILENCE, ..Call::default() });
    let asked = shop.client().call_as::<_, Value>(&subject, &serde_json::json!({}), call).await;
    asked.is_err().then_some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_freezes_in_the_middle_of_orders_and_thaws_does_nothing_twice() {
    let (mut processes, shop) = ProcessShop::open().await;
    shop.sells(MUG, 1000, 1000).await;
    shop.sells(POSTER, 500, 1).await;
    shop.joins(processes.lent_broker()).await;
    let mut orders = 0;
    for (number, frozen) in ["payment", "inventory", "order", "notification"].into_iter().enumerate() {
        let (buyer, name) = (shop.clone(), format!("frozen-{number}"));
        processes.signal(frozen, "STOP");
        // Nobody can take its database over, for it still holds the lock: whoever asks it, asks again.
        let everything = tokio::spawn(async move { buyer.sees_everything(&name, false).await });
        eventually(&format!("{frozen} gives no answer"), || async { gives_no_answer(&shop, frozen).await })
            .await;
        processes.signal(frozen, "CONT");
        everything.await.expect("everything has happened");
        orders += 3;
        // It may be frozen while it is quiet, too: what its connection missed, it asks for.
        processes.signal(frozen, "STOP");
        processes.signal(frozen, "CONT");
    }
    let books = shop.balances(&[(MUG, 1000)]).await;
    assert_eq!(books.orders.len(), orders, "each order once");
    let ends = ["payment", "inventory", "order", "notification"].map(|name| processes.end_of(name));
    assert!(ends.iter().all(Option::is_none), "nobody ended: {ends:?}");
}
