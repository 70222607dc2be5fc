//! What the broker loses, the shop puts back.

use contracts::order::Stage;
use tests::Shop;
use tests::customer::order_of;

#[tokio::test(flavor = "multi_thread")]
async fn every_stream_deleted_under_load_is_rebuilt_with_the_same_numbers() {
    let own = Shop::open();
    let shop = own.counter().await;
    shop.sells("stream-mug", 1000, 500).await;
    let mut orders = Vec::new();
    for round in 0..5 {
        for _ in 0..20 {
            orders.push(shop.places(&order_of(&[("stream-mug", 1)])).await.unwrap().order);
        }
        if round < 4 {
            for stream in ["ORDER", "INVENTORY", "PAYMENT"] {
                let subject = format!("$JS.API.STREAM.DELETE.{stream}");
                shop.client().nats().request(subject, "{}".into()).await.unwrap();
            }
        }
    }
    for order in &orders {
        assert_eq!(shop.settles(*order).await.stage, Stage::Confirmed);
    }
    let books = shop.balances(&[("stream-mug", 500)]).await;
    assert_eq!(books.orders.len(), 100);
    for stream in shop.client().streams().await.unwrap() {
        let health = shop.health(&stream.name.to_lowercase()).await.unwrap();
        assert_eq!(
            (stream.last, stream.messages),
            (health.outbox_newest, health.outbox_newest),
            "{}",
            stream.name
        );
    }
    own.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_brokers_disk_can_be_lost_while_orders_flow() {
    let mut own = Shop::open();
    let shop = own.counter().await;
    shop.sells("disk-mug", 1000, 500).await;
    let mut orders = Vec::new();
    for round in 0..3 {
        for number in 0..10 {
            let key = format!("disk-{round}-{number}");
            orders.push(shop.insists_on(&order_of(&[("disk-mug", 1)]), &key).await.unwrap().order);
        }
        own.broker().kill();
        std::fs::remove_dir_all(own.broker().store()).unwrap();
        own.broker().restart();
    }
    for order in &orders {
        assert_eq!(shop.settles(*order).await.stage, Stage::Confirmed);
    }
    shop.balances(&[("disk-mug", 500)]).await;
    own.close().await;
}
