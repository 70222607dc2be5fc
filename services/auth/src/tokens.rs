//! A pair of tokens, made; and sessions, ended.

use contracts::CustomerId;
use contracts::auth::{Secret as Hidden, TokenPair};
use kit::access::token::{Claims, sign};
use kit::access::words::{AUDIENCE, ISSUER, SessionId, SessionRevoked};
use kit::{Error, Result, Timestamp, Tx};

use crate::account::Account;
use crate::session::{ACCESS_LIFE, ACCESS_TAIL, Session};
use crate::{keys, store, upkeep};

/// Makes the tokens of a session. An access token never outlives its session.
pub(crate) fn pair(tx: &mut Tx<'_>, account: &Account, session: &Session) -> Result<TokenPair> {
    upkeep::look_after_keys(tx)?;
    let now = tx.now();
    let known = store::list_keys(tx)?;
    let key = keys::signing(&known, now).ok_or_else(|| Error::internal("there is no key that signs"))?;
    let iat = now.as_second();
    let exp = (now + ACCESS_LIFE).min(session.expires_at).as_second().max(iat + 1);
    let claims = Claims {
        iss: ISSUER.into(),
        sub: account.id.to_string(),
        aud: AUDIENCE.into(),
        iat,
        exp,
        role: account.role.word().into(),
        sid: session.id.to_string(),
    };
    Ok(TokenPair {
        access_token: Hidden::new(sign(&key.secret, &key.id.to_string(), &claims)?),
        access_expires_at: Timestamp::from_second(exp)
            .map_err(|error| Error::internal("a time beyond all time").caused_by(error))?,
        refresh_token: Hidden::new(session.refresh_token(&store::get_secret(tx)?)),
        refresh_expires_at: session.expires_at,
        session: session.id,
        account: account.view(),
    })
}

/// Ends a session, and tells everybody until when its tokens are about.
pub(crate) fn end(tx: &mut Tx<'_>, session: SessionId) -> Result<()> {
    store::delete_session(tx, session)?;
    let until = tx.now() + ACCESS_TAIL;
    tx.emit(&SessionRevoked { session, until })
}

/// Ends the sessions of an account, perhaps all but one. Answers how many.
pub(crate) fn end_all(tx: &mut Tx<'_>, account: CustomerId, but: Option<SessionId>) -> Result<u32> {
    let mut ended = 0;
    for session in store::list_sessions(tx, account)? {
        if Some(session.id) != but {
            end(tx, session.id)?;
            ended += 1;
        }
    }
    Ok(ended)
}
