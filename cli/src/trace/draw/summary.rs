//! A flow in a few words: its figures, what took longest, what was tried again.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::words::{Length, label};
use crate::show::duration;
use crate::trace::{Flow, Letter, Step, Undone};

/// Work that was tried again is named up to so often.
const RETRIES_NAMED_MAX: usize = 3;

/// A flow in figures.
pub(super) fn facts(flow: &Flow, zone: &TimeZone) -> Vec<String> {
    let count = |number: usize, one: &str, many: &str| match number {
        0 => String::new(),
        1 => format!("1 {one}"),
        _ => format!("{number} {many}"),
    };
    let how_many = |wanted: fn(&Step) -> bool| flow.steps().filter(|step| wanted(step)).count();
    let letters = |wanted: fn(&Letter) -> bool| {
        flow.steps().flat_map(|step| &step.letters).filter(|letter| wanted(letter)).count()
    };
    let undone = |wanted: fn(&Undone) -> bool| {
        flow.steps().flat_map(|step| &step.undone).filter(|undone| wanted(undone)).count()
    };
    let mut services: Vec<&str> = flow.steps().map(|step| step.service.as_str()).collect();
    services.sort_unstable();
    services.dedup();
    let began = Timestamp::from_microsecond(flow.began_us).unwrap_or(Timestamp::UNIX_EPOCH);
    vec![
        format!("trace {}", flow.trace),
        duration(flow.took_us()),
        count(services.len(), "service", "services"),
        count(flow.steps().count(), "step", "steps"),
        count(how_many(|step| step.attempt > 1), "retry", "retries"),
        count(how_many(|step| !step.is_ok()), "failed", "failed"),
        count(letters(Letter::is_dead), "dead letter", "dead letters"),
        count(letters(|letter| !letter.is_dead()), "parked", "parked"),
        count(undone(Undone::is_due), "waiting", "waiting"),
        count(undone(|undone| !undone.is_due()), "given up", "given up"),
        count(how_many(Step::is_skewed), "with skewed clocks", "with skewed clocks"),
        began.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    ]
}

/// What took longest by itself, and what waited longest.
pub(super) fn extremes(flow: &Flow) -> Vec<String> {
    let mut parts = Vec::new();
    let steps: Vec<&Step> = flow.steps().collect();
    if let Some((own_us, step)) =
        steps.iter().map(|step| (own_us(step, &steps), *step)).max_by_key(|(us, _)| *us)
    {
        // Long pauses are nobody's work, so no step has a share of them.
        let whole = flow.worked_us();
        let share =
            if whole > 0 { format!(" ({} %)", own_us.saturating_mul(100) / whole) } else { String::new() };
        let label = label(step, Length::Full);
        let beside = if own_us < step.took_us() { ", without what it asked of others" } else { "" };
        parts.push(format!("slowest: {} {label}, {}{share}{beside}", step.service, duration(own_us)));
    }
    let waited = steps.iter().filter_map(|step| Some((step.waited_us().filter(|us| *us > 0)?, step)));
    if let Some((us, step)) = waited.max_by_key(|(us, _)| *us) {
        parts.push(format!(
            "waited longest: {} {}, {}",
            step.service,
            label(step, Length::Full),
            duration(us)
        ));
    }
    parts
}

/// How long a step took, without the time in which it waited for what it asked others.
fn own_us(step: &Step, steps: &[&Step]) -> i64 {
    let asked = steps.iter().filter(|other| {
        other.kind == "request"
            && other.parent == step.span
            && !step.span.is_empty()
            && other.span != step.span
    });
    let mut spans: Vec<(i64, i64)> = asked
        .map(|other| (other.began_us.max(step.began_us), other.ended_us().min(step.ended_us())))
        .filter(|(from, to)| from < to)
        .collect();
    spans.sort_unstable();
    let (mut asked_us, mut until) = (0_i64, i64::MIN);
    for (from, to) in spans {
        asked_us = asked_us.saturating_add(to.saturating_sub(from.max(until)).max(0));
        until = until.max(to);
    }
    step.took_us().saturating_sub(asked_us)
}

/// What was tried again, how the first try ended and how the last.
pub(super) fn retries(flow: &Flow) -> Vec<String> {
    let mut lines = Vec::new();
    for last in flow.steps().filter(|step| step.attempt > 1) {
        let same = |step: &&Step| {
            (&step.service, &step.kind, &step.subject, &step.parent)
                == (&last.service, &last.kind, &last.subject, &last.parent)
                && (step.source == last.source && step.sequence == last.sequence && step.key == last.key)
        };
        if flow.steps().filter(same).any(|step| step.attempt > last.attempt) {
            continue;
        }
        let first = flow.steps().filter(same).min_by_key(|step| step.attempt);
        let first = first.filter(|first| !first.is_ok() && first.attempt < last.attempt).map_or_else(
            || "tried before".to_owned(),
            |first| {
                let which = if first.attempt == 1 {
                    "first try".to_owned()
                } else {
                    format!("try {}", first.attempt)
                };
                format!("{which} failed after {}: {}", duration(first.took_us()), first.outcome)
            },
        );
        let again = if last.kind == "effect" { "tried again with the same key" } else { "tried again" };
        let end = if last.is_ok() { "ok".to_owned() } else { last.outcome.clone() };
        lines.push(format!(
            "retried: {} {}: {first}; {again}, try {}: {end}",
            last.service, last.subject, last.attempt
        ));
    }
    let more = lines.len().saturating_sub(RETRIES_NAMED_MAX);
    lines.truncate(RETRIES_NAMED_MAX);
    if more > 0 {
        lines.push(format!("retried: {more} more"));
    }
    lines
}
