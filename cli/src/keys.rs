//! Who may connect: keys in files, the roster that says whose they are, and the broker's users.
//!
//! # Layout
//! - [`file`]: files that are written whole or not at all, for nobody else's eyes
//! - [`ring`]: the folder of the keys; making what is missing
//! - [`rotate`]: replacing keys without a gap

mod ring;
pub(crate) mod rotate;

use std::path::Path;

use kit::access::Identity;
use kit::access::identity::IdentityError;

use crate::failure::{Failure, exit};

pub(crate) use ring::{Ring, generate};

/// Reads a key.
///
/// # Errors
/// 74 if it cannot be read, 78 if it is none or others can read it.
pub(crate) fn read(path: &Path) -> Result<Identity, Failure> {
    Identity::read(path).map_err(|error| {
        let (exit, code) = match &error {
            IdentityError::Unreadable { .. } => (exit::IO, "key_unreadable"),
            IdentityError::Exposed { .. } => (exit::CONFIGURATION, "key_exposed"),
            IdentityError::Malformed(_) => (exit::CONFIGURATION, "key_malformed"),
        };
        let failure = Failure::new(exit, code, error.to_string());
        match &error {
            IdentityError::Exposed { path } => failure
                .mend(format!("chmod 600 {path}"))
                .mend("shopctl keys rotate NAME      if somebody may have read it"),
            _ => failure,
        }
    })
}
