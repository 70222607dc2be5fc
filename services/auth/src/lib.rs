//! The sign-in service: who somebody is, and what they may do.
//!
//! # Layout
//! - [`handlers`]: what may be asked; where to start reading is `handlers/signing_in.rs`
//! - [`account`]: an account, and which addresses are the same
//! - [`password`]: which passwords will do, and how one is hashed; [`hasher`]: few at once
//! - [`throttle`]: when too many tries have failed
//! - [`session`]: sessions and their refresh tokens
//! - [`ticket`]: codes that are sent by mail
//! - [`keys`]: the keys that sign tokens, and when one follows another
//! - [`secret`]: what codes, refresh tokens and salts are derived from
//! - [`refusal`]: why somebody is not let in
//! - `tokens`: a pair of tokens, made; `upkeep`: what is done from time to time
//! - `store`: the SQL

pub mod account;
pub mod handlers;
pub mod hasher;
pub mod keys;
pub mod password;
pub mod refusal;
pub mod secret;
pub mod session;
mod store;
pub mod throttle;
pub mod ticket;
mod tokens;
mod upkeep;

pub use hasher::Hasher;

/// Everything the service can do.
pub fn service() -> kit::Service {
    service_with(&Hasher::default())
}

/// The same, with a hasher that somebody else can look at, too.
pub fn service_with(hasher: &Hasher) -> kit::Service {
    let with = || hasher.clone();
    let (register, log_in, change, reset) = (with(), with(), with(), with());
    kit::Service::new("auth", env!("CARGO_PKG_VERSION"))
        .about("Signs people in, and says what they may do.")
        .migrations_from(&[include_str!("../migrations/0001_auth.sql")])
        .answers(move |ctx, asked| handlers::register(ctx, asked, register.clone()))
        .answers(handlers::confirm)
        .answers(move |ctx, asked| handlers::log_in(ctx, asked, log_in.clone()))
        .answers(handlers::refresh)
        .answers(handlers::log_out)
        .answers(move |ctx, asked| handlers::change_password(ctx, asked, change.clone()))
        .answers(handlers::ask_reset)
        .answers(move |ctx, asked| handlers::reset_password(ctx, asked, reset.clone()))
        .answers(handlers::whoami)
        .answers(handlers::list_sessions)
        .answers(handlers::end_session)
        .answers(handlers::get_account)
        .answers(handlers::list_accounts)
        .answers(handlers::set_role)
        .answers(handlers::set_disabled)
        .answers(handlers::get_keys)
        .answers(handlers::rotate_key)
        .answers(handlers::reveal_code)
        .every_from_start(upkeep::KEYS, keys::LOOKED_AT, upkeep::look_after_keys)
        .every(upkeep::TIDY, upkeep::TIDIED_EVERY, upkeep::tidy)
}
