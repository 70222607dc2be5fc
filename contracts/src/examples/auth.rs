//! Examples of what sign-in says.

use jiff::Timestamp;
use kit::access::words::{KeyId, SessionId};
use kit::id::Id;
use kit::{Example, Role};

use crate::auth::{
    AccountPage, AccountView, AskReset, ChangePassword, Confirm, CustomerRegistered, EndSession, GetAccount,
    GetKeys, Jwk, KeySet, ListAccounts, ListSessions, LogIn, LogOut, MailDue, MailPurpose, Me, Refresh,
    Register, Registered, ResetPassword, RevealCode, Revealed, RotateKey, Secret, SessionPage, SessionView,
    SessionsEnded, SetDisabled, SetRole, TokenPair, WhoAmI,
};
use crate::{CustomerId, Email, TicketId};

const BITS: u128 = 0x0188_9c89_df6b_7f1c_a388_9139_6ec3_14bc;

fn session() -> SessionId {
    SessionId::from_bits(BITS)
}

fn code() -> Secret {
    Secret::new("01h2e8kqvbfwea724h75qc655w.3w7p0n5t1r9v2x8y4z6q3m5k7j")
}

fn later(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_268_800 + seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Example for Register {
    fn example() -> Self {
        Self { email: Email::example(), password: Secret::new("correct horse battery") }
    }
}

impl Example for Registered {
    fn example() -> Self {
        Self { email: Email::example() }
    }
}

impl Example for Confirm {
    fn example() -> Self {
        Self { code: code() }
    }
}

impl Example for LogIn {
    fn example() -> Self {
        Self {
            email: Email::example(),
            password: Secret::new("correct horse battery"),
            device: "laptop".into(),
            source: String::new(),
        }
    }
}

impl Example for TokenPair {
    fn example() -> Self {
        Self {
            access_token: Secret::new("eyJhbGciOiJFZERTQSJ9.e30.c2ln"),
            access_expires_at: later(600),
            refresh_token: Secret::new("ses_01h2e8kqvbfwea724h75qc655w.1.4s0mq2c9b7x3d5f8g1h6j2k4n7"),
            refresh_expires_at: later(2_592_000),
            session: session(),
            account: AccountView::example(),
        }
    }
}

impl Example for Refresh {
    fn example() -> Self {
        Self { refresh_token: Secret::new("ses_01h2e8kqvbfwea724h75qc655w.1.4s0mq2c9b7x3d5f8g1h6j2k4n7") }
    }
}

impl Example for LogOut {
    fn example() -> Self {
        Self { everywhere: false }
    }
}

impl Example for SessionsEnded {
    fn example() -> Self {
        Self { ended: 1 }
    }
}

impl Example for ChangePassword {
    fn example() -> Self {
        Self {
            password: Secret::new("correct horse battery"),
            new_password: Secret::new("staple that was here before"),
        }
    }
}

impl Example for AskReset {
    fn example() -> Self {
        Self { email: Email::example() }
    }
}

impl Example for ResetPassword {
    fn example() -> Self {
        Self { code: code(), new_password: Secret::new("staple that was here before") }
    }
}

impl Example for WhoAmI {
    fn example() -> Self {
        Self {}
    }
}

impl Example for Me {
    fn example() -> Self {
        Self {
            id: CustomerId::example().to_string(),
            role: Role::Customer,
            account: Some(AccountView::example()),
            session: Some(session()),
        }
    }
}

impl Example for ListSessions {
    fn example() -> Self {
        Self { customer: None }
    }
}

impl Example for SessionPage {
    fn example() -> Self {
        Self { items: vec![SessionView::example()] }
    }
}

impl Example for SessionView {
    fn example() -> Self {
        Self {
            session: session(),
            device: "laptop".into(),
            source: "anonymous".into(),
            began_at: later(0),
            used_at: later(0),
            expires_at: later(2_592_000),
            own: true,
        }
    }
}

impl Example for EndSession {
    fn example() -> Self {
        Self { session: session() }
    }
}

impl Example for GetAccount {
    fn example() -> Self {
        Self { customer: Some(CustomerId::example()), email: None }
    }
}

impl Example for ListAccounts {
    fn example() -> Self {
        Self { role: None, after: None, limit: Some(50) }
    }
}

impl Example for AccountPage {
    fn example() -> Self {
        Self { items: vec![AccountView::example()], next: None }
    }
}

impl Example for AccountView {
    fn example() -> Self {
        Self {
            customer: CustomerId::example(),
            email: Email::example(),
            role: Role::Customer,
            confirmed: true,
            disabled: false,
            created_at: later(0),
        }
    }
}

impl Example for SetRole {
    fn example() -> Self {
        Self { customer: CustomerId::example(), role: Role::Operator }
    }
}

impl Example for SetDisabled {
    fn example() -> Self {
        Self { customer: CustomerId::example(), disabled: true }
    }
}

impl Example for GetKeys {
    fn example() -> Self {
        Self {}
    }
}

impl Example for RotateKey {
    fn example() -> Self {
        Self {}
    }
}

impl Example for KeySet {
    fn example() -> Self {
        Self { keys: vec![Jwk::example()] }
    }
}

impl Example for Jwk {
    fn example() -> Self {
        Self {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            alg: "EdDSA".into(),
            used_for: "sig".into(),
            kid: KeyId::from_bits(BITS),
            x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".into(),
            signs_from: later(0),
            valid_until: later(172_800),
        }
    }
}

impl Example for RevealCode {
    fn example() -> Self {
        Self { ticket: TicketId::example() }
    }
}

impl Example for Revealed {
    fn example() -> Self {
        Self { code: code(), valid_until: later(3600) }
    }
}

impl Example for CustomerRegistered {
    fn example() -> Self {
        Self { customer: CustomerId::example(), email: Email::example() }
    }
}

impl Example for MailDue {
    fn example() -> Self {
        Self { ticket: TicketId::example(), email: Email::example(), purpose: MailPurpose::ConfirmAddress }
    }
}
