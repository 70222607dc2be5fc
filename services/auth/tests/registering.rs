//! Registering, and confirming an address.

use std::time::Duration;

use auth::ticket::{CONFIRMED_WITHIN, SENT_TWICE_WITHIN, TICKETS_MAX, TICKETS_TIME};
use contracts::auth::{CustomerRegistered, GetAccount, MailPurpose, RevealCode};
use kit::testing::operator;
use kit::{Caller, Kind, Role};

use crate::door::{Door, OTHER, PASSWORD, reason};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_customer_registers_confirms_and_signs_in() {
    let door = Door::open().await;
    door.register("Ann@example.org", PASSWORD).await.unwrap();
    assert_eq!(reason(door.log_in("ann@example.org", PASSWORD).await), "not_confirmed");
    assert_eq!(reason(door.log_in("ann@example.org", OTHER).await), "wrong_credentials");
    let mail = door.mails().pop().unwrap();
    assert_eq!((mail.email.as_str(), mail.purpose), ("Ann@example.org", MailPurpose::ConfirmAddress));

    let code = door.code().await;
    let account = door.confirm(&code).await.unwrap();
    assert_eq!((account.role, account.confirmed, account.disabled), (Role::Customer, true, false));
    let registered = CustomerRegistered { customer: account.customer, email: account.email.clone() };
    assert_eq!(door.auth.told_of::<CustomerRegistered>(), [registered]);

    let pair = door.log_in("ANN@EXAMPLE.ORG", PASSWORD).await.unwrap();
    assert_eq!(pair.account, account);
    let by_address = GetAccount { customer: None, email: Some("aNN@example.org".parse().unwrap()) };
    assert_eq!(door.auth.ask_by(&operator(), &by_address).await.unwrap(), account);
}

#[tokio::test]
async fn registering_answers_and_works_the_same_whether_there_is_an_account_or_not() {
    let door = Door::open().await;
    door.customer("ann@example.org").await;
    let hashed = door.hasher.hashed();

    let known = door.register("ann@example.org", OTHER).await.unwrap();
    assert_eq!(door.last_purpose(), MailPurpose::AlreadyRegistered);
    let unknown = door.register("bob@example.org", OTHER).await.unwrap();
    assert_eq!(door.last_purpose(), MailPurpose::ConfirmAddress);
    assert_eq!((known.email.as_str(), unknown.email.as_str()), ("ann@example.org", "bob@example.org"));
    assert_eq!(door.hasher.hashed(), hashed + 2);

    // Nor does signing in with what was just registered tell.
    let known = door.log_in("ann@example.org", OTHER).await.unwrap_err();
    let unknown = door.log_in("bob@example.org", OTHER).await.unwrap_err();
    assert_eq!(
        (known.kind, &known.reason, &known.message),
        (unknown.kind, &unknown.reason, &unknown.message)
    );
    assert_eq!(unknown.reason, "not_confirmed");
    // And it has not become the password.
    door.log_in("ann@example.org", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_mail_to_somebody_who_has_an_account_already_has_no_code() {
    let door = Door::open().await;
    door.customer("ann@example.org").await;
    door.register("ann@example.org", OTHER).await.unwrap();
    let asked = RevealCode { ticket: door.mails().pop().unwrap().ticket };
    let refused = door.auth.ask_by(&Caller::Service("notification".into()), &asked).await;
    assert_eq!(reason(refused), "unknown_ticket");
}

#[tokio::test]
async fn a_stranger_who_registers_the_same_address_does_not_choose_its_password() {
    let door = Door::open().await;
    door.register("ann@example.org", PASSWORD).await.unwrap();
    let of_ann = door.code().await;
    door.register("ann@example.org", OTHER).await.unwrap();
    let of_the_stranger = door.code().await;

    door.confirm(&of_ann).await.unwrap();
    door.log_in("ann@example.org", PASSWORD).await.unwrap();
    assert!(door.log_in("ann@example.org", OTHER).await.is_err());
    assert_eq!(reason(door.confirm(&of_the_stranger).await), "invalid_code");
    assert_eq!(door.auth.told_of::<CustomerRegistered>().len(), 1);
}

#[tokio::test]
async fn a_code_confirms_once_and_the_same_request_sent_again_is_answered_again() {
    let door = Door::open().await;
    door.register("ann@example.org", PASSWORD).await.unwrap();
    let code = door.code().await;
    let first = door.confirm(&code).await.unwrap();
    assert_eq!(door.confirm(&code).await.unwrap(), first);
    assert_eq!(door.auth.told_of::<CustomerRegistered>().len(), 1);
    door.auth.advance(SENT_TWICE_WITHIN + SECOND).await;
    assert_eq!(reason(door.confirm(&code).await), "invalid_code");
}

#[tokio::test]
async fn a_code_is_good_for_a_day() {
    let door = Door::open().await;
    door.register("ann@example.org", PASSWORD).await.unwrap();
    let code = door.code().await;
    door.stop_for(CONFIRMED_WITHIN).await;
    assert_eq!(reason(door.confirm(&code).await), "invalid_code");
    assert_eq!(reason(door.log_in("ann@example.org", PASSWORD).await), "wrong_credentials");
}

#[tokio::test]
async fn nobody_is_flooded_with_mail() {
    let door = Door::open().await;
    for _ in 0..TICKETS_MAX + 2 {
        door.register("ann@example.org", PASSWORD).await.unwrap();
        door.ask_reset("ann@example.org").await.unwrap();
    }
    assert_eq!(door.mails().len(), 2 * TICKETS_MAX);
    door.auth.advance(TICKETS_TIME).await;
    door.ask_reset("ann@example.org").await.unwrap();
    assert_eq!(door.mails().len(), 2 * TICKETS_MAX + 1);
}

#[tokio::test]
async fn an_account_that_nobody_confirms_is_forgotten_and_others_are_not() {
    let door = Door::open().await;
    let ann = door.customer("ann@example.org").await;
    door.register("bob@example.org", PASSWORD).await.unwrap();
    door.stop_for(Duration::from_secs(8 * 24 * 60 * 60)).await;
    // Its ticket goes first, and then the account.
    door.auth.advance(Duration::from_secs(20 * 60)).await;
    let find = |email: &str| GetAccount { customer: None, email: Some(email.parse().unwrap()) };
    let gone = door.auth.ask_by(&operator(), &find("bob@example.org")).await.unwrap_err();
    assert_eq!((gone.kind, &*gone.reason), (Kind::NotFound, "unknown_account"));
    let kept = door.auth.ask_by(&operator(), &find("ann@example.org")).await.unwrap();
    assert_eq!(kept.customer, ann);
}
