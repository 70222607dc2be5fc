//! What sign-in tells every service: the keys it signs with, and the sessions it ended.
//!
//! Every service hears these, so that it can verify a token by itself. That is why they stand here and
//! not with the other words of the service that tells them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, reason};
use crate::id::Id;
use crate::message::Example;
use crate::transaction::Tx;

/// The service that signs people in.
pub const ISSUER_SERVICE: &str = "auth";

/// Who issues the tokens of people.
pub const ISSUER: &str = "shop-auth";

/// For whom the tokens of people are meant: every service of the shop.
pub const AUDIENCE: &str = "shop";

crate::id_type!(
    /// A key with which sign-in signs.
    KeyId,
    "key"
);

crate::id_type!(
    /// A session of somebody who signed in.
    SessionId,
    "ses"
);

crate::subjects! {
    event "events.auth.key_rotated" KeyRotated of key, "A key signs tokens from a time on; told again while it is valid.";
    event "events.auth.session_revoked" SessionRevoked of session, "A session was ended; its tokens are worth nothing.";
}

/// A key signs tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRotated {
    /// Its name, as `kid` in the tokens has it.
    pub key: KeyId,
    /// The public key: 32 bytes of Ed25519 as 64 hexadecimal digits.
    pub public_key: String,
    /// From when on tokens are signed with it.
    pub signs_from: Timestamp,
    /// Until when tokens that it signed may be valid.
    pub valid_until: Timestamp,
}

/// A session was ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRevoked {
    /// Which.
    pub session: SessionId,
    /// Until when tokens of it may still be about.
    pub until: Timestamp,
}

impl KeyRotated {
    /// The bytes of the public key.
    ///
    /// # Errors
    /// `invalid_key` if they are not 64 hexadecimal digits.
    pub fn bytes(&self) -> Result<[u8; 32]> {
        let wrong = || Error::invalid(reason::INVALID_KEY, "a public key is 64 hexadecimal digits");
        // Asked of each character, because a number may also be read from `+a`.
        if self.public_key.len() != 64 || !self.public_key.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (place, byte) in bytes.iter_mut().enumerate() {
            let digits = &self.public_key[place * 2..place * 2 + 2];
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(bytes)
    }
}

/// Learns a key. What is told last about one counts: a key that was given up early is believed no longer
/// than that.
pub(crate) fn key_rotated(tx: &mut Tx<'_>, event: KeyRotated) -> Result<()> {
    let bytes = event.bytes()?;
    tx.done.trust = true;
    tx.execute(
        "INSERT INTO signing_key (id, public_key, valid_until_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET valid_until_ms = excluded.valid_until_ms",
        rusqlite::params![event.key.to_string(), bytes, event.valid_until.as_millisecond()],
    )?;
    forget(tx)
}

/// Learns that a session was ended.
pub(crate) fn session_revoked(tx: &mut Tx<'_>, event: SessionRevoked) -> Result<()> {
    tx.done.trust = true;
    tx.execute(
        "INSERT INTO revoked_session (id, until_ms) VALUES (?1, ?2)
         ON CONFLICT (id) DO UPDATE SET until_ms = max(until_ms, excluded.until_ms)",
        rusqlite::params![event.session.to_string(), event.until.as_millisecond()],
    )?;
    forget(tx)
}

/// What no token can refer to any more is not kept.
fn forget(tx: &Tx<'_>) -> Result<()> {
    let now = tx.now().as_millisecond() - super::token::LEEWAY * 1000;
    tx.execute("DELETE FROM signing_key WHERE valid_until_ms < ?1", [now])?;
    tx.execute("DELETE FROM revoked_session WHERE until_ms < ?1", [now])?;
    Ok(())
}

impl Example for KeyRotated {
    fn example() -> Self {
        Self {
            key: KeyId::from_bits(0x0188_9c89_df6b_7f1c_a388_9139_6ec3_14bc),
            public_key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a".into(),
            signs_from: Timestamp::UNIX_EPOCH,
            valid_until: Timestamp::UNIX_EPOCH,
        }
    }
}

impl Example for SessionRevoked {
    fn example() -> Self {
        Self {
            session: SessionId::from_bits(0x0188_9c89_df6b_7f1c_a388_9139_6ec3_14bc),
            until: Timestamp::UNIX_EPOCH,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_64_hexadecimal_digits_and_nothing_like_them() {
        let of = |public_key: String| KeyRotated { public_key, ..Example::example() }.bytes();
        let good = KeyRotated::example().public_key;
        assert_eq!(of(good.clone()).unwrap()[..2], [0xd7, 0x5a]);
        let signed = format!("+a{}", &good[2..]);
        for bad in [String::new(), good[1..].to_owned(), format!("{good}0"), signed, "é".repeat(32)] {
            assert_eq!(of(bad.clone()).unwrap_err().reason, reason::INVALID_KEY, "{bad:?}");
        }
    }
}
