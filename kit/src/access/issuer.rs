//! The key that says who may connect to the broker as what: an account's key, which only one service holds.

use std::fmt;
use std::path::{Path, PathBuf};

use super::identity::IdentityError;

/// What the file of such a key ends with: another ending than a user's, so that neither is taken for the other.
const ENDING: &str = "issuer";

/// The key whose statements the broker believes about those who are not in its configuration.
pub struct Issuer {
    pair: nkeys::KeyPair,
    seed: String,
    public: String,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(the key {})", self.public)
    }
}

impl Issuer {
    /// A new key.
    ///
    /// # Errors
    /// [`IdentityError::Malformed`], which cannot happen.
    pub fn generate() -> Result<Self, IdentityError> {
        let seed = nkeys::KeyPair::new_account().seed();
        Self::of_seed(&seed.map_err(|_| IdentityError::Malformed("a new key".to_owned()))?, "a new key")
    }

    fn of_seed(seed: &str, shown: &str) -> Result<Self, IdentityError> {
        let malformed = || IdentityError::Malformed(crate::text::printable(shown).into_owned());
        let seed = seed.trim();
        if !seed.starts_with("SA") {
            return Err(malformed());
        }
        let pair = nkeys::KeyPair::from_seed(seed).map_err(|_| malformed())?;
        Ok(Self { public: pair.public_key(), seed: seed.to_owned(), pair })
    }

    /// Reads the key from a file that nobody else can read.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn read(path: &Path) -> Result<Self, IdentityError> {
        Self::of_seed(&super::identity::read_private(path)?, &path.display().to_string())
    }

    /// Where the key stands in a folder of keys.
    pub fn path(folder: &Path, name: &str) -> PathBuf {
        folder.join(name).with_extension(ENDING)
    }

    /// The public key, as NATS writes it (`A...`).
    pub fn public_key(&self) -> &str {
        &self.public
    }

    /// The private key, as NATS writes it (`SA...`). For the file it is kept in.
    pub fn seed(&self) -> &str {
        &self.seed
    }

    /// Signs bytes with Ed25519; none if the key cannot sign, which cannot happen.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.pair.sign(bytes).ok()
    }
}

/// The 32 bytes of a public key of an account, as NATS writes it.
pub(super) fn public_bytes(key: &str) -> Option<[u8; 32]> {
    key.starts_with('A').then(|| nkeys::from_public_key(key).ok()).flatten().map(|(_, bytes)| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_user_is_no_key_of_an_issuer_and_nothing_shows_the_seed() {
        let issuer = Issuer::generate().unwrap();
        assert!(public_bytes(issuer.public_key()).is_some());
        assert!(!format!("{issuer:?}").contains(issuer.seed()));
        assert_eq!(Issuer::of_seed(issuer.seed(), "x").unwrap().public_key(), issuer.public_key());
        let user = nkeys::KeyPair::new_user();
        let refused = Issuer::of_seed(&user.seed().unwrap(), "x").unwrap_err();
        assert!(!refused.to_string().contains(&user.seed().unwrap()));
        assert_eq!(public_bytes(&user.public_key()), None);
    }
}
