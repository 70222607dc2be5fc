//! What may be asked of the sign-in service.

mod accounts;
mod asking;
mod mailing;
mod passwords;
mod registering;
mod sessions;
mod signing_in;
mod signing_keys;

pub use accounts::{get_account, list_accounts, set_disabled, set_role};
pub use mailing::reveal_code;
pub use passwords::{ask_reset, change_password, reset_password};
pub use registering::{confirm, register};
pub use sessions::{end_session, list_sessions, log_out, whoami};
pub use signing_in::{log_in, refresh};
pub use signing_keys::{get_keys, rotate_key};
