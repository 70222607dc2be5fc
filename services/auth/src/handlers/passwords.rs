//! Changing a password, and setting one anew.

use contracts::auth::{
    AccountView, AskReset, ChangePassword, MailPurpose, Registered, ResetPassword, SessionsEnded,
};
use kit::{Ctx, Result};

use super::asking::{Trial, get_own, own_session};
use super::{mailing, registering};
use crate::account::address_of;
use crate::hasher::Hasher;
use crate::password::{self, Recipe};
use crate::refusal::Refusal;
use crate::ticket::{Code, SENT_TWICE_WITHIN, Standing};
use crate::{store, tokens};

/// Changes the password of whoever asks. Wrong ones count as tries to sign in, so that a stolen token
/// does not help to guess.
pub async fn change_password(ctx: Ctx, asked: ChangePassword, hasher: Hasher) -> Result<SessionsEnded> {
    let (caller, now) = (ctx.caller().clone(), ctx.now());
    let looked_up = caller.clone();
    let (account, salt) = ctx
        .read(move |sql| {
            let account = get_own(sql, &looked_up, now)?;
            let address = address_of(&account.email);
            Trial::of(&address).expect_open(sql, now)?;
            Ok((account, store::get_secret(sql)?.salt_of(&address)))
        })
        .await?;
    let trial = Trial::of(&address_of(&account.email));
    password::check(&asked.new_password, &address_of(&account.email))?;
    let stored = account.password.ok_or(Refusal::NotConfirmed)?;
    let said = hasher.hash(asked.password, Recipe::of(&stored)?).await?;
    let new = hasher.hash(asked.new_password, Recipe::of_today(salt)).await?;
    let recorded: Result<SessionsEnded, Refusal> = ctx
        .write(move |tx| {
            trial.expect_open(tx, tx.now())?;
            let account = get_own(tx, &caller, tx.now())?;
            tx.about(account.id);
            let is = |hash: &password::Hash| account.password.as_ref().is_some_and(|own| own.is(hash));
            if !is(&said) {
                // The same request, sent again because nobody answered it.
                if is(&new) && account.password_set_at + SENT_TWICE_WITHIN >= tx.now() {
                    return Ok(Ok(SessionsEnded { ended: 0 }));
                }
                trial.failed(tx)?;
                return Ok(Err(Refusal::WrongCredentials));
            }
            trial.succeeded(tx)?;
            store::close_tickets(tx, account.id)?;
            store::set_password(tx, account.id, &new)?;
            let ended = tokens::end_all(tx, account.id, own_session(&caller))?;
            mailing::tell_of_new_password(tx, &account)?;
            Ok(Ok(SessionsEnded { ended }))
        })
        .await?;
    Ok(recorded?)
}

/// Lets a code be sent with which the password can be set anew, if there is such an account. The
/// answer is the same if there is none.
pub async fn ask_reset(ctx: Ctx, asked: AskReset) -> Result<Registered> {
    ctx.write(move |tx| {
        if let Some(account) = store::find_account_at(tx, &address_of(&asked.email))? {
            mailing::write(tx, &account, MailPurpose::ResetPassword, None)?;
        }
        Ok(Registered { email: asked.email })
    })
    .await
}

/// Sets the password anew with a code, and ends all sessions. The code proves that the address is
/// theirs, so it also confirms an address that was not.
pub async fn reset_password(ctx: Ctx, asked: ResetPassword, hasher: Hasher) -> Result<AccountView> {
    let code = Code::read(asked.code.expose()).ok_or(Refusal::InvalidCode)?;
    let now = ctx.now();
    let (address, salt) = ctx
        .read(move |sql| {
            let ticket = mailing::find_proved(sql, &code, MailPurpose::ResetPassword)?;
            if ticket.standing(now) == Standing::Over {
                return Err(Refusal::InvalidCode.into());
            }
            let address = address_of(&store::get_account(sql, ticket.account)?.email);
            let salt = store::get_secret(sql)?.salt_of(&address);
            Ok((address, salt))
        })
        .await?;
    password::check(&asked.new_password, &address)?;
    let new = hasher.hash(asked.new_password, Recipe::of_today(salt)).await?;
    ctx.write(move |tx| {
        let ticket = mailing::find_proved(tx, &code, MailPurpose::ResetPassword)?;
        let mut account = store::get_account(tx, ticket.account)?;
        tx.about(account.id);
        if account.disabled {
            return Err(Refusal::Disabled.into());
        }
        let is_set = account.password.as_ref().is_some_and(|own| own.is(&new));
        match ticket.standing(tx.now()) {
            Standing::Good => {
                store::mark_used(tx, ticket.id)?;
                registering::set_first_password(tx, &mut account, &new)?;
                tokens::end_all(tx, account.id, None)?;
                // Whoever holds the code need not wait until the guesses of others are forgotten.
                Trial::of(&address).succeeded(tx)?;
                mailing::tell_of_new_password(tx, &account)?;
            }
            // The same request, sent again because nobody answered it.
            Standing::SentTwice if is_set => {}
            _ => return Err(Refusal::InvalidCode.into()),
        }
        Ok(account.view())
    })
    .await
}
