//! Who asks, and on whose behalf.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result, reason};
use crate::text::is_name;

/// How long a guest's secret may be, in characters.
pub const GUEST_SECRET_CHARS: std::ops::RangeInclusive<usize> = 22..=128;

/// Length of the identifier of a person in characters.
const USER_ID_CHARS_MAX: usize = 64;

/// Whoever a piece of work is done for, as far as it was proved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Caller {
    /// Nobody in particular.
    #[default]
    Anonymous,
    /// Somebody without an account who holds a secret.
    Guest(GuestId),
    /// Somebody who is signed in: a customer, or staff.
    User {
        /// Their number, or the name of an operator's key.
        id: String,
        /// What they may do.
        role: Role,
        /// The session they signed in with; empty for an operator's key.
        session: String,
    },
    /// Another service, by name.
    Service(String),
}

impl Caller {
    /// Reads what [`fmt::Display`] wrote, as a service says for whom it asks.
    ///
    /// # Errors
    /// `invalid_header` if it is nothing that could have been written.
    pub fn parse(text: &str) -> Result<Self> {
        let malformed = || Error::invalid(reason::INVALID_HEADER, "the header Shop-For is malformed");
        if text == "anonymous" {
            return Ok(Self::Anonymous);
        }
        let (kind, id) = text.split_once(':').ok_or_else(malformed)?;
        match kind {
            "guest" => Ok(Self::Guest(id.parse().map_err(|_| malformed())?)),
            "service" if is_name(id) => Ok(Self::Service(id.to_owned())),
            role if is_user_id(id) => {
                let role = role.parse().map_err(|_| malformed())?;
                Ok(Self::User { id: id.to_owned(), role, session: String::new() })
            }
            _ => Err(malformed()),
        }
    }

    /// Whether this is staff: an operator, or an admin.
    pub fn is_operator(&self) -> bool {
        matches!(self, Self::User { role: Role::Operator | Role::Admin, .. })
    }

    /// The number of whoever is signed in, if anybody is.
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::User { id, .. } => Some(id),
            _ => None,
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Guest(guest) => write!(f, "guest:{guest}"),
            Self::User { id, role, .. } => write!(f, "{role}:{id}"),
            Self::Service(name) => write!(f, "service:{name}"),
        }
    }
}

/// Whether this may be the number of a person or the name of an operator.
pub fn is_user_id(text: &str) -> bool {
    (1..=USER_ID_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// What somebody who is signed in may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Buys, and sees what is theirs.
    Customer,
    /// Runs the shop: sees and changes everything but who may do what.
    Operator,
    /// An operator who also says who may do what.
    Admin,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 3] = [Self::Customer, Self::Operator, Self::Admin];

    /// The word on the wire and in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Not the word of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is customer, operator or admin")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.word() == text).ok_or(UnknownRole)
    }
}

impl serde::Serialize for Role {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de> serde::Deserialize<'de> for Role {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A guest, by half of the SHA-256 of their secret: it tells nobody the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuestId(u128);

impl GuestId {
    /// The guest who holds a secret.
    ///
    /// # Errors
    /// `invalid_header` unless it is 22 to 128 letters, digits, `-` or `_`: at least what 128
    /// random bits need in base 64.
    pub fn of_secret(secret: &str) -> Result<Self> {
        let plain = secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !plain || !GUEST_SECRET_CHARS.contains(&secret.len()) {
            let (least, most) = GUEST_SECRET_CHARS.into_inner();
            return Err(Error::invalid(
                reason::INVALID_HEADER,
                format!("Shop-Guest must be {least} to {most} letters, digits, - or _, chosen at random"),
            ));
        }
        let hash = Sha256::digest(secret);
        Ok(Self(u128::from_be_bytes(hash[..16].try_into().unwrap_or_default())))
    }
}

impl fmt::Display for GuestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::id::encode(self.0))
    }
}

impl FromStr for GuestId {
    type Err = crate::id::InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        crate::id::decode_suffix("guest", text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer() -> Caller {
        Caller::User { id: "cus_01h2e8kqvbfwea724h75qc655w".into(), role: Role::Customer, session: "".into() }
    }

    #[test]
    fn a_caller_reads_what_it_wrote() {
        let guest = GuestId::of_secret("0123456789abcdefghijkl").unwrap();
        for caller in
            [Caller::Anonymous, Caller::Guest(guest), customer(), Caller::Service("order".to_owned())]
        {
            assert_eq!(Caller::parse(&caller.to_string()).unwrap(), caller);
        }
    }

    #[test]
    fn what_is_no_caller_is_refused() {
        for text in ["", "root:x", "customer:", "customer:a b", "service:A*", "guest:x", "admin:a.b", "x"] {
            assert!(Caller::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_secret_that_could_be_guessed_is_none() {
        for secret in ["", "short", "0123456789abcdefghijk", "0123456789abcdefghij k", &"a".repeat(129)] {
            assert!(GuestId::of_secret(secret).is_err(), "{secret:?}");
        }
        let (one, other) = ("0123456789abcdefghijkl", "0123456789abcdefghijkm");
        assert_ne!(GuestId::of_secret(one).unwrap(), GuestId::of_secret(other).unwrap());
        assert!(!GuestId::of_secret(one).unwrap().to_string().contains("0123456789"));
    }
}
