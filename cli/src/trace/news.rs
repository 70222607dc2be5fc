//! What is new in a story since it was last told.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::draw::line::plain;
use super::draw::words::{Length, label, telling, tellings};
use super::{Silent, Step, Story, Undone};
use crate::show::duration;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub(crate) enum News {
    /// A piece of work was done, or more is known of it.
    Step {
        /// Its flow.
        trace: String,
        /// When the flow began, in microseconds since 1970.
        flow_began_us: i64,
        /// The work.
        step: Box<Step>,
    },
    /// What is known of the thing itself has changed.
    Facts {
        /// All of it.
        facts: Vec<String>,
    },
    /// A service does not answer.
    Silent(Silent),
    /// Nothing more is to come of it.
    Ended {
        /// What is known of the thing at its end.
        facts: Vec<String>,
    },
}

/// What is new, in the order it happened.
pub(crate) fn news(before: &Story, now: &Story) -> Vec<News> {
    let known: HashMap<(&str, &str, &str, u32), &Step> = before
        .flows
        .iter()
        .flat_map(|flow| flow.steps().map(|step| (key(&flow.trace, step), step)))
        .collect();
    let mut steps: Vec<(&str, i64, &Step)> = Vec::new();
    for flow in &now.flows {
        let new = flow
            .steps()
            .filter(|step| known.get(&key(&flow.trace, step)).is_none_or(|old| differs(old, step)));
        steps.extend(new.map(|step| (flow.trace.as_str(), flow.began_us, step)));
    }
    steps.sort_by_key(|(_, _, step)| step.began_us);
    let mut all: Vec<News> = steps
        .into_iter()
        .map(|(trace, flow_began_us, step)| News::Step {
            trace: trace.to_owned(),
            flow_began_us,
            step: Box::new(step.clone()),
        })
        .collect();
    let silent = now.silent.iter().filter(|silent| !before.silent.contains(silent));
    all.extend(silent.cloned().map(News::Silent));
    if now.facts != before.facts {
        all.push(News::Facts { facts: now.facts.clone() });
    }
    all
}

/// A change on one line, for people.
pub(crate) fn text(news: &News, zone: &TimeZone) -> String {
    match news {
        News::Step { step, .. } => step_text(step, zone),
        News::Facts { facts } => format!("now: {}", facts.join("   ")),
        News::Silent(Silent { service, why }) => {
            format!("{}: {why}; its steps are missing here", plain(service))
        }
        News::Ended { facts } if facts.is_empty() => "ended: nothing more is to come".to_owned(),
        News::Ended { facts } => format!("ended: {}", facts.join("   ")),
    }
}

fn step_text(step: &Step, zone: &TimeZone) -> String {
    let at = Timestamp::from_microsecond(step.began_us).unwrap_or(Timestamp::UNIX_EPOCH);
    let at = at.to_zoned_datetime(zone.clone()).strftime("%H:%M:%S%.3f").to_string();
    let mut parts = vec![
        at,
        format!("{:<12}", plain(&step.service)),
        label(step, Length::Full),
        duration(step.took_us()),
    ];
    if !step.is_ok() {
        parts.push(format!("✗ {}", plain(&step.outcome)));
    }
    let told = tellings(&step.emitted);
    parts.extend(told.into_iter().map(|told| format!("→ {}", telling(told, Length::Full))));
    parts
        .extend(step.letters.iter().map(|letter| format!("✗ letter {} {}", letter.id, plain(&letter.state))));
    parts.extend(
        step.undone.iter().map(|undone| format!("◌ {} {}", plain(&undone.name), plain(&undone.state))),
    );
    parts.join("  ")
}

fn key<'a>(trace: &'a str, step: &'a Step) -> (&'a str, &'a str, &'a str, u32) {
    (trace, &step.service, &step.span, step.attempt)
}

/// Where a step stands in the tree, when its group committed, and that what was due is done, which is
/// told by the step that did it, are no news.
fn differs(old: &Step, new: &Step) -> bool {
    let known =
        |undone: &Undone| old.undone.iter().any(|one| (one.id, &one.state) == (undone.id, &undone.state));
    (old.emitted.len(), &old.letters, &old.outcome) != (new.emitted.len(), &new.letters, &new.outcome)
        || !new.undone.iter().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample::{cancelled_later, paid_order, without_payment};

    #[test]
    fn everything_is_new_once_and_then_nothing_is() {
        let (nothing, paid) = (Story::default(), paid_order());
        let first = news(&nothing, &paid);
        assert_eq!(first.len(), paid.flows[0].steps().count() + 1, "each step, and the facts");
        assert_eq!(news(&paid, &paid), []);
        let later = news(&without_payment(), &paid);
        assert_eq!(later.len(), 3, "the three steps of payment");
    }

    #[test]
    fn a_change_is_one_line() {
        let all = news(&Story::default(), &paid_order());
        let lines: Vec<String> = all.iter().map(|news| text(news, &TimeZone::UTC)).collect();
        assert_eq!(lines[0], "09:14:02.000  order         order.place  6.1 ms  → ORDER #12 order.placed");
        assert!(
            lines.iter().any(|line| line.ends_with("effect charge_card  92.2 ms  ✗ outcome_unknown")),
            "{lines:#?}"
        );
        assert_eq!(lines.last().unwrap(), "now: confirmed   25.80 EUR");
    }

    #[test]
    fn who_stops_answering_is_news_too() {
        let lost = news(&paid_order(), &without_payment());
        assert!(matches!(&lost[..], [News::Silent(silent)] if silent.service == "payment"), "{lost:?}");
        assert!(!news(&cancelled_later(), &paid_order()).is_empty());
    }
}
