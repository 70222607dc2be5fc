//! What steps and events are called in a drawing.

use std::fmt::Display;

use super::line::{clip, plain};
use crate::show::duration;
use crate::trace::{Emitted, Step};

/// So many events of a kind in a row are shown as one line.
const TOGETHER_FROM: usize = 4;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Every word.
    Full,
    /// Without what the reader can see elsewhere in the line.
    Short,
}

/// What a step did.
pub fn label(step: &Step, length: Length) -> String {
    format!("{}{}", what(step, length), again(step))
}

/// The same in so many cells. Which try it was stays.
pub fn label_in(step: &Step, length: Length, cells: usize, mark: char) -> String {
    let again = again(step);
    let room = cells.saturating_sub(again.len());
    let what = what(step, length);
    // A word that is cut to less says nothing.
    if room < 3 { clip(&what, cells, mark) } else { format!("{}{again}", clip(&what, room, mark)) }
}

fn what(step: &Step, length: Length) -> String {
    let what = match (step.kind.as_str(), step.source.as_str()) {
        ("event", "") if step.subject.is_empty() => "(not in its journal)".to_owned(),
        ("event", source) => numbered(source, step.sequence, &step.subject, length),
        ("request", _) => step.subject.clone(),
        (_, _) if length == Length::Short => step.subject.clone(),
        (kind, _) => format!("{kind} {}", step.subject),
    };
    plain(&what)
}

fn again(step: &Step) -> String {
    if step.attempt > 1 { format!(", try {}", step.attempt) } else { String::new() }
}

/// What was told: one event, or many of a kind in a row.
pub fn telling(told: &[Emitted], length: Length) -> String {
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
pub fn tellings(emitted: &[Emitted]) -> Vec<&[Emitted]> {
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
pub fn commit(step: &Step) -> String {
    let Some(committed_us) = step.committed_us else {
        return String::new();
    };
    let took = duration(committed_us.saturating_sub(step.finished_us));
    if step.group_jobs > 1 { format!("{took} ({})", step.group_jobs) } else { took }
}
