//! A message as people read it: one line if it fits, else what it is and below it what it says.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kit::message::owner;
use kit::text::printable;

use super::cells::{WIDTH_MIN, width, wrap};
use super::grep::Grep;
use super::json;
use super::message::{Form, Message};
use crate::output::{Tone, paint};
use crate::stack::services;

/// Blanks in front of what belongs to the line above.
const INDENT: usize = 2;

/// How messages are drawn.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    /// The width of the terminal; without one each message is one line, whatever it says.
    pub(crate) width: Option<usize>,
    pub(crate) colour: bool,
    pub(crate) headers: bool,
    /// Only what each says.
    pub(crate) raw: bool,
    /// What was searched for, to mark it.
    pub(crate) grep: Option<Grep>,
    pub(crate) zone: TimeZone,
    /// The time of looking: of a day that is not today, the date is shown.
    pub(crate) now: Timestamp,
}

/// A message, without a line break at its end.
pub(crate) fn draw(message: &Message, look: &Look) -> String {
    if look.raw {
        return mark(look, &printable(&message.text), None);
    }
    let head = head(message, look);
    let Some(wide) = look.width.map(|wide| wide.max(WIDTH_MIN)) else {
        let mut pieces: Vec<String> =
            head.iter().map(|(text, tone)| mark(look, &printable(text), Some(*tone))).collect();
        if look.headers {
            let headers = message.every_header.iter();
            pieces.extend(
                headers.map(|(name, value)| mark(look, &printable(&format!("{name}: {value}")), None)),
            );
        }
        pieces.push(mark(look, &printable(&message.text), None));
        return pieces.join("  ");
    };
    let used: usize = head.iter().map(|(text, _)| width(&printable(text)) + INDENT).sum();
    let body = printable(&message.text);
    if !look.headers && used + width(&body) <= wide {
        let pieces = head.iter().map(|(text, tone)| mark(look, &printable(text), Some(*tone)));
        return pieces.chain([mark(look, &body, None)]).collect::<Vec<_>>().join("  ").trim_end().to_owned();
    }
    let mut lines = side_by_side(&head, wide, look);
    if look.headers {
        for (name, value) in &message.every_header {
            below(&mut lines, &format!("{name}: {value}"), Some(Tone::Faint), wide, look);
        }
    }
    for line in body_lines(message, wide - INDENT) {
        below(&mut lines, &line, None, wide, look);
    }
    lines.join("\n")
}

/// What a message says, laid out if it does not fit into a line.
pub(crate) fn body_lines(message: &Message, wide: usize) -> Vec<String> {
    laid_out(message.form, &message.body, &message.text, wide)
}

/// A body in the lines in which people read it.
pub(crate) fn laid_out(form: Form, body: &serde_json::Value, text: &str, wide: usize) -> Vec<String> {
    if form == Form::Json && (width(&printable(text)) > wide || text.contains('\n')) {
        return json::lay_out(body, wide);
    }
    if text.is_empty() { Vec::new() } else { vec![text.to_owned()] }
}

fn head(message: &Message, look: &Look) -> Vec<(String, Tone)> {
    let owner = owner(&message.subject);
    let time = if look.width.is_some() {
        let at = message.time.to_zoned_datetime(look.zone.clone());
        let today = at.date() == look.now.to_zoned_datetime(look.zone.clone()).date();
        at.strftime(if today { "%H:%M:%S%.3f" } else { "%Y-%m-%d %H:%M:%S%.3f" }).to_string()
    } else {
        // For programs: one form, whatever the place and the day.
        message.time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    };
    let subject = if look.width.is_some() {
        message.subject.strip_prefix("events.").unwrap_or(&message.subject)
    } else {
        &message.subject
    };
    let dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    vec![
        (message.sequence.to_string(), Tone::Strong),
        (time, Tone::Faint),
        (subject.to_owned(), services::tone(owner)),
        (dash(&message.key), Tone::Strong),
        (dash(&message.id), Tone::Faint),
    ]
}

/// Pieces beside each other, and on the next line where there is no room.
fn side_by_side(pieces: &[(String, Tone)], wide: usize, look: &Look) -> Vec<String> {
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for (text, tone) in pieces {
        let room = if lines.is_empty() && used == 0 { wide } else { wide - INDENT };
        for part in wrap(text, room) {
            let cells = width(&part);
            if used > 0 && used + INDENT + cells > wide {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            if used > 0 || !lines.is_empty() {
                line.push_str("  ");
                used += INDENT;
            }
            line.push_str(&mark(look, &part, Some(*tone)));
            used += cells;
        }
    }
    lines.push(line);
    lines
}

/// Adds a text below, each of its lines as wide as there is room.
fn below(lines: &mut Vec<String>, text: &str, tone: Option<Tone>, wide: usize, look: &Look) {
    for part in wrap(text, wide - INDENT) {
        lines.push(format!("  {}", mark(look, &part, tone)).trim_end().to_owned());
    }
}

fn mark(look: &Look, text: &str, tone: Option<Tone>) -> String {
    match (&look.grep, tone) {
        (Some(grep), tone) => grep.mark(text, look.colour, tone),
        (None, Some(tone)) => paint(look.colour, tone, text),
        (None, None) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::super::message::tests::stored;
    use super::*;

    fn look(width: Option<usize>) -> Look {
        Look {
            width,
            colour: false,
            headers: false,
            raw: false,
            grep: None,
            zone: TimeZone::UTC,
            now: "2026-02-01T18:00:00Z".parse().unwrap(),
        }
    }

    fn placed() -> Message {
        let body = br#"{"order":"ord_01h2e8kqvbfwea724h75qc655w","total":{"amount":2580,"currency":"EUR"}}"#;
        Message::of(stored(12, "events.order.placed", body), true)
    }

    #[test]
    fn in_a_pipe_a_message_is_one_line() {
        assert_eq!(
            draw(&placed(), &look(None)),
            "12  2026-02-01T12:00:00.123Z  events.order.placed  ord_01h2e8kqvbfwea724h75qc655w  evt_12  \
             {\"order\":\"ord_01h2e8kqvbfwea724h75qc655w\",\"total\":{\"amount\":2580,\"currency\":\"EUR\"}}"
        );
        assert_eq!(draw(&placed(), &Look { raw: true, ..look(None) }), placed().text);
    }

    #[test]
    fn on_a_terminal_what_it_says_stands_below_where_there_is_no_room_beside() {
        let wide = draw(&placed(), &look(Some(100)));
        assert_eq!(
            wide,
            "12  12:00:00.123  order.placed  ord_01h2e8kqvbfwea724h75qc655w  evt_12\n  \
             {\"order\":\"ord_01h2e8kqvbfwea724h75qc655w\",\"total\":{\"amount\":2580,\"currency\":\"EUR\"}}"
        );
        let narrow = draw(&placed(), &look(Some(44)));
        assert!(
            narrow.starts_with(
                "12  12:00:00.123  order.placed\n  ord_01h2e8kqvbfwea724h75qc655w  evt_12\n  {\n"
            ),
            "{narrow}"
        );
        assert!(!draw(&placed(), &look(Some(200))).contains('\n'));
        let tomorrow = Look { now: "2026-02-02T18:00:00Z".parse().unwrap(), ..look(Some(200)) };
        assert!(draw(&placed(), &tomorrow).contains("2026-02-01 12:00:00.123"));
    }

    #[test]
    fn what_was_searched_for_is_marked_wherever_it_stands() {
        let marked = Look { colour: true, grep: Some(Grep::parse("EUR").unwrap()), ..look(Some(100)) };
        assert!(draw(&placed(), &marked).contains(&paint(true, Tone::Bad, "EUR")));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal_and_nothing_drives_it(
            subject in any::<String>(), body in any::<Vec<u8>>(), key in any::<String>(),
            wide in 0..130usize, headers in any::<bool>(), json in any::<String>(), is_json in any::<bool>(),
        ) {
            let body = if is_json { serde_json::to_vec(&serde_json::json!({ "a": [json, 1] })).unwrap() } else { body };
            let mut stored = stored(u64::MAX, &subject, &body);
            stored.key = key;
            let grep = Some(Grep::parse("a|e|1").unwrap());
            let drawn = draw(&Message::of(stored, headers), &Look { headers, grep, ..look(Some(wide)) });
            for line in drawn.lines() {
                prop_assert!(line.width() <= wide.max(WIDTH_MIN), "{line:?} at {wide}");
                prop_assert!(!line.chars().any(kit::text::is_unprintable), "{line:?}");
            }
        }
    }
}
