//! An order from the counter to its end.

use contracts::order::{CancelOrder, GetHistory, LineRequest, PlaceOrder, RefundOrder, Stage};
use kit::Kind;
use tests::customer::{DECLINED_CARD, order_of};
use tests::{euros, shared, sku_of};

#[tokio::test]
async fn an_order_is_paid_and_its_stock_is_sold() {
    let shop = shared().counter().await;
    shop.sells("happy-mug", 1290, 10).await;

    let placed = shop.places(&order_of(&[("happy-mug", 2)])).await.unwrap();
    let order = shop.settles(placed.order).await;

    assert_eq!((order.stage, order.total), (Stage::Confirmed, euros(2580)));
    let stock = shop.stock_of("happy-mug").await;
    // The sale is the inventory's last step, and comes a moment after the confirmation.
    let stock = if stock.held == 0 { stock } else { until_sold(&shop, "happy-mug").await };
    assert_eq!((stock.on_hand, stock.held, stock.available), (8, 0, 8));
    let history = shop.client().ask(&GetHistory { order: placed.order }).await.unwrap();
    let stages: Vec<Stage> = history.moves.iter().map(|step| step.to).collect();
    assert_eq!(stages, [Stage::Placed, Stage::AwaitingPayment, Stage::Confirmed]);
    assert!(history.moves.is_sorted_by_key(|step| step.at));
}

async fn until_sold(shop: &tests::Counter, sku: &str) -> contracts::inventory::StockView {
    kit::testing::eventually("nothing is held any more", || async {
        let stock = shop.stock_of(sku).await;
        (stock.held == 0).then_some(stock)
    })
    .await
}

#[tokio::test]
async fn a_declined_card_gives_the_stock_back() {
    let shop = shared().counter().await;
    shop.sells("declined-mug", 1290, 3).await;
    let request = PlaceOrder { payment_method: DECLINED_CARD.into(), ..order_of(&[("declined-mug", 2)]) };

    let placed = shop.places(&request).await.unwrap();
    let order = shop.settles(placed.order).await;

    assert_eq!(order.stage, Stage::Cancelled);
    assert!(order.message.contains("declined"), "{}", order.message);
    let stock = until_sold(&shop, "declined-mug").await;
    assert_eq!((stock.on_hand, stock.available), (3, 3));
}

#[tokio::test]
async fn a_refusal_lists_every_short_line_and_holds_nothing() {
    let shop = shared().counter().await;
    shop.sells("short-a", 100, 1).await;
    shop.sells("short-b", 100, 5).await;
    shop.sells("short-c", 100, 0).await;

    let placed = shop.places(&order_of(&[("short-a", 2), ("short-b", 2), ("short-c", 1)])).await.unwrap();
    let order = shop.settles(placed.order).await;

    assert_eq!((order.stage, order.reason.as_str()), (Stage::Cancelled, "out_of_stock"));
    for said in ["short-a", "short-c"] {
        assert!(order.message.contains(said), "{} is short: {}", said, order.message);
    }
    assert!(!order.message.contains("short-b"), "{}", order.message);
    assert_eq!(shop.stock_of("short-b").await.available, 5);
}

#[tokio::test]
async fn the_price_is_the_one_of_the_moment_of_the_order() {
    let shop = shared().counter().await;
    shop.sells("moving-mug", 1000, 10).await;
    let placed = shop.places(&order_of(&[("moving-mug", 1)])).await.unwrap();
    shop.prices("moving-mug", 2000).await;
    let order = shop.settles(placed.order).await;
    assert_eq!((order.total, order.lines[0].unit_price), (euros(1000), euros(1000)));

    let stated =
        LineRequest { unit_price: Some(euros(1000)), ..order_of(&[("moving-mug", 1)]).lines.remove(0) };
    let refused = shop.places(&PlaceOrder { lines: vec![stated], ..order_of(&[]) }).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Refused, "price_changed"));
    let details = refused.details.unwrap().to_string();
    assert!(details.contains("1000") && details.contains("2000"), "both prices: {details}");
}

#[tokio::test]
async fn what_cannot_be_ordered_is_refused_and_nothing_is_written() {
    let shop = shared().counter().await;
    shop.sells("real-mug", 1000, 10).await;
    let refused =
        shop.places(&order_of(&[("real-mug", 1), ("no-such-mug", 1), ("nor-this", 2)])).await.unwrap_err();
    assert_eq!(&*refused.reason, "unknown_sku");
    let details = refused.details.unwrap().to_string();
    assert!(details.contains("no-such-mug") && details.contains("nor-this"), "{details}");
    assert_eq!(&*shop.places(&order_of(&[])).await.unwrap_err().reason, "nothing_to_order");
    assert_eq!(shop.stock_of("real-mug").await.held, 0);
}

#[tokio::test]
async fn a_cancelled_order_is_not_paid_and_a_paid_order_is_not_cancelled() {
    let shop = shared().counter().await;
    shop.sells("regret-mug", 1000, 10).await;
    let placed = shop.places(&order_of(&[("regret-mug", 1)])).await.unwrap();
    let confirmed = shop.settles(placed.order).await;
    assert_eq!(confirmed.stage, Stage::Confirmed);
    let late =
        shop.client().ask(&CancelOrder { order: placed.order, reason: "too late".into() }).await.unwrap_err();
    assert_eq!((late.kind, &*late.reason), (Kind::Conflict, "wrong_stage"));
    assert!(late.message.contains("confirmed"), "{late}");
}

#[tokio::test]
async fn money_is_given_back_in_parts_up_to_what_was_paid() {
    let shop = shared().counter().await;
    shop.sells("refund-mug", 1000, 10).await;
    let placed = shop.places(&order_of(&[("refund-mug", 3)])).await.unwrap();
    shop.settles(placed.order).await;
    let refund = |amount| RefundOrder { order: placed.order, amount, reason: "broken".into() };

    shop.client().ask(&refund(Some(euros(1000)))).await.unwrap();
    let too_much = shop.client().ask(&refund(Some(euros(2001)))).await.unwrap_err();
    assert_eq!(&*too_much.reason, "refund_exceeds_payment");
    shop.client().ask(&refund(None)).await.unwrap();
    let order = shop.reaches(placed.order, Stage::Refunded).await;

    assert_eq!((order.refunded, order.refunds.len()), (euros(3000), 2));
    let nothing_left = shop.client().ask(&refund(Some(euros(1)))).await.unwrap_err();
    assert!(matches!(&*nothing_left.reason, "refund_exceeds_payment" | "wrong_stage"), "{nothing_left}");
}

#[tokio::test]
async fn a_payment_that_times_out_is_charged_once() {
    let shop = shared().counter().await;
    shop.sells("slow-mug", 1000, 10).await;
    for method in ["pm_test_timeoutBeforeCharge", "pm_test_timeoutAfterCharge"] {
        let request = PlaceOrder { payment_method: method.into(), ..order_of(&[("slow-mug", 1)]) };
        let placed = shop.places(&request).await.unwrap();
        let order = shop.settles(placed.order).await;
        assert_eq!(order.stage, Stage::Confirmed, "{method}");
        let payment = contracts::payment::GetPayment { order: Some(order.order), payment: None };
        let payment = shop.client().ask(&payment).await.unwrap();
        assert_eq!(payment.captured, euros(1000), "{method}");
        assert!(payment.attempts >= 2, "{method}: {payment:?}");
    }
}

#[tokio::test]
async fn orders_are_listed_by_stage_page_by_page() {
    let shop = shared().counter().await;
    shop.sells("listed-mug", 1000, 100).await;
    let mut placed = Vec::new();
    for _ in 0..7 {
        placed.push(shop.places(&order_of(&[("listed-mug", 1)])).await.unwrap().order);
    }
    for order in &placed {
        shop.settles(*order).await;
    }
    let mut seen = Vec::new();
    let mut list =
        contracts::order::ListOrders { stages: vec![Stage::Confirmed], limit: Some(3), ..Default::default() };
    loop {
        let page = shop.client().ask(&list).await.unwrap();
        assert!(page.items.len() <= 3);
        seen.extend(
            page.items
                .iter()
                .filter(|order| order.lines[0].sku == sku_of("listed-mug"))
                .map(|order| order.order),
        );
        list.after = page.next;
        if list.after.is_none() {
            break;
        }
    }
    placed.reverse();
    assert_eq!(seen, placed, "the newest first, each once");
}
