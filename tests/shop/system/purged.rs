//! What somebody takes out of a stream by hand, before everybody has heard it.

use contracts::OrderId;
use contracts::notification::ListNotifications;
use contracts::order::Stage;
use kit::testing::eventually;
use serde_json::json;
use tests::Counter;
use tests::customer::order_of;
use tests::processes::{ProcessShop, signal};

async fn is_told(shop: &Counter, order: OrderId) {
    eventually(&format!("the buyer of {order} is told"), || async {
        let list = ListNotifications { order: Some(order), ..ListNotifications::default() };
        (!shop.client().ask(&list).await.ok()?.items.is_empty()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_purged_before_it_was_heard_is_told_again_and_heard() {
    let (mut processes, shop) = ProcessShop::open().await;
    shop.sells("purged-mug", 1000, 10).await;
    assert!(processes.stop("notification").success());
    let mut orders = Vec::new();
    for _ in 0..2 {
        let order = shop.places(&order_of(&[("purged-mug", 1)])).await.unwrap().order;
        shop.reaches(order, Stage::Confirmed).await;
        orders.push(order);
    }
    eventually("both confirmations are told", || async {
        let health = shop.health("order").await?;
        (health.outbox_newest == 6 && health.outbox_published == 6).then_some(())
    })
    .await;
    // Who tells stands still, so that the one that hears gets at the stream before it is mended.
    let order = processes.pid_of("order").unwrap();
    signal("STOP", order);
    let purge = json!({ "filter": "events.order.confirmed", "keep": 1 }).to_string();
    shop.client().nats().request("$JS.API.STREAM.PURGE.ORDER", purge.into()).await.unwrap();
    processes.start("notification");
    eventually("what is left was heard, or is not believed", || async {
        let health = shop.health("notification").await?;
        let waits = !["starting", "ok"].contains(&&**health.parts.get("ORDER")?);
        let list = ListNotifications { order: Some(orders[1]), ..ListNotifications::default() };
        let heard = !shop.client().ask(&list).await.ok()?.items.is_empty();
        (waits || heard).then_some(())
    })
    .await;
    signal("CONT", order);
    for order in orders {
        is_told(&shop, order).await;
    }
}
