//! A key of one's own: it opens the connection to the broker, and signs for its holder.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use jiff::Timestamp;

use super::roster::ISSUER;
use super::token::{self, Claims};
use crate::error::{Error, Result};
use crate::text::is_name;

/// How long a token that somebody signs for themselves speaks, in seconds.
const LIFE: i64 = 5 * 60;

/// How much longer it must still speak to be used again, in seconds.
const RENEWED_BEFORE: i64 = 2 * 60;

/// What the file of a key ends with.
const ENDING: &str = "seed";

/// A private key and whose it is.
pub struct Identity {
    name: String,
    seed: String,
    secret: [u8; 32],
    public: String,
    tokens: Mutex<BTreeMap<String, (String, i64)>>,
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file cannot be read.
    #[error("the key {path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Others can read the file.
    #[error("the key {path} can be read by others; chmod 600 {path}")]
    Exposed {
        /// The file.
        path: String,
    },
    /// It is no key.
    #[error("{0} is not the seed of a user's key (SU...), named by lower case letters, digits and _")]
    Malformed(String),
}

impl Identity {
    /// A new key.
    ///
    /// # Errors
    /// [`IdentityError::Malformed`] if the name is none.
    pub fn generate(name: &str) -> Result<Self, IdentityError> {
        let pair = nkeys::KeyPair::new_user();
        let seed = pair.seed().map_err(|_| IdentityError::Malformed(name.to_owned()))?;
        Self::of_seed(name, &seed)
    }

    /// The key with this seed, as NATS writes it.
    ///
    /// # Errors
    /// [`IdentityError::Malformed`]; the seed is never repeated in it.
    pub fn of_seed(name: &str, seed: &str) -> Result<Self, IdentityError> {
        let malformed = || IdentityError::Malformed(crate::text::printable(name).into_owned());
        let seed = seed.trim();
        if !is_name(name) || !seed.starts_with("SU") {
            return Err(malformed());
        }
        let pair = nkeys::KeyPair::from_seed(seed).map_err(|_| malformed())?;
        let (_, secret) = nkeys::decode_seed(seed).map_err(|_| malformed())?;
        Ok(Self {
            name: name.to_owned(),
            seed: seed.to_owned(),
            secret,
            public: pair.public_key(),
            tokens: Mutex::default(),
        })
    }

    /// Reads a key from a file that nobody else can read; the file is named after its holder.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn read(path: &Path) -> Result<Self, IdentityError> {
        let text = read_private(path)?;
        let shown = path.display().to_string();
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self::of_seed(&name, &text).map_err(|_| IdentityError::Malformed(shown))
    }

    /// Where the key of somebody stands in a folder of keys.
    pub fn path(folder: &Path, name: &str) -> PathBuf {
        folder.join(name).with_extension(ENDING)
    }

    /// Whose it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key, as NATS writes it (`U...`).
    pub fn public_key(&self) -> &str {
        &self.public
    }

    /// The private key, as NATS writes it (`SU...`). For the file it is kept in and the broker's client.
    pub fn seed(&self) -> &str {
        &self.seed
    }

    /// The subjects under which answers reach its holder: nobody else may listen there.
    pub fn inbox(&self) -> String {
        inbox(&self.name)
    }

    /// A token that tells one service who its holder is. The same one is used for some minutes.
    ///
    /// # Errors
    /// If it cannot be signed, which is a mistake of ours.
    pub fn token_for(&self, audience: &str, now: Timestamp) -> Result<String> {
        let second = now.as_second();
        let mut tokens =
            self.tokens.lock().map_err(|_| Error::internal("the tokens of this process are lost"))?;
        if let Some((token, until)) = tokens.get(audience)
            && *until - RENEWED_BEFORE > second
            && *until - LIFE <= second
        {
            return Ok(token.clone());
        }
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: self.name.clone(),
            aud: audience.to_owned(),
            iat: second,
            exp: second + LIFE,
            role: String::new(),
            sid: String::new(),
        };
        let token = token::sign(&self.secret, &self.public, &claims)?;
        tokens.insert(audience.to_owned(), (token.clone(), claims.exp));
        Ok(token)
    }
}

/// The prefix of the inboxes of a holder of a key.
pub fn inbox(name: &str) -> String {
    format!("_INBOX.{name}")
}

impl fmt::Debug for Identity {
    /// Never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("name", &self.name).field("public", &self.public).finish()
    }
}

/// Reads a file that nobody else can read.
pub(super) fn read_private(path: &Path) -> Result<String, IdentityError> {
    use std::os::unix::fs::PermissionsExt;
    let shown = path.display().to_string();
    let unreadable = |source| IdentityError::Unreadable { path: shown.clone(), source };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let mode = std::fs::metadata(path).map_err(unreadable)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(IdentityError::Exposed { path: shown });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = Identity::path(folder.path(), "order");
        std::fs::write(&path, Identity::generate("order").unwrap().seed()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Identity::read(&path), Err(IdentityError::Exposed { .. })));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(Identity::read(&path).unwrap().name(), "order");
    }

    #[test]
    fn a_key_is_never_shown() {
        let key = Identity::generate("order").unwrap();
        assert!(!format!("{key:?}").contains(key.seed()));
        let error = Identity::of_seed("Order!", key.seed()).unwrap_err();
        assert!(!error.to_string().contains(key.seed()));
    }

    #[test]
    fn a_token_is_made_once_and_again_in_time() {
        let key = Identity::generate("order").unwrap();
        let now = Timestamp::from_second(1_767_268_800).unwrap();
        let later = |seconds: i64| Timestamp::from_second(now.as_second() + seconds).unwrap();
        let first = key.token_for("cart", now).unwrap();
        assert_eq!(key.token_for("cart", later(60)).unwrap(), first);
        assert_ne!(key.token_for("payment", now).unwrap(), first);
        assert_ne!(key.token_for("cart", later(200)).unwrap(), first);
        assert_ne!(key.token_for("cart", later(-3600)).unwrap(), first, "a clock that was put back");
    }
}
