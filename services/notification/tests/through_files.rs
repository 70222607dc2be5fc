//! Mails as files, which is how they go out when nothing is set.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use contracts::auth::{MailDue, RevealCode, Revealed};
use contracts::notification::{ListNotifications, NotificationState, NotificationView, ResendNotification};
use kit::Example;
use kit::testing::Scratch;
use notification::Settings;

use crate::letterbox::confirmed;

async fn only_message(service: &Scratch) -> NotificationView {
    let page = service.ask(&ListNotifications::default()).await.unwrap();
    assert_eq!(page.items.len(), 1);
    page.items.into_iter().next().unwrap()
}

fn mails(folder: &Path) -> Vec<String> {
    let mut mails: Vec<String> = fs::read_dir(folder.join("mail/new"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    mails.sort();
    mails
}

#[tokio::test]
async fn a_mail_is_a_file_that_mail_programs_read() {
    let folder = tempfile::tempdir().unwrap();
    let service = Scratch::of(notification::service(Settings::files_in(folder.path())));
    service.hear(&confirmed(1));
    service.work().await;

    let message = only_message(&service).await;
    assert_eq!(message.state, NotificationState::Sent);
    let [mail] = &mails(folder.path())[..] else { panic!("not one mail") };
    let (headers, text) = mail.split_once("\n\n").unwrap();
    assert_eq!(text, message.text);
    let wanted = [
        "From: Shop <shop@shop.example>".to_owned(),
        "To: ann@example.org".to_owned(),
        format!("Subject: {}", message.subject),
        format!("Message-ID: <{}.1@shop.example>", message.notification),
    ];
    for wanted in wanted {
        assert!(headers.lines().any(|line| line == wanted), "{wanted}\n\n{headers}");
    }
}

#[tokio::test]
async fn a_mail_that_is_sent_once_more_is_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let service = Scratch::of(notification::service(Settings::files_in(folder.path())));
    service.hear(&confirmed(1));
    service.work().await;
    let notification = only_message(&service).await.notification;
    service.ask(&ResendNotification { notification }).await.unwrap();
    service.work().await;
    let mails = mails(folder.path());
    assert_eq!(mails.len(), 2);
    assert!(mails.iter().any(|mail| mail.contains(&format!("Message-ID: <{notification}.2@shop.example>"))));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mail"), "a file where the folder should be").unwrap();
    let service = Scratch::of(notification::service(Settings::files_in(folder.path())));
    service.hear(&confirmed(1));
    service.work().await;
    let message = only_message(&service).await;
    assert_eq!(message.state, NotificationState::Pending);
    let outcome = &message.attempts[0].outcome;
    assert!(outcome.starts_with("the mail folder cannot be written: "), "{outcome}");

    fs::remove_file(folder.path().join("mail")).unwrap();
    service.advance(std::time::Duration::from_secs(1)).await;
    service.work().await;
    assert_eq!(
        (only_message(&service).await.state, mails(folder.path()).len()),
        (NotificationState::Sent, 1)
    );
}

#[tokio::test]
async fn a_file_with_a_code_can_be_read_by_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let service = Scratch::of(notification::service(Settings::files_in(folder.path())));
    service.stub(|_: RevealCode| Ok(Revealed::example()));
    service.hear(&MailDue::example());
    assert_eq!(service.work().await, 1);
    let [mail] = &mails(folder.path())[..] else { panic!("not one mail") };
    assert!(mail.contains(Revealed::example().code.expose()), "{mail}");

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("mail")), 0o700);
    for entry in fs::read_dir(folder.path().join("mail/new")).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}
