//! Looking at orders: pages, filters, counts.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::order::{CountOrders, ListOrders, OrderCounts, OrderPage, OrderView, PlaceOrder, Stage};
use contracts::{CustomerId, OrderId};
use kit::limits::{PAGE_DEFAULT, PAGE_MAX};

use crate::shop::{Shop, wish};

impl Shop {
    async fn lists(&self, asked: ListOrders) -> OrderPage {
        self.service.ask(&asked).await.unwrap()
    }

    /// Everything a list has, page by page.
    async fn pages_through(&self, asked: ListOrders) -> Vec<OrderId> {
        let (mut asked, mut all) = (asked, Vec::new());
        loop {
            let page = self.lists(asked.clone()).await;
            assert!(page.items.len() <= asked.limit.unwrap_or(PAGE_DEFAULT) as usize);
            all.extend(page.items.iter().map(|item| item.order));
            match page.next {
                Some(next) => asked.after = Some(next),
                None => return all,
            }
        }
    }

    async fn counts(&self) -> OrderCounts {
        self.service.ask(&CountOrders {}).await.unwrap()
    }
}

fn ids<'a>(orders: impl IntoIterator<Item = &'a OrderView>) -> Vec<OrderId> {
    orders.into_iter().map(|order| order.order).collect()
}

#[tokio::test]
async fn a_new_shop_has_no_orders() {
    let shop = Shop::open();
    assert_eq!(shop.lists(ListOrders::default()).await, OrderPage { items: vec![], next: None });
    let counts = shop.counts().await;
    assert_eq!(counts.stages, BTreeMap::from(Stage::ALL.map(|stage| (stage, 0))));
    assert_eq!(counts.overdue, 0);
}

#[tokio::test]
async fn a_thousand_orders_are_paged_through_without_gap_or_repeat() {
    let shop = Shop::open();
    let mut placed = Vec::new();
    for number in 0..1003 {
        // Some are placed within the same millisecond.
        if number % 3 == 0 {
            shop.waits(Duration::from_millis(1)).await;
        }
        placed.push(shop.places(&[("pen", 1)]).await.order);
    }
    placed.sort_unstable_by(|a, b| b.cmp(a));
    for limit in [None, Some(7), Some(PAGE_MAX)] {
        assert_eq!(
            shop.pages_through(ListOrders { limit, ..ListOrders::default() }).await,
            placed,
            "{limit:?}"
        );
    }
    let stages = vec![Stage::Placed, Stage::Confirmed];
    assert_eq!(
        shop.pages_through(ListOrders { stages, limit: Some(PAGE_MAX), ..ListOrders::default() }).await,
        placed
    );
    assert_eq!(shop.counts().await.stages[&Stage::Placed], 1003);
    // A page that is exactly full is the last one.
    let last = shop.lists(ListOrders {
        after: Some(placed[802].to_string()),
        limit: Some(200),
        ..ListOrders::default()
    });
    let last = last.await;
    assert_eq!((last.items.len(), last.next), (200, None));
}

#[tokio::test]
async fn orders_are_found_by_stage_wherever_they_stand() {
    let shop = Shop::open();
    let placed = shop.places_two_mugs().await;
    let unknown = shop.reserved_order().await;
    shop.outcome_is_unknown(&unknown);
    let lost = shop.reserved_order().await;
    shop.outcome_is_given_up(&lost);
    let awaiting = shop.reserved_order().await;
    let stuck = shop.confirmed_order().await;
    shop.refunds(&stuck, None).await.unwrap();
    shop.fails_to_give_back(&shop.refund_due());
    let confirmed = shop.confirmed_order().await;

    let at = |stages: &[Stage]| ListOrders { stages: stages.to_vec(), ..ListOrders::default() };
    let found = async |stages: &[Stage]| {
        let mut found = ids(&shop.lists(at(stages)).await.items);
        assert!(found.is_sorted_by(|a, b| a > b));
        found.sort_unstable();
        found
    };
    let sorted = |orders: &[&OrderView]| {
        let mut all = ids(orders.iter().copied());
        all.sort_unstable();
        all
    };
    assert_eq!(found(&[Stage::Placed]).await, sorted(&[&placed]));
    assert_eq!(found(&[Stage::AwaitingPayment]).await, sorted(&[&unknown, &awaiting]));
    assert_eq!(found(&[Stage::NeedsAttention]).await, sorted(&[&lost, &stuck]));
    assert_eq!(
        found(&[Stage::Confirmed, Stage::Placed, Stage::Placed]).await,
        sorted(&[&confirmed, &placed])
    );
    assert_eq!(found(&[Stage::Refunded]).await, []);
    assert_eq!(found(&[]).await.len(), 6);

    let counts = shop.counts().await;
    let expected = [
        (Stage::Placed, 1),
        (Stage::AwaitingPayment, 2),
        (Stage::Confirmed, 1),
        (Stage::Cancelled, 0),
        (Stage::Refunded, 0),
        (Stage::NeedsAttention, 2),
    ];
    assert_eq!(counts.stages, BTreeMap::from(expected));
}

#[tokio::test]
async fn orders_are_found_by_customer() {
    let shop = Shop::open();
    let ann: CustomerId = "cus_01h455vb4pex5vsknk084sn02q".parse().unwrap();
    let ben: CustomerId = "cus_01h455vb4pex5vsknk084sn02r".parse().unwrap();
    shop.places_two_mugs().await;
    let mut of_ann = Vec::new();
    for _ in 0..3 {
        shop.waits(Duration::from_millis(1)).await;
        let asked = PlaceOrder { customer: Some(ann), ..wish(&[("pen", 1)]) };
        of_ann.insert(0, shop.service.ask(&asked).await.unwrap());
    }
    shop.cancels(&of_ann[1]).await.unwrap();

    let of = |customer| ListOrders { customer: Some(customer), ..ListOrders::default() };
    assert_eq!(ids(&shop.lists(of(ann)).await.items), ids(&of_ann));
    assert_eq!(shop.pages_through(ListOrders { limit: Some(1), ..of(ann) }).await, ids(&of_ann));
    assert_eq!(ids(&shop.lists(of(ben)).await.items), []);
    let cancelled = ListOrders { stages: vec![Stage::Cancelled], ..of(ann) };
    assert_eq!(ids(&shop.lists(cancelled).await.items), [of_ann[1].order]);
}

#[tokio::test]
async fn orders_are_found_by_when_they_were_placed() {
    let shop = Shop::open();
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(shop.places(&[("pen", 1)]).await);
        shop.waits(Duration::from_secs(10)).await;
    }
    let (second, fourth) = (placed[1].placed_at, placed[3].placed_at);
    let between =
        ListOrders { placed_from: Some(second), placed_before: Some(fourth), ..ListOrders::default() };
    assert_eq!(ids(&shop.lists(between.clone()).await.items), [placed[2].order, placed[1].order]);
    assert_eq!(shop.pages_through(ListOrders { limit: Some(1), ..between.clone() }).await.len(), 2);
    let nanosecond = Duration::from_nanos(1);
    let just_after = ListOrders { placed_from: Some(second + nanosecond), ..between.clone() };
    assert_eq!(ids(&shop.lists(just_after).await.items), [placed[2].order]);
    let with_fourth = ListOrders { placed_before: Some(fourth + nanosecond), ..between.clone() };
    assert_eq!(shop.lists(with_fourth).await.items.len(), 3);
    let backwards = ListOrders { placed_from: Some(fourth), placed_before: Some(second), ..between };
    assert_eq!(shop.lists(backwards).await.items, []);
}

#[tokio::test]
async fn what_nobody_ends_in_time_is_counted_as_overdue() {
    let shop = Shop::open();
    shop.places_two_mugs().await;
    assert_eq!(shop.counts().await.overdue, 0);
    // The timer has not fired yet at the very moment of the deadline.
    let deadline = shop.lists(ListOrders::default()).await.items[0].deadline.unwrap();
    let due = shop.service.sql(|sql| {
        sql.get(
            "SELECT count(*) FROM timer WHERE kind = 'stage_deadline' AND due_at_ms = ?1",
            [deadline.as_millisecond()],
            |row| row.get::<_, u64>(0),
        )
    });
    assert_eq!(due.unwrap(), 1);
    shop.waits(order::checkout::PLACED_LIMIT).await;
    let counts = shop.counts().await;
    assert_eq!((counts.overdue, counts.stages[&Stage::Cancelled]), (0, 1));
}

#[tokio::test]
async fn a_malformed_list_is_refused() {
    let shop = Shop::open();
    for limit in [0, PAGE_MAX + 1, u32::MAX] {
        let asked = ListOrders { limit: Some(limit), ..ListOrders::default() };
        assert_eq!(&*shop.service.ask(&asked).await.unwrap_err().reason, "invalid_limit");
    }
    for after in
        ["", "1", "ord_", "pay_01h455vb4pex5vsknk084sn02q", "ord_*", "'; DROP TABLE orders; --", "ord_\n"]
    {
        let asked = ListOrders { after: Some(after.into()), ..ListOrders::default() };
        assert_eq!(&*shop.service.ask(&asked).await.unwrap_err().reason, "invalid_cursor", "{after:?}");
    }
}
