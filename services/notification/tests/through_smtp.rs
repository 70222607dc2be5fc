//! Mails through a server.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use contracts::notification::{ListNotifications, NotificationState, NotificationView};
use kit::testing::Scratch;
use notification::Settings;
use notification::settings::{MAIL_FROM, OPERATOR_EMAIL, SMTP_URL};

use crate::letterbox::confirmed;
use crate::mail_server::{MailServer, Manner};

/// A notification service that has something to send through a server.
fn writing_through(url: &str) -> Scratch {
    let settings = Settings::from_variables(Path::new("data"), |variable| {
        Ok(Some(match variable {
            SMTP_URL => url.to_owned(),
            MAIL_FROM => "The shop <shop@example.org>".to_owned(),
            OPERATOR_EMAIL => "ops@example.org".to_owned(),
            _ => return Ok(None),
        }))
    });
    let service = Scratch::of(notification::service(settings.unwrap()));
    service.hear(&confirmed(1));
    service
}

async fn message(service: &Scratch) -> NotificationView {
    service.ask(&ListNotifications::default()).await.unwrap().items.remove(0)
}

#[tokio::test]
async fn a_server_is_handed_the_mail() {
    let server = MailServer::start(vec![]);
    let service = writing_through(&server.url);
    service.work().await;

    let message = message(&service).await;
    assert_eq!(message.state, NotificationState::Sent);
    let [mail] = &server.taken()[..] else { panic!("not one mail") };
    assert!(mail.starts_with("TO:<ann@example.org>\n"), "{mail}");
    assert!(mail.contains("\nFrom: \"The shop\" <shop@example.org>\n"), "{mail}");
    assert!(mail.contains(&format!("\nMessage-ID: <{}.1@example.org>\n", message.notification)), "{mail}");
    assert!(mail.contains(&format!("\n\n{}", message.text)), "{mail}");
}

#[tokio::test]
async fn a_server_that_says_later_is_asked_later() {
    let server = MailServer::start(vec![Manner::Answers("451 4.7.1 greylisted, come again")]);
    let service = writing_through(&server.url);
    service.work().await;
    let first = message(&service).await;
    assert_eq!(first.state, NotificationState::Pending);
    let outcome = &first.attempts[0].outcome;
    assert!(outcome.contains("(451)") && outcome.contains("greylisted"), "{outcome}");

    service.advance(Duration::from_secs(1)).await;
    service.work().await;
    assert_eq!(message(&service).await.state, NotificationState::Sent);
}

#[tokio::test]
async fn a_server_that_says_never_is_not_asked_again() {
    let server = MailServer::start(vec![Manner::Answers("550 5.1.1 <ann@example.org>: unknown here")]);
    let service = writing_through(&server.url);
    service.work().await;
    let message = message(&service).await;
    assert_eq!(message.state, NotificationState::Failed);
    let outcome = &message.attempts[0].outcome;
    assert!(outcome.contains("(550)") && outcome.ends_with("(address) unknown here"), "{outcome}");
}

#[tokio::test]
async fn a_server_that_wants_another_account_leaves_time_to_mend_it() {
    let server = MailServer::start(vec![Manner::Answers("530 5.7.0 authentication required")]);
    let service = writing_through(&server.url);
    service.work().await;
    assert_eq!(message(&service).await.state, NotificationState::Pending);
}

#[tokio::test]
async fn a_mail_whose_fate_is_unknown_is_sent_again_as_the_same_mail() {
    let server = MailServer::start(vec![Manner::HangsUp]);
    let service = writing_through(&server.url);
    service.work().await;
    let first = message(&service).await;
    assert_eq!(first.state, NotificationState::Pending);
    let outcome = &first.attempts[0].outcome;
    assert!(outcome.starts_with("the mail server did not say whether it took it"), "{outcome}");

    service.advance(Duration::from_secs(1)).await;
    service.work().await;
    assert_eq!(message(&service).await.state, NotificationState::Sent);
    assert!(server.taken()[0].contains(&format!("\nMessage-ID: <{}.1@example.org>\n", first.notification)));
}

#[tokio::test]
async fn a_server_that_is_not_there_has_certainly_taken_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    drop(listener);
    let service = writing_through(&url);
    service.work().await;
    let message = message(&service).await;
    assert_eq!(message.state, NotificationState::Pending);
    let outcome = &message.attempts[0].outcome;
    assert!(outcome.starts_with("the mail server did not take it: Connection error"), "{outcome}");
}
