//! Secrets: made from 256 bits of chance, shown once, kept as digests.
//!
//! Nobody can guess one, so a digest of one needs neither salt nor slowness: whoever reads the table learns nothing.

use kit::Tx;
use kit::id::encode;
use sha2::{Digest as _, Sha256};

/// Length of a digest in bytes.
pub const DIGEST_BYTES: usize = 32;

/// What is kept of a secret.
pub type Digest = [u8; DIGEST_BYTES];

/// A new secret: 52 letters and digits.
pub fn make(tx: &mut Tx<'_>) -> String {
    let (one, two) = halves(tx.new_secret());
    encode(one) + &encode(two)
}

/// A new code that a person can type: 26 letters and digits, 128 bits.
pub fn make_code(tx: &mut Tx<'_>) -> String {
    encode(halves(tx.new_secret()).0)
}

/// What is kept of a secret.
pub fn digest(secret: &str) -> Digest {
    Sha256::digest(secret.as_bytes()).into()
}

fn halves(bytes: [u8; 32]) -> (u128, u128) {
    let mut halves = bytes
        .chunks_exact(16)
        .map(|half| half.iter().fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte)));
    (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
}
