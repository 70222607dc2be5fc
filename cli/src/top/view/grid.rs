//! A table on the screen: the less important columns are left out where there is no room, and the rows
//! move so that the chosen one is seen.

use ratatui::layout::Rect;

use super::paper::{Ink, Paper, Piece, width};
use kit::text::printable;

/// Blanks between two columns, and the mark in front of the chosen row.
const GAP: usize = 2;
const MARK: &str = "▸ ";

/// One column: what it is called, and how much it matters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    /// The first to be left out where there is no room has the lowest.
    pub(super) rank: u8,
    /// Whether it is a number.
    pub(super) right: bool,
    /// It is not made narrower than this; the last column takes what is left.
    pub(super) cells_min: usize,
    /// Whether its end matters more than its beginning, as that of an identifier does.
    pub(super) end: bool,
}

impl Column {
    pub(super) const fn text(name: &'static str, rank: u8) -> Self {
        Self { name, rank, right: false, cells_min: 0, end: false }
    }

    pub(super) const fn number(name: &'static str, rank: u8) -> Self {
        Self { name, rank, right: true, cells_min: 0, end: false }
    }

    /// A column of prose, which may be cut as far as this.
    pub(super) const fn prose(name: &'static str, rank: u8, cells_min: usize) -> Self {
        Self { name, rank, right: false, cells_min, end: false }
    }

    /// A column of identifiers, which may be cut as far as this, at their beginning.
    pub(super) const fn identifier(name: &'static str, rank: u8, cells_min: usize) -> Self {
        Self { name, rank, right: false, cells_min, end: true }
    }
}

/// Draws a table whose rows have a piece for each column. Answers the lines that are left below it.
pub(super) fn draw(
    columns: &[Column],
    rows: &[Vec<Piece>],
    chosen: usize,
    area: Rect,
    paper: &mut Paper<'_>,
) -> Rect {
    let natural: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let cells = rows.iter().filter_map(|row| row.get(place)).map(|(_, text)| width(&printable(text)));
            cells.chain([width(column.name)]).max().unwrap_or_default()
        })
        .collect();
    let shown = fitting(columns, &natural, usize::from(area.width).saturating_sub(width(MARK)));
    let mut left = area;
    if area.height > 1 {
        let names: Vec<Piece> = columns.iter().map(|column| (Ink::Faint, column.name.to_owned())).collect();
        row(columns, &names, &shown, left, paper);
        left = below(left);
    }
    // The chosen row stays in the middle as long as there are rows on both sides.
    let seen = usize::from(left.height);
    let first = chosen.saturating_sub(seen / 2).min(rows.len().saturating_sub(seen));
    for (place, cells) in rows.iter().enumerate().skip(first).take(seen) {
        if place == chosen {
            paper.cells(left, Ink::Strong, MARK);
        }
        row(columns, cells, &shown, left, paper);
        left = below(left);
    }
    left
}

/// The lines of an area but the first.
pub(super) fn below(area: Rect) -> Rect {
    let taken = area.height.min(1);
    Rect { y: area.y + taken, height: area.height - taken, ..area }
}

/// Which columns are shown, and how wide each is.
fn fitting(columns: &[Column], natural: &[usize], room: usize) -> Vec<(usize, usize)> {
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    loop {
        let least = |place: &usize| match columns[*place].cells_min {
            0 => natural[*place],
            cells_min => natural[*place].min(cells_min),
        };
        let gaps = GAP * shown.len().saturating_sub(1);
        let needed = shown.iter().map(least).sum::<usize>() + gaps;
        if needed <= room || shown.len() <= 1 {
            let mut spare = room.saturating_sub(needed);
            return shown
                .iter()
                .map(|place| {
                    let more = (natural[*place] - least(place)).min(spare);
                    spare -= more;
                    (*place, least(place) + more)
                })
                .collect();
        }
        let lowest = shown.iter().map(|place| columns[*place].rank).min();
        let gone = shown.iter().rposition(|place| Some(columns[*place].rank) == lowest);
        shown.remove(gone.unwrap_or_default());
    }
}

fn row(columns: &[Column], cells: &[Piece], shown: &[(usize, usize)], area: Rect, paper: &mut Paper<'_>) {
    let end = area.right();
    let mut x = area.x.saturating_add(width(MARK) as u16);
    for (place, wide) in shown {
        let Some((ink, text)) = cells.get(*place) else { continue };
        let wide = u16::try_from(*wide).unwrap_or(u16::MAX);
        let room = Rect { x, width: wide.min(end.saturating_sub(x)), ..area };
        let needed = u16::try_from(width(&printable(text))).unwrap_or(u16::MAX);
        let indent = if columns[*place].right { room.width.saturating_sub(needed) } else { 0 };
        let room = Rect { x: room.x + indent, width: room.width - indent, ..room };
        if columns[*place].end {
            paper.end_of(room, *ink, text);
        } else {
            paper.text(room, *ink, text);
        }
        x = x.saturating_add(wide).saturating_add(GAP as u16).min(end);
    }
}
