//! Who asks, and what this service knows of them beyond their token.

use contracts::CustomerId;
use kit::access::words::SessionId;
use kit::{Caller, Result, Sql, Timestamp};

use crate::account::Account;
use crate::refusal::Refusal;
use crate::throttle::{self, ACCOUNT_FAILURES, SOURCE_FAILURES, Tries};
use crate::{session::Session, store};

/// The account of whoever asks; none for the holder of a key.
pub(super) fn own_account(caller: &Caller) -> Option<CustomerId> {
    caller.user().and_then(|id| id.parse().ok())
}

/// The session with which it is asked; none for the holder of a key.
pub(super) fn own_session(caller: &Caller) -> Option<SessionId> {
    match caller {
        Caller::User { session, .. } => session.parse().ok(),
        _ => None,
    }
}

/// Refuses a token whose session has ended or whose account is not what it was. Other services learn
/// of that a moment later; here it counts at once.
pub(super) fn expect_current(sql: &Sql<'_>, caller: &Caller, now: Timestamp) -> Result<()> {
    let Caller::User { role, .. } = caller else { return Ok(()) };
    let Some(id) = own_account(caller) else { return Ok(()) };
    let Some(account) = store::find_account(sql, id)? else { return Ok(()) };
    let lasts = match own_session(caller) {
        Some(session) => store::find_session(sql, session)?
            .is_some_and(|session: Session| session.account == id && !session.is_over(now)),
        None => true,
    };
    if account.disabled || account.role != *role || !lasts {
        return Err(Refusal::SessionEnded.into());
    }
    Ok(())
}

/// The account of whoever asks, which must be there and as their token says.
pub(super) fn get_own(sql: &Sql<'_>, caller: &Caller, now: Timestamp) -> Result<Account> {
    expect_current(sql, caller, now)?;
    let id = own_account(caller).ok_or(Refusal::KeyWithoutPassword)?;
    store::get_account(sql, id)
}

/// A try to prove who one is: of which account, and perhaps from where.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    account: String,
    source: Option<String>,
}

impl Trial {
    /// Of an address, from a source, if there is one that counts.
    pub(super) fn from(address: &str, source: Option<&str>) -> Self {
        Self { account: throttle::of_account(address), source: source.map(throttle::of_source) }
    }

    /// Of an address, by whoever is signed in to it.
    pub(super) fn of(address: &str) -> Self {
        Self { account: throttle::of_account(address), source: None }
    }

    /// Why nobody looks at it, if too many before have failed.
    pub(super) fn expect_open(&self, sql: &Sql<'_>, now: Timestamp) -> Result<(), kit::Error> {
        let mut until = None;
        for name in std::iter::once(&self.account).chain(&self.source) {
            until = until.max(store::find_tries(sql, name)?.and_then(|tries| tries.locked(now)));
        }
        until.map_or(Ok(()), |until| Err(Refusal::TooManyAttempts { until }.into()))
    }

    /// Counts it as failed.
    pub(super) fn failed(&self, tx: &kit::Tx<'_>) -> Result<()> {
        count(tx, &self.account, ACCOUNT_FAILURES)?;
        self.source.iter().try_for_each(|source| count(tx, source, SOURCE_FAILURES))
    }

    /// Forgets what has failed for the account. What has failed from the source still counts: one
    /// account of one's own must not pay for guesses at others.
    pub(super) fn succeeded(&self, tx: &kit::Tx<'_>) -> Result<()> {
        store::delete_tries(tx, &self.account)
    }
}

fn count(tx: &kit::Tx<'_>, name: &str, limit: u32) -> Result<()> {
    let before = store::find_tries(tx, name)?;
    let tries = Tries::and_one_more(before, limit, tx.now());
    if tries.locked(tx.now()).is_some() {
        // Without the name: it is an address.
        tracing::warn!(
            locks = tries.locks,
            "Too many tries have failed; locked until {}",
            tries.locked_until
        );
    }
    store::save_tries(tx, name, &tries)
}
