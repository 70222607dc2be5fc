//! What steps, events and flows are called in a drawing.

use std::fmt::Display;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::line::plain;
use crate::show::duration;
use crate::trace::{Emitted, Flow, Step, Stretch};

/// So many events of a kind in a row are shown as one line.
const TOGETHER_FROM: usize = 4;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// Every word.
    Full,
    /// Without what the reader can see elsewhere in the line.
    Short,
}

/// What a step did.
pub(crate) fn label(step: &Step, length: Length) -> String {
    let what = match (step.kind.as_str(), step.source.as_str()) {
        ("event", "") if step.subject.is_empty() => "(not in its journal)".to_owned(),
        ("event", source) => numbered(source, step.sequence, &step.subject, length),
        ("request", _) => step.subject.clone(),
        (_, _) if length == Length::Short => step.subject.clone(),
        (kind, _) => format!("{kind} {}", step.subject),
    };
    let again = if step.attempt > 1 { format!(", try {}", step.attempt) } else { String::new() };
    plain(&format!("{what}{again}"))
}

/// What was told: one event, or many of a kind in a row.
pub(crate) fn telling(told: &[Emitted], length: Length) -> String {
    let (Some(first), Some(last)) = (told.first(), told.last()) else {
        return String::new();
    };
    let numbers = match told.len() {
        1 => first.sequence.to_string(),
        _ => format!("{}..#{}", first.sequence, last.sequence),
    };
    plain(&numbered(&first.stream, numbers, &first.subject, length))
}

/// A place in a stream and what stands there: `ORDER #12 order.placed`. The stream of a service has
/// its name, so the short form does not say it again.
fn numbered(stream: &str, sequence: impl Display, subject: &str, length: Length) -> String {
    let subject = subject.strip_prefix("events.").unwrap_or(subject);
    let rest = subject.split_once('.').filter(|(owner, _)| kit::message::stream_of(owner) == stream);
    match (rest, length) {
        (Some((_, rest)), Length::Short) => format!("{stream} #{sequence} {rest}"),
        _ => format!("{stream} #{sequence} {subject}"),
    }
}

/// What was told, one after another; many of a kind in a row together.
pub(crate) fn tellings(emitted: &[Emitted]) -> Vec<&[Emitted]> {
    let follows = |before: &Emitted, told: &Emitted| {
        before.stream == told.stream
            && before.subject == told.subject
            && before.sequence.checked_add(1) == Some(told.sequence)
    };
    emitted
        .chunk_by(follows)
        .flat_map(|run| run.chunks(if run.len() < TOGETHER_FROM { 1 } else { run.len() }))
        .collect()
}

/// How long the commit of a step took, and how many jobs shared it.
pub(crate) fn commit(step: &Step) -> String {
    let Some(committed_us) = step.committed_us else {
        return String::new();
    };
    let took = duration(committed_us.saturating_sub(step.finished_us));
    if step.group_jobs > 1 { format!("{took} ({})", step.group_jobs) } else { took }
}

/// A flow in figures.
pub(crate) fn facts(flow: &Flow, zone: &TimeZone) -> Vec<String> {
    let count = |number: usize, one: &str, many: &str| match number {
        0 => String::new(),
        1 => format!("1 {one}"),
        _ => format!("{number} {many}"),
    };
    let how_many = |wanted: fn(&Step) -> bool| flow.steps().filter(|step| wanted(step)).count();
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
        count(how_many(Step::is_skewed), "with skewed clocks", "with skewed clocks"),
        began.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    ]
}

/// What took longest, and what waited longest.
pub(crate) fn extremes(flow: &Flow) -> Vec<String> {
    let mut parts = Vec::new();
    if let Some(step) = flow.steps().max_by_key(|step| step.took_us()) {
        // Long pauses are nobody's work, so no step has a share of them.
        let worked = |stretch: &Stretch| stretch.ended_us.saturating_sub(stretch.began_us).max(0);
        let whole = flow.stretches.iter().map(worked).fold(0, i64::saturating_add);
        let took = step.took_us();
        let share =
            if whole > 0 { format!(" ({} %)", took.saturating_mul(100) / whole) } else { String::new() };
        let label = label(step, Length::Full);
        parts.push(format!("slowest: {} {label}, {}{share}", step.service, duration(took)));
    }
    let waited = flow.steps().filter_map(|step| Some((step.waited_us().filter(|us| *us > 0)?, step)));
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
