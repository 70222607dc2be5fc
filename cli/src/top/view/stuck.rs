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
    Column::identifier("ABOUT", 9, 10),
    Column::text("SERVICE", 5),
    Column::prose("WHY", 6, 14),
];

/// From so many lines on, the row that is chosen is written out below; that takes so many.
const DETAIL_FROM_LINES: u16 = 12;
const DETAIL_LINES: u16 = 5;

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
        paper.paragraph(left, Ink::Faint, text);
        return;
    }
    let rows: Vec<Vec<Piece>> = stuck.iter().map(|stuck| row(stuck, state)).collect();
    let more = sample.stuck.left_out;
    let told = if left.height >= DETAIL_FROM_LINES { DETAIL_LINES } else { 0 };
    let height = left.height.saturating_sub(u16::from(more > 0) + told).max(1).min(left.height);
    let rest = grid::draw(COLUMNS, &rows, state.row(Tab::Stuck), Rect { height, ..left }, paper);
    let mut rest = Rect { height: area.bottom().saturating_sub(rest.y), ..rest };
    if more > 0 {
        paper.text(rest, Ink::Faint, &format!("  and {more} more"));
        rest = below(rest);
    }
    if let Some(stuck) = stuck.get(state.row(Tab::Stuck)).filter(|_| told > 0) {
        let rest = paper.paragraph(below(rest), Ink::Strong, &format!("{} {}", stuck.kind(), stuck.about()));
        paper.paragraph(rest, Ink::Plain, &stuck.why());
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
