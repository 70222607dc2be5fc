//! Sign-in: who somebody is, and what they may do.
//!
//! What carries a password, a code or a token is an `act`: nothing of it is kept, neither the answer
//! nor a fingerprint of the question. Each of them may be sent twice without harm.

mod events;
mod keys;

use jiff::Timestamp;
use kit::Role;
use kit::access::words::SessionId;
use serde::{Deserialize, Serialize};

use crate::{CustomerId, Email, TicketId};

pub use events::{CustomerRegistered, MailDue, MailPurpose};
pub use keys::{Jwk, KeySet};

/// The name of the service.
pub const NAME: &str = "auth";

kit::subjects! {
    act "auth.register" Register -> Registered by [anyone], "Makes an account, and writes a code to its address. Answers the same if there is one already.";
    act "auth.confirm" Confirm -> AccountView by [anyone], "Confirms the address of an account with the code that was sent there.";
    act "auth.log_in" LogIn -> TokenPair by [anyone], "Signs in with address and password.";
    act "auth.refresh" Refresh -> TokenPair by [anyone], "Exchanges a refresh token for a new pair; it is good once.";
    act "auth.log_out" LogOut -> SessionsEnded by [user], "Ends the session with which it is asked, or all of them.";
    act "auth.change_password" ChangePassword -> SessionsEnded by [user], "Changes the password, and ends all other sessions.";
    act "auth.ask_reset" AskReset -> Registered by [anyone], "Writes a code with which the password can be set anew. Answers the same if there is no such account.";
    act "auth.reset_password" ResetPassword -> AccountView by [anyone], "Sets the password anew with a code, and ends all sessions.";
    ask "auth.whoami" WhoAmI -> Me by [user], "Says who asks.";
    ask "auth.sessions" ListSessions -> SessionPage by [user], "Lists the sessions of whoever asks, or for an admin of an account.";
    change "auth.end_session" EndSession -> SessionsEnded by [user], "Ends a session of whoever asks, or for an admin of anybody.";
    ask "auth.account" GetAccount -> AccountView by [operator], "Shows an account, by its number or address.";
    ask "auth.accounts" ListAccounts -> AccountPage by [operator], "Lists accounts, the newest first, a page at a time.";
    change "auth.set_role" SetRole -> AccountView by [admin], "Says what somebody may do, and ends their sessions.";
    change "auth.set_disabled" SetDisabled -> AccountView by [admin], "Shuts an account and ends its sessions, or opens it again.";
    ask "auth.keys" GetKeys -> KeySet by [anyone], "Shows the public keys with which tokens are signed (JWK Set, RFC 7517).";
    change "auth.rotate_key" RotateKey -> KeySet by [admin], "Announces a new key; it signs once everybody has had time to hear of it.";
    ask "auth.reveal_code" RevealCode -> Revealed by ["notification"], "Tells the code of a ticket, to be written to its address and nowhere else.";
    event "events.auth.customer_registered" CustomerRegistered of customer, "Somebody has confirmed their address: there is a new customer.";
    event "events.auth.mail_due" MailDue of ticket, "Somebody must be written to about their account. The code is not in it: notification asks for it.";
}

/// Reasons sign-in gives.
pub mod reason {
    /// The address or the password is wrong; which of them is not told.
    pub const WRONG_CREDENTIALS: &str = "wrong_credentials";
    /// The password is right, but the address was not confirmed yet.
    pub const NOT_CONFIRMED: &str = "not_confirmed";
    /// The account was shut by an admin.
    pub const ACCOUNT_DISABLED: &str = "account_disabled";
    /// Too many tries; the details say when the next is looked at.
    pub const TOO_MANY_ATTEMPTS: &str = "too_many_attempts";
    /// The code is wrong, was used, or its time is over.
    pub const INVALID_CODE: &str = "invalid_code";
    /// The refresh token is malformed, forged, or its session has ended.
    pub const INVALID_REFRESH_TOKEN: &str = "invalid_refresh_token";
    /// The refresh token was used before, so somebody else may have it: its session was ended.
    pub const REFRESH_TOKEN_REUSED: &str = "refresh_token_reused";
    /// The password is too short or too long, or much too common.
    pub const WEAK_PASSWORD: &str = "weak_password";
    /// There is no such account.
    pub const UNKNOWN_ACCOUNT: &str = "unknown_account";
    /// There is no such session, or no longer.
    pub const UNKNOWN_SESSION: &str = "unknown_session";
    /// There is no such ticket, or its time is over.
    pub const UNKNOWN_TICKET: &str = "unknown_ticket";
    /// Nobody would be left who may say who may do what.
    pub const OWN_ROLE: &str = "own_role";
}

/// Length of a password in characters: at least, and at most.
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 10..=128;

/// Length of the name of a source of log-ins in characters.
pub const SOURCE_CHARS_MAX: usize = 64;

/// A text that is never shown: not in a log, not by `{:?}`.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for whoever compares or sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

/// Makes an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// The address; compared without regard to upper and lower case.
    pub email: Email,
    /// The password, 10 to 128 characters.
    pub password: Secret,
}

/// A code is on its way to this address, or whatever else there is to tell its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// The address.
    pub email: Email,
}

/// Confirms an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// The code that was sent there.
    pub code: Secret,
}

/// Signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    /// The address.
    pub email: Email,
    /// The password.
    pub password: Secret,
    /// How the session is called in lists: the program, or the machine.
    #[serde(default)]
    pub device: String,
    /// Where it comes from, such as a network address, as a storefront or a service knows it that asks
    /// for others. Failures from there count together; say nothing, and only those of the account do.
    #[serde(default)]
    pub source: String,
}

/// Tokens of somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenPair {
    /// To be sent as `Authorization: Bearer ...` with each request.
    pub access_token: Secret,
    /// Until when that is good.
    pub access_expires_at: Timestamp,
    /// To be exchanged for the next pair, once.
    pub refresh_token: Secret,
    /// Until when that is good.
    pub refresh_expires_at: Timestamp,
    /// The session.
    pub session: SessionId,
    /// Who signed in.
    pub account: AccountView,
}

/// Exchanges a refresh token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The newest that was given.
    pub refresh_token: Secret,
}

/// Signs out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogOut {
    /// Whether everywhere, or only here.
    #[serde(default)]
    pub everywhere: bool,
}

/// Sessions that were ended. Their tokens are worth nothing as soon as a service hears of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionsEnded {
    /// How many.
    pub ended: u32,
}

/// Changes a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The one of now.
    pub password: Secret,
    /// The one to come, 10 to 128 characters.
    pub new_password: Secret,
}

/// Asks for a code to set the password anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskReset {
    /// The address of the account.
    pub email: Email,
}

/// Sets a password anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    /// The code that was sent.
    pub code: Secret,
    /// The new password, 10 to 128 characters.
    pub new_password: Secret,
}

/// Asks who one is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhoAmI {}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// The number of the account, or the name of the key.
    pub id: String,
    /// What one may do.
    pub role: Role,
    /// The account; none for the holder of a key.
    pub account: Option<AccountView>,
    /// The session; none for the holder of a key.
    pub session: Option<SessionId>,
}

/// Lists sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListSessions {
    /// Of whom; only an admin may name somebody else.
    #[serde(default)]
    pub customer: Option<CustomerId>,
}

/// The sessions of an account that have not ended, the newest first. There are never many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionPage {
    /// The sessions.
    pub items: Vec<SessionView>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// Its number.
    pub session: SessionId,
    /// How it was called.
    pub device: String,
    /// Where it came from.
    pub source: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When its tokens were last exchanged.
    pub used_at: Timestamp,
    /// When it ends if nobody exchanges them.
    pub expires_at: Timestamp,
    /// Whether it is the one with which it is asked.
    pub own: bool,
}

/// Ends a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndSession {
    /// Which.
    pub session: SessionId,
}

/// Shows an account: name either.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetAccount {
    /// Its number.
    #[serde(default)]
    pub customer: Option<CustomerId>,
    /// Its address.
    #[serde(default)]
    pub email: Option<Email>,
}

/// Lists accounts, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListAccounts {
    /// Only with this role.
    #[serde(default)]
    pub role: Option<Role>,
    /// Where the page before ended, as its `next` says.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many, 50 if not said, 200 at most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPage {
    /// The accounts.
    pub items: Vec<AccountView>,
    /// To be sent as `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// Its number.
    pub customer: CustomerId,
    /// Its address.
    pub email: Email,
    /// What its owner may do.
    pub role: Role,
    /// Whether the address was confirmed.
    pub confirmed: bool,
    /// Whether it was shut.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Says what somebody may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetRole {
    /// Who.
    pub customer: CustomerId,
    /// What they may do.
    pub role: Role,
}

/// Shuts an account, or opens it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetDisabled {
    /// Whose.
    pub customer: CustomerId,
    /// Whether it is shut.
    pub disabled: bool,
}

/// Shows the public keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetKeys {}

/// Announces a new key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {}

/// Asks for the code of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevealCode {
    /// Which.
    pub ticket: TicketId,
}

/// The code of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revealed {
    /// The code.
    pub code: Secret,
    /// Until when it is good.
    pub valid_until: Timestamp,
}
