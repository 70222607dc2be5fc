//! Where the view writes: nothing leaves its place, and no text drives the terminal.

use kit::text::printable;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::ansi;
use crate::output::{Tone, paint};

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Ink {
    #[default]
    Plain,
    Faint,
    Strong,
    Good,
    Warn,
    Bad,
    /// The colour of a service.
    Of(Tone),
    /// As light on dark, or the other way round.
    Reversed,
}

/// A piece of a line.
pub(super) type Piece = (Ink, String);

/// The cells of a terminal.
pub(super) struct Paper<'a> {
    buffer: &'a mut Buffer,
    colour: bool,
}

impl<'a> Paper<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, colour: bool) -> Self {
        Self { buffer, colour }
    }

    /// A text at the beginning of an area, with dots at its end if it is cut.
    pub(super) fn text(&mut self, area: Rect, ink: Ink, text: &str) {
        self.line(area, &[(ink, text.to_owned())]);
    }

    /// The same, without its beginning if it is cut.
    pub(super) fn end_of(&mut self, area: Rect, ink: Ink, text: &str) {
        let text = printable(text);
        let mut hidden = width(&text).saturating_sub(usize::from(area.width));
        if hidden == 0 {
            return self.text(area, ink, &text);
        }
        hidden += 1;
        self.text(area, ink, &format!("…{}", ansi::without(&text, &mut hidden)));
    }

    /// A text on as many lines as it takes, broken at blanks where that is possible. Answers the lines that
    /// are left.
    pub(super) fn paragraph(&mut self, area: Rect, ink: Ink, text: &str) -> Rect {
        let mut left = area;
        let text = printable(text);
        let mut rest = text.trim();
        while !rest.is_empty() && left.height > 0 && left.width > 1 {
            let end = if left.height == 1 { rest.len() } else { line_end(rest, usize::from(left.width)) };
            self.text(left, ink, rest[..end].trim_end());
            rest = rest[end..].trim_start();
            left = Rect { y: left.y + 1, height: left.height - 1, ..left };
        }
        left
    }

    /// Pieces beside each other on the first line of an area.
    pub(super) fn line(&mut self, area: Rect, pieces: &[Piece]) {
        let mut left = area;
        for (place, (ink, text)) in pieces.iter().enumerate() {
            let text = printable(text);
            let more = pieces[place + 1..].iter().any(|(_, text)| !text.trim().is_empty());
            let style = self.style(*ink);
            let used = self.put(left, style, &text, more);
            left.x += used;
            left.width -= used;
        }
    }

    /// The same, on further lines where one is not enough. Answers the lines that are left.
    pub(super) fn more_facts(&mut self, area: Rect, pieces: &[Piece]) -> Rect {
        let (mut left, mut pieces) = (area, pieces);
        while !pieces.is_empty() && left.height > 0 {
            let written = self.facts(left, pieces);
            pieces = &pieces[written..];
            left = Rect { y: left.y + 1, height: left.height - 1, ..left };
        }
        left
    }

    /// Pieces that are whole or not there at all, with two blanks between them. Answers how many are there.
    pub(super) fn facts(&mut self, area: Rect, pieces: &[Piece]) -> usize {
        let mut left = area;
        for (place, (ink, text)) in pieces.iter().enumerate() {
            let gap = if place == 0 { 0 } else { 2 };
            let text = printable(text);
            if place > 0 && gap + width(&text) > usize::from(left.width) {
                return place;
            }
            left.x += gap as u16;
            left.width -= gap as u16;
            let style = self.style(*ink);
            let used = self.put(left, style, &text, false);
            left.x += used;
            left.width -= used;
        }
        pieces.len()
    }

    /// A line of a drawing that has colours already, without the cells that are to the left.
    pub(super) fn drawn(&mut self, area: Rect, line: &str, hidden: usize) {
        let mut left = area;
        let mut hidden = hidden;
        for (style, text) in ansi::spans(line) {
            let text = printable(&text);
            let seen = ansi::without(&text, &mut hidden);
            let style = if self.colour { style } else { without_colour(style) };
            let used = self.put(left, style, seen, false);
            left.x += used;
            left.width -= used;
        }
    }

    /// A text of single characters that fills cells, such as a bar.
    pub(super) fn cells(&mut self, area: Rect, ink: Ink, text: &str) {
        let style = self.style(ink);
        self.put(area, style, text, false);
    }

    fn put(&mut self, area: Rect, style: Style, text: &str, more: bool) -> u16 {
        if area.width == 0 || area.height == 0 {
            return 0;
        }
        let room = usize::from(area.width);
        let wide = width(text);
        if wide < room || (wide == room && !more) {
            let (end, _) = self.buffer.set_stringn(area.x, area.y, text, room, style);
            return end - area.x;
        }
        let (end, _) = self.buffer.set_stringn(area.x, area.y, text, room - 1, style);
        // A wide character may have left a cell free before it.
        self.buffer.set_stringn(end, area.y, "…", 1, style);
        area.width
    }

    fn style(&self, ink: Ink) -> Style {
        let tone = match ink {
            Ink::Plain => return Style::new(),
            Ink::Reversed => return Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD),
            Ink::Faint => Tone::Faint,
            Ink::Strong => Tone::Strong,
            Ink::Good => Tone::Good,
            Ink::Warn => Tone::Warn,
            Ink::Bad => Tone::Bad,
            Ink::Of(tone) => tone,
        };
        let style = ansi::spans(&paint(true, tone, "x")).first().map_or(Style::new(), |span| span.0);
        if self.colour { style } else { without_colour(style) }
    }
}

/// How many cells a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Where the first line of a text ends that is so wide at most: at the last blank, or in a word that is longer.
fn line_end(text: &str, cells: usize) -> usize {
    if width(text) <= cells {
        return text.len();
    }
    let mut used = 0;
    let fits = text.char_indices().find(|(_, character)| {
        used += character.width().unwrap_or(0);
        used > cells
    });
    let fits = fits.map_or(text.len(), |(place, _)| place);
    let blank = text[..fits].rfind(' ').filter(|place| *place > 0);
    let first = text.chars().next().map_or(0, char::len_utf8);
    blank.unwrap_or(fits).max(first)
}

/// Bold and faint are no colours, and remain.
fn without_colour(style: Style) -> Style {
    Style { fg: None, bg: None, ..style }
}
