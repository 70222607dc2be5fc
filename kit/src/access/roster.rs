//! The roster: whose key is whose, as an administrator wrote it down. It holds public keys only.
//!
//! The broker's users are made from it, and services verify by it what other services and operators
//! sign. It is a file because it must be there before anything runs.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::caller::Role;
use crate::text::is_name;

/// Who issues the tokens of services and operators: they sign for themselves.
pub const ISSUER: &str = "shop-roster";

/// The file, in the folder of the keys.
pub const FILE: &str = "roster.json";

/// Members of a roster.
pub const MEMBERS_MAX: usize = 1000;

/// Keys of one member: the present one, and another while it is being replaced.
pub const KEYS_MAX: usize = 2;

/// What a member of the roster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// A service of the shop.
    Service,
    /// A person who runs the shop.
    Operator,
    /// An operator who also says who may do what, and may do everything at the broker.
    Admin,
    /// A program that reads events, through consumers of its own, and can do nothing else.
    Subscriber,
    /// A program that asks for customers and guests: what it may do is what they may do.
    Storefront,
    /// A device that tells its readings, and can do nothing else.
    Device,
    /// The broker's own account, for looking at the server itself.
    System,
    /// The key that says who may connect as a device; the service of devices holds it.
    Issuer,
}

impl Position {
    /// Every position.
    pub const ALL: [Self; 8] = [
        Self::Service,
        Self::Operator,
        Self::Admin,
        Self::Subscriber,
        Self::Storefront,
        Self::Device,
        Self::System,
        Self::Issuer,
    ];

    /// The word in the file and on a command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Operator => "operator",
            Self::Admin => "admin",
            Self::Subscriber => "subscriber",
            Self::Storefront => "storefront",
            Self::Device => "device",
            Self::System => "system",
            Self::Issuer => "issuer",
        }
    }

    /// As whom a member of this position asks; none if it only carries what others ask.
    pub fn role(self) -> Option<Role> {
        match self {
            Self::Operator => Some(Role::Operator),
            Self::Admin => Some(Role::Admin),
            _ => None,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Not the word of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a position is service, operator, admin, subscriber, storefront, device, system or issuer")]
pub struct UnknownPosition;

impl FromStr for Position {
    type Err = UnknownPosition;

    fn from_str(text: &str) -> Result<Self, UnknownPosition> {
        Self::ALL.into_iter().find(|position| position.word() == text).ok_or(UnknownPosition)
    }
}

/// Somebody with a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Their name: lower case letters, digits and `_`.
    pub name: String,
    /// What they are.
    pub position: Position,
    /// Their public keys as NATS writes them (`U...`, of an issuer `A...`), the newest last.
    pub keys: Vec<String>,
}

/// Everybody with a key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    /// In the order they were written down.
    pub members: Vec<Member>,
}

/// What is wrong with a roster.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    /// The file cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no roster.
    #[error("{path} is no roster: {what}")]
    Malformed {
        /// The file.
        path: String,
        /// Why.
        what: String,
    },
}

impl Roster {
    /// Reads a roster.
    ///
    /// # Errors
    /// [`RosterError`].
    pub fn read(path: &Path) -> Result<Self, RosterError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| RosterError::Unreadable { path: shown.clone(), source })?;
        let malformed = |what: String| RosterError::Malformed { path: shown.clone(), what };
        let roster: Self = serde_json::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        roster.check().map_err(malformed)?;
        Ok(roster)
    }

    /// Checks that every name and key is one, and stands there once.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn check(&self) -> Result<(), String> {
        if self.members.len() > MEMBERS_MAX {
            return Err(format!("it has more than {MEMBERS_MAX} members"));
        }
        let (mut names, mut keys) = (Vec::new(), Vec::new());
        for member in &self.members {
            let name = crate::text::printable(&member.name);
            if !is_name(&member.name) || names.contains(&&member.name) {
                return Err(format!("{name} is no name, or stands there twice"));
            }
            if !(1..=KEYS_MAX).contains(&member.keys.len()) {
                return Err(format!("{name} must have 1 to {KEYS_MAX} keys"));
            }
            for key in &member.keys {
                let bytes = match member.position {
                    Position::Issuer => super::issuer::public_bytes(key),
                    _ => public_bytes(key),
                };
                if bytes.is_none() || keys.contains(&key) {
                    return Err(format!("a key of {name} is none, or stands there twice"));
                }
                keys.push(key);
            }
            names.push(&member.name);
        }
        Ok(())
    }

    /// The member with this name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }

    /// Whose key this is.
    pub fn holder(&self, key: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.keys.iter().any(|own| own == key))
    }
}

/// The 32 bytes of a public key of a user, as NATS writes it.
pub fn public_bytes(key: &str) -> Option<[u8; 32]> {
    key.starts_with('U').then(|| nkeys::from_public_key(key).ok()).flatten().map(|(_, bytes)| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> Member {
        Member {
            name: name.into(),
            position: Position::Service,
            keys: vec![nkeys::KeyPair::new_user().public_key()],
        }
    }

    #[test]
    fn a_roster_names_everybody_once() {
        let (order, cart) = (member("order"), member("cart"));
        let good = Roster { members: vec![order.clone(), cart.clone()] };
        assert_eq!(good.check(), Ok(()));
        assert_eq!(good.holder(&cart.keys[0]), Some(&cart));
        let stolen = Member { name: "thief".into(), ..order.clone() };
        for bad in [
            vec![order.clone(), order.clone()],
            vec![order.clone(), stolen],
            vec![member("a.b")],
            vec![member("*")],
            vec![member("")],
            vec![Member { keys: vec![], ..order.clone() }],
            vec![Member { keys: vec!["UNOKEY".into()], ..order.clone() }],
            vec![Member { keys: vec![nkeys::KeyPair::new_account().public_key()], ..order }],
        ] {
            assert!(Roster { members: bad.clone() }.check().is_err(), "{bad:?}");
        }
    }
}
