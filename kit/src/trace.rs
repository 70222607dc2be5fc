//! Trace context: which flow a piece of work belongs to, and what caused it.
//!
//! It travels as W3C `traceparent` (version 00) in headers, and as columns in rows, so that a flow
//! stays one trace across processes, the broker, restarts and dead letters.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::clock::Chance;

/// Bits of the identifier of a flow that nobody can guess.
const CHANCE_BITS: u32 = 80;

/// One piece of work within a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// The flow; never zero.
    pub id: u128,
    /// This piece of work; never zero.
    pub span: u64,
    /// The piece of work that caused it; zero for the first.
    pub parent: u64,
    /// Whether work that only reads is worth a row of the journal. Changes always are.
    pub sampled: bool,
}

impl Trace {
    /// The first piece of work of a new flow.
    ///
    /// Its identifier begins with the time, in milliseconds, and 80 bits of chance follow: so rows of one moment
    /// lie side by side in an index, and a commit touches few pages of it however many rows there are. W3C
    /// Trace Context asks for chance in the last 56 bits.
    pub fn begin(now: Timestamp, chance: &mut dyn Chance) -> Self {
        let millisecond = u128::try_from(now.as_millisecond()).unwrap_or_default();
        let id = (millisecond << CHANCE_BITS) | (chance.bits() >> (u128::BITS - CHANCE_BITS));
        Self { id: id.max(1), span: new_span(chance), parent: 0, sampled: true }
    }

    /// A piece of work that this one causes.
    pub fn child(&self, chance: &mut dyn Chance) -> Self {
        Self { id: self.id, span: new_span(chance), parent: self.span, sampled: self.sampled }
    }
}

fn new_span(chance: &mut dyn Chance) -> u64 {
    (chance.bits() as u64).max(1)
}

impl fmt::Display for Trace {
    /// Writes `traceparent` as the one who causes further work sends it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.id, self.span, u8::from(self.sampled))
    }
}

impl FromStr for Trace {
    type Err = InvalidTrace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('-');
        let mut hex = |digits: usize| -> Option<u128> {
            let part = parts.next()?;
            let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            plain.then(|| u128::from_str_radix(part, 16).ok()).flatten()
        };
        let (version, id, span, flags) = (hex(2), hex(32), hex(16), hex(2));
        match (version, id, span, flags) {
            // A later version may say more behind the flags; 255 is forbidden by the standard.
            (Some(0..=254), Some(id), Some(span), Some(flags)) if id != 0 && span != 0 => {
                Ok(Self { id, span: span as u64, parent: 0, sampled: flags & 1 == 1 })
            }
            _ => Err(InvalidTrace),
        }
    }
}

/// A text that is not a `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a W3C traceparent")]
pub struct InvalidTrace;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_reads_what_it_wrote() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let trace: Trace = text.parse().unwrap();
        assert_eq!(trace.to_string(), text);
        let child = trace.child(&mut crate::clock::SystemChance);
        assert_eq!((child.id, child.parent), (trace.id, trace.span));
        assert_ne!(child.span, trace.span);
    }

    #[test]
    fn later_flows_sort_later_and_two_of_one_moment_differ() {
        let begin =
            |ms| Trace::begin(Timestamp::from_millisecond(ms).unwrap(), &mut crate::clock::SystemChance);
        assert!(begin(1_767_268_800_000).id < begin(1_767_268_800_001).id);
        let (one, other) = (begin(1_767_268_800_000).id, begin(1_767_268_800_000).id);
        assert_ne!(one & ((1 << 56) - 1), other & ((1 << 56) - 1), "the end that people type");
        assert_eq!(one >> 80, 1_767_268_800_000);
    }

    #[test]
    fn a_malformed_traceparent_is_refused() {
        for text in [
            "",
            "00",
            "00-0-0-0",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-+0f067aa0ba902b7-01",
        ] {
            assert_eq!(text.parse::<Trace>(), Err(InvalidTrace), "{text:?}");
        }
    }
}
