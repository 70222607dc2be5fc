//! The page of the services: how each is, and below them what is wrong and what mends it.

use jiff::Timestamp;
use kit::vitals::Health;
use ratatui::layout::Rect;

use super::grid::{self, Column, below};
use super::paper::{Ink, Paper, Piece};
use super::words::{ago, bytes, day_and_clock, rate, span};
use crate::stack::services::tone;
use crate::status::{ServiceState, State as How, Trouble};
use crate::top::sample::Sample;
use crate::top::state::{State, Tab};

const COLUMNS: &[Column] = &[
    Column::text("SERVICE", 9),
    Column::text("STATE", 8),
    Column::number("UP", 6),
    Column::text("SINCE", 1),
    Column::number("MEMORY", 4),
    Column::number("REQUESTS", 3),
    Column::number("RATE", 5),
    Column::number("ERRORS", 3),
    Column::number("QUEUE", 4),
    Column::number("GROUP", 2),
    Column::number("UNTOLD", 7),
    Column::number("DEAD", 7),
    Column::number("GIVEN UP", 6),
];

/// A trouble takes two lines.
const TROUBLE_LINES: usize = 2;

pub(super) fn draw(state: &State, sample: &Sample, area: Rect, paper: &mut Paper<'_>) {
    let services = state.services();
    if services.is_empty() {
        return paper.text(area, Ink::Faint, "no service has this text in its name");
    }
    let rows: Vec<Vec<Piece>> = services.iter().map(|service| row(service, state, sample)).collect();
    // The rows come first; what is wrong takes what is left, or a line at least.
    let wanted = sample.status.troubles.len().min(1);
    let height = area.height.saturating_sub(wanted as u16).max(1).min(area.height);
    let left = grid::draw(COLUMNS, &rows, state.row(Tab::Services), Rect { height, ..area }, paper);
    let left = Rect { height: area.bottom().saturating_sub(left.y), ..left };
    troubles(&sample.status.troubles, left, paper);
}

fn row(service: &ServiceState, state: &State, sample: &Sample) -> Vec<Piece> {
    let (word, ink) = match service.state {
        How::Ok => ("ok", Ink::Good),
        How::Trouble => ("trouble", Ink::Warn),
        How::Silent => ("no answer", Ink::Bad),
    };
    let nothing = || (Ink::Faint, "-".to_owned());
    let Some(health) = &service.health else {
        let name = (Ink::Of(tone(&service.name)), service.name.clone());
        let mut row = vec![name, (ink, word.to_owned())];
        row.resize_with(COLUMNS.len(), nothing);
        return row;
    };
    let (asked, asked_now) = (sample.asked.get(&service.name), state.asked.get(&service.name));
    let should_be_0 =
        |count: u64, ink| if count == 0 { (Ink::Faint, "0".to_owned()) } else { (ink, count.to_string()) };
    vec![
        (Ink::Of(tone(&service.name)), service.name.clone()),
        (ink, word.to_owned()),
        up(service, health, state),
        since(health, state),
        memory(service, health),
        asked.map_or_else(nothing, |asked| (Ink::Plain, asked.requests.to_string())),
        asked_now.map_or_else(nothing, |now| (Ink::Plain, rate(*now))),
        asked.map_or_else(nothing, |asked| (Ink::Plain, asked.errors.to_string())),
        should_be_0(health.queued, Ink::Warn),
        (Ink::Plain, health.group_jobs.to_string()),
        should_be_0(service.untold(), Ink::Warn),
        should_be_0(health.dead_letters, Ink::Bad),
        should_be_0(health.effects_given_up, Ink::Bad),
    ]
}

/// A service of an older version does not say when it started; what was started here is known then.
fn up(service: &ServiceState, health: &Health, state: &State) -> Piece {
    if health.started_at > Timestamp::UNIX_EPOCH {
        return (Ink::Plain, ago(health.started_at, state.now));
    }
    service
        .process
        .up_seconds
        .map_or_else(|| (Ink::Faint, "-".to_owned()), |seconds| (Ink::Plain, span(seconds)))
}

fn since(health: &Health, state: &State) -> Piece {
    if health.started_at == Timestamp::UNIX_EPOCH {
        return (Ink::Faint, "-".to_owned());
    }
    (Ink::Faint, day_and_clock(health.started_at, &state.zone))
}

fn memory(service: &ServiceState, health: &Health) -> Piece {
    let said = Some(health.memory_bytes).filter(|used| *used > 0);
    said.or(service.process.memory_bytes)
        .map_or_else(|| (Ink::Faint, "-".to_owned()), |used| (Ink::Plain, bytes(used)))
}

fn troubles(troubles: &[Trouble], area: Rect, paper: &mut Paper<'_>) {
    // An empty line between, if there is room for everything.
    let spare = usize::from(area.height) > troubles.len() * TROUBLE_LINES;
    let mut left = if spare { below(area) } else { area };
    for trouble in troubles {
        let (ink, mark) = if trouble.grave { (Ink::Bad, "✗ ") } else { (Ink::Warn, "! ") };
        paper.line(left, &[(ink, mark.to_owned()), (Ink::Plain, trouble.message.clone())]);
        left = below(left);
        paper.line(left, &[(Ink::Faint, "  mend  ".to_owned()), (Ink::Plain, trouble.mend.clone())]);
        left = below(left);
    }
}
