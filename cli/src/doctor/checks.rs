//! What the facts mean: each check a plain function from facts to findings. No I/O, no clock.

mod broker;
mod here;
mod orders;
mod services;
mod streams;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;

use super::facts::Facts;
use super::limits::Mark;
use super::report::{Level, Report};

/// Judges everything.
pub(super) fn judge(facts: &Facts) -> Report {
    let mut report = Report::new(facts.at);
    report.broker_reached = facts.broker.is_ok();
    broker::check(&mut report, facts);
    if facts.broker.is_ok() {
        services::check(&mut report, facts);
        streams::check(&mut report, facts);
        orders::check(&mut report, facts);
    }
    here::check(&mut report, facts);
    report
}

/// How a figure stands that must not grow.
fn above<T: PartialOrd>(value: &T, mark: &Mark<T>) -> Level {
    match value {
        value if *value >= mark.bad => Level::Bad,
        value if *value >= mark.warn => Level::Warn,
        _ => Level::Ok,
    }
}

/// How a figure stands that must not fall.
fn below<T: PartialOrd>(value: &T, mark: &Mark<T>) -> Level {
    match value {
        value if *value < mark.bad => Level::Bad,
        value if *value < mark.warn => Level::Warn,
        _ => Level::Ok,
    }
}

/// How long it is since then; nothing if that is still to come.
fn age(since: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(since).unsigned_abs().min(if since > now { Duration::ZERO } else { Duration::MAX })
}

/// A time for people, in one or two units.
fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 if time.is_zero() => "0 ms".to_owned(),
        0 => crate::show::duration(i64::from(time.subsec_micros())),
        1..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// A size for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// How much a part is of a whole, in per cent.
fn share(part: u64, whole: u64) -> u64 {
    if whole == 0 { 0 } else { u64::try_from(u128::from(part) * 100 / u128::from(whole)).unwrap_or(u64::MAX) }
}
