//! Showing one payment, and pages of them.

use std::time::Duration;

use contracts::payment::{GetPayment, ListPayments, PaymentState, reason};
use contracts::{OrderId, PaymentId};
use kit::Kind;
use kit::id::Id;

use crate::{Shop, order};

fn list(states: &[PaymentState], after: Option<String>, limit: Option<u32>) -> ListPayments {
    ListPayments { states: states.to_vec(), after, limit, ..ListPayments::default() }
}

#[tokio::test]
async fn a_payment_is_found_by_its_number_and_by_its_order() {
    let shop = Shop::open();
    shop.due(order(1), "pm_card_visa");
    let by_order = shop.payment_of(order(1)).await;
    let by_number = shop.ask(&GetPayment { payment: Some(by_order.payment), order: None }).await.unwrap();
    assert_eq!(by_number, by_order);

    for (payment, order) in [(Some(PaymentId::from_bits(42)), None), (None, Some(order(42)))] {
        let error = shop.ask(&GetPayment { payment, order }).await.unwrap_err();
        assert_eq!((error.kind, &*error.reason), (Kind::NotFound, reason::UNKNOWN_PAYMENT));
    }
    for both in [GetPayment::default(), GetPayment { payment: Some(by_order.payment), order: Some(order(1)) }]
    {
        let error = shop.ask(&both).await.unwrap_err();
        assert_eq!((error.kind, &*error.reason), (Kind::Invalid, reason::NAME_ONE));
    }
}

#[tokio::test]
async fn an_empty_list_is_a_page_without_a_next_one() {
    let shop = Shop::open();
    let page = shop.ask(&list(&[], None, None)).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
    let page = shop.ask(&list(&PaymentState::ALL, None, None)).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
}

#[tokio::test]
async fn a_thousand_payments_are_listed_page_by_page_the_newest_first() {
    let shop = Shop::open();
    for number in 1..=1000 {
        shop.advance(Duration::from_millis(2)).await;
        shop.due(order(number), if number % 4 == 0 { "pm_card_visa_chargeDeclined" } else { "pm_card_visa" });
    }
    shop.work().await;

    let all: Vec<OrderId> = (1..=1000).rev().map(order).collect();
    assert_eq!(pages(&shop, &[], 200).await, (all.clone(), 5));
    assert_eq!(
        pages(&shop, &[PaymentState::Declined, PaymentState::Captured, PaymentState::Captured], 200).await,
        (all, 5)
    );
    let declined: Vec<OrderId> = (1..=1000).rev().filter(|number| number % 4 == 0).map(order).collect();
    assert_eq!(pages(&shop, &[PaymentState::Declined], 50).await, (declined, 5));
    assert_eq!(pages(&shop, &[PaymentState::Unknown], 50).await, (vec![], 1));
}

#[tokio::test]
async fn the_payments_of_some_orders_are_listed_the_newest_first() {
    let shop = Shop::open();
    for number in 1..=5 {
        shop.advance(Duration::from_millis(2)).await;
        shop.due(order(number), if number == 4 { "pm_card_visa_chargeDeclined" } else { "pm_card_visa" });
    }
    shop.work().await;
    let of = |states: &[PaymentState], numbers: &[u128], limit| ListPayments {
        orders: numbers.iter().map(|number| order(*number)).collect(),
        ..list(states, None, limit)
    };
    let orders = |page: contracts::payment::PaymentPage| -> Vec<OrderId> {
        page.items.iter().map(|payment| payment.order).collect()
    };
    let all = shop.ask(&of(&[], &[1, 4, 5, 77], None)).await.unwrap();
    assert_eq!((all.next.clone(), orders(all)), (None, vec![order(5), order(4), order(1)]));
    let declined = shop.ask(&of(&[PaymentState::Declined], &[1, 4], None)).await.unwrap();
    assert_eq!(orders(declined), [order(4)]);
    let first = shop.ask(&of(&[], &[1, 4, 5], Some(2))).await.unwrap();
    let rest = ListPayments { after: first.next.clone(), ..of(&[], &[1, 4, 5], Some(2)) };
    assert_eq!(
        (orders(first), orders(shop.ask(&rest).await.unwrap())),
        (vec![order(5), order(4)], vec![order(1)])
    );
    let many: Vec<u128> = (0..201).collect();
    assert_eq!(shop.ask(&of(&[], &many, None)).await.unwrap_err().reason, "too_many_orders");
}

/// All orders of a list, and on how many pages they came.
async fn pages(shop: &Shop, states: &[PaymentState], limit: u32) -> (Vec<OrderId>, usize) {
    let (mut orders, mut count, mut after) = (Vec::new(), 0, None);
    loop {
        let page = shop.ask(&list(states, after, Some(limit))).await.unwrap();
        assert!(page.items.len() <= limit as usize);
        orders.extend(page.items.iter().map(|payment| payment.order));
        count += 1;
        after = page.next;
        if after.is_none() {
            return (orders, count);
        }
    }
}

#[tokio::test]
async fn a_charge_that_is_not_in_our_books_is_a_difference() {
    let shop = Shop::open();
    let paid = shop.paid("pm_card_visa").await;
    shop.books_agree();
    let again = "INSERT INTO provider_charge
                 SELECT 'ch_again', key, order_id, amount, currency, method, state, code, decline_code, at_ms
                 FROM provider_charge";
    shop.sql(|sql| sql.find(again, [], |_| Ok(()))).unwrap();

    let found = shop.sql(|sql| payment::audit::differences(sql, 10)).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].captured, found[0].theirs_charges, found[0].theirs_charged), (1290, 2, 2580));
    assert_eq!(found[0].payment, shop.payment_of(paid).await.payment.to_string());
}

#[tokio::test]
async fn a_page_has_at_least_one_row_and_at_most_two_hundred() {
    let shop = Shop::open();
    for limit in [0, 201, u32::MAX] {
        let error = shop.ask(&list(&[], None, Some(limit))).await.unwrap_err();
        assert_eq!((error.kind, &*error.reason), (Kind::Invalid, "invalid_limit"), "{limit}");
    }
    for cursor in ["", "1", "ord_01h2e8kqvbfwea724h75qc655w", "pay_'; DROP TABLE payments", "pay_\n"] {
        let error = shop.ask(&list(&[], Some(cursor.into()), None)).await.unwrap_err();
        assert_eq!((error.kind, &*error.reason), (Kind::Invalid, "invalid_cursor"), "{cursor:?}");
    }
}
