//! The secret of this database, and what is derived from it: codes, refresh tokens, salts.
//!
//! What is derived need not be stored, so it is in no file, no backup and no event. Whoever has the
//! database can derive it again; the keys that sign tokens stand there as well.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// 256 bits that nobody else knows.
#[derive(Clone, Copy)]
pub struct Secret([u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

impl Secret {
    /// The secret of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be stored.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 128 bits that follow from the secret, what they are for, and the parts: HMAC-SHA256, its first
    /// half. The length of each part counts, so that two lists of parts never read the same.
    pub fn derive(&self, what_for: &str, parts: &[&[u8]]) -> u128 {
        // A key of 32 bytes is never refused.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return 0 };
        for part in std::iter::once(what_for.as_bytes()).chain(parts.iter().copied()) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        let whole = mac.finalize().into_bytes();
        u128::from_be_bytes(whole[..16].try_into().unwrap_or_default())
    }

    /// The salt of the passwords of an address. All passwords of one address have the same, so that
    /// one hashing tells whether a password is any of them; see `handlers/signing_in.rs`. Different
    /// addresses have different ones, and other databases have others.
    pub fn salt_of(&self, address: &str) -> [u8; 16] {
        self.derive("salt", &[address.as_bytes()]).to_be_bytes()
    }
}

/// Compares what somebody says with what is right, in a time that tells nothing about either.
pub fn same(said: u128, right: u128) -> bool {
    said.to_be_bytes().ct_eq(&right.to_be_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_derived_follows_from_everything_that_goes_in() {
        let secret = Secret::new([7; 32]);
        let one = secret.derive("code", &[b"ab", b"c"]);
        assert!(same(one, secret.derive("code", &[b"ab", b"c"])));
        for other in [
            secret.derive("code", &[b"a", b"bc"]),
            secret.derive("code", &[b"abc"]),
            secret.derive("salt", &[b"ab", b"c"]),
            Secret::new([8; 32]).derive("code", &[b"ab", b"c"]),
        ] {
            assert!(!same(one, other));
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::new([7; 32])), "(secret)");
    }
}
