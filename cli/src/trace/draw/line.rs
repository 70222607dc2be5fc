//! One line of a drawing: pieces of text with their colours, and how wide they are together.

use crate::output::{Tone, paint};

/// A line that is being written. Every character in it is one cell wide, except in [`Line::tail`].
#[derive(Debug, Default)]
pub(crate) struct Line {
    pieces: Vec<(Option<Tone>, String)>,
    cells: usize,
}

impl Line {
    /// Adds a text.
    pub(crate) fn put(&mut self, tone: impl Into<Option<Tone>>, text: &str) -> &mut Self {
        let tone = tone.into();
        self.cells += text.chars().count();
        match self.pieces.last_mut() {
            Some((before, piece)) if *before == tone => piece.push_str(text),
            _ => self.pieces.push((tone, text.to_owned())),
        }
        self
    }

    /// Adds spaces until the line is so wide.
    pub(crate) fn pad_to(&mut self, cells: usize) -> &mut Self {
        let missing = cells.saturating_sub(self.cells);
        self.put(None, &" ".repeat(missing))
    }

    /// Adds a text at the right end of a column that ends there.
    pub(crate) fn right(&mut self, tone: impl Into<Option<Tone>>, text: &str, end: usize) -> &mut Self {
        self.pad_to(end.saturating_sub(text.chars().count())).put(tone, text)
    }

    /// How wide it is.
    pub(crate) fn cells(&self) -> usize {
        self.cells
    }

    /// Writes it, without the spaces at its end.
    pub(crate) fn write(mut self, page: &mut String, colour: bool) {
        while let Some((_, piece)) = self.pieces.last_mut() {
            piece.truncate(piece.trim_end().len());
            if !piece.is_empty() {
                break;
            }
            self.pieces.pop();
        }
        for (tone, piece) in &self.pieces {
            match tone {
                Some(tone) => page.push_str(&paint(colour, *tone, piece)),
                None => page.push_str(piece),
            }
        }
        page.push('\n');
    }
}

/// A name from elsewhere, with everything written out that is not one plain cell wide. Names of
/// services, subjects, streams and reasons are ASCII by their rules, so this shows only what is odd.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c == ' ' || c.is_ascii_graphic() { vec![c] } else { c.escape_unicode().collect() })
        .collect()
}

/// The text, cut to so many cells. `mark` stands for what was cut off.
pub(crate) fn clip(text: &str, cells: usize, mark: char) -> String {
    if text.chars().count() <= cells {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(cells.saturating_sub(1)).collect();
    if cells > 0 {
        kept.push(mark);
    }
    kept
}

/// How many cells a text of any characters takes, at most.
pub(crate) fn cells_at_most(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

/// A text of any characters, cut into lines that surely fit, between words where that is not a
/// waste: whatever is not ASCII may be two cells wide.
pub(crate) fn wrap(text: &str, cells: usize) -> Vec<String> {
    let wide = |c: char| if c.is_ascii() { 1 } else { 2 };
    let mut lines = Vec::new();
    let mut rest = text;
    loop {
        let mut used = 0;
        let fits = rest.char_indices().find(|(_, c)| {
            used += wide(*c);
            used > cells.max(2)
        });
        let Some((end, _)) = fits else {
            lines.push(rest.to_owned());
            return lines;
        };
        let word = rest[..end].rfind(' ').filter(|space| *space > end / 2);
        let (line, after) = rest.split_at(word.unwrap_or(end));
        lines.push(line.to_owned());
        rest = if word.is_some() { after.trim_start_matches(' ') } else { after };
    }
}

/// Parts joined with a wide gap, on as many lines as they need.
pub(crate) fn flow_text(parts: &[String], cells: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        let part = plain(part);
        match lines.last_mut() {
            Some(line) if line.len() + 3 + part.len() <= cells => {
                line.push_str("   ");
                line.push_str(&part);
            }
            _ => lines.extend(wrap(&part, cells)),
        }
    }
    lines
}
