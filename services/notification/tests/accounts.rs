//! Mails about accounts: once each, with a code that stands in the mail and nowhere else.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contracts::auth::{MailDue, MailPurpose, RevealCode, Revealed, Secret, reason};
use contracts::notification::{
    ListNotifications, NotificationFailed, NotificationSent, NotificationState, NotificationView,
};
use contracts::{Email, TicketId};
use kit::{Effect, Error, Event, Trouble};
use notification::code::REVEAL_TIME;
use notification::delivery::SendNotification;

use crate::letterbox::Post;

const CODE: &str = "01h2e8kqvbfwea724h75qc655w.3w7p0n5t1r9v2x8y4z6q3m5k7j";

const GONE: &str = "no mail was sent: its code was used or its time is over; a new one must be asked for";

fn ticket(number: u128) -> TicketId {
    kit::id::Id::from_bits(number)
}

fn due(number: u128, purpose: MailPurpose) -> MailDue {
    MailDue { ticket: ticket(number), email: "ann@example.org".parse().unwrap(), purpose }
}

/// A post whose sign-in tells the code of every ticket, and the tickets that it was asked for.
fn open() -> (Post, Arc<Mutex<Vec<TicketId>>>) {
    let post = Post::open();
    let asked = Arc::<Mutex<Vec<TicketId>>>::default();
    let (noted, valid_until) = (Arc::clone(&asked), post.service.now() + Duration::from_secs(3600));
    post.service.stub(move |request: RevealCode| {
        noted.lock().unwrap().push(request.ticket);
        Ok(Revealed { code: Secret::new(CODE), valid_until })
    });
    (post, asked)
}

/// Everything that the service keeps: the bytes of its database and of the files beside it.
fn kept(post: &Post) -> String {
    let file: String =
        post.service.sql(|sql| sql.get("PRAGMA database_list", [], |row| row.get("file"))).unwrap();
    let folder = Path::new(&file).parent().unwrap();
    let files = fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    files.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

async fn all(post: &Post) -> Vec<NotificationView> {
    post.service.ask(&ListNotifications::default()).await.unwrap().items
}

#[tokio::test]
async fn the_code_stands_in_the_mail_and_nowhere_else() {
    for purpose in [MailPurpose::ConfirmAddress, MailPurpose::ResetPassword] {
        let (post, _) = open();
        // A mail server that repeats what it read, the code with it.
        post.makes_trouble([Trouble::Transient(format!("451 later: <ann@example.org> {CODE}, really"))]);
        post.hears(&due(1, purpose)).await;
        post.work().await;
        post.service.advance(Duration::from_secs(2)).await;
        assert_eq!(post.work().await, 1);

        let [letter] = &post.letters()[..] else { panic!("not one letter") };
        assert_eq!(letter.text.matches(CODE).count(), 1, "{}", letter.text);
        assert!(letter.text.contains("2026-01-01 13:00 UTC"), "{}", letter.text);
        assert!(!letter.text.contains(['{', '}']) && !letter.subject.contains(CODE));
        assert!(!format!("{letter:?}").contains(CODE));

        let shown = post.newest().await;
        assert_eq!(shown.state, NotificationState::Sent);
        assert!(shown.text.contains("{code}") && shown.text.contains("{valid_until}"), "{}", shown.text);
        assert_eq!(shown.attempts[0].outcome, "451 later: (address) (code) really");
        // What is told stands there as well, in the outbox.
        let kept = kept(&post);
        assert!(kept.contains(&shown.text) && kept.contains("events.notification.sent"));
        for part in CODE.split('.') {
            assert!(!kept.contains(part), "{part} is kept");
        }
    }
}

#[tokio::test]
async fn the_commands_in_the_mails_are_those_of_shopctl() {
    let (post, _) = open();
    let wanted = [
        (MailPurpose::ConfirmAddress, format!("\n  shopctl confirm {CODE}\n")),
        (MailPurpose::AlreadyRegistered, "\n  shopctl login EMAIL\n".to_owned()),
        (MailPurpose::ResetPassword, format!("\n  shopctl password reset --code \\\n    {CODE}\n")),
        (MailPurpose::PasswordChanged, "\n  shopctl password forgot EMAIL\n".to_owned()),
    ];
    for (number, (purpose, _)) in (1..).zip(&wanted) {
        post.hears(&due(number, *purpose)).await;
        post.work().await;
    }
    for (letter, (_, command)) in post.letters().iter().zip(&wanted) {
        assert!(letter.text.contains(command), "{}", letter.text);
        // A longer line is broken on its way, and a code in it is none any more.
        assert!(letter.text.lines().all(|line| line.len() <= 76), "{}", letter.text);
    }
    assert_eq!(post.letters().len(), wanted.len());
}

#[tokio::test]
async fn a_mail_without_a_code_asks_for_none() {
    let (post, asked) = open();
    for (number, purpose) in (1..).zip([MailPurpose::AlreadyRegistered, MailPurpose::PasswordChanged]) {
        post.hears(&due(number, purpose)).await;
    }
    assert_eq!(post.work().await, 2);
    assert_eq!((post.letters().len(), asked.lock().unwrap().len()), (2, 0));
}

#[tokio::test]
async fn a_ticket_is_written_about_once_however_often_it_is_heard_of() {
    let (post, _) = open();
    let event = due(1, MailPurpose::ResetPassword);
    let number = post.service.hear(&event);
    let body = serde_json::to_vec(&event).unwrap();
    post.service.hear_at(number, MailDue::SUBJECT, &event.key(), body).unwrap();
    post.hears(&event).await;
    // The same ticket must not reach a second address.
    post.hears(&MailDue { email: "eve@example.org".parse().unwrap(), ..event.clone() }).await;
    post.hears(&MailDue { purpose: MailPurpose::ConfirmAddress, ..event }).await;
    post.work().await;
    let to: Vec<String> = post.letters().into_iter().map(|letter| letter.recipient).collect();
    assert_eq!(to, ["ann@example.org"]);

    post.hears(&due(2, MailPurpose::ResetPassword)).await;
    assert_eq!(post.work().await, 1);
}

#[tokio::test]
async fn while_sign_in_is_away_the_mail_waits_and_is_sent_later() {
    let post = Post::open();
    post.hears(&due(1, MailPurpose::ConfirmAddress)).await;
    post.work().await;
    let shown = post.newest().await;
    assert_eq!(shown.state, NotificationState::Pending);
    assert_eq!(shown.attempts[0].outcome, "no mail was sent: sign-in did not tell the code (no_responders)");
    assert_eq!(post.letters(), []);

    let valid_until = post.service.now() + Duration::from_secs(3600);
    post.service.stub(move |_: RevealCode| Ok(Revealed { code: Secret::new(CODE), valid_until }));
    post.service.advance(Duration::from_secs(2)).await;
    assert_eq!(post.work().await, 1);
    assert_eq!((post.letters().len(), post.newest().await.state), (1, NotificationState::Sent));
}

#[tokio::test]
async fn a_mail_whose_code_is_no_longer_good_is_given_up_and_so_is_sending_it_again() {
    let post = Post::open();
    post.service.stub(|_: RevealCode| Err(Error::not_found(reason::UNKNOWN_TICKET, "no such ticket")));
    post.hears(&due(1, MailPurpose::ResetPassword)).await;
    assert_eq!(post.work().await, 1);
    let message = post.newest().await;
    assert_eq!((message.state, message.attempts.len()), (NotificationState::Failed, 1));
    let failed = NotificationFailed {
        notification: message.notification,
        about: ticket(1).to_string(),
        happening: "reset_password".into(),
        message: GONE.into(),
    };
    assert_eq!(post.service.told_of::<NotificationFailed>(), [failed]);

    post.resend(message.notification).await.unwrap();
    assert_eq!(post.work().await, 1);
    let shown = post.show(message.notification).await;
    assert_eq!((shown.state, shown.attempts[1].outcome.as_str()), (NotificationState::Failed, GONE));
    assert_eq!((post.letters(), post.work().await), (vec![], 0));
}

#[tokio::test]
async fn a_mail_that_is_sent_once_more_asks_for_its_code_anew() {
    let (post, asked) = open();
    post.hears(&due(1, MailPurpose::ResetPassword)).await;
    post.work().await;
    post.resend(post.newest().await.notification).await.unwrap();
    post.work().await;
    assert_eq!(*asked.lock().unwrap(), [ticket(1), ticket(1)]);
    assert!(post.letters().iter().all(|letter| letter.text.contains(CODE)));
    assert_eq!(post.service.told_of::<NotificationSent>().len(), 2);

    let gone = |_: RevealCode| Err(Error::not_found(reason::UNKNOWN_TICKET, "no such ticket"));
    post.service.stub(gone);
    post.resend(post.newest().await.notification).await.unwrap();
    post.work().await;
    let shown = post.newest().await;
    assert_eq!((shown.state, shown.attempts[2].outcome.as_str()), (NotificationState::Failed, GONE));
}

#[tokio::test]
async fn text_from_others_is_never_taken_for_the_place_of_a_code() {
    let (post, asked) = open();
    let mut order = crate::letterbox::confirmed(1);
    order.lines[0].name = "{code} {valid_until}".into();
    order.email = Some("{code}@example.org".parse().unwrap());
    post.hears(&order).await;
    post.work().await;
    let [letter] = &post.letters()[..] else { panic!("not one letter") };
    assert!(letter.text.contains("2 x {code} {valid_until}: "), "{}", letter.text);
    assert!(asked.lock().unwrap().is_empty());

    let email: Email = "{code}@example.org".parse().unwrap();
    post.hears(&MailDue { email, ..due(2, MailPurpose::ConfirmAddress) }).await;
    post.work().await;
    assert_eq!(post.letters()[1].recipient, "{code}@example.org");
}

#[tokio::test]
async fn an_address_that_is_none_reaches_no_mail() {
    let (post, asked) = open();
    for email in ["", "ann", "ann@example.org\r\nBcc: eve@example.org", "ann@example.org, eve@example.org"] {
        let body = serde_json::json!({ "ticket": ticket(1), "email": email, "purpose": "reset_password" });
        post.service.hear_raw(MailDue::SUBJECT, &ticket(1).to_string(), body.to_string());
    }
    assert!(!post.service.dead_letters().is_empty());
    assert_eq!((post.service.work().await, all(&post).await), (0, vec![]));
    assert!(asked.lock().unwrap().is_empty());
}

#[test]
fn asking_for_the_code_leaves_time_for_the_mail() {
    assert!(REVEAL_TIME * 4 < SendNotification::POLICY.time_limit);
}
