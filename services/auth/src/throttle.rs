//! When too many tries have failed: for how long nobody looks at a further one.
//!
//! The same rule counts for an account and for a source. While it is locked a password is not looked
//! at, so that a locked account answers no guess. What is counted are rows, so a restart forgets
//! nothing, and accounts that do not exist are counted like others.

use std::time::Duration;

use kit::{Caller, Timestamp};

/// Failures of one account within [`WINDOW`] that lock it.
pub const ACCOUNT_FAILURES: u32 = 5;

/// Failures of one source within [`WINDOW`] that lock it.
pub const SOURCE_FAILURES: u32 = 50;

/// The time within which failures count together.
pub const WINDOW: Duration = Duration::from_secs(15 * 60);

/// How long the first lock lasts. Each further one lasts twice as long.
pub const LOCK_FIRST: Duration = Duration::from_secs(60);

/// How long a lock lasts at most.
pub const LOCK_MAX: Duration = Duration::from_secs(60 * 60);

/// How long after the last failure everything is forgotten.
pub const FORGOTTEN_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The tries of an account or a source that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// How many failed since `since`.
    pub failures: u32,
    /// When the first of them failed.
    pub since: Timestamp,
    /// How often it was locked in a row.
    pub locks: u32,
    /// Until when it is locked; 1970 if it never was.
    pub locked_until: Timestamp,
    /// When the last one failed.
    pub failed_at: Timestamp,
}

impl Tries {
    /// Until when it is locked, if it is.
    pub fn locked(&self, now: Timestamp) -> Option<Timestamp> {
        Some(self.locked_until).filter(|until| *until > now)
    }

    /// What is known after one more has failed. Beyond the limit each one locks again, for twice as
    /// long as before.
    pub fn and_one_more(before: Option<Self>, limit: u32, now: Timestamp) -> Self {
        let fresh =
            Self { failures: 0, since: now, locks: 0, locked_until: Timestamp::UNIX_EPOCH, failed_at: now };
        let mut tries = match before {
            Some(before) if before.failed_at + FORGOTTEN_AFTER > now => before,
            _ => fresh,
        };
        if tries.since + WINDOW <= now {
            (tries.failures, tries.since) = (0, now);
        }
        tries.failures = tries.failures.saturating_add(1);
        tries.failed_at = now;
        if tries.failures >= limit {
            let doubled = LOCK_FIRST.saturating_mul(1u32.checked_shl(tries.locks).unwrap_or(u32::MAX));
            tries.locked_until = now + doubled.min(LOCK_MAX);
            tries.locks = tries.locks.saturating_add(1);
        }
        tries
    }
}

/// Under which name the tries of an account are kept.
pub fn of_account(address: &str) -> String {
    format!("account:{address}")
}

/// Under which name the tries of a source are kept.
pub fn of_source(source: &str) -> String {
    format!("source:{source}")
}

/// Where a log-in comes from, as it is shown. What it says itself is believed of whoever asks for
/// others: a service, such as a gateway, and a storefront, which asks for people who are nobody yet.
/// Somebody who is signed in could name another source with each try.
pub fn source(caller: &Caller, said: &str) -> String {
    match caller {
        Caller::User { .. } => caller.to_string(),
        _ if !said.is_empty() => said.to_owned(),
        other => other.to_string(),
    }
}

/// The source whose failures count together; none if nobody says where it comes from. What all have
/// in common must not be locked, or a stranger's guesses would shut everybody out; and the secret of a
/// guest is another one whenever they like.
pub fn counted(caller: &Caller, said: &str) -> Option<String> {
    match caller {
        Caller::Anonymous | Caller::Guest(_) if said.is_empty() => None,
        _ => Some(source(caller, said)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn failed(times: u32, every: i64) -> (Tries, i64) {
        let mut tries = None;
        let mut second = 0;
        for turn in 0..times {
            second = i64::from(turn) * every;
            tries = Some(Tries::and_one_more(tries, ACCOUNT_FAILURES, at(second)));
        }
        (tries.unwrap(), second)
    }

    #[test]
    fn the_fifth_failure_locks_for_a_minute() {
        assert_eq!(failed(4, 10).0.locked(at(30)), None);
        let (tries, second) = failed(5, 10);
        assert_eq!(tries.locked(at(second)), Some(at(second + 60)));
        assert_eq!(tries.locked(at(second + 60)), None);
    }

    #[test]
    fn each_further_failure_within_the_window_locks_for_twice_as_long() {
        let (mut tries, mut lasted) = (failed(5, 0).0, vec![]);
        for _ in 0..3 {
            let now = tries.locked_until;
            tries = Tries::and_one_more(Some(tries), ACCOUNT_FAILURES, now);
            lasted.push(tries.locked_until.as_second() - now.as_second());
        }
        assert_eq!(lasted, [120, 240, 480]);
    }

    #[test]
    fn a_lock_is_never_longer_than_an_hour() {
        let tries = Tries { locks: 40, ..failed(5, 0).0 };
        let next = Tries::and_one_more(Some(tries), ACCOUNT_FAILURES, at(1));
        assert_eq!(next.locked(at(1)), Some(at(1) + LOCK_MAX));
    }

    #[test]
    fn failures_that_are_far_apart_do_not_lock() {
        assert_eq!(failed(40, 300).0.locked(at(300 * 39)), None);
    }

    #[test]
    fn after_a_day_without_a_failure_the_first_lock_is_short_again() {
        let tries = Tries { locks: 6, ..failed(5, 0).0 };
        let later = 24 * 3600;
        let mut next = Some(tries);
        for _ in 0..5 {
            next = Some(Tries::and_one_more(next, ACCOUNT_FAILURES, at(later)));
        }
        assert_eq!(next.unwrap().locked(at(later)), Some(at(later) + LOCK_FIRST));
    }

    #[test]
    fn whoever_asks_for_others_says_where_they_are_and_others_are_the_source_themselves() {
        let gateway = Caller::Service("gateway".into());
        let customer = Caller::User { id: "cus_1".into(), role: kit::Role::Customer, session: "".into() };
        for asking in [&gateway, &Caller::Anonymous] {
            assert_eq!(source(asking, "192.0.2.7"), "192.0.2.7");
            assert_eq!(counted(asking, "192.0.2.7").as_deref(), Some("192.0.2.7"));
        }
        assert_eq!(counted(&gateway, "").as_deref(), Some("service:gateway"));
        assert_eq!(counted(&customer, "192.0.2.7").as_deref(), Some("customer:cus_1"));
    }

    #[test]
    fn what_all_have_in_common_and_what_everybody_can_choose_is_no_source() {
        let guest = kit::caller::GuestId::of_secret("0123456789abcdefghijkl").unwrap();
        assert_eq!(counted(&Caller::Anonymous, ""), None);
        assert_eq!(counted(&Caller::Guest(guest), ""), None);
    }
}
