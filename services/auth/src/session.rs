//! Sessions and their refresh tokens: how long they last, and what a token that comes twice means.
//!
//! A refresh token is `SESSION.GENERATION.PROOF`. The proof is derived from the secret of the database
//! and from random bits of the session, so no token is stored. Each exchange raises the generation.
//! The token before the newest is good for a moment longer, because a request that nobody answered is
//! sent again (`docs/decisions/0006`). Any other old one means that two hold tokens of one session,
//! and that one of them stole his: the session is ended.

use std::time::Duration;

use contracts::CustomerId;
use contracts::auth::SessionView;
use kit::Timestamp;
use kit::access::token::LEEWAY;
use kit::access::words::SessionId;
use kit::id::{Id, SUFFIX_CHARS, decode_suffix, encode};

use crate::secret::{Secret, same};

/// How long an access token lasts.
pub const ACCESS_LIFE: Duration = Duration::from_secs(10 * 60);

/// How long a session lasts if its tokens are not exchanged.
pub const IDLE_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long a session lasts at most.
pub const SESSION_LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Sessions of one account. One more ends the oldest.
pub const SESSIONS_MAX: usize = 20;

/// How long after an exchange the token before is exchanged for the same one again.
pub const REFRESH_GRACE: Duration = Duration::from_secs(30);

/// Length of the name of a device in characters.
pub const DEVICE_CHARS_MAX: usize = 64;

/// How long after an access token was signed somebody may still believe it.
pub const ACCESS_TAIL: Duration = Duration::from_secs(ACCESS_LIFE.as_secs() + LEEWAY.unsigned_abs());

/// A session that has not been ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: SessionId,
    /// Whose.
    pub account: CustomerId,
    /// How it is called.
    pub device: String,
    /// Where it came from.
    pub source: String,
    /// What its refresh tokens are derived from, together with the secret.
    pub material: [u8; 32],
    /// The number of the newest refresh token, from 1.
    pub generation: u64,
    /// When it began.
    pub began_at: Timestamp,
    /// When the newest refresh token was given.
    pub used_at: Timestamp,
    /// When it ends if nobody exchanges its tokens.
    pub expires_at: Timestamp,
}

/// What a refresh token means that was proved to be ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It is the newest: there is a next one.
    Newest,
    /// It was exchanged a moment ago: the newest is given again.
    SentTwice,
    /// It was exchanged before: somebody holds a copy.
    Reused,
}

impl Session {
    /// When a session ends, as of an exchange.
    pub fn expiry(began_at: Timestamp, now: Timestamp) -> Timestamp {
        (now + IDLE_MAX).min(began_at + SESSION_LIFE)
    }

    /// Whether its time is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    /// The newest refresh token.
    pub fn refresh_token(&self, secret: &Secret) -> String {
        format!("{}.{}.{}", self.id, self.generation, encode(self.proof(secret, self.generation)))
    }

    /// What a refresh token means; none if it was never given.
    pub fn meaning(&self, secret: &Secret, token: &RefreshToken, now: Timestamp) -> Option<Meaning> {
        if !same(token.proof, self.proof(secret, token.generation)) || token.generation > self.generation {
            return None;
        }
        Some(if token.generation == self.generation {
            Meaning::Newest
        } else if token.generation + 1 == self.generation && self.used_at + REFRESH_GRACE >= now {
            Meaning::SentTwice
        } else {
            Meaning::Reused
        })
    }

    /// The session as it is shown.
    pub fn view(&self, own: Option<SessionId>) -> SessionView {
        SessionView {
            session: self.id,
            device: self.device.clone(),
            source: self.source.clone(),
            began_at: self.began_at,
            used_at: self.used_at,
            expires_at: self.expires_at,
            own: own == Some(self.id),
        }
    }

    fn proof(&self, secret: &Secret, generation: u64) -> u128 {
        let (id, generation) = (self.id.bits().to_be_bytes(), generation.to_be_bytes());
        secret.derive("refresh", &[&id, &self.material, &generation])
    }
}

/// A refresh token, read but not proved.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    /// Of which session it says it is.
    pub session: SessionId,
    generation: u64,
    proof: u128,
}

impl RefreshToken {
    /// Reads a token; none if it is not one that we could have written.
    pub fn read(text: &str) -> Option<Self> {
        let (session, rest) = text.split_once('.')?;
        let (generation, proof) = rest.split_once('.')?;
        let number: u64 = generation.parse().ok()?;
        // Only one way of writing a number: no sign, no zeros in front.
        if number == 0 || number.to_string() != generation || proof.len() != SUFFIX_CHARS {
            return None;
        }
        let proof = decode_suffix("", proof).ok()?;
        Some(Self { session: session.parse().ok()?, generation: number, proof })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn session(generation: u64) -> Session {
        Session {
            id: SessionId::from_bits(7),
            account: CustomerId::from_bits(8),
            device: "laptop".into(),
            source: "anonymous".into(),
            material: [9; 32],
            generation,
            began_at: at(0),
            used_at: at(100),
            expires_at: at(1000),
        }
    }

    fn secret() -> Secret {
        Secret::new([1; 32])
    }

    fn meaning(current: u64, presented: u64, second: i64) -> Option<Meaning> {
        let token = RefreshToken::read(&session(presented).refresh_token(&secret())).unwrap();
        session(current).meaning(&secret(), &token, at(second))
    }

    #[test]
    fn the_newest_is_exchanged_the_one_before_for_a_moment_and_others_betray_a_thief() {
        assert_eq!(meaning(3, 3, 999), Some(Meaning::Newest));
        assert_eq!(meaning(3, 2, 100), Some(Meaning::SentTwice));
        assert_eq!(meaning(3, 2, 130), Some(Meaning::SentTwice));
        assert_eq!(meaning(3, 2, 131), Some(Meaning::Reused));
        assert_eq!(meaning(3, 1, 100), Some(Meaning::Reused));
        assert_eq!(meaning(3, 4, 100), None);
    }

    #[test]
    fn a_token_of_another_session_database_or_generation_proves_nothing() {
        let token =
            |session: &Session, secret: &Secret| RefreshToken::read(&session.refresh_token(secret)).unwrap();
        let own = session(3);
        for forged in [
            token(&Session { material: [8; 32], ..own.clone() }, &secret()),
            token(&Session { id: SessionId::from_bits(6), ..own.clone() }, &secret()),
            token(&own, &Secret::new([2; 32])),
            RefreshToken { generation: 2, ..token(&own, &secret()) },
        ] {
            assert_eq!(own.meaning(&secret(), &forged, at(100)), None);
        }
    }

    #[test]
    fn what_is_no_refresh_token_is_not_read() {
        let good = session(3).refresh_token(&secret());
        assert!(RefreshToken::read(&good).is_some());
        let (head, proof) = good.rsplit_once('.').unwrap();
        for bad in [
            "".to_owned(),
            ".".to_owned(),
            "..".to_owned(),
            head.to_owned(),
            format!("{good}."),
            format!("{good}x"),
            format!(" {good}"),
            good.to_uppercase(),
            good.replace(".3.", ".03."),
            good.replace(".3.", ".+3."),
            good.replace(".3.", ".0."),
            good.replace(".3.", ".99999999999999999999."),
            good.replace("ses_", "cus_"),
            format!("{head}.{}", &proof[1..]),
        ] {
            assert!(RefreshToken::read(&bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_session_lasts_thirty_days_from_its_last_use_and_ninety_at_most() {
        let day = 24 * 60 * 60;
        assert_eq!(Session::expiry(at(0), at(0)), at(30 * day));
        assert_eq!(Session::expiry(at(0), at(59 * day)), at(89 * day));
        assert_eq!(Session::expiry(at(0), at(80 * day)), at(90 * day));
        assert!(session(1).is_over(at(1000)) && !session(1).is_over(at(999)));
    }
}
