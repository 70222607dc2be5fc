//! A list of flows on a screen: a table, with fewer columns where there is less room.
//!
//! Pure: from rows and a width to a text. From 40 cells on no line is wider than the width.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kit::text::printable;
use unicode_width::UnicodeWidthChar;

use super::Row;
use crate::output::{Tone, paint};
use crate::show::duration;

/// A list is not made narrower than this.
const WIDTH_MIN: usize = 40;
/// The end of an identifier is shown with so many characters where there is no room for all of it.
const END_CELLS: usize = 9;
/// The last column gives way as far as this before another is left out.
const ENDED_CELLS: usize = 14;
/// Cells between two columns.
const GAP: usize = 2;

/// How to draw.
#[derive(Debug, Clone)]
pub(crate) struct Screen {
    /// The width of the terminal; none if it is not one, and then nothing is cut.
    pub(crate) width: Option<usize>,
    /// With the colours of a terminal.
    pub(crate) colour: bool,
    /// Where the clock on the wall hangs.
    pub(crate) zone: TimeZone,
}

struct Column {
    header: &'static str,
    /// The first to be left out where there is no room has the lowest; 9 stays.
    rank: u8,
    right: bool,
    text: fn(&Row, &Screen, bool) -> String,
}

const COLUMNS: [Column; 7] = [
    Column { header: "BEGAN", rank: 8, right: false, text: began },
    Column { header: "TRACE", rank: 9, right: false, text: |row, _, short| end_of(&row.trace, short) },
    Column { header: "BEGUN BY", rank: 9, right: false, text: |row, _, _| row.subject.clone() },
    Column { header: "KEY", rank: 6, right: false, text: |row, _, short| end_of(&row.key, short) },
    Column { header: "SERVICES", rank: 3, right: true, text: |row, _, _| row.services.len().to_string() },
    Column { header: "TOOK", rank: 7, right: true, text: |row, _, _| duration(row.took_us) },
    Column { header: "ENDED", rank: 9, right: false, text: |row, _, _| ended(row) },
];

/// Draws the list. A line for each flow below a line of titles.
pub(crate) fn draw(rows: &[Row], screen: &Screen) -> String {
    let width = screen.width.map(|width| width.max(WIDTH_MIN));
    // First with whole identifiers, then with their ends, then with fewer columns.
    let mut shown: Vec<usize> = (0..COLUMNS.len()).collect();
    let mut short = false;
    let mut cells = texts(rows, &shown, screen, short);
    while width.is_some_and(|width| natural(&cells) > width) {
        if !short {
            short = true;
        } else if let Some(place) = least(&shown) {
            shown.remove(place);
        } else {
            break;
        }
        cells = texts(rows, &shown, screen, short);
    }
    let mut wide = widths(&cells);
    if let (Some(width), Some(last)) = (width, wide.len().checked_sub(1)) {
        // The last column gives way, and then what set the flow going.
        for place in [last, last.saturating_sub(1)] {
            let over = (wide.iter().sum::<usize>() + GAP * last).saturating_sub(width);
            wide[place] = wide[place].saturating_sub(over).max(4);
        }
    }
    let mut text = String::new();
    for (number, line) in cells.iter().enumerate() {
        let tone = (number == 0).then_some(Tone::Faint);
        let mut drawn = String::new();
        for (place, cell) in line.iter().enumerate() {
            let cut = clip(cell, wide[place]);
            let pad = " ".repeat(wide[place].saturating_sub(cells_of(&cut)));
            let column = &COLUMNS[shown[place]];
            let tone = tone.or_else(|| (column.header == "ENDED").then(|| tone_of(&rows[number - 1])));
            let cut = tone.map_or_else(|| cut.clone(), |tone| paint(screen.colour, tone, &cut));
            let gap = if place == 0 { "" } else { "  " };
            drawn.push_str(gap);
            let padded = if column.right { format!("{pad}{cut}") } else { format!("{cut}{pad}") };
            drawn.push_str(&padded);
        }
        text.push_str(drawn.trim_end());
        text.push('\n');
    }
    text
}

fn texts(rows: &[Row], shown: &[usize], screen: &Screen, short: bool) -> Vec<Vec<String>> {
    let titles = shown.iter().map(|place| COLUMNS[*place].header.to_owned()).collect();
    let lines = rows.iter().map(|row| {
        let text = |place: &usize| printable(&(COLUMNS[*place].text)(row, screen, short)).into_owned();
        shown.iter().map(text).collect()
    });
    std::iter::once(titles).chain(lines).collect()
}

fn widths(cells: &[Vec<String>]) -> Vec<usize> {
    let columns = cells.first().map_or(0, Vec::len);
    (0..columns).map(|place| cells.iter().map(|line| cells_of(&line[place])).max().unwrap_or(0)).collect()
}

fn natural(cells: &[Vec<String>]) -> usize {
    let mut wide = widths(cells);
    if let Some(last) = wide.last_mut() {
        *last = (*last).min(ENDED_CELLS);
    }
    wide.iter().sum::<usize>() + GAP * wide.len().saturating_sub(1)
}

/// Which column is to be left out next.
fn least(shown: &[usize]) -> Option<usize> {
    let ranks = shown.iter().enumerate().map(|(place, column)| (COLUMNS[*column].rank, place));
    ranks.filter(|(rank, _)| *rank < 9).min().map(|(_, place)| place)
}

fn began(row: &Row, screen: &Screen, short: bool) -> String {
    let at = Timestamp::from_microsecond(row.began_us).unwrap_or(Timestamp::UNIX_EPOCH);
    let form = if short { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    at.to_zoned_datetime(screen.zone.clone()).strftime(form).to_string()
}

fn ended(row: &Row) -> String {
    let reason = if row.reason.is_empty() { String::new() } else { format!(" {}", row.reason) };
    let state = row.state.replace('_', " ");
    match &row.stage {
        Some(stage) if row.state == "ok" => stage.clone(),
        Some(stage) => format!("{stage}, {state}{reason}"),
        None => format!("{state}{reason}"),
    }
}

fn tone_of(row: &Row) -> Tone {
    match row.state.as_str() {
        "ok" => Tone::Good,
        "waits" => Tone::Warn,
        _ => Tone::Bad,
    }
}

/// The end of an identifier, which is what differs, and what `shopctl trace` understands.
fn end_of(text: &str, short: bool) -> String {
    let start = text.char_indices().rev().nth(END_CELLS - 2).map_or(0, |(start, _)| start);
    if !short || start == 0 || text.chars().count() <= END_CELLS {
        return text.to_owned();
    }
    format!("…{}", &text[start..])
}

/// How many cells a text takes, at most: one that asks for an emoji makes a character wider.
fn cells_of(text: &str) -> usize {
    text.chars().map(cells_of_one).sum()
}

fn cells_of_one(c: char) -> usize {
    if c == '\u{fe0f}' { 1 } else { c.width().unwrap_or(0) }
}

fn clip(text: &str, cells: usize) -> String {
    if cells_of(text) <= cells {
        return text.to_owned();
    }
    let mut used = 1;
    let kept = text.chars().take_while(|c| {
        used += cells_of_one(*c);
        used <= cells
    });
    kept.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::trace::draw::tests::is_drawn_as;
    use crate::trace::{find, sample};

    fn screen(width: Option<usize>) -> Screen {
        Screen { width, colour: false, zone: TimeZone::UTC }
    }

    fn rows() -> Vec<Row> {
        let with_stage = |row: Row| Row { stage: Some("confirmed".to_owned()), ..row };
        vec![
            with_stage(find::row(&sample::paid_order().flows[0])),
            find::row(&sample::stuck().flows[0]),
            find::row(&sample::import().flows[0]),
        ]
    }

    #[test]
    fn a_pipe_gets_everything_and_a_terminal_what_there_is_room_for() {
        let all = draw(&rows(), &screen(None));
        assert!(all.contains("4bf92f3577b34da6a3ce929d0e0e4736  order.place"), "{all}");
        is_drawn_as("found_60.txt", &draw(&rows(), &screen(Some(60))));
        is_drawn_as("found_40.txt", &draw(&rows(), &screen(Some(40))));
        is_drawn_as("found_120.txt", &draw(&rows(), &screen(Some(120))));
    }

    proptest! {
        #![proptest_config(crate::trace::strategy::cases(256))]
        #[test]
        fn no_line_is_wider_than_the_width(
            width in 0_usize..300,
            subject in ".{0,40}", key in ".{0,60}", reason in ".{0,60}",
            took_us in any::<i64>(), began_us in any::<i64>(),
        ) {
            let odd = Row { subject, key, reason, took_us, began_us, state: "failed".to_owned(), ..Row::default() };
            let drawn = draw(&[odd, rows().remove(0)], &screen(Some(width)));
            for line in drawn.lines() {
                prop_assert!(line.width() <= width.max(WIDTH_MIN), "{} at {width}: {line:?}", line.width());
                prop_assert!(!line.chars().any(kit::text::is_unprintable), "{line:?}");
            }
            prop_assert_eq!(drawn.lines().count(), 3);
        }
    }
}
