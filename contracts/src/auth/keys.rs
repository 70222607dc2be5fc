//! The public keys of sign-in, as programs outside read them.

use jiff::Timestamp;
use kit::access::words::KeyId;
use serde::{Deserialize, Serialize};

/// Public keys, as a JWK Set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySet {
    /// The keys, the newest first.
    pub keys: Vec<Jwk>,
}

/// A public key (RFC 7517, RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// Always `OKP`.
    pub kty: String,
    /// Always `Ed25519`.
    pub crv: String,
    /// Always `EdDSA`.
    pub alg: String,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub used_for: String,
    /// Its name.
    pub kid: KeyId,
    /// The public key, in base 64 for URLs.
    pub x: String,
    /// From when on it signs.
    pub signs_from: Timestamp,
    /// Until when tokens that it signed may be good.
    pub valid_until: Timestamp,
}
