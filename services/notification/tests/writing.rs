//! Who is written to, about what, and how often.

use contracts::inventory::{StockLow, StockRestocked};
use contracts::order::{OrderCancelled, OrderConfirmed, OrderNeedsAttention, OrderRefunded};
use kit::{Event, Example};

use crate::letterbox::{OPERATOR, Post, confirmed, order};

const ANN: &str = "ann@example.org";

fn to(recipient: &str, subject: &str) -> (String, String) {
    (recipient.to_owned(), subject.to_owned())
}

#[tokio::test]
async fn a_customer_hears_of_the_order() {
    let post = Post::open();
    post.hears(&OrderConfirmed::example()).await;
    post.hears(&OrderRefunded::example()).await;
    post.work().await;
    let id = "ord_01h2e8kqvbfwea724h75qc655w";
    let wanted = [
        to(ANN, &format!("Your order {id} is confirmed")),
        to(ANN, &format!("12.90 EUR of your order {id} is on its way back to you")),
    ];
    assert_eq!(post.sent(), wanted);

    post.hears(&OrderCancelled { order: order(2), ..Example::example() }).await;
    post.work().await;
    assert_eq!(post.sent()[2], to(ANN, &format!("Your order {} was cancelled", order(2))));
    let text = post.newest().await.text;
    assert!(text.contains("Reason: the card was declined: insufficient funds\n"), "{text}");
}

#[tokio::test]
async fn a_guest_without_an_address_is_left_in_peace() {
    let post = Post::open();
    post.hears(&OrderConfirmed { email: None, ..Example::example() }).await;
    post.hears(&OrderCancelled { email: None, ..Example::example() }).await;
    post.hears(&OrderRefunded { email: None, ..Example::example() }).await;
    assert_eq!(post.work().await, 0);
}

#[tokio::test]
async fn an_event_that_is_told_twice_is_written_about_once() {
    let post = Post::open();
    let event = confirmed(1);
    let number = post.service.hear(&event);
    let body = serde_json::to_vec(&event).unwrap();
    post.service.hear_at(number, OrderConfirmed::SUBJECT, &event.key(), body).unwrap();
    post.work().await;
    post.hears(&event).await;
    assert_eq!(post.work().await, 0);
    assert_eq!(post.sent().len(), 1);
}

#[tokio::test]
async fn every_refund_is_written_about() {
    let post = Post::open();
    let first = OrderRefunded::example();
    let second = OrderRefunded { refund: kit::id::Id::from_bits(2), in_full: true, ..first.clone() };
    for event in [&first, &second, &first] {
        post.hears(event).await;
    }
    assert_eq!(post.work().await, 2);
}

#[tokio::test]
async fn the_operator_hears_of_an_order_that_needs_attention_once_for_each_reason() {
    let post = Post::open();
    let event = OrderNeedsAttention::example();
    let other = OrderNeedsAttention { reason: "refund_failed".into(), ..event.clone() };
    for event in [&event, &event, &other] {
        post.hears(event).await;
    }
    post.work().await;
    let subject = |reason| format!("Order {} needs attention: {reason}", event.order);
    assert_eq!(
        post.sent(),
        [to(OPERATOR, &subject("payment outcome unknown")), to(OPERATOR, &subject("refund failed"))]
    );
}

#[tokio::test]
async fn the_operator_hears_of_low_stock_once_until_it_rises_and_falls_again() {
    let post = Post::open();
    let low = StockLow::example();
    let still_low = StockLow { available: 2, ..low.clone() };
    let other = StockLow { sku: "tee-black".parse().unwrap(), ..low.clone() };
    for event in [&low, &low, &still_low, &other] {
        post.hears(event).await;
    }
    post.work().await;
    assert_eq!(
        post.sent(),
        [to(OPERATOR, "Stock of mug-blue is low: 5 left"), to(OPERATOR, "Stock of tee-black is low: 5 left"),]
    );

    post.hears(&StockRestocked::example()).await;
    post.hears(&StockRestocked::example()).await;
    post.hears(&StockLow { available: 3, ..low }).await;
    post.work().await;
    assert_eq!(post.sent()[2..], [to(OPERATOR, "Stock of mug-blue is low: 3 left")]);
    assert_eq!(post.newest().await.happening, "stock_low:2");
}

#[tokio::test]
async fn stock_that_rises_without_having_been_low_is_nothing_to_write_about() {
    let post = Post::open();
    post.hears(&StockRestocked::example()).await;
    assert_eq!(post.work().await, 0);
}
