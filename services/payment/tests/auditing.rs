//! Our books beside those of the provider, of the same moment.

use contracts::OrderId;
use contracts::RefundId;
use contracts::payment::{AuditPayments, PaymentState, PaymentSums};
use kit::id::Id;

use crate::{Shop, order};

async fn all(shop: &Shop, limit: u32) -> (Vec<PaymentSums>, usize) {
    let mut asked = AuditPayments { limit: Some(limit), ..AuditPayments::default() };
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let page = shop.ask(&asked).await.unwrap();
        (pages, asked.after) = (pages + 1, page.next);
        found.extend(page.items);
        if asked.after.is_none() {
            return (found, pages);
        }
    }
}

#[tokio::test]
async fn each_payment_stands_beside_what_the_provider_took_and_gave_back() {
    let shop = Shop::open();
    shop.due(order(1), "pm_card_visa");
    shop.due(order(2), "pm_card_visa_chargeDeclined");
    shop.work().await;
    shop.refund(order(1), RefundId::from_bits(1), 290).await;
    shop.work().await;
    shop.due(order(3), "pm_card_visa");

    let (found, _) = all(&shop, 200).await;
    let of = |wanted: OrderId| found.iter().find(|sums| sums.order == wanted).unwrap();
    let paid = of(order(1));
    assert_eq!((paid.state, paid.amount, paid.captured), (Some(PaymentState::Captured), 1290, 1290));
    assert_eq!((paid.charges, paid.charged, paid.refunds, paid.given_back), (1, 1290, 1, 290));
    assert_eq!(paid.refunded + paid.refunding, 290);
    let declined = of(order(2));
    assert_eq!((declined.state, declined.captured), (Some(PaymentState::Declined), 0));
    assert_eq!((declined.charges, declined.charged), (0, 0));
    assert_eq!((of(order(3)).state, of(order(3)).charges), (Some(PaymentState::Pending), 0));
    assert_eq!(found.len(), 3);
}

#[tokio::test]
async fn every_payment_stands_on_one_page() {
    let shop = Shop::open();
    assert_eq!(all(&shop, 2).await, (vec![], 1));
    (1..=7).for_each(|number| shop.due(order(number), "pm_card_visa"));
    shop.work().await;
    let (found, pages) = all(&shop, 3).await;
    let mut orders: Vec<OrderId> = found.iter().map(|sums| sums.order).collect();
    orders.sort_unstable();
    assert_eq!((orders, pages), ((1..=7).map(order).collect(), 3));
}
