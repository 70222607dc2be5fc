//! Who may do what, and who says so.

use contracts::CustomerId;
use contracts::auth::{GetAccount, ListAccounts, SetDisabled, SetRole};
use kit::id::Id;
use kit::testing::operator;
use kit::{Caller, Kind, Role};

use crate::door::{Door, PASSWORD, reason};

#[tokio::test]
async fn a_new_role_ends_all_sessions_and_counts_from_the_next() {
    let door = Door::open().await;
    let ann = door.signed_in("ann@example.org").await;
    let customer = ann.account.customer;
    let made = SetRole { customer, role: Role::Operator };
    assert_eq!(door.auth.ask_by(&operator(), &made).await.unwrap().role, Role::Operator);
    assert_eq!(door.revoked(), 1);
    assert_eq!(reason(door.refresh(&ann).await), "invalid_refresh_token");

    let ann = door.log_in("ann@example.org", PASSWORD).await.unwrap();
    assert_eq!(door.claims(&ann).unwrap().role, "operator");
    // The same again changes nothing.
    door.auth.ask_by(&operator(), &made).await.unwrap();
    door.refresh(&ann).await.unwrap();
    // An operator sees accounts, but does not say who may do what.
    let by_ann = door.caller(&ann);
    door.auth.ask_by(&by_ann, &ListAccounts::default()).await.unwrap();
    let refused = door.auth.ask_by(&by_ann, &SetRole { customer, role: Role::Admin }).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Forbidden);
}

#[tokio::test]
async fn an_admin_cannot_take_their_own_role_or_shut_their_own_account() {
    let door = Door::open().await;
    let pair = door.admin("ann@example.org").await;
    let (ann, customer) = (door.caller(&pair), pair.account.customer);
    for role in [Role::Customer, Role::Operator] {
        assert_eq!(reason(door.auth.ask_by(&ann, &SetRole { customer, role }).await), "own_role");
    }
    assert_eq!(reason(door.auth.ask_by(&ann, &SetDisabled { customer, disabled: true }).await), "own_role");
    door.auth.ask_by(&ann, &SetRole { customer, role: Role::Admin }).await.unwrap();
    door.refresh(&pair).await.unwrap();

    let bob = door.customer("bob@example.org").await;
    door.auth.ask_by(&ann, &SetRole { customer: bob, role: Role::Operator }).await.unwrap();
    door.auth.ask_by(&ann, &SetDisabled { customer: bob, disabled: true }).await.unwrap();
}

#[tokio::test]
async fn an_admin_who_was_one_is_none_at_once() {
    let door = Door::open().await;
    let (ann, bob) = (door.admin("ann@example.org").await, door.admin("bob@example.org").await);
    let (by_ann, by_bob) = (door.caller(&ann), door.caller(&bob));
    let demote = SetRole { customer: bob.account.customer, role: Role::Customer };
    door.auth.ask_by(&by_ann, &demote).await.unwrap();
    let revenge = SetRole { customer: ann.account.customer, role: Role::Customer };
    assert_eq!(reason(door.auth.ask_by(&by_bob, &revenge).await), "session_ended");
}

#[tokio::test]
async fn nobody_becomes_staff_with_an_address_that_was_not_confirmed() {
    let door = Door::open().await;
    door.register("ann@example.org", PASSWORD).await.unwrap();
    let find = GetAccount { customer: None, email: Some("ann@example.org".parse().unwrap()) };
    let customer = door.auth.ask_by(&operator(), &find).await.unwrap().customer;
    let refused = door.auth.ask_by(&operator(), &SetRole { customer, role: Role::Admin }).await;
    assert_eq!(reason(refused), "not_confirmed");
}

#[tokio::test]
async fn accounts_are_found_and_listed_the_newest_first() {
    let door = Door::open().await;
    let mut ids = vec![];
    for name in ["ann", "bob", "cid"] {
        door.auth.advance(std::time::Duration::from_secs(1)).await;
        ids.push(door.customer(&format!("{name}@example.org")).await);
    }
    door.auth.ask_by(&operator(), &SetRole { customer: ids[1], role: Role::Admin }).await.unwrap();

    let list = |role, after, limit| ListAccounts { role, after, limit };
    let first = door.auth.ask_by(&operator(), &list(None, None, Some(2))).await.unwrap();
    let numbers = |page: &contracts::auth::AccountPage| -> Vec<CustomerId> {
        page.items.iter().map(|account| account.customer).collect()
    };
    assert_eq!(numbers(&first), [ids[2], ids[1]]);
    let second = door.auth.ask_by(&operator(), &list(None, first.next, Some(2))).await.unwrap();
    assert_eq!((numbers(&second), second.next), (vec![ids[0]], None));
    let admins = door.auth.ask_by(&operator(), &list(Some(Role::Admin), None, None)).await.unwrap();
    assert_eq!(numbers(&admins), [ids[1]]);

    let unknown = GetAccount { customer: Some(CustomerId::from_bits(7)), email: None };
    assert_eq!(reason(door.auth.ask_by(&operator(), &unknown).await), "unknown_account");
    let both = GetAccount { customer: Some(ids[0]), email: Some("ann@example.org".parse().unwrap()) };
    assert_eq!(reason(door.auth.ask_by(&operator(), &both).await), "invalid_body");
    assert_eq!(reason(door.auth.ask_by(&operator(), &GetAccount::default()).await), "invalid_body");
    assert_eq!(
        reason(door.auth.ask_by(&operator(), &list(None, Some("x".into()), None)).await),
        "invalid_cursor"
    );
}

#[tokio::test]
async fn a_code_is_told_only_to_the_service_that_writes() {
    let door = Door::open().await;
    door.register("ann@example.org", PASSWORD).await.unwrap();
    let asked = contracts::auth::RevealCode { ticket: door.mails()[0].ticket };
    for caller in [operator(), Caller::Service("order".into())] {
        assert_eq!(door.auth.ask_by(&caller, &asked).await.unwrap_err().kind, Kind::Forbidden, "{caller}");
    }
    assert!(door.auth.ask_by(&Caller::Anonymous, &asked).await.is_err());
}
