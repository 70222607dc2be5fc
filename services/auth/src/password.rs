//! Passwords: which will do, and how one is hashed (Argon2id, RFC 9106; PHC strings).

use std::fmt;
use std::str::FromStr;

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, Version};
use contracts::auth::{PASSWORD_CHARS, Secret, reason};
use kit::{Error, Result};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// Memory of one hashing in KiB.
pub const MEMORY_KIB: u32 = 19_456;

/// Passes over that memory.
pub const PASSES: u32 = 2;

/// Lanes of it.
pub const LANES: u32 = 1;

/// Passwords that everybody tries first, in lower case; only those that are long enough otherwise.
const COMMON: &str = include_str!("common_passwords.txt");

/// Refuses a password that others would guess.
///
/// # Errors
/// `weak_password`
pub fn check(password: &Secret, address: &str) -> Result<()> {
    let text = password.expose();
    let (least, most) = PASSWORD_CHARS.into_inner();
    let lower = text.to_lowercase();
    let name = address.split('@').next().unwrap_or_default();
    let problem = if !PASSWORD_CHARS.contains(&text.chars().count()) {
        format!("a password has {least} to {most} characters; nothing was done, choose another")
    } else if COMMON.lines().any(|common| common == lower) {
        "this password is among those that are tried first; nothing was done, choose another".to_owned()
    } else if lower == address || lower == name {
        "a password must be another than the address; nothing was done, choose another".to_owned()
    } else if text.chars().all(|character| text.starts_with(character)) {
        "a password must not be one character over and over; nothing was done, choose another".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::invalid(reason::WEAK_PASSWORD, problem))
}

/// A hashed password: a PHC string.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hash(String);

impl Hash {
    /// The PHC string, to be stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether two are of the same password, hashed in the same way; in a time that does not tell.
    pub fn is(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl FromStr for Hash {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hash)")
    }
}

/// How a password is hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: Vec<u8>,
}

impl Recipe {
    /// The recipe of today.
    pub fn of_today(salt: [u8; 16]) -> Self {
        Self { memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES, salt: salt.to_vec() }
    }

    /// Another one, such as that of a version before.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32, salt: [u8; 16]) -> Self {
        Self { memory_kib, passes, lanes, salt: salt.to_vec() }
    }

    /// The recipe of today with the same salt, if this is another.
    pub fn renewed(&self) -> Option<Self> {
        let today = Self { memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES, salt: self.salt.clone() };
        Some(today).filter(|today| today != self)
    }

    /// The recipe by which a password was hashed.
    ///
    /// # Errors
    /// If it is no PHC string of Argon2, which is a mistake of ours.
    pub fn of(hash: &Hash) -> Result<Self> {
        let wrong = || Error::internal("a hashed password is not understood");
        let read = PasswordHash::new(&hash.0).map_err(|_| wrong())?;
        let params = Params::try_from(&read).map_err(|_| wrong())?;
        let salt = read.salt.ok_or_else(wrong)?.as_ref().to_vec();
        Ok(Self { memory_kib: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost(), salt })
    }

    /// Hashes a password. Takes tens of milliseconds of a processor, and as much memory as it says:
    /// only [`Hasher`](crate::Hasher) may call it.
    ///
    /// # Errors
    /// If the recipe makes no sense, which is a mistake of ours.
    pub(crate) fn hash(&self, password: &Secret) -> Result<Hash> {
        let failed =
            |error: &dyn fmt::Display| Error::internal(format!("a password cannot be hashed: {error}"));
        let params = Params::new(self.memory_kib, self.passes, self.lanes, None).map_err(|e| failed(&e))?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_with_salt(password.expose().as_bytes(), &self.salt)
            .map(|hash| Hash(hash.to_string()))
            .map_err(|error| failed(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(salt: u8) -> Recipe {
        Recipe::new(32, 1, 1, [salt; 16])
    }

    #[test]
    fn a_password_that_is_guessed_first_will_not_do() {
        let address = "annabelle.b@example.org";
        for good in ["correct horse battery", "ñandú ñandú ñandú", &"ab".repeat(64)] {
            assert!(check(&Secret::new(good), address).is_ok(), "{good:?}");
        }
        for bad in [
            "",
            "short",
            "123456789",
            &"ab".repeat(65),
            "Password123",
            "1234567890",
            "QWERTYUIOP",
            "aaaaaaaaaaaa",
            "Annabelle.B@example.org",
            "annabelle.b",
        ] {
            let refused = check(&Secret::new(bad), address).unwrap_err();
            assert_eq!(refused.reason, reason::WEAK_PASSWORD, "{bad:?}");
            assert!(bad.is_empty() || !refused.message.contains(bad), "{bad:?}");
        }
    }

    #[test]
    fn the_list_of_common_passwords_is_in_lower_case_and_holds_none_that_is_too_short() {
        for common in COMMON.lines() {
            assert_eq!(common, common.to_lowercase());
            assert!(PASSWORD_CHARS.contains(&common.chars().count()), "{common}");
        }
    }

    #[test]
    fn a_hash_is_of_one_password_one_salt_and_one_recipe() {
        let hash = |recipe: &Recipe, text: &str| recipe.hash(&Secret::new(text)).unwrap();
        let one = hash(&small(1), "correct horse");
        assert!(one.is(&hash(&small(1), "correct horse")));
        assert!(!one.is(&hash(&small(1), "correct house")));
        assert!(!one.is(&hash(&small(2), "correct horse")));
        assert!(!one.is(&hash(&Recipe::new(40, 1, 1, [1; 16]), "correct horse")));
    }

    #[test]
    fn the_recipe_can_be_read_from_the_hash() {
        let hash = small(3).hash(&Secret::new("correct horse")).unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=32,t=1,p=1$"), "{}", hash.as_str());
        assert_eq!(Recipe::of(&hash).unwrap(), small(3));
        assert!(Recipe::of(&"$argon2id$".parse().unwrap()).is_err());
        assert_eq!(format!("{hash:?}"), "(hash)");
    }
}
