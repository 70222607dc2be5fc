//! A table without borders: as wide as the terminal where there is one, plain text where not.

use comfy_table::{CellAlignment, Color, ColumnConstraint, ContentArrangement, Width};
use kit::text::printable;
use unicode_width::UnicodeWidthStr;

use super::tone::{Tone, hue};

/// Blanks between two columns.
const GAP: usize = 2;
/// A column of prose stays at least so wide: a word or so.
const WORD: usize = 10;

/// Rows under a header in capitals.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    header: Vec<String>,
    right: Vec<usize>,
    whole: Vec<usize>,
    rows: Vec<Vec<Cell>>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    tone: Option<Tone>,
}

impl Cell {
    /// A cell in a colour.
    pub(crate) fn toned(text: impl ToString, tone: Tone) -> Self {
        Self { text: text.to_string(), tone: Some(tone) }
    }
}

impl<T: ToString> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.to_string(), tone: None }
    }
}

/// A row: `row!["mug-blue", 2, Cell::toned("ok", Tone::Good)]`.
#[macro_export]
macro_rules! row {
    ($($cell:expr),* $(,)?) => { vec![$($crate::output::Cell::from($cell)),*] };
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new(header: &[&str]) -> Self {
        Self {
            header: header.iter().map(|name| name.to_uppercase()).collect(),
            right: Vec::new(),
            whole: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Aligns columns of numbers to the right; the first column is 0.
    pub(crate) fn right(mut self, columns: &[usize]) -> Self {
        self.right = columns.to_vec();
        self
    }

    /// Keeps columns as they are, however narrow the terminal is: what stands there is copied, such
    /// as the number of an order.
    pub(crate) fn whole(mut self, columns: &[usize]) -> Self {
        self.whole = columns.to_vec();
        self
    }

    /// The same table with these rows added.
    pub(crate) fn rows(mut self, rows: impl IntoIterator<Item = Vec<Cell>>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// How wide it is if nothing is wrapped.
    pub(crate) fn natural_width(&self) -> usize {
        self.draw(None, false).lines().map(UnicodeWidthStr::width).max().unwrap_or_default()
    }

    /// How narrow a column may become beside others that stay whole: else a long text would run down
    /// the screen letter by letter. Its gap is part of it.
    fn least(&self, column: usize) -> u16 {
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.chars().count());
        let natural =
            cells.chain(self.header.get(column).map(|name| name.chars().count())).max().unwrap_or(0);
        let gap = if column + 1 == self.header.len() { 0 } else { GAP };
        (natural.min(WORD) + gap) as u16
    }

    /// The table as text that ends with a line break. Without a width nothing is wrapped.
    pub(crate) fn draw(&self, width: Option<usize>, colors: bool) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.force_no_tty();
        match width.and_then(|width| u16::try_from(width).ok()) {
            Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        if colors {
            // Without the padding, so that no line ends with coloured blanks.
            table.enforce_styling().style_text_only();
        }
        table.set_header(self.header.iter().map(|name| faint(comfy_table::Cell::new(name), colors)));
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| draw_cell(cell, colors)));
        }
        let last = table.column_count().saturating_sub(1);
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, if index == last { 0 } else { GAP as u16 }));
            if self.right.contains(&index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            if self.whole.contains(&index) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            } else if !self.whole.is_empty() {
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(self.least(index))));
            }
        }
        let mut text = String::new();
        for line in table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

fn draw_cell(cell: &Cell, colors: bool) -> comfy_table::Cell {
    let drawn = comfy_table::Cell::new(printable(&cell.text));
    match cell.tone {
        Some(_) if !colors => drawn,
        None => drawn,
        Some(Tone::Good) => drawn.fg(Color::DarkGreen),
        Some(Tone::Warn) => drawn.fg(Color::DarkYellow),
        Some(Tone::Bad) => drawn.fg(Color::DarkRed),
        Some(Tone::Faint) => faint(drawn, colors),
        Some(Tone::Strong) => drawn.add_attribute(comfy_table::Attribute::Bold),
        Some(Tone::Hue(n)) => drawn.fg(Color::AnsiValue(hue(n).0)),
    }
}

fn faint(cell: comfy_table::Cell, colors: bool) -> comfy_table::Cell {
    if colors { cell.add_attribute(comfy_table::Attribute::Dim) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stock() -> Table {
        Table::new(&["sku", "left"])
            .right(&[1])
            .rows([row!["mug-blue", 7], row![Cell::toned("tee", Tone::Bad), 1200]])
    }

    #[test]
    fn a_table_in_a_pipe_is_plain_text() {
        assert_eq!(stock().draw(None, false), "SKU       LEFT\nmug-blue     7\ntee       1200\n");
    }

    #[test]
    fn a_table_fits_its_terminal() {
        let table = Table::new(&["name"]).rows([row!["a name that is longer than the terminal is wide"]]);
        assert!(table.draw(Some(20), false).lines().all(|line| line.chars().count() <= 20));
    }

    #[test]
    fn what_is_copied_stays_whole() {
        let rows = [row!["ord_01h2e8kqvbfwea724h75qc655w", "a reason that is too long"]];
        let table = Table::new(&["order", "reason"]).whole(&[0]).rows(rows);
        assert!(table.draw(Some(45), false).contains("\nord_01h2e8kqvbfwea724h75qc655w  a reason"));
        assert!(table.draw(Some(10), false).contains("ord_01h2e8kqvbfwea724h75qc655w"));
    }

    #[test]
    fn colours_do_not_move_columns() {
        let coloured = stock().draw(None, true);
        assert!(coloured.contains('\u{1b}'));
        let mut plain = coloured;
        while let (Some(from), true) = (plain.find('\u{1b}'), true) {
            let to = plain[from..].find('m').unwrap();
            plain.replace_range(from..=from + to, "");
        }
        assert_eq!(
            plain.lines().map(str::trim_end).collect::<Vec<_>>(),
            stock().draw(None, false).lines().collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_name_cannot_drive_the_terminal() {
        let table = Table::new(&["name"]).rows([row!["a\u{1b}[2Jb\nc"]]);
        assert_eq!(table.draw(None, false), "NAME\na\\u{1b}[2Jb\\nc\n");
    }
}
