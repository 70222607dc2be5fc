//! The screen: from a state to the cells of a terminal. Pure: no clock, nothing asked, nothing printed.
//!
//! A line with how the shop is, a line with the pages, the page, a line with the keys. Where there are few
//! lines, the last goes first.

mod ansi;
mod flow;
mod frame;
mod grid;
#[cfg(test)]
mod hostile;
mod paper;
mod services;
mod streams;
mod stuck;
#[cfg(test)]
mod tests;
mod words;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::state::{State, Tab};
use paper::{Ink, Paper};

/// From so many lines on there is a line with the pages, one with the keys, and one that is empty.
const TABS_FROM_LINES: u16 = 3;
const KEYS_FROM_LINES: u16 = 4;
const SPACE_FROM_LINES: u16 = 16;

/// Draws everything.
pub(crate) fn draw(state: &State, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    let mut paper = Paper::new(buffer, state.colour);
    let parts = Parts::of(area);
    frame::header(state, parts.header, &mut paper);
    match &state.pane {
        Some(pane) => frame::pane(state, pane, parts.tabs, parts.body, &mut paper),
        None => {
            frame::tabs(state, parts.tabs, &mut paper);
            page(state, parts.body, &mut paper);
        }
    }
    frame::keys(state, parts.keys, &mut paper);
}

fn page(state: &State, area: Rect, paper: &mut Paper<'_>) {
    let Some(sample) = &state.sample else {
        return paper.text(area, Ink::Faint, "asking every service ...");
    };
    match state.tab {
        Tab::Flow => flow::draw(state, sample, area, paper),
        Tab::Services => services::draw(state, sample, area, paper),
        Tab::Streams => streams::draw(state, area, paper),
        Tab::Stuck => stuck::draw(state, sample, area, paper),
    }
}

/// How many lines of a pane are seen on a screen of so many lines.
pub(super) fn pane_lines(lines: u16) -> usize {
    usize::from(Parts::of(Rect::new(0, 0, 1, lines)).body.height)
}

/// How many rows of a table are seen there, below its header.
pub(super) fn table_rows(lines: u16) -> usize {
    pane_lines(lines).saturating_sub(1)
}

/// Where everything stands.
struct Parts {
    header: Rect,
    tabs: Rect,
    body: Rect,
    keys: Rect,
}

impl Parts {
    fn of(area: Rect) -> Self {
        let mut left = area;
        let header = take_top(&mut left, true);
        let keys = take_bottom(&mut left, area.height >= KEYS_FROM_LINES);
        let tabs = take_top(&mut left, area.height >= TABS_FROM_LINES);
        take_top(&mut left, area.height >= SPACE_FROM_LINES);
        Self { header, tabs, body: left, keys }
    }
}

fn take_top(left: &mut Rect, wanted: bool) -> Rect {
    let height = u16::from(wanted && left.height > 0);
    let taken = Rect { height, ..*left };
    *left = Rect { y: left.y + height, height: left.height - height, ..*left };
    taken
}

fn take_bottom(left: &mut Rect, wanted: bool) -> Rect {
    let height = u16::from(wanted && left.height > 0);
    left.height -= height;
    Rect { y: left.y + left.height, height, ..*left }
}
