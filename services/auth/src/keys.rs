//! The keys that sign tokens: which one signs, when one follows another, and what others are told.
//!
//! A key is told of before it signs, so that everybody knows it by then. The one before is believed
//! until its last token is over. Others are told again and again, because a message is not kept for
//! ever and a new service must hear of the keys, too; each time they are told to believe a key for two
//! days, so that one that was given up after a leak is not believed for long by whoever misses it.

use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use contracts::auth::{Jwk, KeySet};
use ed25519_dalek::SigningKey;
use kit::Timestamp;
use kit::access::words::{KeyId, KeyRotated};

use crate::session::ACCESS_TAIL;

/// How often it is looked whether something is to be done about the keys: at each start and at each
/// sign-in, too.
pub const LOOKED_AT: Duration = Duration::from_secs(60 * 60);

/// How long a key signs.
pub const KEY_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long before it signs others hear of a key. The first one signs at once: nobody is signed in
/// yet, and nobody could be.
pub const KEY_LEAD: Duration = Duration::from_secs(5 * 60);

/// How often others are told again of the key that signs.
pub const TOLD_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// For how long others are told to believe it each time.
pub const TOLD_FOR: Duration = Duration::from_secs(48 * 60 * 60);

/// Keys that may be valid at once. One more is not made: services keep a limited number.
pub const KEYS_MAX: usize = 8;

/// A key that signs tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub id: KeyId,
    /// The secret half.
    pub secret: [u8; 32],
    /// From when on it signs.
    pub signs_from: Timestamp,
    /// Until when others were told to believe it.
    pub valid_until: Timestamp,
    /// When they were told last.
    pub told_at: Timestamp,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({} signs from {} valid until {})", self.id, self.signs_from, self.valid_until)
    }
}

impl Key {
    /// A new key that signs from a time on, and until when it is to be believed for now.
    pub fn new(id: KeyId, secret: [u8; 32], signs_from: Timestamp, now: Timestamp) -> Self {
        Self { id, secret, signs_from, valid_until: signs_from + TOLD_FOR, told_at: now }
    }

    /// The key when others are told of it again. One that has a successor is believed until its last
    /// token is over, and no longer.
    pub fn told_again(self, successor: Option<Timestamp>, now: Timestamp) -> Self {
        let valid_until = successor.map_or(now + TOLD_FOR, |takes_over| takes_over + ACCESS_TAIL);
        Self { valid_until, told_at: now, ..self }
    }

    /// What others are told.
    pub fn event(&self) -> KeyRotated {
        let public_key = self.public().iter().map(|byte| format!("{byte:02x}")).collect();
        KeyRotated { key: self.id, public_key, signs_from: self.signs_from, valid_until: self.valid_until }
    }

    /// The public half, as the standard for keys in JSON has it.
    pub fn jwk(&self) -> Jwk {
        Jwk {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            alg: "EdDSA".into(),
            used_for: "sig".into(),
            kid: self.id,
            x: Base64UrlUnpadded::encode_string(&self.public()),
            signs_from: self.signs_from,
            valid_until: self.valid_until,
        }
    }

    fn public(&self) -> [u8; 32] {
        SigningKey::from_bytes(&self.secret).verifying_key().to_bytes()
    }
}

/// What is to be done about the keys, which come with the newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// There is none: one that signs at once.
    First,
    /// The newest has signed for long enough: one that signs after the lead.
    Next,
    /// Others are to be told again of the newest.
    Telling,
    /// Nothing.
    Nothing,
}

/// What is due.
pub fn due(keys: &[Key], now: Timestamp) -> Due {
    match keys.first() {
        None => Due::First,
        Some(newest) if newest.signs_from + KEY_AGE <= now + KEY_LEAD => Due::Next,
        Some(newest) if newest.told_at + TOLD_EVERY <= now => Due::Telling,
        Some(_) => Due::Nothing,
    }
}

/// The key that signs now: the newest whose time has come.
pub fn signing(keys: &[Key], now: Timestamp) -> Option<&Key> {
    keys.iter().find(|key| key.signs_from <= now).or(keys.last())
}

/// The keys as they are shown.
pub fn shown(keys: &[Key], now: Timestamp) -> KeySet {
    KeySet { keys: keys.iter().filter(|key| key.valid_until > now).map(Key::jwk).collect() }
}

#[cfg(test)]
mod tests {
    use kit::id::Id;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn key(number: u128, signs_from: i64) -> Key {
        Key::new(KeyId::from_bits(number), [number as u8; 32], at(signs_from), at(signs_from))
    }

    const HOUR: i64 = 3600;
    const WEEK: i64 = 7 * 24 * HOUR;

    #[test]
    fn a_clock_that_was_set_back_behind_every_key_leaves_nobody_without_one() {
        let keys = [key(2, 2 * HOUR), key(1, HOUR)];
        assert_eq!(signing(&keys, at(0)).unwrap().id, keys[1].id, "the one that all know longest");
    }

    #[test]
    fn a_key_signs_for_a_week_and_its_successor_is_made_five_minutes_before() {
        assert_eq!(due(&[], at(0)), Due::First);
        let told = |second| Key { told_at: at(second), ..key(1, 0) };
        assert_eq!(due(&[told(0)], at(1)), Due::Nothing);
        assert_eq!(due(&[told(0)], at(24 * HOUR)), Due::Telling);
        assert_eq!(due(&[told(WEEK - 400)], at(WEEK - 301)), Due::Nothing);
        assert_eq!(due(&[told(WEEK - 400)], at(WEEK - 300)), Due::Next);
    }

    #[test]
    fn the_newest_signs_once_its_time_has_come() {
        let keys = [key(2, 300), key(1, 0)];
        assert_eq!(signing(&keys, at(299)).unwrap().id, keys[1].id);
        assert_eq!(signing(&keys, at(300)).unwrap().id, keys[0].id);
        assert!(signing(&[], at(0)).is_none());
    }

    #[test]
    fn a_key_with_a_successor_is_believed_until_its_last_token_is_over() {
        let old = key(1, 0).told_again(Some(at(300)), at(0));
        assert_eq!(old.valid_until, at(300 + 600 + 30));
        assert_eq!(key(1, 0).told_again(None, at(HOUR)).valid_until, at(49 * HOUR));
    }

    #[test]
    fn a_public_key_is_written_as_rfc_8037_has_it() {
        let secret = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let mut bytes = [0; 32];
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&secret[place * 2..place * 2 + 2], 16).unwrap();
        }
        let key = Key::new(KeyId::from_bits(1), bytes, at(0), at(0));
        assert_eq!(key.jwk().x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(
            key.event().public_key,
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        assert!(!format!("{key:?}").contains("157"), "{key:?}");
    }
}
