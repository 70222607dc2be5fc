//! What probably kept it from being faster. No I/O: figures in, a guess out, and it is said to be one.

use std::time::Duration;

use serde::Serialize;

use super::machine::{Look, MEASURER};
use super::pace::Pace;

/// From which share on something counts as used up.
const USED_UP: f64 = 0.85;

/// From which share of the time on somebody waited for a disk that is named as the limit.
const DISK_WAITS: f64 = 0.3;

/// The least time from which anything is concluded: ticks of the processors are a hundredth of a second.
const SHORTEST: Duration = Duration::from_millis(900);

/// What was used between two looks, as shares.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shares {
    /// Of all processors, by the shop and its broker and whoever measures; none if the system does not tell.
    pub(crate) ours: Option<f64>,
    /// Of all processors, by anybody.
    pub(crate) anybody: Option<f64>,
    /// Of one processor, by the busiest thread, with whose it is and its name.
    pub(crate) busiest: Option<(String, String, f64)>,
    /// Of the time, in which somebody waited for a disk.
    pub(crate) disk: Option<f64>,
}

/// What was probably used up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Limit {
    /// `processors`, `others`, `thread`, `measurer`, `disk`, `rate`, `waiting` or `unknown`.
    pub(crate) what: &'static str,
    /// The same for people: a whole sentence.
    pub(crate) says: String,
}

impl Shares {
    pub(crate) fn between(before: &Look, after: &Look, cores: usize) -> Self {
        let seconds = after.at.saturating_duration_since(before.at).as_secs_f64();
        let share = |used: f64, of: f64| (of > 0.0).then(|| used / of);
        let used = after.parts.iter().map(|(part, now)| {
            now.cpu_s - before.parts.get(part).map_or(0.0, |then| then.cpu_s.min(now.cpu_s))
        });
        let ours = if after.parts.is_empty() { None } else { share(used.sum(), seconds * cores as f64) };
        let anybody = match (before.processors, after.processors) {
            (Some(then), Some(now)) => {
                let all = now.all.saturating_sub(then.all) as f64;
                share(all - now.idle.saturating_sub(then.idle) as f64, all)
            }
            _ => None,
        };
        let busiest = after.threads.iter().flat_map(|(part, threads)| {
            threads.iter().filter_map(move |thread| {
                let then = before.threads.get(part)?.iter().find(|then| then.id == thread.id);
                let used = thread.cpu_s - then.map_or(0.0, |then| then.cpu_s);
                Some((part.clone(), thread.name.clone(), share(used, seconds)?))
            })
        });
        let disk = match (before.disk_waits_us, after.disk_waits_us) {
            (Some(then), Some(now)) => share(now.saturating_sub(then) as f64 / 1e6, seconds),
            _ => None,
        };
        Self { ours, anybody, busiest: busiest.max_by(|a, b| a.2.total_cmp(&b.2)), disk }
    }
}

/// Guesses what was used up.
pub(crate) fn guess(shares: &Shares, pace: Pace, fell_behind: bool, seconds: Duration) -> Limit {
    let limit = |what, says: String| Limit { what, says: format!("limited by {says} (a guess)") };
    let unknown = |why: &str| Limit { what: "unknown", says: format!("what limited it is not known: {why}") };
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    if seconds < SHORTEST {
        return unknown("it was too short to tell");
    }
    if let (Pace::Open { .. }, false) = (pace, fell_behind) {
        return limit("rate", "nothing: it kept up with the rate that was asked for".to_owned());
    }
    let Some(ours) = shares.ours else {
        return unknown("the shop is not on this machine");
    };
    let anybody = shares.anybody.unwrap_or(ours);
    if anybody >= USED_UP && ours < anybody * 0.75 {
        let says = format!(
            "others on this machine: processors were busy to {}, this took {}",
            percent(anybody),
            percent(ours)
        );
        return limit("others", says);
    }
    if anybody >= USED_UP || ours >= USED_UP {
        return limit("processors", format!("the processors: {} of them were used", percent(ours)));
    }
    if let Some((part, thread, share)) = shares.busiest.as_ref().filter(|(_, _, share)| *share >= USED_UP) {
        if part == MEASURER {
            return limit(
                "measurer",
                format!("whoever measures: its one thread was busy to {}", percent(*share)),
            );
        }
        let says =
            format!("the thread {thread} of {part}: it was busy to {}, and it is one", percent(*share));
        return limit("thread", says);
    }
    if let Some(disk) = shares.disk.filter(|disk| *disk >= DISK_WAITS) {
        return limit("disk", format!("the disk: somebody waited for it {} of the time", percent(disk)));
    }
    let says =
        format!("waiting: only {} of the processors were used; more in flight may give more", percent(ours));
    limit("waiting", says)
}

#[cfg(test)]
mod tests {
    use super::super::proc::{Thread, Ticks, Usage};
    use super::*;
    use std::time::Instant;

    const CLOSED: Pace = Pace::Closed { in_flight: 64 };
    const LONG: Duration = Duration::from_secs(10);

    fn shares(ours: f64, anybody: f64, thread: f64, disk: f64) -> Shares {
        let busiest = Some(("order".to_owned(), "writer".to_owned(), thread));
        Shares { ours: Some(ours), anybody: Some(anybody), busiest, disk: Some(disk) }
    }

    fn what(shares: &Shares) -> &'static str {
        guess(shares, CLOSED, false, LONG).what
    }

    #[test]
    fn what_is_used_up_is_named() {
        assert_eq!(what(&shares(0.93, 0.97, 0.9, 0.5)), "processors");
        assert_eq!(what(&shares(0.4, 0.97, 0.3, 0.0)), "others");
        assert_eq!(what(&shares(0.6, 0.6, 0.95, 0.5)), "thread");
        assert_eq!(what(&shares(0.3, 0.3, 0.2, 0.6)), "disk");
        assert_eq!(what(&shares(0.3, 0.3, 0.2, 0.1)), "waiting");
        let mut own = shares(0.6, 0.6, 0.95, 0.0);
        own.busiest = Some((MEASURER.to_owned(), "shopctl".to_owned(), 0.95));
        assert_eq!(what(&own), "measurer");
    }

    #[test]
    fn a_rate_that_was_kept_was_limited_by_nothing() {
        let (shares, open) = (shares(0.9, 0.9, 0.0, 0.0), Pace::Open { rate: 5.0 });
        assert_eq!(guess(&shares, open, false, LONG).what, "rate");
        assert_eq!(guess(&shares, open, true, LONG).what, "processors");
    }

    #[test]
    fn nothing_is_concluded_from_nothing() {
        let none = Shares { ours: None, anybody: None, busiest: None, disk: None };
        assert_eq!(what(&none), "unknown");
        let short = guess(&shares(0.9, 0.9, 0.9, 0.9), CLOSED, false, Duration::ZERO);
        assert_eq!(
            (short.what, &*short.says),
            ("unknown", "what limited it is not known: it was too short to tell")
        );
        let disk = guess(&shares(0.3, 0.3, 0.2, 0.6), CLOSED, false, LONG);
        assert_eq!(disk.says, "limited by the disk: somebody waited for it 60 % of the time (a guess)");
    }

    #[test]
    fn shares_are_of_the_time_between_two_looks() {
        let at = Instant::now();
        let look = |at, cpu_s, thread_s, busy: u64, waits| Look {
            at,
            parts: [("order".to_owned(), Usage { cpu_s, ..Usage::default() })].into(),
            threads: [("order".to_owned(), vec![Thread { id: 7, name: "writer".into(), cpu_s: thread_s }])]
                .into(),
            processors: Some(Ticks { all: busy + 1000, idle: 1000 }),
            disk_waits_us: Some(waits),
        };
        let (before, after) = (look(at, 100.0, 50.0, 0, 0), look(at + LONG, 110.0, 55.0, 1000, 2_500_000));
        let shares = Shares::between(&before, &after, 2);
        assert_eq!((shares.ours, shares.anybody, shares.disk), (Some(0.5), Some(1.0), Some(0.25)));
        assert_eq!(shares.busiest, Some(("order".to_owned(), "writer".to_owned(), 0.5)));
        // A part that was started meanwhile has used all of its time since.
        let mut fresh = before.clone();
        fresh.parts.clear();
        assert_eq!(Shares::between(&fresh, &after, 2).ours, Some(5.5));
    }
}
