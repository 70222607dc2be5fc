//! A stream made anew from the command line while orders flow: nothing is lost, nothing is done twice.

use std::process::{Command, Output};

use kit::testing::OPERATOR;
use tests::Shop;
use tests::customer::order_of;
use tests::processes::program;

/// `shopctl` at the broker of a shop, as the operator.
async fn shopctl(shop: &Shop, line: &str) -> (Option<i32>, String) {
    let broker = shop.lent_broker();
    let seed = broker.folder().join("keys").join(OPERATOR).with_extension("seed");
    let mut command = Command::new(program("shopctl"));
    command.args(["--nats", &broker.url(), "--as-key", "--seed"]).arg(seed).args(line.split(' '));
    // The services live in this process: waiting must not hold them up.
    let ran = tokio::task::spawn_blocking(move || command.output()).await.expect("an end");
    let Output { status, stdout, stderr } = ran.expect("shopctl starts");
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_made_anew_under_load_are_whole_afterwards_and_no_order_is_acted_on_twice() {
    let house = Shop::open();
    let shop = house.counter().await;
    shop.sells("remade-mug", 1000, 500).await;
    let (done, stop) = tokio::sync::watch::channel(false);
    let buyers: Vec<_> = (0..4)
        .map(|buyer| {
            let (shop, stop) = (shop.clone(), stop.clone());
            tokio::spawn(async move {
                let mut orders = Vec::new();
                while !*stop.borrow() {
                    let key = format!("remade-{buyer}-{}", orders.len());
                    orders.push(
                        shop.insists_on(&order_of(&[("remade-mug", 1)]), &key).await.expect("an order").order,
                    );
                }
                orders
            })
        })
        .collect();
    for stream in ["ORDER", "INVENTORY", "PAYMENT", "ORDER"] {
        let (code, said) = shopctl(&house, &format!("stream rebuild {stream} --confirm={stream}")).await;
        assert_eq!(code, Some(0), "{stream}: {said}");
    }
    done.send(true).unwrap();
    let mut orders = Vec::new();
    for buyer in buyers {
        orders.extend(buyer.await.unwrap());
    }
    for order in &orders {
        shop.settles(*order).await;
    }
    let books = shop.balances(&[("remade-mug", 500)]).await;
    assert_eq!(books.orders.len(), orders.len(), "each order once");
    let (code, said) = shopctl(&house, "stream verify").await;
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = shopctl(&house, "dlq ls").await;
    assert!(code == Some(0) && said.contains("no dead letters"), "{said}");
    house.close().await;
}
