//! The door of a shop: people who register, sign in and are let in, or not.

use std::time::Duration;

use auth::Hasher;
use auth::password::Recipe;
use contracts::CustomerId;
use contracts::auth::{
    AccountView, AskReset, ChangePassword, Confirm, LogIn, MailDue, MailPurpose, Refresh, Register,
    Registered, ResetPassword, RevealCode, Secret, SessionsEnded, SetRole, TokenPair,
};
use kit::access::token::{self, Claims};
use kit::access::words::{AUDIENCE, ISSUER, KeyRotated, SessionRevoked};
use kit::testing::{Scratch, operator};
use kit::{Caller, Error, Result, Role};

/// The password of everybody who has no reason for another.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Another one.
pub(crate) const OTHER: &str = "staple that was here before";

/// The service, started.
pub(crate) struct Door {
    pub(crate) auth: Scratch,
    pub(crate) hasher: Hasher,
}

impl Door {
    pub(crate) async fn open() -> Self {
        let hasher = Hasher::default();
        let auth = Scratch::of(auth::service_with(&hasher));
        auth.set_periods().await;
        Self { auth, hasher }
    }

    pub(crate) async fn register(&self, email: &str, password: &str) -> Result<Registered> {
        let asked = Register { email: email.parse().unwrap(), password: Secret::new(password) };
        self.auth.ask_by(&Caller::Anonymous, &asked).await
    }

    /// Everything that was to be written, in order.
    pub(crate) fn mails(&self) -> Vec<MailDue> {
        self.auth.told_of()
    }

    /// Why somebody was written to last.
    pub(crate) fn last_purpose(&self) -> MailPurpose {
        self.mails().last().unwrap().purpose
    }

    /// The code in the last mail.
    pub(crate) async fn code(&self) -> String {
        let asked = RevealCode { ticket: self.mails().last().unwrap().ticket };
        let revealed = self.auth.ask_by(&Caller::Service("notification".into()), &asked).await.unwrap();
        revealed.code.expose().to_owned()
    }

    pub(crate) async fn confirm(&self, code: &str) -> Result<AccountView> {
        self.auth.ask_by(&Caller::Anonymous, &Confirm { code: Secret::new(code) }).await
    }

    pub(crate) async fn log_in(&self, email: &str, password: &str) -> Result<TokenPair> {
        self.auth.ask_by(&Caller::Anonymous, &log_in(email, password)).await
    }

    pub(crate) async fn refresh(&self, pair: &TokenPair) -> Result<TokenPair> {
        self.auth.ask_by(&Caller::Anonymous, &Refresh { refresh_token: pair.refresh_token.clone() }).await
    }

    pub(crate) async fn change(&self, who: &Caller, old: &str, new: &str) -> Result<SessionsEnded> {
        let asked = ChangePassword { password: Secret::new(old), new_password: Secret::new(new) };
        self.auth.ask_by(who, &asked).await
    }

    pub(crate) async fn ask_reset(&self, email: &str) -> Result<Registered> {
        self.auth.ask_by(&Caller::Anonymous, &AskReset { email: email.parse().unwrap() }).await
    }

    pub(crate) async fn reset(&self, code: &str, password: &str) -> Result<AccountView> {
        let asked = ResetPassword { code: Secret::new(code), new_password: Secret::new(password) };
        self.auth.ask_by(&Caller::Anonymous, &asked).await
    }

    /// Somebody who has registered and confirmed.
    pub(crate) async fn customer(&self, email: &str) -> CustomerId {
        self.register(email, PASSWORD).await.unwrap();
        let code = self.code().await;
        self.confirm(&code).await.unwrap().customer
    }

    /// Somebody who has registered, confirmed, and signed in.
    pub(crate) async fn signed_in(&self, email: &str) -> TokenPair {
        self.customer(email).await;
        self.log_in(email, PASSWORD).await.unwrap()
    }

    /// An admin, signed in.
    pub(crate) async fn admin(&self, email: &str) -> TokenPair {
        let customer = self.customer(email).await;
        self.auth.ask_by(&operator(), &SetRole { customer, role: Role::Admin }).await.unwrap();
        self.log_in(email, PASSWORD).await.unwrap()
    }

    /// What a token says, as a service finds that has heard everything so far.
    pub(crate) fn claims(&self, pair: &TokenPair) -> Result<Claims> {
        let token = pair.access_token.expose();
        let kid = token::key_of(token)?;
        let told: Vec<KeyRotated> = self.auth.told_of();
        // What was told last about a key counts.
        let key = told.iter().rev().find(|told| told.key.to_string() == kid);
        let key = key.filter(|key| key.valid_until > self.auth.now());
        let key = key.ok_or_else(|| Error::internal("signed with a key that nobody knows"))?;
        let claims = token::verify(token, &key.bytes()?, ISSUER, AUDIENCE, self.auth.now())?;
        let revoked: Vec<SessionRevoked> = self.auth.told_of();
        if revoked.iter().any(|revoked| revoked.session.to_string() == claims.sid) {
            return Err(Error::internal("of a session that was ended"));
        }
        Ok(claims)
    }

    /// Whoever holds these tokens, as the service sees them.
    pub(crate) fn caller(&self, pair: &TokenPair) -> Caller {
        let claims = self.claims(pair).unwrap();
        Caller::User { id: claims.sub, role: claims.role.parse().unwrap(), session: claims.sid }
    }

    /// Keeps somebody's password as a version before would have, by a cheaper recipe.
    pub(crate) async fn make_older(&self, address: &str, password: &str) {
        let recipe = Recipe::new(64, 1, 1, [9; 16]);
        let hash = self.hasher.hash(Secret::new(password), recipe).await.unwrap();
        let update = "UPDATE accounts SET password_hash = ?1 WHERE address = ?2 RETURNING id";
        let params = [hash.as_str(), address];
        self.auth.sql(|sql| sql.get(update, params, |row| row.get::<_, String>(0))).unwrap();
    }

    /// Lets time pass while the service is stopped, and starts it again.
    pub(crate) async fn stop_for(&self, time: Duration) {
        let forget = "DELETE FROM timer RETURNING kind";
        self.auth.sql(|sql| sql.list(forget, [], |row| row.get::<_, String>(0))).unwrap();
        self.auth.advance(time).await;
        self.auth.reopen();
        self.auth.set_periods().await;
    }

    /// How many sessions were ended so far.
    pub(crate) fn revoked(&self) -> usize {
        self.auth.told_of::<SessionRevoked>().len()
    }
}

pub(crate) fn log_in(email: &str, password: &str) -> LogIn {
    LogIn {
        email: email.parse().unwrap(),
        password: Secret::new(password),
        device: "laptop".into(),
        source: String::new(),
    }
}

/// The reason of a refusal.
pub(crate) fn reason<T: std::fmt::Debug>(answer: Result<T>) -> String {
    answer.unwrap_err().reason.into_owned()
}
