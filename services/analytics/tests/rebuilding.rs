//! All figures are made anew while the service goes on.

use std::time::Duration;

use analytics::rebuild::FACTS_AT_ONCE;
use contracts::analytics::{GetAnalytics, RebuildAnalytics};

use crate::shop::{Shop, added, cancelled, due, placed};

const MUG: &[(&str, i64, i64)] = &[("mug", 1, 1000)];

/// A shop with more facts than one batch counts.
fn busy() -> Shop {
    let shop = Shop::open();
    for order in 0..95 {
        let minute = u64::try_from(order * 7).unwrap();
        shop.sold(minute, order, &[("mug", 2, 1290), ("tee", 1, 2400), ("pen", 3, 150), ("bag", 1, 3000)]);
        shop.hears(Shop::minute(minute), &placed(1000 + order, Some(order), MUG));
        shop.hears(Shop::minute(minute + 1), &cancelled(1000 + order, "card_declined"));
    }
    shop
}

fn rows(shop: &Shop) -> [i64; 2] {
    let count = "SELECT count(*), count(DISTINCT generation) FROM
        (SELECT generation FROM sales UNION ALL SELECT generation FROM product_sales
         UNION ALL SELECT generation FROM funnel)";
    shop.0.sql(|sql| sql.get(count, [], |row| Ok([row.get(0)?, row.get(1)?]))).unwrap()
}

#[tokio::test]
async fn the_figures_are_the_same_after_a_rebuild_and_the_old_ones_are_gone() {
    let shop = busy();
    let (before, rows_before) = (shop.all().await, rows(&shop));
    shop.rebuild().await;
    assert_eq!(shop.all().await, before);
    assert_eq!(rows(&shop), rows_before);
    assert_eq!(rows_before[1], 1);
}

#[tokio::test]
async fn figures_that_were_damaged_are_right_after_a_rebuild() {
    let shop = busy();
    let before = shop.all().await;
    shop.0.sql(|sql| sql.list("UPDATE sales SET captured = 7 RETURNING 1", [], |_| Ok(()))).unwrap();
    shop.0
        .sql(|sql| sql.list("DELETE FROM funnel WHERE step = 'placed' RETURNING 1", [], |_| Ok(())))
        .unwrap();
    assert_ne!(shop.all().await, before);
    shop.rebuild().await;
    assert_eq!(shop.all().await, before);
}

#[tokio::test]
async fn what_is_heard_during_a_rebuild_counts_once_before_and_after_it() {
    let shop = busy();
    let before = shop.all().await;
    assert!(shop.0.ask(&RebuildAnalytics {}).await.unwrap().began);
    shop.sold(11, 5000, MUG);
    shop.hears(Shop::minute(12), &due(1003));
    let meanwhile = shop.all().await;
    assert_ne!(meanwhile, before);
    assert_eq!(meanwhile.funnel.orders.confirmed, before.funnel.orders.confirmed + 1);
    assert_eq!(shop.0.ask(&GetAnalytics {}).await.unwrap().generation, 1, "the standing ones are shown");
    shop.0.advance(Duration::ZERO).await;
    assert_eq!(shop.0.ask(&GetAnalytics {}).await.unwrap().generation, 2);
    assert_eq!(shop.all().await, meanwhile);
    shop.hears(Shop::minute(13), &added(7000));
    assert_eq!(shop.all().await.funnel.carts.filled, meanwhile.funnel.carts.filled + 1);
}

#[tokio::test]
async fn a_rebuild_goes_on_after_a_restart_and_a_second_one_is_the_first() {
    let shop = busy();
    let before = shop.all().await;
    let first = shop.0.ask(&RebuildAnalytics {}).await.unwrap();
    let second = shop.0.ask(&RebuildAnalytics {}).await.unwrap();
    assert_eq!((first.began, second.began, second.generation), (true, false, first.generation));
    let state = shop.0.ask(&GetAnalytics {}).await.unwrap();
    assert!(state.facts > 2 * u64::try_from(FACTS_AT_ONCE).unwrap(), "several batches: {}", state.facts);
    assert_eq!(state.rebuild.unwrap().counted, 0);
    shop.0.reopen();
    shop.0.advance(Duration::ZERO).await;
    let state = shop.0.ask(&GetAnalytics {}).await.unwrap();
    assert_eq!((state.generation, state.rebuild, state.rebuilt_at), (2, None, Some(shop.0.now())));
    assert_eq!(shop.all().await, before);
}

#[tokio::test]
async fn an_empty_shop_can_be_rebuilt() {
    let shop = Shop::open();
    shop.rebuild().await;
    shop.rebuild().await;
    let state = shop.0.ask(&GetAnalytics {}).await.unwrap();
    assert_eq!((state.generation, state.facts, state.oldest, state.newest), (3, 0, None, None));
}
