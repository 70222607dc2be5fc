//! Many at once: nothing is sold twice, ordered twice, or given back twice.

use contracts::OrderId;
use contracts::order::{CancelOrder, GetOrder, PlaceOrder, RefundOrder, Stage};
use futures_util::future::join_all;
use kit::Call;
use tests::customer::order_of;
use tests::{Counter, Shop, euros, shared};

async fn settle_all(shop: &Counter, orders: &[OrderId]) -> Vec<Stage> {
    join_all(orders.iter().map(|order| async { shop.settles(*order).await.stage })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_buyers_of_the_last_seven_buy_seven() {
    let own = Shop::open();
    let shop = own.counter().await;
    shop.sells("last-seven", 1000, 7).await;
    let request = order_of(&[("last-seven", 1)]);

    let placed = join_all((0..200).map(|_| shop.places(&request))).await;
    let orders: Vec<OrderId> = placed.into_iter().map(|order| order.unwrap().order).collect();
    let stages = settle_all(&shop, &orders).await;

    let sold = stages.iter().filter(|stage| **stage == Stage::Confirmed).count();
    let refused = stages.iter().filter(|stage| **stage == Stage::Cancelled).count();
    assert_eq!((sold, refused), (7, 193));
    let books = shop.balances(&[("last-seven", 7)]).await;
    assert_eq!(books.stock.values().next().unwrap().available, 0);
    own.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_places_one_order() {
    let shop = shared().counter().await;
    shop.sells("keyed-mug", 1000, 100).await;
    let request = order_of(&[("keyed-mug", 1)]);
    let call = || Call { key: Some("the-same-key".into()), ..Call::default() };

    let answers = join_all((0..60).map(|_| shop.client().call(&request, call()))).await;
    let first = answers[0].as_ref().unwrap().order;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap().order == first));

    let other = shop.client().call(&order_of(&[("keyed-mug", 2)]), call()).await.unwrap_err();
    assert_eq!((other.kind.code(), &*other.reason), (422, "idempotency_key_reused"));
    shop.settles(first).await;
    let stock = kit::testing::eventually("sold", || async {
        let stock = shop.stock_of("keyed-mug").await;
        (stock.held == 0).then_some(stock)
    })
    .await;
    assert_eq!(stock.on_hand, 99);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_refunds_at_once_never_exceed_what_was_paid() {
    let own = Shop::open();
    let shop = own.counter().await;
    shop.sells("contested-mug", 1000, 10).await;
    let placed = shop.places(&order_of(&[("contested-mug", 1)])).await.unwrap();
    shop.settles(placed.order).await;
    let refund = RefundOrder { order: placed.order, amount: Some(euros(300)), reason: "again".into() };

    let answers = join_all((0..20).map(|_| shop.client().ask(&refund))).await;

    let granted = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(granted, 3, "3 × 3.00 of 10.00");
    let books = shop.balances(&[("contested-mug", 10)]).await;
    assert_eq!(books.orders[&placed.order].refunded, euros(900));
    assert_eq!(books.payments[&placed.order].refunded, euros(900));
    own.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_that_races_the_payment_is_decided_once() {
    let own = Shop::open();
    let shop = own.counter().await;
    shop.sells("raced-mug", 1000, 1000).await;
    let methods = ["pm_card_visa", "pm_test_slow", "pm_test_timeoutAfterCharge"];
    let racing = (0..60).map(|number: usize| {
        let shop = shop.clone();
        async move {
            let request =
                PlaceOrder { payment_method: methods[number % 3].into(), ..order_of(&[("raced-mug", 1)]) };
            let placed = shop.places(&request).await.unwrap();
            // The further down the list, the later the change of mind.
            for _ in 0..number / 3 {
                let _ = shop.client().ask(&GetOrder { order: placed.order }).await;
            }
            let cancelled =
                shop.client().ask(&CancelOrder { order: placed.order, reason: "raced".into() }).await;
            (placed.order, cancelled.is_ok())
        }
    });
    let raced = join_all(racing).await;
    let books = shop.balances(&[("raced-mug", 1000)]).await;
    for (order, cancelled) in raced {
        let stage = books.orders[&order].stage;
        assert_eq!(stage == Stage::Cancelled, cancelled, "{:?}", books.orders[&order]);
    }
    own.close().await;
}
