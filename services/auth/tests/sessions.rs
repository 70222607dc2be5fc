//! Listing sessions, and ending them.

use contracts::CustomerId;
use contracts::auth::{EndSession, ListSessions, LogOut, Me, SessionsEnded, TokenPair, WhoAmI};
use kit::id::Id;
use kit::testing::{customer, operator};
use kit::{Caller, Kind, Role};

use crate::door::{Door, PASSWORD, reason};

async fn sessions(door: &Door, who: &Caller, of: Option<CustomerId>) -> kit::Result<usize> {
    Ok(door.auth.ask_by(who, &ListSessions { customer: of }).await?.items.len())
}

async fn log_out(door: &Door, who: &Caller, everywhere: bool) -> kit::Result<u32> {
    let SessionsEnded { ended } = door.auth.ask_by(who, &LogOut { everywhere }).await?;
    Ok(ended)
}

#[tokio::test]
async fn everybody_learns_who_they_are() {
    let door = Door::open().await;
    let pair = door.signed_in("ann@example.org").await;
    let me = door.auth.ask_by(&door.caller(&pair), &WhoAmI {}).await.unwrap();
    let wanted = Me {
        id: pair.account.customer.to_string(),
        role: Role::Customer,
        account: Some(pair.account),
        session: Some(pair.session),
    };
    assert_eq!(me, wanted);

    let me = door.auth.ask_by(&operator(), &WhoAmI {}).await.unwrap();
    assert_eq!(me, Me { id: "operator".into(), role: Role::Admin, account: None, session: None });
    let refused = door.auth.ask_by(&Caller::Anonymous, &WhoAmI {}).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Unauthenticated);
}

#[tokio::test]
async fn logging_out_ends_one_session_or_all_and_may_be_said_twice() {
    let door = Door::open().await;
    let one = door.signed_in("ann@example.org").await;
    let mut others = vec![];
    for _ in 0..2 {
        others.push(door.log_in("ann@example.org", PASSWORD).await.unwrap());
    }
    let bob = door.signed_in("bob@example.org").await;
    let (of_one, of_other) = (door.caller(&one), door.caller(&others[0]));

    assert_eq!(log_out(&door, &of_one, false).await.unwrap(), 1);
    assert_eq!(log_out(&door, &of_one, false).await.unwrap(), 0);
    assert_eq!(reason(door.refresh(&one).await), "invalid_refresh_token");
    assert_eq!(sessions(&door, &of_other, None).await.unwrap(), 2);
    assert_eq!(log_out(&door, &of_other, true).await.unwrap(), 2);
    for pair in &others {
        assert_eq!(reason(door.refresh(pair).await), "invalid_refresh_token");
        assert!(door.claims(pair).is_err());
    }
    assert_eq!(door.revoked(), 3);
    door.refresh(&bob).await.unwrap();
}

#[tokio::test]
async fn the_token_of_an_ended_session_is_worth_nothing_here_at_once() {
    let door = Door::open().await;
    let pair = door.signed_in("ann@example.org").await;
    let ann = door.caller(&pair);
    log_out(&door, &ann, false).await.unwrap();
    assert_eq!(reason(door.auth.ask_by(&ann, &WhoAmI {}).await), "session_ended");
    assert_eq!(reason(sessions(&door, &ann, None).await), "session_ended");
    assert_eq!(reason(door.change(&ann, PASSWORD, "another password").await), "session_ended");
}

#[tokio::test]
async fn only_ones_own_sessions_can_be_seen_and_ended_except_by_an_admin() {
    let door = Door::open().await;
    let (ann, bob) = (door.signed_in("ann@example.org").await, door.signed_in("bob@example.org").await);
    let (by_ann, by_bob) = (door.caller(&ann), door.caller(&bob));
    let end = |pair: &TokenPair| EndSession { session: pair.session };

    let foreign = door.auth.ask_by(&by_bob, &end(&ann)).await.unwrap_err();
    let none = EndSession { session: kit::access::words::SessionId::from_bits(7) };
    let nothing = door.auth.ask_by(&by_bob, &none).await.unwrap_err();
    assert_eq!((foreign.kind, &foreign.reason), (nothing.kind, &nothing.reason));
    assert_eq!(&*foreign.reason, "unknown_session");
    let seen = sessions(&door, &by_bob, Some(ann.account.customer)).await.unwrap_err();
    assert_eq!(seen.kind, Kind::Forbidden);
    let staff = Caller::User { id: "till".into(), role: Role::Operator, session: String::new() };
    assert_eq!(sessions(&door, &staff, Some(ann.account.customer)).await.unwrap_err().kind, Kind::Forbidden);
    assert_eq!(reason(door.auth.ask_by(&staff, &end(&ann)).await), "unknown_session");

    assert_eq!(sessions(&door, &operator(), Some(ann.account.customer)).await.unwrap(), 1);
    door.auth.ask_by(&operator(), &end(&ann)).await.unwrap();
    assert_eq!(reason(door.refresh(&ann).await), "invalid_refresh_token");
    assert_eq!(reason(door.auth.ask_by(&by_ann, &WhoAmI {}).await), "session_ended");
    assert_eq!(door.auth.ask_by(&by_bob, &end(&bob)).await.unwrap().ended, 1);
}

#[tokio::test]
async fn the_holder_of_a_key_has_no_sessions_and_is_told_so() {
    let door = Door::open().await;
    for refused in [
        log_out(&door, &operator(), false).await.map(drop),
        log_out(&door, &operator(), true).await.map(drop),
        sessions(&door, &operator(), None).await.map(drop),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!((refused.kind, &*refused.reason), (Kind::Refused, "unknown_session"));
        assert_eq!(refused.message, "you are signed in with a key, which has no sessions; nothing was done");
    }
}

#[tokio::test]
async fn an_account_that_is_not_there_has_no_sessions() {
    let door = Door::open().await;
    let nobody = CustomerId::from_bits(7);
    assert_eq!(reason(sessions(&door, &operator(), Some(nobody)).await), "unknown_account");
    assert_eq!(reason(door.auth.ask_by(&customer(nobody), &WhoAmI {}).await), "unknown_account");
}
