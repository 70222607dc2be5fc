//! Lists a page at a time: the empty list, the exact page, the thousandth row.

use contracts::inventory::{AuditStock, GetLedger, ListHolds, ListStock};
use kit::error::reason;

use crate::{House, named, order};

#[tokio::test]
async fn an_empty_house_lists_nothing() {
    let house = House::empty();
    let stock = house.ask(&ListStock::default()).await.unwrap();
    assert_eq!((stock.items.len(), stock.next), (0, None));
    let holds = house.ask(&ListHolds::default()).await.unwrap();
    assert_eq!((holds.items.len(), holds.next), (0, None));
    let unknown = house.ask(&GetLedger { sku: named("mug"), after: None, limit: None }).await.unwrap_err();
    assert_eq!(unknown.reason, contracts::inventory::reason::UNKNOWN_SKU);
}

#[tokio::test]
async fn a_page_that_is_just_full_is_the_last() {
    let house = House::with(&[("a", 1), ("b", 1), ("c", 1)]).await;
    let page = |limit, after| ListStock { limit: Some(limit), after, low: false };
    let whole = house.ask(&page(3, None)).await.unwrap();
    assert_eq!((whole.items.len(), whole.next), (3, None));
    let first = house.ask(&page(2, None)).await.unwrap();
    let second = house.ask(&page(2, first.next.clone())).await.unwrap();
    let skus: Vec<_> = first.items.iter().chain(&second.items).map(|stock| stock.sku.as_str()).collect();
    assert_eq!((skus, second.next), (vec!["a", "b", "c"], None));
}

#[tokio::test]
async fn the_thousandth_change_is_found_page_by_page_the_newest_first() {
    let house = House::with(&[("mug", 1000), ("tee", 5)]).await;
    for number in 1..1000 {
        house.hears_placed(order(number), &[("mug", 1)]);
    }
    let mut asked = GetLedger { sku: named("mug"), after: None, limit: Some(150) };
    let (mut entries, mut pages) = (Vec::new(), 0);
    loop {
        let page = house.ask(&asked).await.unwrap();
        entries.extend(page.items);
        pages += 1;
        asked.after = page.next;
        if asked.after.is_none() {
            break;
        }
    }
    assert_eq!((pages, entries.len()), (7, 1000));
    assert!(entries.is_sorted_by(|newer, older| newer.entry > older.entry));
    assert_eq!((entries[0].order, &*entries[999].cause), (Some(order(999)), "received"));
}

#[tokio::test]
async fn what_is_held_is_listed_the_oldest_first() {
    let house = House::with(&[("mug", 1000)]).await;
    for number in 1..=6 {
        house.hears_placed(order(number), &[("mug", 1)]);
        house.advance(std::time::Duration::from_millis(1)).await;
    }
    house.hears_cancelled(order(2));
    house.hears_confirmed(order(4), &[("mug", 1)]);
    let first = house.ask(&ListHolds { limit: Some(2), ..ListHolds::default() }).await.unwrap();
    let rest = house.ask(&ListHolds { after: first.next, ..ListHolds::default() }).await.unwrap();
    let orders: Vec<_> = first.items.iter().chain(&rest.items).map(|hold| hold.order).collect();
    assert_eq!((orders, rest.next), (vec![order(1), order(3), order(5), order(6)], None));
    // Asked for by its order, a hold is shown whatever became of it.
    assert_eq!(house.state_of(order(2)).await, "released");
}

#[tokio::test]
async fn the_holds_of_some_orders_are_shown_whatever_became_of_them_page_by_page() {
    let house = House::with(&[("mug", 3)]).await;
    for number in 1..=5 {
        house.hears_placed(order(number), &[("mug", 1)]);
        house.advance(std::time::Duration::from_millis(1)).await;
    }
    house.hears_cancelled(order(2));
    let orders = vec![order(1), order(2), order(5), order(77)];
    let asked = ListHolds { orders, limit: Some(2), ..ListHolds::default() };
    let first = house.ask(&asked).await.unwrap();
    let rest = house.ask(&ListHolds { after: first.next.clone(), ..asked }).await.unwrap();
    let states: Vec<_> =
        first.items.iter().chain(&rest.items).map(|hold| (hold.order, hold.state.as_str())).collect();
    assert_eq!(states, [(order(1), "held"), (order(2), "released"), (order(5), "refused")]);
    assert_eq!((first.items.len(), rest.next), (2, None));

    let too_many = ListHolds { orders: (0..201).map(order).collect(), ..ListHolds::default() };
    assert_eq!(house.ask(&too_many).await.unwrap_err().reason, "too_many_orders");
}

#[tokio::test]
async fn the_ledger_and_the_holds_of_each_product_are_added_up() {
    let house = House::with(&[("hat", 4), ("mug", 10), ("pen", 2)]).await;
    house.adjusts("mug", -1).await.unwrap();
    for number in 1..=3 {
        house.hears_placed(order(number), &[("hat", 1), ("mug", 2)]);
    }
    house.hears_confirmed(order(1), &[("hat", 1), ("mug", 2)]);
    house.hears_cancelled(order(2));
    let first = house.ask(&AuditStock { limit: Some(2), ..AuditStock::default() }).await.unwrap();
    let rest = house.ask(&AuditStock { after: first.next, ..AuditStock::default() }).await.unwrap();
    let sums: Vec<_> = first
        .items
        .iter()
        .chain(&rest.items)
        .map(|sums| {
            let ledger = (sums.ledger_on_hand, sums.ledger_held);
            (sums.sku.as_str(), (sums.on_hand, sums.held), ledger, sums.holds)
        })
        .collect();
    let expected = [("hat", (3, 1), (3, 1), 1), ("mug", (7, 2), (7, 2), 2), ("pen", (2, 0), (2, 0), 0)];
    assert_eq!((sums.as_slice(), rest.next), (&expected[..], None));
}

#[tokio::test]
async fn a_page_of_holds_with_very_many_lines_ends_early_and_fits_a_message() {
    let skus: Vec<String> = (0..100).map(|number| format!("{number:0>64}")).collect();
    let stock: Vec<_> = skus.iter().map(|sku| (&**sku, 100)).collect();
    let house = House::with(&stock).await;
    let lines: Vec<_> = skus.iter().map(|sku| (&**sku, 1)).collect();
    for number in 0..30 {
        house.hears_placed(order(number), &lines);
    }
    let first = house.ask(&ListHolds { limit: Some(200), ..ListHolds::default() }).await.unwrap();
    assert!(serde_json::to_vec(&first).unwrap().len() < 512 * 1024);
    let rest =
        house.ask(&ListHolds { after: first.next, limit: Some(200), ..ListHolds::default() }).await.unwrap();
    assert_eq!((first.items.len(), rest.items.len(), rest.next), (20, 10, None));
}

#[tokio::test]
async fn a_page_is_neither_empty_nor_endless() {
    let house = House::with(&[("mug", 1)]).await;
    for limit in [0, 201, u32::MAX] {
        let limit = Some(limit);
        let stock = house.ask(&ListStock { limit, ..ListStock::default() }).await.unwrap_err();
        let ledger = house.ask(&GetLedger { sku: named("mug"), after: None, limit }).await.unwrap_err();
        let holds = house.ask(&ListHolds { limit, ..ListHolds::default() }).await.unwrap_err();
        for error in [stock, ledger, holds] {
            assert_eq!(error.reason, "invalid_limit");
        }
    }
}

#[tokio::test]
async fn a_cursor_that_no_page_gave_is_refused() {
    let house = House::with(&[("mug", 1)]).await;
    for text in ["", "*", "a b", "'; DROP TABLE stock; --", "mug\n", "99999999999999999999999999"] {
        let after = Some(text.to_owned());
        let ledger = house.ask(&GetLedger { sku: named("mug"), after: after.clone(), limit: None }).await;
        assert_eq!(ledger.unwrap_err().reason, reason::INVALID_CURSOR, "{text:?}");
        let holds = house.ask(&ListHolds { after: after.clone(), ..ListHolds::default() }).await;
        assert_eq!(holds.unwrap_err().reason, reason::INVALID_CURSOR, "{text:?}");
    }
    for text in ["", "*", "a b", "'; DROP TABLE stock; --", "mug\n"] {
        let stock = house.ask(&ListStock { after: Some(text.to_owned()), ..ListStock::default() }).await;
        assert_eq!(stock.unwrap_err().reason, reason::INVALID_CURSOR, "{text:?}");
    }
    let far = Some(u64::MAX.to_string());
    assert_eq!(
        house.ask(&GetLedger { sku: named("mug"), after: far, limit: None }).await.unwrap().items.len(),
        1
    );
}
