//! How far carts and orders came, and why the others were lost.

use contracts::analytics::{CartFunnel, Loss};

use crate::shop::{Shop, added, cancelled, confirmed, due, expired, placed, refunded, refused};

const MUG: &[(&str, i64, i64)] = &[("mug", 1, 1000)];

fn loss(step: &str, reason: &str, orders: u64) -> Loss {
    Loss { step: step.into(), reason: reason.into(), orders }
}

#[tokio::test]
async fn a_cart_counts_once_however_much_is_put_into_it() {
    let shop = Shop::open();
    for minute in 0..5 {
        shop.hears(Shop::minute(minute), &added(1));
    }
    for said in [added(2), expired(2), added(3), placed(1, Some(3), MUG), added(3), expired(3), added(4)] {
        shop.hears(Shop::minute(9), &said);
    }
    shop.hears(Shop::minute(10), &placed(2, Some(4), MUG));
    shop.hears(Shop::minute(11), &placed(3, Some(4), MUG));
    let funnel = shop.funnel().await;
    assert_eq!(funnel.carts, CartFunnel { filled: 4, ordered: 2, expired: 1, open: 1 });
    assert_eq!(funnel.orders.placed, 3);
    assert_eq!(
        shop.0
            .sql(|sql| sql
                .get("SELECT count(*) FROM facts WHERE kind = 'filled'", [], |row| row.get::<_, i64>(0)))
            .unwrap(),
        4
    );
}

#[tokio::test]
async fn orders_are_lost_for_reasons_and_where_they_had_come_to() {
    let shop = Shop::open();
    let happened = [
        vec![placed(1, None, MUG)],
        vec![placed(2, None, MUG), refused(2), cancelled(2, "out_of_stock")],
        vec![placed(3, None, MUG), refused(3)],
        vec![placed(4, None, MUG), due(4), cancelled(4, "card_declined")],
        vec![placed(5, None, MUG), due(5), cancelled(5, "too_late")],
        vec![placed(6, None, MUG), cancelled(6, "asked_to_cancel")],
        vec![placed(7, None, MUG), due(7), confirmed(7, MUG), refunded(7, 1, 1000)],
        vec![placed(8, None, MUG), due(8)],
    ];
    for said in happened.iter().flatten() {
        shop.hears(Shop::minute(1), said);
    }
    let orders = shop.funnel().await.orders;
    assert_eq!((orders.placed, orders.payment_due, orders.confirmed), (8, 4, 1));
    assert_eq!((orders.lost, orders.open), (5, 2));
    let wanted = [
        loss("placed", "out_of_stock", 2),
        loss("payment_due", "card_declined", 1),
        loss("payment_due", "too_late", 1),
        loss("placed", "asked_to_cancel", 1),
    ];
    assert_eq!(orders.reasons, wanted);
}

#[tokio::test]
async fn an_order_counts_where_it_began_whatever_becomes_of_it_later() {
    let shop = Shop::open();
    shop.hears(Shop::minute(59), &placed(1, None, MUG));
    shop.hears(Shop::minute(600), &cancelled(1, "too_late"));
    let asked = contracts::analytics::GetFunnel { from: Shop::minute(0), to: Shop::minute(60) };
    let orders = shop.0.ask(&asked).await.unwrap().orders;
    assert_eq!((orders.placed, orders.lost), (1, 1));
    let later = contracts::analytics::GetFunnel { from: Shop::minute(60), to: Shop::minute(900) };
    assert_eq!(shop.0.ask(&later).await.unwrap().orders.placed, 0);
}

#[tokio::test]
async fn rare_reasons_beyond_the_most_frequent_are_one_line() {
    let shop = Shop::open();
    for number in 0..60 {
        shop.hears(Shop::minute(1), &placed(number, None, MUG));
        shop.hears(Shop::minute(1), &cancelled(number, &format!("reason_{number:02}")));
    }
    let orders = shop.funnel().await.orders;
    assert_eq!((orders.lost, orders.reasons.len()), (60, contracts::analytics::REASONS_MAX + 1));
    assert_eq!(orders.reasons[0], loss("placed", "other", 10));
}
