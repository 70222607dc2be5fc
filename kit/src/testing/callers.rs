//! Who asks, in tests.

use crate::caller::{Caller, GuestId, Role};

/// Whoever runs the shop, who may do everything.
pub fn operator() -> Caller {
    Caller::User { id: "operator".into(), role: Role::Admin, session: String::new() }
}

/// A customer who is signed in; `number` tells one from another.
pub fn customer(number: impl std::fmt::Display) -> Caller {
    Caller::User { id: number.to_string(), role: Role::Customer, session: "ses_of_a_test".into() }
}

/// A guest; `name` tells one from another.
pub fn guest(name: &str) -> Caller {
    let secret = format!("secret-of-the-guest-{name:-<8}");
    Caller::Guest(GuestId::of_secret(&secret).expect("a secret"))
}
