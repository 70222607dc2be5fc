//! The page of what is stuck: everything that waits for a person, with the way into its trace.

use ratatui::layout::Rect;

use super::grid::{self, Column, below};
use super::paper::{Ink, Paper, Piece};
use super::words::ago;
use crate::stack::services::tone;
use crate::top::sample::Sample;
use crate::top::state::{State, Tab};
use crate::top::stuck::Stuck;

const COLUMNS: &[Column] = &[
    Column::text("WHAT", 8),
    Column::number("SINCE", 7),
    Column::prose("ABOUT", 9, 10),
    Column::text("SERVICE", 5),
    Column::prose("WHY", 6, 14),
];

pub(super) fn draw(state: &State, sample: &Sample, area: Rect, paper: &mut Paper<'_>) {
    let mut left = area;
    for unknown in &sample.stuck.unknown {
        paper.line(left, &[(Ink::Bad, "✗ ".to_owned()), (Ink::Plain, unknown.clone())]);
        left = below(left);
    }
    let stuck = state.stuck();
    if stuck.is_empty() {
        let text = match (sample.stuck.items.len(), sample.stuck.unknown.len()) {
            (0, 0) => "nothing is stuck: no order, no event and no work waits for a person",
            (0, _) => "nothing else is stuck, as far as is known",
            _ => "nothing that is stuck has this text",
        };
        return paper.text(left, Ink::Faint, text);
    }
    let rows: Vec<Vec<Piece>> = stuck.iter().map(|stuck| row(stuck, state)).collect();
    let more = sample.stuck.left_out;
    let height = left.height.saturating_sub(u16::from(more > 0)).max(1).min(left.height);
    let rest = grid::draw(COLUMNS, &rows, state.row(Tab::Stuck), Rect { height, ..left }, paper);
    if more > 0 {
        let rest = Rect { height: area.bottom().saturating_sub(rest.y), ..rest };
        paper.text(rest, Ink::Faint, &format!("  and {more} more"));
    }
}

fn row(stuck: &Stuck, state: &State) -> Vec<Piece> {
    let ink = match stuck {
        Stuck::NeedsAttention { .. } | Stuck::GivenUp { .. } => Ink::Bad,
        Stuck::DeadLetter { state, .. } if state != "parked" => Ink::Bad,
        Stuck::Overdue { .. } | Stuck::DeadLetter { .. } => Ink::Warn,
    };
    vec![
        (ink, stuck.kind().to_owned()),
        (Ink::Plain, ago(stuck.since(), state.now)),
        (Ink::Plain, stuck.about()),
        (Ink::Of(tone(stuck.service())), stuck.service().to_owned()),
        (Ink::Plain, stuck.why()),
    ]
}
