//! Revenue, orders and the average basket, by hour and day.

use contracts::analytics::{By, SalesFigures};

use crate::shop::{Shop, cancelled, captured, confirmed, placed, refunded};

#[tokio::test]
async fn a_sale_counts_in_the_hour_it_was_told_and_not_in_that_of_hearing() {
    let shop = Shop::open();
    shop.sold(9 * 60 + 59, 1, &[("mug", 2, 1290)]);
    shop.sold(10 * 60, 2, &[("mug", 1, 1000)]);
    let figures = SalesFigures {
        placed: 1,
        orders: 1,
        ordered: 2580,
        average_basket: Some(2580),
        captured: 2580,
        refunded: 0,
        revenue: 2580,
    };
    assert_eq!(shop.hour(9).await, figures);
    assert_eq!(shop.hour(10).await.revenue, 1000);
    assert_eq!(shop.hour(12).await, SalesFigures::default(), "it is noon while this is heard");
}

#[tokio::test]
async fn what_happens_at_different_times_counts_at_each() {
    let shop = Shop::open();
    let sold = &[("mug", 1, 1000)][..];
    shop.hears(Shop::minute(30), &placed(1, None, sold));
    shop.hears(Shop::minute(90), &captured(1, sold));
    shop.hears(Shop::minute(150), &confirmed(1, sold));
    assert_eq!((shop.hour(0).await.placed, shop.hour(0).await.revenue), (1, 0));
    assert_eq!((shop.hour(1).await.placed, shop.hour(1).await.revenue), (0, 1000));
    assert_eq!((shop.hour(2).await.orders, shop.hour(2).await.revenue), (1, 0));
}

#[tokio::test]
async fn money_given_back_late_counts_in_the_hour_of_the_refund() {
    let shop = Shop::open();
    shop.sold(5, 1, &[("mug", 3, 1000)]);
    shop.hears(Shop::minute(600), &refunded(1, 1, 1000));
    shop.hears(Shop::minute(601), &refunded(1, 2, 2000));
    assert_eq!(shop.hour(0).await.revenue, 3000);
    let refund = shop.hour(10).await;
    assert_eq!((refund.refunded, refund.revenue, refund.average_basket), (3000, -3000, None));
    let days = shop.sales(By::Day).await;
    assert_eq!((days[0].buckets.len(), days[0].total.revenue), (1, 0));
}

#[tokio::test]
async fn a_card_that_was_charged_for_an_order_that_had_ended_brings_nothing_in_the_end() {
    let shop = Shop::open();
    let sold = &[("mug", 1, 1000)][..];
    for said in [placed(1, None, sold), cancelled(1, "too_late"), captured(1, sold), refunded(1, 1, 1000)] {
        shop.hears(Shop::minute(1), &said);
    }
    let figures = shop.hour(0).await;
    assert_eq!((figures.placed, figures.orders, figures.captured, figures.revenue), (1, 0, 1000, 0));
    assert_eq!(shop.products().await, []);
}

#[tokio::test]
async fn currencies_are_never_mixed() {
    let shop = Shop::open();
    shop.sold(1, 1, &[("mug", 1, 1000)]);
    shop.sold(2, 2, &[("usd-pin", 5, 100)]);
    let sales = shop.sales(By::Day).await;
    let told: Vec<_> = sales.iter().map(|sales| (sales.currency.code(), sales.total.revenue)).collect();
    assert_eq!(told, [("EUR", 1000), ("USD", 500)]);
}

#[tokio::test]
async fn the_average_basket_is_rounded_to_the_nearest_minor_unit() {
    let shop = Shop::open();
    for (order, cents) in [(1, 100), (2, 100), (3, 101)] {
        shop.sold(1, order, &[("mug", 1, cents)]);
    }
    assert_eq!(shop.hour(0).await.average_basket, Some(100));
    shop.sold(1, 4, &[("mug", 1, 101)]);
    assert_eq!(shop.hour(0).await.average_basket, Some(101));
}

#[tokio::test]
async fn what_is_heard_twice_counts_once() {
    let shop = Shop::open();
    for _ in 0..2 {
        shop.sold(1, 1, &[("mug", 2, 1000), ("tee", 1, 500)]);
        shop.hears(Shop::minute(2), &refunded(1, 1, 500));
    }
    let figures = shop.hour(0).await;
    assert_eq!((figures.placed, figures.orders, figures.captured, figures.refunded), (1, 1, 2500, 500));
    assert_eq!(shop.products().await.iter().map(|product| product.pieces).sum::<u64>(), 3);
}

#[tokio::test]
async fn nothing_that_was_sold_is_no_figures() {
    let shop = Shop::open();
    assert_eq!(shop.sales(By::Hour).await, []);
    assert_eq!(shop.products().await, []);
    assert_eq!(shop.funnel().await.orders.placed, 0);
}
