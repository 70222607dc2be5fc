//! Changing a password, and setting one anew.

use std::time::Duration;

use auth::ticket::{RESET_WITHIN, SENT_TWICE_WITHIN};
use contracts::auth::{CustomerRegistered, MailPurpose, SetDisabled};
use kit::Caller;
use kit::testing::operator;

use crate::door::{Door, OTHER, PASSWORD, reason};

#[tokio::test]
async fn changing_a_password_ends_all_other_sessions_and_is_told_by_mail() {
    let door = Door::open().await;
    let elsewhere = door.signed_in("ann@example.org").await;
    let own = door.log_in("ann@example.org", PASSWORD).await.unwrap();
    let ann = door.caller(&own);
    assert_eq!(door.change(&ann, PASSWORD, OTHER).await.unwrap().ended, 1);
    assert_eq!(door.last_purpose(), MailPurpose::PasswordChanged);
    assert_eq!(reason(door.refresh(&elsewhere).await), "invalid_refresh_token");
    assert_eq!(reason(door.log_in("ann@example.org", PASSWORD).await), "wrong_credentials");
    let own = door.refresh(&own).await.unwrap();
    door.log_in("ann@example.org", OTHER).await.unwrap();

    // Sent again, because nobody answered: the same again, and nothing more.
    assert_eq!(door.change(&door.caller(&own), PASSWORD, OTHER).await.unwrap().ended, 0);
    assert_eq!(door.mails().iter().filter(|mail| mail.purpose == MailPurpose::PasswordChanged).count(), 1);
    door.auth.advance(SENT_TWICE_WITHIN + Duration::from_secs(1)).await;
    assert_eq!(reason(door.change(&door.caller(&own), PASSWORD, OTHER).await), "wrong_credentials");
}

#[tokio::test]
async fn a_password_is_set_anew_with_a_code_which_ends_all_sessions() {
    let door = Door::open().await;
    let pair = door.signed_in("ann@example.org").await;
    door.ask_reset("ANN@example.org").await.unwrap();
    let code = door.code().await;
    let account = door.reset(&code, OTHER).await.unwrap();
    assert_eq!(account.customer, pair.account.customer);
    assert_eq!(door.last_purpose(), MailPurpose::PasswordChanged);
    assert_eq!(reason(door.refresh(&pair).await), "invalid_refresh_token");
    assert_eq!(reason(door.log_in("ann@example.org", PASSWORD).await), "wrong_credentials");
    door.log_in("ann@example.org", OTHER).await.unwrap();

    // Sent again it is answered again; with another password it is another request.
    assert_eq!(door.reset(&code, OTHER).await.unwrap(), account);
    assert_eq!(reason(door.reset(&code, "a third password").await), "invalid_code");
    assert_eq!(door.revoked(), 1);
}

#[tokio::test]
async fn asking_for_a_code_answers_the_same_without_an_account() {
    let door = Door::open().await;
    door.customer("ann@example.org").await;
    let mails = door.mails().len();
    let known = door.ask_reset("ann@example.org").await.unwrap();
    assert_eq!(door.mails().len(), mails + 1);
    let unknown = door.ask_reset("bob@example.org").await.unwrap();
    assert_eq!((known.email.as_str(), unknown.email.as_str()), ("ann@example.org", "bob@example.org"));
    assert_eq!(door.mails().len(), mails + 1);
}

#[tokio::test]
async fn a_code_goes_only_to_the_address_as_it_stands_in_the_account() {
    let door = Door::open().await;
    door.customer("mike@example.org").await;
    let mails = door.mails().len();
    // The sign for kelvin is a k in lower case.
    door.ask_reset("mi\u{212a}e@example.org").await.unwrap();
    assert_eq!(door.mails().len(), mails);
    door.ask_reset("MIKE@example.org").await.unwrap();
    assert_eq!(door.mails().last().unwrap().email.as_str(), "mike@example.org");
}

#[tokio::test]
async fn a_code_for_one_thing_is_none_for_another_and_lasts_an_hour() {
    let door = Door::open().await;
    door.register("ann@example.org", PASSWORD).await.unwrap();
    let confirming = door.code().await;
    assert_eq!(reason(door.reset(&confirming, OTHER).await), "invalid_code");
    door.ask_reset("ann@example.org").await.unwrap();
    let resetting = door.code().await;
    assert_eq!(reason(door.confirm(&resetting).await), "invalid_code");
    let (ticket, proof) = resetting.split_once('.').unwrap();
    let forged = format!("{ticket}.{}", proof.chars().rev().collect::<String>());
    assert_eq!(reason(door.reset(&forged, OTHER).await), "invalid_code");
    door.auth.advance(RESET_WITHIN).await;
    assert_eq!(reason(door.reset(&resetting, OTHER).await), "invalid_code");
}

#[tokio::test]
async fn setting_a_password_anew_confirms_an_address_and_makes_strangers_codes_worthless() {
    let door = Door::open().await;
    door.register("ann@example.org", "what a stranger chose").await.unwrap();
    let of_the_stranger = door.code().await;
    door.ask_reset("ann@example.org").await.unwrap();
    let own = door.code().await;
    assert!(door.reset(&own, OTHER).await.unwrap().confirmed);
    assert_eq!(door.auth.told_of::<CustomerRegistered>().len(), 1);
    assert_eq!(reason(door.confirm(&of_the_stranger).await), "invalid_code");
    door.log_in("ann@example.org", OTHER).await.unwrap();
}

#[tokio::test]
async fn nobody_is_let_in_to_a_shut_account_by_a_code() {
    let door = Door::open().await;
    let customer = door.customer("ann@example.org").await;
    door.ask_reset("ann@example.org").await.unwrap();
    let code = door.code().await;
    door.auth.ask_by(&operator(), &SetDisabled { customer, disabled: true }).await.unwrap();
    assert_eq!(reason(door.reset(&code, OTHER).await), "invalid_code");
    let mails = door.mails().len();
    door.ask_reset("ann@example.org").await.unwrap();
    assert_eq!(door.mails().len(), mails);
}

#[tokio::test]
async fn a_password_of_an_older_recipe_is_hashed_anew_at_the_next_log_in() {
    let door = Door::open().await;
    let customer = door.customer("ann@example.org").await;
    let stored = || {
        let asked = "SELECT password_hash FROM accounts WHERE id = ?1";
        door.auth.sql(|sql| sql.get(asked, [customer.to_string()], |row| row.get::<_, String>(0))).unwrap()
    };
    assert!(stored().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", stored());
    // The same password as a version before would have kept it, computed by other means.
    door.make_older("ann@example.org", PASSWORD).await;
    assert!(stored().starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{}", stored());
    assert_eq!(reason(door.log_in("ann@example.org", OTHER).await), "wrong_credentials");
    assert!(stored().starts_with("$argon2id$v=19$m=64,"), "{}", stored());
    door.log_in("ann@example.org", PASSWORD).await.unwrap();
    assert!(stored().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", stored());
    door.log_in("ann@example.org", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn the_holder_of_a_key_has_no_password() {
    let door = Door::open().await;
    assert_eq!(reason(door.change(&operator(), PASSWORD, OTHER).await), "unknown_account");
    let refused = door.change(&Caller::Anonymous, PASSWORD, OTHER).await;
    assert_eq!(reason(refused), "unauthenticated");
}
