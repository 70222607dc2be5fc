//! Looking through the messages.

use contracts::notification::{ListNotifications, NotificationPage, NotificationState};
use kit::{Kind, Trouble};
use serde_json::json;

use crate::letterbox::{Post, confirmed, order};

async fn list(post: &Post, asked: ListNotifications) -> kit::Result<NotificationPage> {
    post.service.ask(&asked).await
}

/// A post that has written about the orders 1 to `orders`, one a millisecond.
async fn written(orders: u128) -> Post {
    let post = Post::open();
    for number in 1..=orders {
        post.hears(&confirmed(number)).await;
    }
    post
}

#[tokio::test]
async fn an_empty_list_has_no_next_page() {
    let page = list(&written(0).await, ListNotifications::default()).await.unwrap();
    assert_eq!(page, NotificationPage { items: vec![], next: None });
}

#[tokio::test]
async fn pages_lead_through_every_message_from_the_newest_to_the_oldest() {
    let post = written(1000).await;
    let mut seen = Vec::new();
    let mut after = None;
    let mut pages = 0;
    loop {
        let asked = ListNotifications { after, limit: Some(200), ..Default::default() };
        let page = list(&post, asked).await.unwrap();
        seen.extend(page.items.into_iter().map(|message| message.about));
        pages += 1;
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let wanted: Vec<String> = (1..=1000).rev().map(|number| order(number).to_string()).collect();
    assert!(seen == wanted, "{} messages on {pages} pages", seen.len());
}

#[tokio::test]
async fn a_page_that_is_exactly_full_is_the_last() {
    let post = written(5).await;
    let page = list(&post, ListNotifications { limit: Some(5), ..Default::default() }).await.unwrap();
    assert_eq!((page.items.len(), page.next), (5, None));
    let page = list(&post, ListNotifications { limit: Some(4), ..Default::default() }).await.unwrap();
    assert_eq!((page.items.len(), page.next.as_deref()), (4, Some(&*page.items[3].notification.to_string())));
}

#[tokio::test]
async fn messages_are_found_by_order_and_by_state() {
    let post = written(3).await;
    post.makes_trouble([Trouble::Hopeless("no".into())]);
    post.work().await;

    let page = list(&post, ListNotifications { order: Some(order(2)), ..Default::default() }).await.unwrap();
    assert_eq!(page.items.len(), 1);
    assert_eq!(page.items[0].about, order(2).to_string());

    let state = |state| ListNotifications { state: Some(state), ..Default::default() };
    let failed = list(&post, state(NotificationState::Failed)).await.unwrap();
    assert_eq!(failed.items.len(), 1);
    assert_eq!(failed.items[0].attempts[0].outcome, "no");
    assert_eq!(list(&post, state(NotificationState::Sent)).await.unwrap().items.len(), 2);
    assert_eq!(list(&post, state(NotificationState::Pending)).await.unwrap().items.len(), 0);

    let both = ListNotifications { order: Some(order(2)), ..state(NotificationState::Pending) };
    assert_eq!(list(&post, both).await.unwrap().items.len(), 0);
}

#[tokio::test]
async fn malformed_questions_are_refused() {
    let post = written(1).await;
    for after in ["", "1", "ntf_", "ord_01h2e8kqvbfwea724h75qc655w", "ntf_\u{0}", "' OR 1=1 --"] {
        let asked = ListNotifications { after: Some(after.into()), ..Default::default() };
        let refused = list(&post, asked).await.unwrap_err();
        assert_eq!((refused.kind, &*refused.reason), (Kind::Invalid, "invalid_cursor"), "{after:?}");
    }
    for limit in [0, 201, u32::MAX] {
        let asked = ListNotifications { limit: Some(limit), ..Default::default() };
        assert_eq!(list(&post, asked).await.unwrap_err().reason, "invalid_limit", "{limit}");
    }
    for body in
        [json!({ "state": "lost" }), json!({ "order": "ord_*" }), json!({ "to": "ann" }), json!([]), json!(7)]
    {
        let refused = post.service.ask_raw("notification.list", None, body.to_string()).await.unwrap_err();
        assert_eq!(&*refused.reason, "invalid_body", "{body}");
    }
}
