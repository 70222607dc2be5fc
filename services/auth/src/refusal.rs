//! Why somebody is not let in, and what they are told.

use contracts::auth::reason;
use contracts::{CustomerId, Email, TicketId};
use kit::access::words::SessionId;
use kit::error::reason as common;
use kit::{Error, Kind, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::keys::KEYS_MAX;

/// What stands against a request. Some of these are recorded, so they can be written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// Not told: which of them.
    #[error("the address or the password is wrong; nobody was signed in, and nothing was changed")]
    WrongCredentials,
    /// The right password, too early.
    #[error("the address is not confirmed yet; nothing was done: confirm it with the code in the mail first")]
    NotConfirmed,
    /// The right password, too late.
    #[error("this account was shut; nothing was done, ask the shop why")]
    Disabled,
    /// Nobody has looked at the password.
    #[error("too many tries have failed; nobody looked at this one, try again after {until}")]
    TooManyAttempts {
        /// When somebody looks again.
        until: Timestamp,
    },
    /// A code.
    #[error("this code is wrong, was used, or its time is over; nothing was done, ask for a new one")]
    InvalidCode,
    /// A refresh token.
    #[error("this refresh token is good for nothing, or its session has ended; sign in again")]
    InvalidRefreshToken,
    /// A refresh token that somebody may have stolen.
    #[error(
        "this refresh token was used before, so somebody else may have it: its session was ended; sign in again"
    )]
    RefreshTokenReused,
    /// The session of a token.
    #[error("the session of this token was ended; sign in again, nothing was done")]
    SessionEnded,
    /// An account, by number.
    #[error("there is no account {0}")]
    UnknownAccount(CustomerId),
    /// An account, by address.
    #[error("there is no account with the address {0}")]
    UnknownAddress(Email),
    /// A session.
    #[error("there is no session {0}, or it has ended")]
    UnknownSession(SessionId),
    /// A ticket.
    #[error("there is no ticket {0} with a code, or its time is over")]
    UnknownTicket(TicketId),
    /// What only somebody with an account has.
    #[error("you are signed in with a key, which has no sessions; nothing was done")]
    KeyWithoutSessions,
    /// What only somebody with an account has.
    #[error("you are signed in with a key, which has no password; nothing was done")]
    KeyWithoutPassword,
    /// Somebody else's.
    #[error("only an admin may see the sessions of others")]
    OthersSessions,
    /// One's own account.
    #[error(
        "an admin cannot take this from the account they use themselves; nothing was done, ask another admin"
    )]
    OwnRole,
    /// Somebody who may not be who they say.
    #[error(
        "the address of account {0} is not confirmed, so it can have no other role yet; nothing was changed"
    )]
    UnconfirmedStaff(CustomerId),
    /// Keys.
    #[error("{KEYS_MAX} keys are valid already; none was made, try again when one of them is over")]
    TooManyKeys,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        use Refusal::{
            Disabled, InvalidCode, InvalidRefreshToken, KeyWithoutPassword, KeyWithoutSessions, NotConfirmed,
            OthersSessions, OwnRole, RefreshTokenReused, SessionEnded, TooManyAttempts, TooManyKeys,
            UnconfirmedStaff, UnknownAccount, UnknownAddress, UnknownSession, UnknownTicket,
            WrongCredentials,
        };
        let message = refusal.to_string();
        match refusal {
            WrongCredentials => Self::new(Kind::Unauthenticated, reason::WRONG_CREDENTIALS, message),
            NotConfirmed | UnconfirmedStaff(_) => Self::refused(reason::NOT_CONFIRMED, message),
            Disabled => Self::refused(reason::ACCOUNT_DISABLED, message),
            TooManyAttempts { until } => {
                Self::refused(reason::TOO_MANY_ATTEMPTS, message).with_details(json!({ "retry_at": until }))
            }
            InvalidCode => Self::refused(reason::INVALID_CODE, message),
            InvalidRefreshToken => Self::new(Kind::Unauthenticated, reason::INVALID_REFRESH_TOKEN, message),
            RefreshTokenReused => Self::new(Kind::Unauthenticated, reason::REFRESH_TOKEN_REUSED, message),
            SessionEnded => Self::new(Kind::Unauthenticated, common::SESSION_ENDED, message),
            UnknownAccount(_) | UnknownAddress(_) => Self::not_found(reason::UNKNOWN_ACCOUNT, message),
            UnknownSession(_) => Self::not_found(reason::UNKNOWN_SESSION, message),
            UnknownTicket(_) => Self::not_found(reason::UNKNOWN_TICKET, message),
            KeyWithoutSessions => Self::refused(reason::UNKNOWN_SESSION, message),
            KeyWithoutPassword => Self::refused(reason::UNKNOWN_ACCOUNT, message),
            OthersSessions => Self::new(Kind::Forbidden, common::FORBIDDEN, message),
            OwnRole => Self::refused(reason::OWN_ROLE, message),
            TooManyKeys => Self::new(Kind::Overloaded, common::OVERLOADED, message),
        }
    }
}
