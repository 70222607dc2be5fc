//! A table with a bar behind each row, that gives up columns where there is no room for them.

use super::text::{cells, clean, fit, pad};
use super::{Style, WIDTH_MIN};
use crate::output::{Tone, paint};

/// Blanks between two columns.
const GAP: usize = 2;
/// A bar has at least so many cells, or none.
const BAR_MIN: usize = 5;
/// A bar has at most so many cells: a longer one says no more.
const BAR_MAX: usize = 48;
/// The first column is not cut below this.
const FIRST_MIN: usize = 16;
/// The parts of a cell from the left, in eighths.
const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    title: &'static str,
    right: bool,
    /// Which goes first where it is narrow: the highest; 0 stays.
    goes: u8,
    cells: Vec<String>,
}

impl Column {
    /// A column of words.
    pub(crate) fn words(title: &'static str, goes: u8, cells: Vec<String>) -> Self {
        Self { title, right: false, goes, cells }
    }

    /// A column of numbers.
    pub(crate) fn numbers(title: &'static str, goes: u8, cells: Vec<String>) -> Self {
        Self { title, right: true, goes, cells }
    }

    fn width(&self) -> usize {
        self.cells.iter().map(|cell| cells(cell)).chain([self.title.len()]).max().unwrap_or(0)
    }
}

/// Rows with a bar each, whose length is a value. The first column is cut where there is no room.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    /// The columns.
    pub(crate) columns: Vec<Column>,
    /// The value of each row; none has no bar.
    pub(crate) values: Vec<Option<i64>>,
}

impl Chart {
    /// The lines of the table, its titles first.
    pub(crate) fn draw(mut self, width: usize, style: Style) -> Vec<String> {
        let width = width.max(WIDTH_MIN);
        for cell in self.columns.iter_mut().flat_map(|column| &mut column.cells) {
            *cell = clean(cell, style);
        }
        self.give_up_columns(width);
        let (first, bar) = self.widths(width);
        let titles = (0..self.columns.len()).map(|column| self.columns[column].title.to_owned());
        let titles: String = self.line(titles.collect(), first, style);
        let mut lines = vec![paint(style.colour, Tone::Faint, &fit(titles.trim_end(), width, style))];
        let most = self.values.iter().flatten().map(|value| value.unsigned_abs()).max().unwrap_or(0);
        for (row, value) in self.values.iter().enumerate() {
            let texts = self.columns.iter().map(|column| column.cells.get(row).cloned().unwrap_or_default());
            let line = self.line(texts.collect(), first, style);
            let drawn = value.map(|value| draw_bar(value, most, bar, style)).unwrap_or_default();
            let tone = if value.is_some_and(|value| value < 0) { Tone::Bad } else { Tone::Hue(0) };
            lines.push(if drawn.is_empty() {
                fit(line.trim_end(), width, style)
            } else {
                format!("{line}{}{}", " ".repeat(GAP), paint(style.colour, tone, &drawn))
            });
        }
        lines
    }

    fn line(&self, texts: Vec<String>, first: usize, style: Style) -> String {
        let parts = texts.iter().zip(&self.columns).enumerate().map(|(place, (text, column))| {
            let width = if place == 0 { first } else { column.width() };
            pad(&fit(text, width, style), width, column.right)
        });
        parts.collect::<Vec<_>>().join(&" ".repeat(GAP))
    }

    /// What the columns behind the first take, with their gaps.
    fn others(&self) -> usize {
        self.columns.iter().skip(1).map(|column| column.width() + GAP).sum()
    }

    fn give_up_columns(&mut self, width: usize) {
        let first = self.columns.first().map_or(0, Column::width).min(FIRST_MIN);
        while first + self.others() + GAP + BAR_MIN > width {
            let Some((place, _)) = self
                .columns
                .iter()
                .enumerate()
                .filter(|(_, column)| column.goes > 0)
                .max_by_key(|(_, column)| column.goes)
            else {
                return;
            };
            self.columns.remove(place);
        }
    }

    /// The widths of the first column and of the bars.
    fn widths(&self, width: usize) -> (usize, usize) {
        let natural = self.columns.first().map_or(0, Column::width);
        let room = width.saturating_sub(self.others());
        if natural + GAP + BAR_MIN <= room {
            return (natural, (room - natural - GAP).min(BAR_MAX));
        }
        if FIRST_MIN + GAP + BAR_MIN <= room {
            return (room - GAP - BAR_MIN, BAR_MIN);
        }
        (natural.min(room), 0)
    }
}

/// A bar as long as its value; one below zero is drawn hollow. What is there at all is seen.
fn draw_bar(value: i64, most: u64, width: usize, style: Style) -> String {
    if most == 0 || value == 0 || width == 0 {
        return String::new();
    }
    let scaled = |parts: usize| {
        let parts = u128::from(value.unsigned_abs()) * (width * parts) as u128 / u128::from(most);
        usize::try_from(parts).unwrap_or(usize::MAX).max(1)
    };
    match (style.ascii, value < 0) {
        (true, below) => (if below { "-" } else { "#" }).repeat(scaled(1).min(width)),
        (false, true) => "░".repeat(scaled(1).min(width)),
        (false, false) => {
            let eighths = scaled(8).min(width * 8);
            let mut bar = "█".repeat(eighths / 8);
            if !eighths.is_multiple_of(8) {
                bar.push(EIGHTHS[eighths % 8 - 1]);
            }
            bar
        }
    }
}
