//! Who may do what: declared with each request, proved by tokens, enforced before the handler.
//!
//! # Layout
//! - [`who`]: what a contract declares, and whether a caller satisfies it
//! - [`owner`]: what belongs to whom, and the check that a handler must not forget
//! - [`token`]: signed statements about who somebody is
//! - [`roster`]: the keys of services and operators, as an administrator wrote them down
//! - [`identity`]: a key of one's own, and the tokens made with it
//! - [`issuer`]: the key that says who may connect as a device
//! - [`trust`]: everything a service believes, and who a request comes from
//! - [`words`]: what sign-in tells every service

pub mod identity;
pub mod issuer;
pub mod owner;
pub mod roster;
#[cfg(test)]
mod tests;
pub mod token;
pub mod trust;
pub mod who;
pub mod words;

pub use identity::Identity;
pub use issuer::Issuer;
pub use owner::{Asker, Owner};
pub use roster::{Member, Position, Roster};
pub use trust::{Presented, Trust};
pub use who::{Access, Who};
