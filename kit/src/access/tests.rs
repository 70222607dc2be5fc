//! Forged, stolen and stale tokens, and what they are worth: nothing.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::roster::{self, Member, Roster};
use super::token::{self, Claims};
use super::trust::{Presented, Trust};
use super::words::{AUDIENCE, ISSUER, KeyId, KeyRotated, SessionId, SessionRevoked};
use super::{Identity, Position};
use crate::caller::{Caller, Role};
use crate::error::{Kind, reason};
use crate::id::Id;
use crate::service::Service;
use crate::testing::Scratch;

const NOW: i64 = 1_767_268_800;

/// A service that has learnt one key of sign-in and follows a roster.
struct World {
    shop: Scratch,
    secret: [u8; 32],
    kid: String,
    session: SessionId,
    keys: TempDir,
}

impl World {
    fn new() -> Self {
        let keys = tempfile::tempdir().unwrap();
        let secret = [7; 32];
        let key = KeyId::from_bits(1);
        let world = Self {
            shop: Scratch::of(Service::new("order", "1.0.0")),
            secret,
            kid: key.to_string(),
            session: SessionId::from_bits(2),
            keys,
        };
        world.shop.hear(&KeyRotated {
            key,
            public_key: hex(&public(&secret)),
            signs_from: at(NOW),
            valid_until: at(NOW + 86_400),
        });
        world.write_roster(&[
            ("cart", Position::Service),
            ("ann", Position::Admin),
            ("shopfront", Position::Storefront),
        ]);
        world.trust().follow(world.keys.path().join(roster::FILE)).unwrap();
        world
    }

    fn trust(&self) -> &Trust {
        self.shop.trust()
    }

    fn write_roster(&self, members: &[(&str, Position)]) {
        let members = members
            .iter()
            .map(|(name, position)| {
                let path = self.seed(name);
                if !path.exists() {
                    std::fs::write(&path, Identity::generate(name).unwrap().seed()).unwrap();
                    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
                }
                let keys = vec![self.identity(name).public_key().to_owned()];
                Member { name: (*name).to_owned(), position: *position, keys }
            })
            .collect();
        let text = serde_json::to_string(&Roster { members }).unwrap();
        std::fs::write(self.keys.path().join(roster::FILE), text).unwrap();
    }

    fn seed(&self, name: &str) -> PathBuf {
        Identity::path(self.keys.path(), name)
    }

    fn identity(&self, name: &str) -> Identity {
        Identity::read(&self.seed(name)).unwrap()
    }

    fn claims(&self) -> Claims {
        Claims {
            iss: ISSUER.into(),
            sub: "cus_01h2e8kqvbfwea724h75qc655w".into(),
            aud: AUDIENCE.into(),
            iat: NOW,
            exp: NOW + 600,
            role: "customer".into(),
            sid: self.session.to_string(),
        }
    }

    fn token(&self, change: impl FnOnce(&mut Claims)) -> String {
        let mut claims = self.claims();
        change(&mut claims);
        token::sign(&self.secret, &self.kid, &claims).unwrap()
    }

    fn who(&self, token: &str) -> Result<Caller, crate::Error> {
        self.who_at(token, NOW)
    }

    fn who_at(&self, token: &str, second: i64) -> Result<Caller, crate::Error> {
        let presented = Presented { token: Some(token.to_owned()), ..Presented::default() };
        self.trust().who(&presented, "order", at(second)).map(|asking| asking.caller)
    }

    fn reason(&self, token: &str) -> String {
        let error = self.who(token).expect_err("worth nothing");
        assert_eq!(error.kind, Kind::Unauthenticated, "{error}");
        error.reason.into_owned()
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn public(secret: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(secret).verifying_key().to_bytes()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Base 64 for URLs without padding, as the parts of a token are written.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            text.push(char::from(LETTERS[(bits >> (18 - 6 * place)) as usize & 63]));
        }
    }
    text
}

/// A token put together by hand, with any header and any signature.
fn assembled(header: &str, claims: &Claims, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let body = base64(serde_json::to_string(claims).unwrap().as_bytes());
    let message = format!("{}.{body}", base64(header.as_bytes()));
    let signature = base64(&sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// HMAC-SHA256 (RFC 2104) of a message, with a key of at most a block.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let pad = |byte: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ byte).collect() };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

#[test]
fn a_good_token_says_who_asks() {
    let world = World::new();
    let Ok(Caller::User { id, role, session }) = world.who(&world.token(|_| ())) else { panic!() };
    assert_eq!((&*id, role, session), (&*world.claims().sub, Role::Customer, world.session.to_string()));
    let ann = world.identity("ann").token_for("order", at(NOW)).unwrap();
    assert_eq!(world.who(&ann).unwrap().to_string(), "admin:ann");
    let cart = world.identity("cart").token_for("order", at(NOW)).unwrap();
    assert_eq!(world.who(&cart).unwrap(), Caller::Service("cart".into()));
    let front = world.identity("shopfront").token_for("order", at(NOW)).unwrap();
    assert_eq!(world.who(&front).unwrap(), Caller::Anonymous, "it carries what others ask");
}

#[test]
fn no_forged_token_is_believed() {
    let world = World::new();
    let (claims, kid) = (world.claims(), world.kid.clone());
    let good = world.token(|_| ());
    let key = public(&world.secret);
    let header = |alg: &str| format!(r#"{{"typ":"JWT","alg":"{alg}","kid":"{kid}"}}"#);
    let mut other = claims.clone();
    other.role = "admin".into();
    let (body, signature) = (good.split('.').nth(1).unwrap(), good.rsplit('.').next().unwrap());
    let foreign = token::sign(&[8; 32], &kid, &claims).unwrap();
    let swapped = assembled(&header("EdDSA"), &other, |_| Vec::new());
    let mut attacks = vec![
        ("no algorithm", assembled(&header("none"), &claims, |_| Vec::new())),
        ("no algorithm, in capitals", assembled(&header("NONE"), &claims, |_| Vec::new())),
        ("no signature", good.trim_end_matches(signature).to_owned()),
        ("the public key as a shared secret", assembled(&header("HS256"), &claims, |m| hmac(&key, m))),
        ("the same, in text", assembled(&header("HS256"), &claims, |m| hmac(hex(&key).as_bytes(), m))),
        ("another algorithm", assembled(&header("ES256"), &claims, |_| vec![1; 64])),
        ("a key of somebody else", foreign),
        ("other claims under the same signature", format!("{swapped}{signature}")),
        (
            "a key nobody knows",
            token::sign(&world.secret, &KeyId::from_bits(9).to_string(), &claims).unwrap(),
        ),
        ("no key named", assembled(r#"{"typ":"JWT","alg":"EdDSA"}"#, &claims, |_| vec![1; 64])),
        ("a path for a key", token::sign(&world.secret, "../../etc/passwd", &claims).unwrap()),
        ("a query for a key", token::sign(&world.secret, "' OR 1=1 --", &claims).unwrap()),
        ("another audience", world.token(|claims| claims.aud = "payment".into())),
        ("another issuer", world.token(|claims| claims.iss = "shop-roster".into())),
        ("a time to come", world.token(|claims| (claims.iat, claims.exp) = (NOW + 3600, NOW + 4200))),
        ("for ever", world.token(|claims| claims.exp = i64::MAX)),
        ("longer than a token may", world.token(|claims| claims.exp = NOW + 86_400)),
        ("an end before its beginning", world.token(|claims| claims.exp = NOW - 1)),
        ("no such role", world.token(|claims| claims.role = "root".into())),
        ("nobody", world.token(|claims| claims.sub = String::new())),
        ("a text as a number", world.token(|claims| claims.sub = "a b\r\nc".into())),
        ("no session", world.token(|claims| claims.sid = String::new())),
        ("two parts", format!("{body}.{signature}")),
        ("four parts", format!("{good}.{signature}")),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("something too long", "a".repeat(100_000)),
    ];
    for cut in [1, good.len() / 3, good.len() / 2, good.len() - 1] {
        attacks.push(("cut short", good[..cut].to_owned()));
    }
    for (what, token) in attacks {
        assert_eq!(world.reason(&token), reason::INVALID_TOKEN, "{what}");
    }
    assert!(world.who(&good).is_ok(), "and the good one is still believed");
}

#[test]
fn a_changed_letter_anywhere_makes_a_token_worthless() {
    let world = World::new();
    let good = world.token(|_| ());
    for place in 0..good.len() {
        let mut letters = good.clone().into_bytes();
        letters[place] = if letters[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(letters).unwrap();
        // The last letter of a part carries fewer bits than a letter can: another may mean the same.
        if let Ok(caller) = world.who(&changed) {
            let ends = good.match_indices('.').map(|(dot, _)| dot - 1).chain([good.len() - 1]);
            assert!(ends.into_iter().any(|end| end == place), "{place}: {caller}");
        }
    }
}

#[test]
fn a_token_ends_with_its_time_its_session_and_its_key() {
    let world = World::new();
    let token = world.token(|_| ());
    assert!(world.who_at(&token, NOW + 600).is_ok(), "clocks may differ a little");
    let late = world.who_at(&token, NOW + 600 + token::LEEWAY).unwrap_err();
    assert_eq!(late.reason, reason::TOKEN_EXPIRED, "also one that was believed before");
    world.shop.hear(&SessionRevoked { session: world.session, until: at(NOW + 1000) });
    assert_eq!(world.reason(&token), reason::SESSION_ENDED);
    assert!(world.who(&world.token(|claims| claims.sid = SessionId::from_bits(5).to_string())).is_ok());
}

#[test]
fn what_sign_in_told_is_known_after_a_restart() {
    let world = World::new();
    world.shop.hear(&SessionRevoked { session: world.session, until: at(NOW + 1000) });
    world.shop.reopen();
    assert_eq!(world.reason(&world.token(|_| ())), reason::SESSION_ENDED);
}

#[test]
fn a_service_that_never_heard_of_a_key_says_so_and_is_asked_again_later() {
    let shop = Scratch::of(Service::new("order", "1.0.0"));
    let world = World::new();
    let presented = Presented { token: Some(world.token(|_| ())), ..Presented::default() };
    let error = shop.trust().who(&presented, "order", at(NOW)).unwrap_err();
    assert_eq!((error.kind, &*error.reason), (Kind::Unavailable, reason::KEYS_NOT_LEARNT));
}

#[test]
fn a_member_of_the_roster_cannot_speak_for_another() {
    let world = World::new();
    let ann = world.identity("ann");
    let (_, secret) = nkeys::decode_seed(ann.seed()).unwrap();
    let claims = |sub: &str, iss: &str| Claims {
        iss: iss.into(),
        sub: sub.into(),
        aud: "order".into(),
        iat: NOW,
        exp: NOW + 60,
        role: "admin".into(),
        sid: world.session.to_string(),
    };
    for (sub, iss) in
        [("cart", roster::ISSUER), ("cus_1", ISSUER), ("bob", roster::ISSUER), ("", roster::ISSUER)]
    {
        let token = token::sign(&secret, ann.public_key(), &claims(sub, iss)).unwrap();
        assert_eq!(world.reason(&token), reason::INVALID_TOKEN, "{sub} {iss}");
    }
    // Sign-in itself cannot speak for a service or for the holder of a key.
    let token = world.token(|claims| (claims.iss, claims.aud) = (roster::ISSUER.into(), "order".into()));
    assert_eq!(world.reason(&token), reason::INVALID_TOKEN);
}

#[test]
fn only_a_service_asks_for_others_and_nobody_asks_twice_over() {
    let world = World::new();
    let asked = |token: Option<String>, guest: Option<&str>, behalf: Option<&str>| {
        let (guest, behalf) = (guest.map(str::to_owned), behalf.map(str::to_owned));
        world.trust().who(&Presented { token, guest, behalf }, "order", at(NOW))
    };
    let cart = world.identity("cart").token_for("order", at(NOW)).unwrap();
    let behalf = asked(Some(cart.clone()), None, Some("customer:cus_1")).unwrap().behalf.unwrap();
    assert_eq!(behalf.user(), Some("cus_1"));
    let secret = "0123456789abcdefghijkl";
    for (token, guest, behalf) in [
        (Some(world.token(|_| ())), None, Some("admin:ann")),
        (Some(world.identity("ann").token_for("order", at(NOW)).unwrap()), None, Some("customer:cus_1")),
        (None, Some(secret), Some("admin:ann")),
        (None, None, Some("service:cart")),
        (Some(cart.clone()), None, Some("root")),
        (Some(cart), Some(secret), None),
        (None, Some("guessable"), None),
    ] {
        assert!(asked(token, guest, behalf).is_err(), "{guest:?} {behalf:?}");
    }
}
