//! The page of the streams: how much is in each, how fast it grows, and who is behind.

use ratatui::layout::Rect;

use super::grid::{self, Column};
use super::paper::{Ink, Paper, Piece};
use super::words::{bar, bytes, rate};
use crate::status::StreamLag;
use crate::top::state::{State, Tab};

/// Cells of the bar that shows how full a stream is, and from what share on it is alarming.
const BAR_CELLS: usize = 10;
const FULL: f64 = 0.9;
const NEARLY_FULL: f64 = 0.7;

const COLUMNS: &[Column] = &[
    Column::text("STREAM", 9),
    Column::number("EVENTS", 7),
    Column::number("RATE", 6),
    Column::number("SIZE", 4),
    Column::text("OF ITS LIMIT", 3),
    Column::number("LIMIT", 1),
    Column::prose("BEHIND", 8, 10),
];

pub(super) fn draw(state: &State, area: Rect, paper: &mut Paper<'_>) {
    let streams = state.streams();
    if streams.is_empty() {
        let text = match state.filter.as_str() {
            "" => "the broker tells of no stream",
            _ => "no stream has this text in its name or in those who hear it",
        };
        return paper.text(area, Ink::Faint, text);
    }
    let rows: Vec<Vec<Piece>> = streams.iter().map(|lag| row(state, lag)).collect();
    grid::draw(COLUMNS, &rows, state.row(Tab::Streams), area, paper);
}

fn row(state: &State, lag: &StreamLag) -> Vec<Piece> {
    let stream = &lag.stream;
    let told = state.rates.get(&stream.name).map_or_else(|| "-".to_owned(), |told| rate(*told));
    vec![
        (Ink::Strong, stream.name.clone()),
        (Ink::Plain, stream.messages.to_string()),
        (Ink::Plain, told),
        (Ink::Plain, bytes(stream.bytes)),
        share(stream.bytes, stream.bytes_max),
        u64::try_from(stream.bytes_max)
            .map_or_else(|_| (Ink::Faint, "-".to_owned()), |most| (Ink::Faint, bytes(most))),
        behind(lag),
    ]
}

fn share(used: u64, limit: i64) -> Piece {
    if limit <= 0 {
        return (Ink::Faint, "no limit".to_owned());
    }
    let share = used as f64 / limit as f64;
    let ink = match share {
        FULL.. => Ink::Bad,
        NEARLY_FULL.. => Ink::Warn,
        _ => Ink::Plain,
    };
    (ink, format!("{} {:.0}%", bar(share, BAR_CELLS), share * 100.0))
}

fn behind(lag: &StreamLag) -> Piece {
    let late: Vec<String> = lag
        .behind
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    match (late.is_empty(), lag.behind.is_empty()) {
        (true, true) => (Ink::Faint, "nobody hears it".to_owned()),
        (true, false) => (Ink::Faint, "nobody".to_owned()),
        (false, _) => (Ink::Warn, late.join(", ")),
    }
}
