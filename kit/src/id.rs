//! Identifiers: a prefix that says of what, and a UUIDv7, as `ord_01h455vb4pex5vsknk084sn02q`.
//!
//! The format is TypeID 0.3: the suffix is the UUID as 26 characters of Crockford's base 32 in
//! lower case. Such an identifier is safe as a token of a subject, sorts by the time it was made,
//! and cannot be taken for one of another kind.

use jiff::Timestamp;

use crate::clock::Chance;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Length of the part behind the underscore.
pub const SUFFIX_CHARS: usize = 26;

/// One kind of identifier. Made with [`id_type!`](crate::id_type).
pub trait Id: std::fmt::Display + std::str::FromStr<Err = InvalidId> + Copy + Send + Sync + 'static {
    /// What stands before the underscore.
    const PREFIX: &'static str;

    /// The identifier of these 128 bits.
    fn from_bits(bits: u128) -> Self;

    /// The 128 bits.
    fn bits(self) -> u128;
}

/// A text that is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of the form {prefix}_ followed by {SUFFIX_CHARS} letters and digits")]
pub struct InvalidId {
    /// The prefix that was wanted.
    pub prefix: &'static str,
}

impl From<InvalidId> for crate::Error {
    fn from(error: InvalidId) -> Self {
        Self::invalid(crate::error::reason::INVALID_ID, error.to_string())
    }
}

/// Builds the bits of a UUIDv7 (RFC 9562) for a time.
pub fn uuid_v7(now: Timestamp, chance: &mut dyn Chance) -> u128 {
    let millis = u128::try_from(now.as_millisecond()).unwrap_or(0) & 0xffff_ffff_ffff;
    let random = chance.bits();
    let high = (random >> 64) & 0xfff;
    let low = random & 0x3fff_ffff_ffff_ffff;
    (millis << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low
}

/// The time for which the bits of a UUIDv7 were built, to the millisecond; none if they are none.
pub fn time_of(bits: u128) -> Option<Timestamp> {
    let millis = i64::try_from(bits >> 80).ok()?;
    let is_v7 = (bits >> 76) & 0xf == 0x7;
    Timestamp::from_millisecond(millis).ok().filter(|_| is_v7)
}

/// Writes 128 bits as 26 characters.
pub fn encode(bits: u128) -> String {
    suffix(bits).iter().map(|byte| char::from(*byte)).collect()
}

/// The 26 characters of an identifier.
fn suffix(bits: u128) -> [u8; SUFFIX_CHARS] {
    std::array::from_fn(|place| ALPHABET[usize::from((bits >> ((SUFFIX_CHARS - 1 - place) * 5)) as u8 & 31)])
}

/// Writes an identifier.
///
/// # Errors
/// As whoever is written to.
pub fn write(f: &mut std::fmt::Formatter<'_>, prefix: &str, bits: u128) -> std::fmt::Result {
    f.write_str(prefix)?;
    f.write_str("_")?;
    f.write_str(std::str::from_utf8(&suffix(bits)).unwrap_or_default())
}

/// What each character stands for; none of the others.
const DIGITS: [Option<u8>; 256] = {
    let mut digits = [None; 256];
    let mut digit = 0;
    while digit < ALPHABET.len() {
        digits[ALPHABET[digit] as usize] = Some(digit as u8);
        digit += 1;
    }
    digits
};

/// Reads an identifier with the given prefix.
///
/// # Errors
/// [`InvalidId`] for anything but that prefix, an underscore and 26 characters that fit 128 bits.
pub fn decode(prefix: &'static str, text: &str) -> Result<u128, InvalidId> {
    let invalid = InvalidId { prefix };
    let suffix = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or(invalid)?;
    decode_suffix(prefix, suffix)
}

/// Reads the 26 characters alone.
///
/// # Errors
/// [`InvalidId`] for anything but 26 characters that fit 128 bits.
pub fn decode_suffix(prefix: &'static str, suffix: &str) -> Result<u128, InvalidId> {
    let invalid = InvalidId { prefix };
    // 26 characters of five bits hold 130; the first may use only three of its five.
    if suffix.len() != SUFFIX_CHARS || !matches!(suffix.as_bytes()[0], b'0'..=b'7') {
        return Err(invalid);
    }
    suffix.bytes().try_fold(0, |bits: u128, byte| {
        let digit = DIGITS[usize::from(byte)].ok_or(invalid.clone())?;
        Ok((bits << 5) | u128::from(digit))
    })
}

/// Makes a type for one kind of identifier: `id_type!(/// An order. OrderId, "ord");`.
#[macro_export]
macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $crate::id::Id for $name {
            const PREFIX: &'static str = $prefix;

            fn from_bits(bits: u128) -> Self {
                Self(bits)
            }

            fn bits(self) -> u128 {
                self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::id::write(f, $prefix, self.0)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::id::InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::id::decode($prefix, text).map(Self)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <::std::borrow::Cow<'de, str> as ::serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(::serde::de::Error::custom)
            }
        }
    };
}

id_type!(
    /// An event, the same in the outbox, in the stream and in everything that was heard.
    EventId,
    "evt"
);

#[cfg(test)]
#[expect(unreachable_pub, reason = "an identifier is public where it is real")]
mod tests {
    use super::*;

    id_type!(
        /// A kind of its own, for the tests.
        ThingId,
        "thing"
    );

    #[test]
    fn an_identifier_is_written_as_the_typeid_specification_says() {
        let id = ThingId::from_bits(0x0188_9c89_df6b_7f1c_a388_9139_6ec3_14bc);
        assert_eq!(id.to_string(), "thing_01h2e8kqvbfwea724h75qc655w");
        assert_eq!("thing_01h2e8kqvbfwea724h75qc655w".parse(), Ok(id));
        assert_eq!(ThingId::from_bits(u128::MAX).to_string(), "thing_7zzzzzzzzzzzzzzzzzzzzzzzzz");
    }

    #[test]
    fn what_is_no_identifier_is_refused() {
        for text in [
            "",
            "thing",
            "thing_",
            "other_01h2e8kqvbfwea724h75qc655w",
            "thing_01h2e8kqvbfwea724h75qc655",
            "thing_01h2e8kqvbfwea724h75qc655ww",
            "thing_81h2e8kqvbfwea724h75qc655w",
            "thing_01H2E8KQVBFWEA724H75QC655W",
            "thing_01h2e8kqvbfwea724h75qc65.w",
            "thing_01h2e8kqvbfwea724h75qc65éw",
            "thing_*",
        ] {
            assert!(text.parse::<ThingId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn later_identifiers_sort_later() {
        let mut chance = crate::clock::SystemChance;
        let early = uuid_v7(Timestamp::from_millisecond(1_000).unwrap(), &mut chance);
        let late = uuid_v7(Timestamp::from_millisecond(2_000).unwrap(), &mut chance);
        assert!(ThingId::from_bits(early).to_string() < ThingId::from_bits(late).to_string());
        assert_eq!((late >> 76) & 0xf, 7);
    }

    #[test]
    fn an_identifier_holds_the_time_it_was_made() {
        let at = Timestamp::from_millisecond(1_767_268_800_123).unwrap();
        assert_eq!(time_of(uuid_v7(at, &mut crate::clock::SystemChance)), Some(at));
        assert_eq!(time_of(0), None);
        assert_eq!(time_of(u128::MAX), None);
    }
}
