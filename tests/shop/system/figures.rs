//! The figures are what the books say: while orders come in, after a rebuild, and without their database.

use std::time::Duration;

use contracts::Quantity;
use contracts::analytics::{
    By, Funnel, GetAnalytics, GetFunnel, GetSales, GetTopProducts, ProductSales, RebuildAnalytics, Sales,
};
use contracts::cart::AddItem;
use contracts::order::{PlaceOrder, RefundOrder, Stage};
use kit::Client;
use kit::testing::eventually;
use tests::audit::Books;
use tests::customer::{DECLINED_CARD, order_of};
use tests::processes::ProcessShop;
use tests::{Counter, euros, sku_of};

/// Every figure of this hour and its neighbours.
#[derive(Debug, PartialEq)]
struct Figures {
    sales: Sales,
    products: Vec<ProductSales>,
    funnel: Funnel,
}

async fn figures(shop: &Counter, now: kit::Timestamp) -> kit::Result<Figures> {
    let (from, to) = (now - Duration::from_secs(7200), now + Duration::from_secs(7200));
    let sales = shop.client().ask(&GetSales { from, to, by: By::Hour, currency: None }).await?;
    let top = GetTopProducts { from, to, limit: None, currency: None };
    let products = shop.client().ask(&top).await?.items;
    let funnel = shop.client().ask(&GetFunnel { from, to }).await?;
    Ok(Figures { sales, products, funnel })
}

/// The figures of a quiet shop, which must be what its books say.
async fn figures_as_booked(shop: &Counter, now: kit::Timestamp) -> Figures {
    shop.until_quiet().await;
    let (figures, books) = (figures(shop, now).await.unwrap(), shop.books().await);
    books.orders_agree();
    let Books { orders, payments, .. } = books;
    let sold: Vec<_> =
        orders.values().filter(|order| matches!(order.stage, Stage::Confirmed | Stage::Refunded)).collect();
    let lost = orders.values().filter(|order| order.stage == Stage::Cancelled).count();

    assert_eq!(figures.sales.currencies.len(), 1, "everything is sold in euros");
    let total = figures.sales.currencies[0].total;
    assert_eq!((total.placed, total.orders), (orders.len() as u64, sold.len() as u64));
    assert_eq!(total.ordered, sold.iter().map(|order| order.total.amount()).sum::<i64>());
    assert_eq!(total.captured, payments.values().map(|payment| payment.captured.amount()).sum::<i64>());
    assert_eq!(total.refunded, orders.values().map(|order| order.refunded.amount()).sum::<i64>());

    for product in &figures.products {
        let lines = sold.iter().flat_map(|order| &order.lines).filter(|line| line.sku == product.sku);
        let (pieces, amount) = lines.fold((0, 0), |(pieces, amount), line| {
            (pieces + u64::from(line.quantity.get()), amount + line.total.amount())
        });
        assert_eq!((product.pieces, product.amount), (pieces, amount), "{product:?}");
        assert_eq!(product.name, format!("The {}", product.sku));
    }
    let funnel = &figures.funnel.orders;
    assert_eq!((funnel.placed, funnel.confirmed), (total.placed, total.orders));
    assert_eq!((funnel.lost, funnel.open), (lost as u64, 0));
    for loss in &funnel.reasons {
        let booked = orders.values().filter(|order| order.reason == loss.reason).count();
        assert_eq!(loss.orders, booked as u64, "{loss:?}");
    }
    figures
}

/// A morning with everything in it: sold, given back in part, declined, out of stock, left in a cart.
async fn trade(shop: &Counter) {
    shop.sells("figure-mug", 1290, 10_000).await;
    shop.sells("figure-tee", 2400, 10_000).await;
    shop.sells("figure-pin", 100, 1).await;
    let add = AddItem {
        cart: None,
        sku: sku_of("figure-tee"),
        quantity: Quantity::try_from(2).unwrap(),
        expected_version: None,
    };
    let cart = shop.client().ask(&add).await.unwrap().cart;
    shop.client().ask(&add).await.unwrap();
    let mut requests = vec![
        PlaceOrder { cart: Some(cart), ..order_of(&[]) },
        PlaceOrder { payment_method: DECLINED_CARD.into(), ..order_of(&[("figure-mug", 1)]) },
        order_of(&[("figure-pin", 5)]),
    ];
    requests.extend((1..6).map(|pieces| order_of(&[("figure-mug", pieces), ("figure-tee", 1)])));
    let mut last = None;
    for request in &requests {
        let placed = shop.places(request).await.unwrap();
        last = Some(shop.settles(placed.order).await.order);
    }
    let part = RefundOrder { order: last.unwrap(), amount: Some(euros(1000)), reason: "chipped".into() };
    shop.client().ask(&part).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_the_books_also_after_a_rebuild_and_without_their_database() {
    let (mut processes, shop) = ProcessShop::open().await;
    let now = Client::now();
    trade(&shop).await;
    let before = figures_as_booked(&shop, now).await;
    assert_eq!((before.funnel.carts.filled, before.funnel.carts.ordered), (2, 1));
    let reasons: Vec<&str> = before.funnel.orders.reasons.iter().map(|loss| &*loss.reason).collect();
    assert!(reasons.contains(&"out_of_stock") && reasons.len() == 2, "{reasons:?}");

    // Built anew while orders come in.
    let (done, mut stop) = tokio::sync::oneshot::channel::<()>();
    let buyer = shop.clone();
    let buying = tokio::spawn(async move {
        let mut orders = Vec::new();
        while stop.try_recv().is_err() {
            orders.push(buyer.places(&order_of(&[("figure-mug", 1)])).await.unwrap().order);
        }
        orders
    });
    let rebuild = shop.client().ask(&RebuildAnalytics {}).await.unwrap();
    assert!(rebuild.began);
    let state = eventually("the new figures are shown", || async {
        let state = shop.client().ask(&GetAnalytics {}).await.ok()?;
        (state.generation == rebuild.generation).then_some(state)
    })
    .await;
    assert_eq!(state.rebuild, None);
    done.send(()).unwrap();
    for order in buying.await.unwrap() {
        shop.settles(order).await;
    }
    let after = figures_as_booked(&shop, now).await;
    assert!(after.funnel.orders.placed > before.funnel.orders.placed);

    // Without the database, from what the streams keep.
    assert!(processes.stop("analytics").success());
    let data = processes.broker().folder().join("data");
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(data.join(format!("analytics.db{ending}")));
    }
    processes.start("analytics");
    eventually("the figures of all that is kept are shown", || async {
        (figures(&shop, now).await.ok()? == after).then_some(())
    })
    .await;
    assert_eq!(figures_as_booked(&shop, now).await, after);
    assert_eq!(shop.client().ask(&GetAnalytics {}).await.unwrap().generation, 1);
}
