//! Sessions: who asks, which there are, and ending them.

use contracts::auth::{EndSession, ListSessions, LogOut, Me, SessionPage, SessionsEnded, WhoAmI};
use kit::error::reason;
use kit::{Caller, Ctx, Error, Result, Role};

use super::asking::{expect_current, own_account, own_session};
use crate::refusal::Refusal;
use crate::{store, tokens};

/// Says who asks. The holder of a key has no account and no session.
pub async fn whoami(ctx: Ctx, _: WhoAmI) -> Result<Me> {
    let (caller, now) = (ctx.caller().clone(), ctx.now());
    ctx.read(move |sql| {
        let Caller::User { id, role, .. } = &caller else { return Err(nobody()) };
        expect_current(sql, &caller, now)?;
        let account = own_account(&caller).map(|id| store::get_account(sql, id)).transpose()?;
        Ok(Me {
            id: id.clone(),
            role: *role,
            account: account.map(|account| account.view()),
            session: own_session(&caller),
        })
    })
    .await
}

/// Ends the session with which it is asked, or all of the account. One that has ended already stays so.
pub async fn log_out(ctx: Ctx, asked: LogOut) -> Result<SessionsEnded> {
    let caller = ctx.caller().clone();
    let account = own_account(&caller).ok_or(Refusal::KeyWithoutSessions)?;
    ctx.write(move |tx| {
        tx.about(account);
        let ended = match own_session(&caller) {
            _ if asked.everywhere => tokens::end_all(tx, account, None)?,
            Some(own) if store::find_session(tx, own)?.is_some_and(|found| found.account == account) => {
                tokens::end(tx, own)?;
                1
            }
            _ => 0,
        };
        Ok(SessionsEnded { ended })
    })
    .await
}

/// Lists the sessions of whoever asks, or for an admin of an account.
pub async fn list_sessions(ctx: Ctx, asked: ListSessions) -> Result<SessionPage> {
    let (caller, now) = (ctx.caller().clone(), ctx.now());
    let own = own_account(&caller);
    if asked.customer.is_some() && asked.customer != own && !is_admin(&caller) {
        return Err(Refusal::OthersSessions.into());
    }
    let account = asked.customer.or(own).ok_or(Refusal::KeyWithoutSessions)?;
    ctx.read(move |sql| {
        expect_current(sql, &caller, now)?;
        store::get_account(sql, account)?;
        let sessions = store::list_sessions(sql, account)?;
        let lasting = sessions.iter().filter(|session| !session.is_over(now));
        Ok(SessionPage { items: lasting.map(|session| session.view(own_session(&caller))).collect() })
    })
    .await
}

/// Ends a session of whoever asks, or for an admin of anybody. To others it is as if there were none.
pub async fn end_session(ctx: Ctx, asked: EndSession) -> Result<SessionsEnded> {
    let caller = ctx.caller().clone();
    ctx.write(move |tx| {
        expect_current(tx, &caller, tx.now())?;
        let session = store::find_session(tx, asked.session)?
            .filter(|session| is_admin(&caller) || own_account(&caller) == Some(session.account))
            .filter(|session| !session.is_over(tx.now()))
            .ok_or(Refusal::UnknownSession(asked.session))?;
        tx.about(session.account);
        tokens::end(tx, session.id)?;
        Ok(SessionsEnded { ended: 1 })
    })
    .await
}

fn is_admin(caller: &Caller) -> bool {
    matches!(caller, Caller::User { role: Role::Admin, .. })
}

/// Only people reach these requests; should that change, this is what a service hears.
fn nobody() -> Error {
    Error::new(kit::Kind::Forbidden, reason::FORBIDDEN, "only somebody who is signed in can ask who they are")
}
