//! Readings: what a device measured, where and when.
//!
//! A device publishes at `telemetry.<site>.<device>` (MQTT topic `telemetry/<site>/<device>`), straight into
//! a stream of its own: no request, no event of a service.

use std::fmt;
use std::str::FromStr;

use kit::Example;
use kit::drain::RawStream;
use serde::{Deserialize, Serialize};

use crate::DeviceId;

/// The stream that catches what devices publish. It is not named after the service `telemetry`, whose own stream
/// already is.
pub const STREAM: &str = "READINGS";

/// How many bytes that stream holds: about a quarter of an hour of a thousand devices that say something every second.
/// When it is full the oldest go, so that a flood fills no disk; and not the broker's memory, which keeps for ten seconds
/// what was written, as long as it is there.
pub const STREAM_BYTES_MAX: i64 = 64 * 1024 * 1024;

/// How many messages of one device that stream holds. Beyond it the oldest of that device go, so that a device that
/// floods pushes out its own.
pub const STREAM_MESSAGES_OF_ONE_MAX: i64 = 100_000;

/// That stream, as ingest drains it.
pub const RAW: RawStream = RawStream {
    stream: STREAM,
    subjects: SUBJECTS,
    bytes_max: STREAM_BYTES_MAX,
    of_one_max: STREAM_MESSAGES_OF_ONE_MAX,
    mqtt: true,
};

/// The subjects of that stream.
pub const SUBJECTS: &str = "telemetry.*.*";

/// Length of the name of a site in characters.
pub const SITE_CHARS_MAX: usize = 32;

/// Length of the name of a metric in characters.
pub const METRIC_CHARS_MAX: usize = 64;

/// Length of a unit in characters.
pub const UNIT_CHARS_MAX: usize = 16;

/// The largest value, and with its sign the least, that is kept: sums of very many of them are still numbers.
pub const VALUE_MAX: f64 = 1e290;

/// Where the readings of a device are published.
pub fn subject(site: &Site, device: DeviceId) -> String {
    format!("telemetry.{site}.{device}")
}

/// What is wrong with the name of a place or of a measured quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Not a site.
    #[error("a site must be 1 to {SITE_CHARS_MAX} lower case letters, digits, - or _")]
    Site,
    /// Not a metric.
    #[error(
        "a metric must be 1 to {METRIC_CHARS_MAX} letters, digits, -, _, ., / or :, and begin with a letter or digit"
    )]
    Metric,
    /// Not a unit.
    #[error("a unit must be 1 to {UNIT_CHARS_MAX} characters without blanks, such as Cel, %RH or kg")]
    Unit,
}

impl From<InvalidName> for kit::Error {
    fn from(error: InvalidName) -> Self {
        let reason = match error {
            InvalidName::Site => "invalid_site",
            InvalidName::Metric => "invalid_metric",
            InvalidName::Unit => "invalid_unit",
        };
        Self::invalid(reason, error.to_string())
    }
}

/// A text that is only made if it is well-formed.
macro_rules! checked_text {
    ($(#[$meaning:meta])* $name:ident, $error:expr, $legal:expr, $example:literal) => {
        $(#[$meaning])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// As it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let legal: fn(&str) -> bool = $legal;
                if legal(text) { Ok(Self(text.to_owned())) } else { Err($error) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Example for $name {
            fn example() -> Self {
                Self($example.to_owned())
            }
        }
    };
}

checked_text!(
    /// Where a device stands: safe as a token of a subject and a level of a topic.
    Site,
    InvalidName::Site,
    |text| {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        (1..=SITE_CHARS_MAX).contains(&text.len()) && text.bytes().all(legal)
    },
    "seattle"
);
checked_text!(
    /// What is measured, by the characters that RFC 8428, section 4.5.1, allows in a name.
    Metric,
    InvalidName::Metric,
    |text| {
        let legal =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/' | b':');
        (1..=METRIC_CHARS_MAX).contains(&text.len())
            && text.bytes().all(legal)
            && text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
    },
    "temperature"
);
checked_text!(
    /// In what it is measured: best a symbol of the registry of RFC 8428, section 12.1.
    Unit,
    InvalidName::Unit,
    |text| {
        let legal = |c: char| !c.is_whitespace() && !kit::text::is_unprintable(c);
        (1..=UNIT_CHARS_MAX).contains(&text.chars().count()) && text.chars().all(legal)
    },
    "Cel"
);

/// One measured value: a pair on the wire, for there are many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "(i64, f64)", into = "(i64, f64)")]
pub struct Reading {
    /// When it was measured, by the device's clock: milliseconds since 1970 (UTC).
    pub time: i64,
    /// What was measured: finite, in the unit of its series.
    pub value: f64,
}

impl From<(i64, f64)> for Reading {
    fn from((time, value): (i64, f64)) -> Self {
        Self { time, value }
    }
}

impl From<Reading> for (i64, f64) {
    fn from(reading: Reading) -> Self {
        (reading.time, reading.value)
    }
}

impl Example for Reading {
    fn example() -> Self {
        Self { time: 1_262_304_000_000, value: 4.1 }
    }
}
