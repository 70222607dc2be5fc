//! One message for each happening and person.

use contracts::notification::{ListNotifications, NotificationState, ResendNotification};
use contracts::order::{PlaceOrder, RefundOrder, Stage};
use kit::testing::eventually;
use tests::customer::{DECLINED_CARD, order_of};
use tests::{Counter, shared};

async fn messages(shop: &Counter, order: contracts::OrderId, count: usize) -> Vec<(String, String)> {
    eventually(&format!("{count} messages are sent"), || async {
        let list = ListNotifications { order: Some(order), ..ListNotifications::default() };
        let page = shop.client().ask(&list).await.ok()?;
        let sent: Vec<_> =
            page.items.into_iter().filter(|message| message.state == NotificationState::Sent).collect();
        (sent.len() == count)
            .then(|| sent.into_iter().map(|message| (message.happening, message.recipient)).collect())
    })
    .await
}

#[tokio::test]
async fn a_buyer_is_told_once_of_each_happening() {
    let shop = shared().counter().await;
    shop.sells("mailed-mug", 1000, 10).await;
    let placed = shop.places(&order_of(&[("mailed-mug", 1)])).await.unwrap();
    shop.settles(placed.order).await;
    let first = messages(&shop, placed.order, 1).await;
    assert_eq!(first, [("order_confirmed".into(), "a***@example.org".into())]);

    shop.client()
        .ask(&RefundOrder { order: placed.order, amount: None, reason: String::new() })
        .await
        .unwrap();
    shop.reaches(placed.order, Stage::Refunded).await;
    assert_eq!(messages(&shop, placed.order, 2).await.len(), 2);

    let declined = PlaceOrder { payment_method: DECLINED_CARD.into(), ..order_of(&[("mailed-mug", 1)]) };
    let declined = shop.places(&declined).await.unwrap();
    assert_eq!(messages(&shop, declined.order, 1).await[0].0, "order_cancelled");
}

#[tokio::test]
async fn a_message_can_be_sent_once_more() {
    let shop = shared().counter().await;
    shop.sells("resent-mug", 1000, 10).await;
    let placed = shop.places(&order_of(&[("resent-mug", 1)])).await.unwrap();
    messages(&shop, placed.order, 1).await;
    let list = ListNotifications { order: Some(placed.order), ..ListNotifications::default() };
    let message = shop.client().ask(&list).await.unwrap().items.remove(0).notification;
    shop.client().ask(&ResendNotification { notification: message }).await.unwrap();
    eventually("it is sent twice", || async {
        let get = contracts::notification::GetNotification { notification: message };
        let view = shop.client().ask(&get).await.ok()?;
        (view.attempts.iter().filter(|attempt| attempt.outcome == "sent").count() == 2).then_some(())
    })
    .await;
}
