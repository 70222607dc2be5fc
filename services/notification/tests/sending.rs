//! Trying, trying again, giving up, and sending once more.

use std::time::Duration;

use contracts::notification::{NotificationFailed, NotificationSent, NotificationState, ResendNotification};
use kit::{Effect, Kind, Trouble};
use notification::delivery::SendNotification;

use crate::letterbox::{Post, confirmed, order};

fn busy() -> Trouble {
    Trouble::Transient("the server is busy".into())
}

#[tokio::test]
async fn a_message_is_sent_and_says_so() {
    let post = Post::open();
    post.hears(&confirmed(1)).await;
    let message = post.newest().await;
    assert_eq!((message.state, message.attempts.as_slice()), (NotificationState::Pending, &[][..]));

    assert_eq!(post.work().await, 1);

    let shown = post.show(message.notification).await;
    assert_eq!((shown.state, shown.recipient.as_str()), (NotificationState::Sent, "a***@example.org"));
    let outcomes: Vec<_> =
        shown.attempts.iter().map(|attempt| (attempt.at, attempt.outcome.as_str())).collect();
    assert_eq!(outcomes, [(post.service.now(), "sent")]);
    let sent = NotificationSent {
        notification: message.notification,
        about: order(1).to_string(),
        happening: "order_confirmed".into(),
        channel: "mail".into(),
    };
    assert_eq!(post.service.told_of::<NotificationSent>(), [sent]);
    assert_eq!(post.work().await, 0);
}

#[tokio::test]
async fn what_could_not_be_sent_is_tried_again_later() {
    let post = Post::open();
    post.makes_trouble([busy(), Trouble::Unknown("no answer from <ann@example.org>".into())]);
    post.hears(&confirmed(1)).await;
    post.work().await;
    assert_eq!(post.newest().await.state, NotificationState::Pending);
    assert_eq!(post.work().await, 0);

    for _ in 0..2 {
        post.service.advance(Duration::from_secs(2)).await;
        assert_eq!(post.work().await, 1);
    }
    let shown = post.newest().await;
    let outcomes: Vec<_> = shown.attempts.iter().map(|attempt| attempt.outcome.as_str()).collect();
    assert_eq!(outcomes, ["the server is busy", "no answer from (address)", "sent"]);
    assert_eq!(post.sent().len(), 1);
    assert_eq!(post.service.told(), ["events.notification.sent"]);
}

#[tokio::test]
async fn after_the_last_try_a_message_has_failed_and_can_be_sent_once_more() {
    let post = Post::open();
    let tries = SendNotification::POLICY.tries_max;
    post.makes_trouble((0..tries).map(|_| busy()));
    post.hears(&confirmed(1)).await;
    let mut tried = 0;
    let began = post.service.now();
    while tried < tries {
        tried += u32::try_from(post.work().await).unwrap();
        post.service.advance(Duration::from_secs(60)).await;
    }
    assert!(post.service.now() > began + Duration::from_secs(15 * 60));
    let message = post.newest().await;
    assert_eq!((message.state, message.attempts.len()), (NotificationState::Failed, 12));
    let failed = NotificationFailed {
        notification: message.notification,
        about: order(1).to_string(),
        happening: "order_confirmed".into(),
        message: "the server is busy".into(),
    };
    assert_eq!(post.service.told_of::<NotificationFailed>(), [failed]);
    assert_eq!(post.work().await, 0);

    let asked = post.resend(message.notification).await.unwrap();
    assert_eq!(asked.state, NotificationState::Pending);
    assert_eq!(post.work().await, 1);
    assert_eq!(post.show(message.notification).await.state, NotificationState::Sent);
    // It never arrived, as far as is known: this is still the first sending, the same to the letter.
    let sent: Vec<_> = post.letters().iter().map(|letter| (letter.generation, letter.asked_at)).collect();
    assert_eq!(sent, [(1, message.created_at)]);
    let given_up: u64 =
        post.service.sql(|sql| sql.get("SELECT count(*) FROM effect", [], |row| row.get(0))).unwrap();
    assert_eq!(given_up, 0);
}

#[tokio::test]
async fn what_can_never_be_sent_fails_at_once() {
    let post = Post::open();
    post.makes_trouble([Trouble::Hopeless("there is no such mailbox".into())]);
    post.hears(&confirmed(1)).await;
    post.work().await;
    assert_eq!(post.newest().await.state, NotificationState::Failed);
    assert_eq!(post.service.told(), ["events.notification.failed"]);
}

#[tokio::test]
async fn a_message_that_was_sent_is_sent_once_more_when_asked() {
    let post = Post::open();
    post.hears(&confirmed(1)).await;
    post.work().await;
    let first_asked_at = post.newest().await.created_at;
    let message = post.newest().await.notification;
    let asked = ResendNotification { notification: message };

    let first = post.service.ask_as("key-1", &asked).await.unwrap();
    let again = post.service.ask_as("key-1", &asked).await.unwrap();
    assert_eq!(again, first);
    assert_eq!((first.state, first.attempts.len()), (NotificationState::Pending, 1));
    assert_eq!(post.work().await, 1);

    let sent: Vec<_> = post.letters().iter().map(|letter| (letter.generation, letter.asked_at)).collect();
    assert_eq!(sent, [(1, first_asked_at), (2, post.service.now())]);
    let shown = post.show(message).await;
    assert_eq!((shown.state, shown.attempts.len()), (NotificationState::Sent, 2));
    assert_eq!(post.service.told_of::<NotificationSent>().len(), 2);
}

#[tokio::test]
async fn a_message_on_its_way_is_not_sent_twice() {
    let post = Post::open();
    post.hears(&confirmed(1)).await;
    let message = post.newest().await.notification;
    let refused = post.resend(message).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Conflict, "still_sending"));
    assert_eq!(post.work().await, 1);
    post.resend(message).await.unwrap();
    assert_eq!(post.resend(message).await.unwrap_err().reason, "still_sending");
    assert_eq!(post.work().await, 1);
}

#[tokio::test]
async fn an_unknown_message_is_not_found() {
    let post = Post::open();
    let refused = post.resend(kit::id::Id::from_bits(1)).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::NotFound, "unknown_notification"));
}

#[tokio::test]
async fn only_the_latest_tries_are_kept() {
    let post = Post::open();
    post.hears(&confirmed(1)).await;
    post.work().await;
    let message = post.newest().await.notification;
    for _ in 0..120 {
        post.resend(message).await.unwrap();
        post.work().await;
    }
    assert_eq!(post.show(message).await.attempts.len(), 100);
}
