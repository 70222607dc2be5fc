//! People with and without an account, and what each of them holds.

use contracts::Email;
use contracts::auth::{Confirm, LogIn, MailDue, Register, RevealCode, Secret, SetRole, TokenPair};
use kit::client::Watch;
use kit::testing::{Broker, eventually};
use kit::{Client, Role, Voice};

use crate::Counter;

/// A password that nobody would guess.
pub const PASSWORD: &str = "a test knows this one";

/// The secret of a guest; `name` tells one from another.
pub fn secret_of(name: &str) -> String {
    format!("{name}-0123456789-abcdefghijklm")
}

impl Counter {
    /// The counter as a guest sees it who holds a secret of their own.
    pub fn for_guest(&self, name: &str) -> Self {
        self.for_one_who(Voice::Guest(secret_of(name)))
    }

    /// The counter as somebody sees it who is signed in.
    pub fn for_holder_of(&self, pair: &TokenPair) -> Self {
        self.for_one_who(Voice::Token(pair.access_token.expose().to_owned()))
    }

    /// Makes an account, reads the code as the mail would have it, confirms, and signs in.
    pub async fn signs_up(&self, broker: &Broker, email: &str, role: Role) -> TokenPair {
        let email: Email = email.parse().expect("an address");
        let mut mails = self.client().watch("events.auth.mail_due").await.expect("a watch");
        let register = Register { email: email.clone(), password: Secret::new(PASSWORD) };
        self.client().ask(&register).await.expect("an account");
        let code = code_of(&mut mails, &broker.client_of("notification").await, &email).await;
        let account = self.client().ask(&Confirm { code }).await.expect("a confirmed account");
        if role != Role::Customer {
            let set = SetRole { customer: account.customer, role };
            self.client().ask(&set).await.expect("a role");
        }
        self.signs_in(email.as_str()).await
    }

    /// Signs in with the password of tests, and waits until every service knows the key that signed.
    pub async fn signs_in(&self, email: &str) -> TokenPair {
        let log_in = LogIn {
            email: email.parse().expect("an address"),
            password: Secret::new(PASSWORD),
            device: "a test".into(),
            source: String::new(),
        };
        let pair = self.client().ask(&log_in).await.expect("tokens");
        let own = self.for_holder_of(&pair);
        for name in crate::NAMES {
            eventually(&format!("{name} knows the key of sign-in"), || async {
                // Whether it is allowed or not, it is known who asks.
                let said = own.asks_after(name).await;
                said.err().is_none_or(|error| error.kind == kit::Kind::Forbidden).then_some(())
            })
            .await;
        }
        pair
    }

    async fn asks_after(&self, service: &str) -> kit::Result<serde_json::Value> {
        let call = kit::Call::default();
        self.client().call_as(&format!("{service}.health"), &serde_json::json!({}), call).await
    }
}

/// What stands in the next mail to somebody: only the notification service may ask for it.
pub async fn code_of(mails: &mut Watch, notification: &Client, email: &Email) -> Secret {
    loop {
        let told = mails.next().await.expect("a mail is due");
        let due: MailDue = serde_json::from_value(told.body).expect("an event of the declared shape");
        if due.email == *email && due.purpose.has_code() {
            return notification.ask(&RevealCode { ticket: due.ticket }).await.expect("a code").code;
        }
    }
}
