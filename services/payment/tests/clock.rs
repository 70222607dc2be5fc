//! A clock that jumps: whatever it shows, a card is charged once.

use std::time::Duration;

use contracts::payment::{PaymentState, ReconcilePayment};

use crate::provider::Line;
use crate::{CHARGED_ONCE, Shop, order};

const TWO_DAYS: Duration = Duration::from_secs(48 * 60 * 60);
const AN_HOUR: Duration = Duration::from_secs(60 * 60);
const SOON: Duration = Duration::from_secs(31);

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_forward_between_two_tries_leads_to_no_second_charge() {
    let line = Line::deaf();
    let shop = Shop::through(&line);
    shop.due(order(1), "pm_card_visa");
    assert_eq!(shop.work().await, 1);
    shop.set_clock(shop.now() + TWO_DAYS);
    line.mend();
    assert_eq!(shop.work().await, 1);
    assert_eq!(shop.payment_of(order(1)).await.state, PaymentState::Captured);
    assert_eq!(shop.provider_has(order(1)), CHARGED_ONCE);
    shop.set_clock(shop.now() - TWO_DAYS);
    assert_eq!(shop.work().await, 0);
    assert_eq!(shop.provider_has(order(1)), CHARGED_ONCE);
    shop.books_agree();
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_used_before_the_clock_was_set_back_is_only_looked_up() {
    let line = Line::deaf();
    let shop = Shop::through(&line);
    let start = shop.now();
    shop.set_clock(start + TWO_DAYS);
    shop.due(order(1), "pm_card_visa");
    shop.work_it_off().await;
    line.mend();
    // A day goes by, and with the next request the provider forgets the key.
    shop.set_clock(start + TWO_DAYS * 2);
    shop.due(order(2), "pm_card_visa");
    shop.work().await;
    // Now the clock is right again, and by it the key is young.
    shop.set_clock(start + TWO_DAYS / 2);
    let payment = shop.payment_of(order(1)).await.payment;
    shop.ask(&ReconcilePayment { payment }).await.unwrap();
    shop.work().await;
    assert_eq!(shop.payment_of(order(1)).await.state, PaymentState::Captured);
    assert_eq!(shop.provider_has(order(1)), CHARGED_ONCE);
    shop.books_agree();
}

#[tokio::test(start_paused = true)]
async fn while_nobody_knows_how_old_a_key_is_nothing_is_concluded_from_a_provider_that_knows_nothing() {
    let shop = Shop::open();
    shop.due(order(1), "pm_test_timeoutAlways");
    shop.work().await;
    let before = shop.now();
    shop.set_clock(before - AN_HOUR);
    assert_eq!(shop.work().await, 1, "it does not wait until the clock is where it was");
    assert_eq!(shop.payment_of(order(1)).await.state, PaymentState::Unknown, "neither paid nor declined");
    shop.set_clock(before + SOON);
    shop.books_agree();
}

#[tokio::test]
async fn a_payment_that_was_never_tried_is_charged_whatever_the_clock_shows() {
    let shop = Shop::open();
    shop.due(order(1), "pm_card_visa");
    // It is due by a clock that has gone on again to a time before its own.
    shop.set_clock(shop.now() - Duration::from_secs(30));
    shop.work().await;
    shop.set_clock(shop.now() + AN_HOUR);
    shop.work().await;
    assert_eq!(shop.payment_of(order(1)).await.state, PaymentState::Captured);
    assert_eq!(shop.provider_has(order(1)), CHARGED_ONCE);
}
