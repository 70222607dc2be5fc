//! Work on the outside world: charging a card, sending mail.
//!
//! A transaction records the intent with its idempotency key. A worker does it within a time limit.
//! A second transaction records the outcome. After a crash in between the same key is used again.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One kind of work on the outside world.
pub trait Effect: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in rows, logs and traces: `charge_card`.
    const NAME: &'static str;
    /// How often, how long and how many at once.
    const POLICY: Policy;
    /// What the outside world answered: also a refusal, if refusing is an answer.
    type Outcome: Send + 'static;

    /// The idempotency key: the same for every try, and for nothing else.
    fn key(&self) -> String;

    /// What it is about, such as an order, for the journal.
    fn about(&self) -> String;
}

/// The limits of one kind of effect.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Time for one try. Beyond it the outcome is unknown.
    pub time_limit: Duration,
    /// Tries until a person must look.
    pub tries_max: u32,
    /// Wait after the first try; it doubles with each further one, with jitter.
    pub wait: Duration,
    /// The longest wait between two tries.
    pub wait_max: Duration,
    /// How many of this kind are tried at once.
    pub at_once: usize,
}

impl Policy {
    /// The wait after a try, the first being 1. `jitter` from 0 to 255 takes up to a quarter off.
    pub fn wait_after(&self, attempt: u32, jitter: u8) -> Duration {
        let doubled =
            self.wait.saturating_mul(1u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
        let whole = doubled.min(self.wait_max);
        whole - whole.mul_f64(f64::from(jitter) / 1024.0)
    }
}

/// Why a try brought no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It may have been done or not: a time-out, a lost connection. Only the same key may follow.
    Unknown(String),
    /// It was certainly not done, and may work later.
    Transient(String),
    /// It was certainly not done and never will be: no further try is made.
    Hopeless(String),
}

impl Trouble {
    /// What to tell people.
    pub fn message(&self) -> &str {
        match self {
            Self::Unknown(message) | Self::Transient(message) | Self::Hopeless(message) => message,
        }
    }

    /// The stable word for the journal.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "outcome_unknown",
            Self::Transient(_) => "not_done",
            Self::Hopeless(_) => "impossible",
        }
    }
}

/// How one try ended, as the recording transaction sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt<T> {
    /// There is an answer; nothing further will be tried.
    Answered(T),
    /// There is none yet; the same will be tried again.
    Retrying {
        /// Which try this was, the first being 1.
        attempt: u32,
        /// Why there is no answer.
        trouble: Trouble,
        /// When it is tried again.
        next: Timestamp,
    },
    /// There is none, and nobody will try again by themselves.
    GaveUp {
        /// How many tries were made.
        attempts: u32,
        /// Why the last one brought no answer.
        trouble: Trouble,
        /// Whether any try may have been done after all.
        maybe_done: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let policy = Policy {
            time_limit: Duration::from_secs(1),
            tries_max: 9,
            wait: Duration::from_millis(100),
            wait_max: Duration::from_secs(1),
            at_once: 1,
        };
        let waits: Vec<u128> = (1..=6).map(|attempt| policy.wait_after(attempt, 0).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1000, 1000]);
        assert_eq!(policy.wait_after(u32::MAX, 0), policy.wait_max);
        assert!(policy.wait_after(1, 255) > Duration::from_millis(70));
    }
}
