//! Who may connect: keys in files, the roster that says whose they are, and the broker's users.
//!
//! # Layout
//! - [`nats`]: a key that a context of the `nats` command names: whose is it?
//! - [`ring`]: the folder of the keys; making what is missing
//! - [`rotate`]: replacing keys without a gap

mod nats;
mod ring;
pub(crate) mod rotate;

use std::path::Path;

use kit::access::Identity;
use kit::access::identity::IdentityError;

use crate::failure::{Failure, exit};

pub(crate) use nats::read_of_nats;
pub(crate) use ring::{Ring, generate};

/// Reads a key.
///
/// # Errors
/// 74 if it cannot be read, 78 if it is none or others can read it.
pub(crate) fn read(path: &Path) -> Result<Identity, Failure> {
    Identity::read(path).map_err(|error| unusable(&error))
}

/// Why a key cannot be used, and what to do.
fn unusable(error: &IdentityError) -> Failure {
    let (exit, code) = match error {
        IdentityError::Unreadable { .. } => (exit::IO, "key_unreadable"),
        IdentityError::Exposed { .. } => (exit::CONFIGURATION, "key_exposed"),
        IdentityError::Malformed(_) => (exit::CONFIGURATION, "key_malformed"),
    };
    let failure = Failure::new(exit, code, error.to_string());
    match error {
        IdentityError::Exposed { path } => failure
            .mend(format!("chmod 600 {path}"))
            .mend("shopctl keys rotate NAME      if somebody may have read it"),
        _ => failure,
    }
}
