//! Findings as lines: a mark, what was found, and behind an arrow what mends it. No I/O.

use kit::text::printable;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::output::{Tone, paint};

/// The narrowest terminal that lines are wrapped for.
const WIDTH_MIN: usize = 20;
/// Where the text of a line begins.
const TEXT_AT: usize = 2;
/// Where a mend begins that has no room beside its text, and where it goes on.
const MEND_AT: (usize, usize) = (4, 6);
/// The furthest column at which mends stand under each other where nothing limits the width.
const COLUMN_MAX: usize = 90;

/// How something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    Good,
    /// Not looked at, or not known; nothing is said to be wrong.
    Note,
    Warn,
    Bad,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) mark: Mark,
    pub(crate) text: String,
    pub(crate) mend: Vec<String>,
}

impl Line {
    pub(crate) fn new(mark: Mark, text: impl Into<String>) -> Self {
        Self { mark, text: text.into(), mend: Vec::new() }
    }

    pub(crate) fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend.push(mend.into());
        self
    }
}

/// Draws lines for a terminal of a width; without one nothing is wrapped.
pub(crate) fn draw(lines: &[Line], width: Option<usize>, colour: bool) -> String {
    let width = width.map_or(usize::MAX, |width| width.max(WIDTH_MIN));
    let column = column(lines, width);
    let drawn = lines.iter().flat_map(|line| draw_line(line, width, column, colour));
    drawn.collect::<Vec<_>>().join("\n")
}

/// The column at which mends stand under each other: behind the longest text that leaves room for them.
fn column(lines: &[Line], width: usize) -> usize {
    let texts = lines.iter().filter(|line| !line.mend.is_empty()).map(|line| TEXT_AT + cells(&line.text) + 2);
    let mends = lines.iter().flat_map(|line| &line.mend).map(|mend| cells(mend) + 2);
    let longest = mends.filter(|mend| *mend < width / 2).max().unwrap_or(0);
    let furthest = width.saturating_sub(longest).min(COLUMN_MAX);
    texts.filter(|text| *text <= furthest).max().unwrap_or(furthest.min(width / 2))
}

fn draw_line(line: &Line, width: usize, column: usize, colour: bool) -> Vec<String> {
    let (mark, tone) = match line.mark {
        Mark::Good => ("✓", Tone::Good),
        Mark::Note => ("·", Tone::Faint),
        Mark::Warn => ("!", Tone::Warn),
        Mark::Bad => ("✗", Tone::Bad),
    };
    let text = printable(&line.text);
    let mut drawn: Vec<String> = Vec::new();
    for (number, part) in wrapped(&text, width - TEXT_AT).into_iter().enumerate() {
        let before =
            if number == 0 { format!("{} ", paint(colour, tone, mark)) } else { " ".repeat(TEXT_AT) };
        drawn.push(format!("{before}{part}"));
    }
    let arrow = paint(colour, Tone::Faint, "→");
    // Beside the text if that is one line, and the others under it; else all of them below the text.
    let used = TEXT_AT + cells(&text);
    let mut beside = drawn.len() == 1 && (used + 2 <= column || width == usize::MAX);
    for (number, mend) in line.mend.iter().enumerate() {
        let mend = spaced(&printable(mend));
        beside &= column.saturating_add(2 + cells(&mend)) <= width;
        if beside && number == 0 {
            let gap = " ".repeat(column.saturating_sub(used).max(2));
            drawn[0].push_str(&format!("{gap}{arrow} {mend}"));
            continue;
        }
        let (at, further) = if beside { (column, column) } else { MEND_AT };
        let room = if beside { usize::MAX } else { width - MEND_AT.1 };
        for (number, part) in wrapped(&mend, room).into_iter().enumerate() {
            drawn.push(match number {
                0 => format!("{}{arrow} {part}", " ".repeat(at)),
                _ => format!("{}{part}", " ".repeat(further)),
            });
        }
    }
    drawn
}

/// Between a command and what it does stand two spaces, however many were written.
fn spaced(mend: &str) -> String {
    match mend.split_once("   ") {
        Some((command, does)) => format!("{}  {}", command.trim_end(), does.trim_start()),
        None => mend.to_owned(),
    }
}

/// The text in parts no wider than that, cut between words where there are any.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    for word in text.split(' ') {
        let mut word = word;
        if !part.is_empty() || !parts.is_empty() {
            if cells(&part) + 1 + cells(word) <= width {
                part.push(' ');
                part.push_str(word);
                continue;
            }
            parts.push(std::mem::take(&mut part));
        }
        while cells(word) > width {
            let (head, tail) = split(word, width);
            parts.push(head.to_owned());
            word = tail;
        }
        part = word.to_owned();
    }
    parts.push(part);
    parts
}

/// The beginning of a word that is that wide, and the rest.
fn split(word: &str, width: usize) -> (&str, &str) {
    let mut used = 0;
    let end = word.char_indices().find(|(place, character)| {
        used += character.width().unwrap_or(0);
        used > width && *place > 0
    });
    word.split_at(end.map_or(word.len(), |(place, _)| place))
}

fn cells(text: &str) -> usize {
    text.width()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Vec<Line> {
        vec![
            Line::new(Mark::Good, "9 of 9 services answer (slowest analytics 4 ms)"),
            Line::new(Mark::Warn, "2 payments are unknown for 14 min")
                .mend("shopctl order ls --stage needs_attention"),
            Line::new(Mark::Bad, "disk /var/lib/shop is 96 % full; orders are refused at 100 %")
                .mend("make room: 1.2 GB")
                .mend("df -h /var/lib/shop      shows what is used"),
            Line::new(Mark::Note, "keys: not looked at"),
        ]
    }

    #[test]
    fn mends_stand_under_each_other_where_there_is_room() {
        let expected = "\
✓ 9 of 9 services answer (slowest analytics 4 ms)
! 2 payments are unknown for 14 min                             → shopctl order ls --stage needs_attention
✗ disk /var/lib/shop is 96 % full; orders are refused at 100 %  → make room: 1.2 GB
                                                                → df -h /var/lib/shop  shows what is used
· keys: not looked at";
        assert_eq!(draw(&sample(), None, false), expected);
        assert_eq!(draw(&sample(), Some(160), false), expected);
    }

    #[test]
    fn where_there_is_no_room_a_mend_stands_below() {
        let expected = "\
✓ 9 of 9 services answer (slowest
  analytics 4 ms)
! 2 payments are unknown for 14 min
    → shopctl order ls --stage
      needs_attention
✗ disk /var/lib/shop is 96 % full;
  orders are refused at 100 %
    → make room: 1.2 GB
    → df -h /var/lib/shop  shows
      what is used
· keys: not looked at";
        assert_eq!(draw(&sample(), Some(36), false), expected);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal_whatever_stands_in_it(
            lines in proptest::collection::vec(("\\PC{0,80}", proptest::collection::vec(".{0,60}", 0..3), 0..4u8), 0..6),
            width in 0..200usize,
            colour in proptest::bool::ANY,
        ) {
            let lines: Vec<Line> = lines.into_iter().map(|(text, mend, mark)| {
                let mark = [Mark::Good, Mark::Note, Mark::Warn, Mark::Bad][usize::from(mark)];
                Line { mark, text, mend }
            }).collect();
            let plain = draw(&lines, Some(width), false);
            for line in plain.lines() {
                prop_assert!(line.width() <= width.max(WIDTH_MIN), "{} > {width}: {line:?}", line.width());
                prop_assert!(!line.chars().any(kit::text::is_unprintable));
            }
            draw(&lines, Some(width), colour);
            draw(&lines, None, colour);
        }
    }
}
