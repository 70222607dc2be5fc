//! What is not done, in words: dead letters, work that waits, services that told only a part.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::line::{Line, cells_at_most, wrap};
use super::{Columns, Page};
use crate::output::Tone;
use crate::trace::{Letter, Step, Undone};

impl Page<'_> {
    /// What a step could not act on, and what it left to be done.
    pub(super) fn not_done(&mut self, step: &Step, stem: &str, columns: &Columns) {
        for letter in &step.letters {
            let (said, mend) = letter_text(&step.service, letter);
            self.remark(Tone::Bad, &format!("{} {said}", self.cross()), stem, columns);
            self.remark(Tone::Faint, &format!("  {mend}"), stem, columns);
        }
        for undone in &step.undone {
            let said = undone_text(undone, &self.style.zone);
            let (tone, mark) = match (undone.is_due(), self.style.ascii) {
                (true, false) => (Tone::Warn, '◌'),
                (true, true) => (Tone::Warn, '~'),
                (false, _) => (Tone::Bad, self.cross()),
            };
            self.remark(tone, &format!("{mark} {said}"), stem, columns);
        }
    }

    /// Services that told only the oldest of what they did.
    pub(super) fn cut(&mut self, services: &[String], columns: &Columns) {
        for service in services {
            let why = "told only the oldest part of what it did in this flow; the rest is missing here";
            self.silent_row(service, why, Tone::Warn, columns);
        }
    }

    /// Below a step, as far to the left as there is a need: a command stays on one line if it can.
    fn remark(&mut self, tone: Tone, text: &str, stem: &str, columns: &Columns) {
        let indent = columns.service + 2 + if columns.bar > 0 { stem.chars().count() } else { 0 };
        let text = self.one_line(text);
        let room = self.width.saturating_sub(indent);
        let bare = text.trim_start();
        let whole = [text.as_str(), bare].into_iter().find(|text| cells_at_most(text) <= room);
        let parts = whole.map_or_else(|| wrap(bare, room.saturating_sub(2)), |text| vec![text.to_owned()]);
        for (place, part) in parts.iter().enumerate() {
            let mut line = Line::default();
            if columns.bar > 0 {
                line.pad_to(columns.service + 2).put(Tone::Faint, stem);
            }
            line.pad_to(if place == 0 { indent } else { indent + 2 }).put(tone, part);
            self.line(line);
        }
    }
}

/// What became of an event that could not be acted on, and what shows more.
fn letter_text(service: &str, letter: &Letter) -> (String, String) {
    let mend = |id: i64| format!("shopctl dlq show {service}/{id}");
    if !letter.is_dead() {
        let before = letter.waits_for.map_or_else(String::new, |id| format!(" {id}"));
        let said = format!("waits as letter {} behind dead letter{before} of the same key", letter.id);
        return (said, mend(letter.waits_for.unwrap_or(letter.id)));
    }
    let tried = tries(letter.attempts);
    let behind = match letter.behind {
        0 => String::new(),
        1 => "; 1 waits behind it".to_owned(),
        many => format!("; {many} wait behind it"),
    };
    let said = format!("dead letter {}: {} ({}), {tried}{behind}", letter.id, letter.message, letter.reason);
    (said, mend(letter.id))
}

/// What is still to be done in the outside world, or was given up.
fn undone_text(undone: &Undone, zone: &TimeZone) -> String {
    let name = &undone.name;
    let maybe = if undone.maybe_done { "; it may have been done" } else { "" };
    let reason =
        if undone.reason.is_empty() { String::new() } else { format!("; the last said: {}", undone.reason) };
    if !undone.is_due() {
        return format!("{name} was given up, {}{reason}{maybe}; a person must look", tries(undone.attempts));
    }
    if undone.trying {
        return format!("{name} is being tried, try {}{reason}{maybe}", undone.attempts);
    }
    let at = Timestamp::from_microsecond(undone.due_us).unwrap_or(Timestamp::UNIX_EPOCH);
    let at = at.to_zoned_datetime(zone.clone()).strftime("%H:%M:%S");
    match undone.attempts {
        0 => format!("{name} waits; first try at {at}"),
        tried => format!("{name} waits; try {} at {at}{reason}{maybe}", tried.saturating_add(1)),
    }
}

fn tries(attempts: u32) -> String {
    match attempts {
        1 => "tried once".to_owned(),
        many => format!("tried {many} times"),
    }
}
