//! Signing in, and staying signed in.
//!
//! An unknown address, a wrong password and a shut account must look the same to whoever does not know
//! the password, in what is answered and in how long it takes. So there is always one hashing with the
//! salt of the address, and the same transaction after it.
//!
//! Somebody could also register an address and then sign in with the password they chose: "not
//! confirmed" would tell that there was no account. That is why a registration leaves its password
//! with the account whether there is one or not, and why all passwords of an address share a salt: one
//! hashing is compared with all of them, and whoever registered hears "not confirmed" in both cases.

use contracts::auth::{LogIn, Refresh, SOURCE_CHARS_MAX, TokenPair};
use kit::{Ctx, Result, Sql, Timestamp, text};

use super::asking::Trial;
use crate::account::{Account, address_of};
use crate::hasher::Hasher;
use crate::password::{Hash, Recipe};
use crate::refusal::Refusal;
use crate::session::{DEVICE_CHARS_MAX, Meaning, RefreshToken, SESSIONS_MAX, Session};
use crate::throttle::{counted, source};
use crate::ticket::CONFIRMED_WITHIN;
use crate::{store, tokens};

/// Signs in with address and password.
pub async fn log_in(ctx: Ctx, asked: LogIn, hasher: Hasher) -> Result<TokenPair> {
    for (what, said, chars_max) in
        [("device", &asked.device, DEVICE_CHARS_MAX), ("source", &asked.source, SOURCE_CHARS_MAX)]
    {
        if !said.is_empty() {
            text::check(what, said, chars_max, false)?;
        }
    }
    let address = address_of(&asked.email);
    let source = source(ctx.caller(), &asked.source);
    let trial = Trial::from(&address, counted(ctx.caller(), &asked.source).as_deref());
    let (stored, recipe) = prepare(&ctx, &trial, &address).await?;
    let hash = hasher.hash(asked.password.clone(), recipe.clone()).await?;
    let renewed = renew(&stored, &hash, &recipe, asked.password, &hasher).await?;
    let recorded: Result<TokenPair, Refusal> = ctx
        .write(move |tx| {
            // Others may have failed meanwhile; what was guessed at the same time is told no more
            // than what is guessed one by one.
            trial.expect_open(tx, tx.now())?;
            let account = store::find_account_at(tx, &address)?;
            let mut account = match judge(tx, account, &hash, tx.now())? {
                Ok(account) => account,
                Err(refusal) => {
                    if refusal == Refusal::WrongCredentials {
                        trial.failed(tx)?;
                    }
                    return Ok(Err(refusal));
                }
            };
            tx.about(account.id);
            trial.succeeded(tx)?;
            if let Some(renewed) = renewed {
                store::set_password(tx, account.id, &renewed)?;
                account.password = Some(renewed);
            }
            // One more ends the oldest.
            for old in store::list_sessions(tx, account.id)?.into_iter().skip(SESSIONS_MAX - 1) {
                tokens::end(tx, old.id)?;
            }
            let session = Session {
                id: tx.new_id(),
                account: account.id,
                device: asked.device,
                source,
                material: tx.new_secret(),
                generation: 1,
                began_at: tx.now(),
                used_at: tx.now(),
                expires_at: Session::expiry(tx.now(), tx.now()),
            };
            store::insert_session(tx, &session)?;
            tokens::pair(tx, &account, &session).map(Ok)
        })
        .await?;
    Ok(recorded?)
}

/// Exchanges a refresh token for a new pair.
pub async fn refresh(ctx: Ctx, asked: Refresh) -> Result<TokenPair> {
    let token = RefreshToken::read(asked.refresh_token.expose()).ok_or(Refusal::InvalidRefreshToken)?;
    let recorded: Result<TokenPair, Refusal> = ctx
        .write(move |tx| {
            let (secret, now) = (store::get_secret(tx)?, tx.now());
            let session = store::find_session(tx, token.session)?.filter(|session| !session.is_over(now));
            let mut session = session.ok_or(Refusal::InvalidRefreshToken)?;
            match session.meaning(&secret, &token, now).ok_or(Refusal::InvalidRefreshToken)? {
                Meaning::Newest => {
                    session.generation += 1;
                    session.used_at = now;
                    session.expires_at = Session::expiry(session.began_at, now);
                    store::update_session(tx, &session)?;
                }
                Meaning::SentTwice => {}
                Meaning::Reused => {
                    tracing::warn!(
                        session.id = %session.id,
                        "A refresh token of {} came twice, so the session was ended", session.id
                    );
                    tokens::end(tx, session.id)?;
                    return Ok(Err(Refusal::RefreshTokenReused));
                }
            }
            tx.about(session.account);
            let account = store::get_account(tx, session.account)?;
            tokens::pair(tx, &account, &session).map(Ok)
        })
        .await?;
    Ok(recorded?)
}

/// What is known before the password is hashed: the hash of the account, if there is one, and how.
async fn prepare(ctx: &Ctx, trial: &Trial, address: &str) -> Result<(Option<Hash>, Recipe)> {
    let (trial, address, now) = (trial.clone(), address.to_owned(), ctx.now());
    ctx.read(move |sql| {
        trial.expect_open(sql, now)?;
        let salt = store::get_secret(sql)?.salt_of(&address);
        let stored = store::find_account_at(sql, &address)?.and_then(|account| account.password);
        let recipe = stored.as_ref().map_or(Ok(Recipe::of_today(salt)), Recipe::of)?;
        Ok((stored, recipe))
    })
    .await
}

/// Hashes a right password again if it was hashed by another recipe than today's.
async fn renew(
    stored: &Option<Hash>,
    hash: &Hash,
    recipe: &Recipe,
    password: contracts::auth::Secret,
    hasher: &Hasher,
) -> Result<Option<Hash>> {
    match (stored, recipe.renewed()) {
        (Some(stored), Some(today)) if stored.is(hash) => hasher.hash(password, today).await.map(Some),
        _ => Ok(None),
    }
}

/// Whose password it is, and whether that is enough.
fn judge(
    sql: &Sql<'_>,
    account: Option<Account>,
    hash: &Hash,
    now: Timestamp,
) -> Result<Result<Account, Refusal>> {
    let Some(account) = account else { return Ok(Err(Refusal::WrongCredentials)) };
    let pending = store::list_pending_passwords(sql, account.id, now - CONFIRMED_WITHIN)?;
    Ok(if account.password.as_ref().is_some_and(|password| password.is(hash)) {
        if account.disabled { Err(Refusal::Disabled) } else { Ok(account) }
    } else if pending.iter().any(|password| password.is(hash)) {
        Err(Refusal::NotConfirmed)
    } else {
        Err(Refusal::WrongCredentials)
    })
}
