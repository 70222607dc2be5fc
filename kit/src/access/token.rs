//! Tokens: signed statements about who somebody is (JWT, RFC 7519, signed with Ed25519, RFC 8037).
//!
//! One algorithm only. What a token says about its own algorithm is compared, never obeyed.

use std::sync::OnceLock;

use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use jiff::Timestamp;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result, reason};

/// Length of a token in bytes. A longer one is not looked at.
pub const TOKEN_BYTES_MAX: usize = 2048;

/// How far clocks may differ, in seconds.
pub const LEEWAY: i64 = 30;

/// The longest time for which a token may speak, in seconds. One that claims more is refused, whoever
/// signed it.
pub const LIFE_MAX: i64 = 15 * 60;

/// Length of the name of a key in characters.
const KID_CHARS_MAX: usize = 64;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who says it: `shop-auth` or `shop-roster`.
    pub iss: String,
    /// About whom.
    pub sub: String,
    /// To whom: `shop`, or the name of the one service that is asked.
    pub aud: String,
    /// Since when, in seconds since 1970.
    pub iat: i64,
    /// Until when, in seconds since 1970.
    pub exp: i64,
    /// What they may do; empty for a service.
    #[serde(default)]
    pub role: String,
    /// The session they signed in with.
    #[serde(default)]
    pub sid: String,
}

/// Signs a statement.
///
/// # Errors
/// If the claims cannot be written, which is a mistake of ours.
pub fn sign(secret: &[u8; 32], kid: &str, claims: &Claims) -> Result<String> {
    provide();
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(kid.to_owned());
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_ed_der(secret))
        .map_err(|error| Error::internal("a token cannot be signed").caused_by(error))
}

/// The name of the key that a token says it was signed with. Nothing is proved by it.
///
/// # Errors
/// `invalid_token` if it is no token of the one kind that is accepted.
pub fn key_of(token: &str) -> Result<String> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(invalid("is longer than a token can be"));
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| invalid("is no token"))?;
    if header.alg != Algorithm::EdDSA {
        return Err(invalid("is signed in another way than Ed25519"));
    }
    let plain = |kid: &String| {
        (1..=KID_CHARS_MAX).contains(&kid.len())
            && kid.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    header.kid.filter(plain).ok_or_else(|| invalid("does not name the key that signed it"))
}

/// Reads a token that was signed with a key, by its issuer, for one audience.
///
/// # Errors
/// `invalid_token` if any of that is not so; `token_expired` if only its time is over.
pub fn verify(
    token: &str,
    public: &[u8; 32],
    issuer: &str,
    audience: &str,
    now: Timestamp,
) -> Result<Claims> {
    provide();
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_audience(&[audience]);
    rules.set_issuer(&[issuer]);
    rules.set_required_spec_claims(&["aud", "exp", "iss", "sub"]);
    // The library asks the machine for the time; here it comes from whoever owns the clock.
    rules.validate_exp = false;
    let read = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_ed_der(public), &rules);
    let claims = read.map_err(|error| invalid(what_is_wrong(error.kind())))?.claims;
    let now = now.as_second();
    if claims.iat > now.saturating_add(LEEWAY) {
        return Err(invalid("speaks for a time to come"));
    }
    let life = claims.exp.saturating_sub(claims.iat);
    if !(1..=LIFE_MAX).contains(&life) {
        return Err(invalid("speaks for longer than a token may"));
    }
    if claims.exp.saturating_add(LEEWAY) <= now {
        return Err(Error::new(
            Kind::Unauthenticated,
            reason::TOKEN_EXPIRED,
            "the token has expired; a new one is needed, nothing was done",
        ));
    }
    Ok(claims)
}

fn what_is_wrong(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidSignature => "was not signed with the key it names",
        ErrorKind::InvalidAudience => "is meant for somebody else",
        ErrorKind::InvalidIssuer => "was not issued by the owner of its key",
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => {
            "is signed in another way than Ed25519"
        }
        _ => "is not understood",
    }
}

pub(crate) fn invalid(what: &str) -> Error {
    Error::new(
        Kind::Unauthenticated,
        reason::INVALID_TOKEN,
        format!("the token {what}; nothing was done, sign in again"),
    )
}

/// Gives the library its one algorithm.
fn provide() {
    static ONCE: OnceLock<()> = OnceLock::new();
    static ED25519: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| match algorithm {
            Algorithm::EdDSA => Ok(Box::new(Ed25519Signer(SigningKey::from_bytes(&whole(key.as_bytes())?)))),
            _ => Err(ErrorKind::InvalidAlgorithm.into()),
        },
        verifier_factory: |algorithm, key| match (algorithm, key.family()) {
            (Algorithm::EdDSA, AlgorithmFamily::Ed) => {
                let key = VerifyingKey::from_bytes(&whole(key.try_get_as_bytes()?)?);
                Ok(Box::new(Ed25519Verifier(key.map_err(|_| ErrorKind::InvalidEddsaKey)?)))
            }
            _ => Err(ErrorKind::InvalidAlgorithm.into()),
        },
        key_utils: KeyUtils::new_unimplemented(),
    };
    // Should another provider be there already, it is one that this project put there.
    ONCE.get_or_init(|| {
        let _ = ED25519.install_default();
    });
}

fn whole(bytes: &[u8]) -> std::result::Result<[u8; 32], JwtError> {
    bytes.try_into().map_err(|_| ErrorKind::InvalidEddsaKey.into())
}

struct Ed25519Signer(SigningKey);

impl Signer<Vec<u8>> for Ed25519Signer {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, ed25519_dalek::SignatureError> {
        Ok(self.0.sign(message).to_bytes().to_vec())
    }
}

impl JwtSigner for Ed25519Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct Ed25519Verifier(VerifyingKey);

impl Verifier<Vec<u8>> for Ed25519Verifier {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), ed25519_dalek::SignatureError> {
        // Strict: no signature but the one that the standard defines for a key and a message.
        self.0.verify_strict(message, &Signature::from_slice(signature)?)
    }
}

impl JwtVerifier for Ed25519Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}
