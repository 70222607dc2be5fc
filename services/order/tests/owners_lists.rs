//! Whose orders are listed: one's own, page by page, whatever else is asked for.

use contracts::order::{CancelOrder, ListOrders, OrderPage, OrderView, PlaceOrder, Stage};
use contracts::{CustomerId, OrderId};
use kit::testing::{customer, guest, operator};
use kit::{Caller, Kind, Result};

use crate::shop::{ANN, BEN, Shop, everybody, wish};

impl Shop {
    async fn lists_to(&self, caller: &Caller, asked: ListOrders) -> Result<OrderPage> {
        self.service.ask_by(caller, &asked).await
    }

    /// Everything a list has for somebody, page by page.
    async fn pages_to(&self, caller: &Caller, asked: ListOrders) -> Vec<OrderId> {
        let (mut asked, mut all) = (asked, Vec::new());
        loop {
            let page = self.lists_to(caller, asked.clone()).await.unwrap();
            all.extend(page.items.iter().map(|item| item.order));
            match page.next {
                Some(next) => asked.after = Some(next),
                None => return all,
            }
        }
    }
}

/// A shop in which everybody has placed seven orders by turns, and cancelled each third; with all
/// of them, the newest first.
async fn busy_shop() -> (Shop, Vec<(Caller, OrderView)>) {
    let shop = Shop::open();
    let mut placed = Vec::new();
    for round in 0..7 {
        for person in everybody() {
            let mut order = shop.places_by(&person).await;
            if round % 3 == 0 {
                let cancel = CancelOrder { order: order.order, reason: String::new() };
                order = shop.service.ask_by(&person, &cancel).await.unwrap();
            }
            placed.insert(0, (person, order));
        }
    }
    (shop, placed)
}

/// The numbers of those that somebody may see and that are of some kind.
fn of(placed: &[(Caller, OrderView)], caller: &Caller, wanted: impl Fn(&OrderView) -> bool) -> Vec<OrderId> {
    let theirs =
        placed.iter().filter(|(owner, order)| (caller.is_operator() || owner == caller) && wanted(order));
    theirs.map(|(_, order)| order.order).collect()
}

#[tokio::test]
async fn everybody_pages_through_their_own_orders_and_staff_through_all() {
    let (shop, placed) = busy_shop().await;
    for person in everybody() {
        for limit in [None, Some(1), Some(2), Some(3), Some(7), Some(8)] {
            let asked = ListOrders { limit, ..ListOrders::default() };
            assert_eq!(
                shop.pages_to(&person, asked).await,
                of(&placed, &person, |_| true),
                "{person} {limit:?}"
            );
        }
    }
}

#[tokio::test]
async fn filters_narrow_ones_own_orders_and_never_widen_them() {
    let (shop, placed) = busy_shop().await;
    let (from, before) = (placed[28].1.placed_at, placed[4].1.placed_at);
    for person in everybody() {
        for stage in [Stage::Placed, Stage::Cancelled, Stage::Confirmed] {
            let asked = ListOrders { stages: vec![stage], limit: Some(2), ..ListOrders::default() };
            let expected = of(&placed, &person, |order| order.stage == stage);
            assert_eq!(shop.pages_to(&person, asked).await, expected, "{person} {stage}");
        }
        let asked = ListOrders {
            placed_from: Some(from),
            placed_before: Some(before),
            limit: Some(2),
            ..ListOrders::default()
        };
        let expected = of(&placed, &person, |order| (from..before).contains(&order.placed_at));
        assert_eq!(shop.pages_to(&person, asked).await, expected, "{person}");
    }
}

#[tokio::test]
async fn where_anothers_page_ended_shows_nothing_of_another() {
    let (shop, placed) = busy_shop().await;
    for (_, cursor) in &placed {
        for person in everybody() {
            let asked = ListOrders { after: Some(cursor.order.to_string()), ..ListOrders::default() };
            let expected = of(&placed, &person, |order| order.order < cursor.order);
            assert_eq!(shop.pages_to(&person, asked).await, expected, "{person}");
        }
    }
    // A page ends at an order of one's own, so that it tells of no other.
    let page = shop.lists_to(&guest("one"), ListOrders { limit: Some(3), ..ListOrders::default() }).await;
    let next: OrderId = page.unwrap().next.unwrap().parse().unwrap();
    assert!(of(&placed, &guest("one"), |_| true).contains(&next));
}

#[tokio::test]
async fn the_orders_of_another_customer_cannot_be_asked_for() {
    let (shop, placed) = busy_shop().await;
    let number = |text: &str| -> CustomerId { text.parse().unwrap() };
    let asked = |customer| ListOrders { customer: Some(customer), ..ListOrders::default() };
    let nobodys = "cus_01h455vb4pex5vsknk084sn02s";
    for (person, named) in
        [(customer(BEN), ANN), (customer(ANN), BEN), (guest("one"), ANN), (customer(BEN), nobodys)]
    {
        let error = shop.lists_to(&person, asked(number(named))).await.unwrap_err();
        assert_eq!((error.kind, &*error.reason), (Kind::Forbidden, "forbidden"), "{person}");
        assert_eq!(
            error.message,
            format!(
                "no orders were listed: only one's own are shown, and the customer {named} is somebody else; \
                 leave the customer out"
            )
        );
    }
    for name in [ANN, BEN] {
        let own = of(&placed, &customer(name), |_| true);
        assert_eq!(shop.pages_to(&customer(name), asked(number(name))).await, own);
        assert_eq!(shop.pages_to(&operator(), asked(number(name))).await, own);
    }
    assert_eq!(shop.pages_to(&operator(), asked(number(nobodys))).await, []);
}

#[tokio::test]
async fn what_staff_ordered_for_a_customer_is_listed_among_theirs() {
    let shop = Shop::open();
    let own = shop.places_by(&customer(ANN)).await;
    shop.places_by(&customer(BEN)).await;
    shop.waits(std::time::Duration::from_millis(1)).await;
    let asked = PlaceOrder { customer: own.customer, ..wish(&[("pen", 1)]) };
    let by_staff = shop.service.ask(&asked).await.unwrap();
    let expected = [by_staff.order, own.order];
    assert_eq!(shop.pages_to(&customer(ANN), ListOrders::default()).await, expected);
    let of_ann = ListOrders { customer: own.customer, ..ListOrders::default() };
    assert_eq!(shop.pages_to(&operator(), of_ann).await, expected);
}

#[tokio::test]
async fn who_has_no_orders_sees_none_and_who_says_nothing_is_shown_no_list() {
    let (shop, _) = busy_shop().await;
    for stranger in [customer("till-7"), customer(""), guest("three")] {
        let page = shop.lists_to(&stranger, ListOrders::default()).await.unwrap();
        assert_eq!(page, OrderPage { items: vec![], next: None }, "{stranger}");
    }
    let error = shop.lists_to(&Caller::Anonymous, ListOrders::default()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unauthenticated);
}
