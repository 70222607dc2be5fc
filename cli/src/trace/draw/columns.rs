//! How the width is shared out between the columns.

use super::line::plain;
use super::words::{Length, label, telling, tellings};
use super::{BARS_FROM_WIDTH, COMMITS_FROM_WIDTH};
use crate::output::Tone;
use crate::trace::{Silent, Step, Stretch};

/// A duration, and the gap in front of it.
const TOOK_CELLS: usize = 10;
/// A duration, how many shared it, and the gap in front of it.
const COMMIT_CELLS: usize = 14;

/// Where each column of a table ends. The first begins at the left edge; a gap of two cells is
/// behind the first and in front of the bars.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) service: usize,
    pub(crate) what: usize,
    pub(crate) took: usize,
    /// As `took` if there is no such column.
    pub(crate) commit: usize,
    /// How many cells are left for the bars.
    pub(crate) bar: usize,
    /// Deeper causes are drawn at this depth.
    pub(crate) depth: usize,
    /// How much is said about each step.
    pub(crate) length: Length,
    /// The services in the order they appear, for their colours.
    services: Vec<String>,
}

impl Columns {
    pub(crate) fn of(width: usize, stretches: &[Stretch], silent: &[Silent]) -> Self {
        let steps = || stretches.iter().flat_map(|stretch| &stretch.steps);
        let mut services: Vec<String> = Vec::new();
        for name in steps().map(|step| &step.service).chain(silent.iter().map(|silent| &silent.service)) {
            if !services.contains(name) {
                services.push(name.clone());
            }
        }
        let longest = services.iter().map(|name| plain(name).len()).max().unwrap_or(0);
        let service = longest.clamp("SERVICE".len(), if width < BARS_FROM_WIDTH { 9 } else { 14 });
        let commit = if width < COMMITS_FROM_WIDTH { 0 } else { COMMIT_CELLS };
        let rest = width - service - 2 - TOOK_CELLS - commit;
        let share = if width < 80 { 13 } else { 11 };
        let (most, gap) = if width < BARS_FROM_WIDTH { (rest, 0) } else { ((rest - 2) * share / 20, 2) };
        let depth = match width {
            ..BARS_FROM_WIDTH => 3,
            BARS_FROM_WIDTH..80 => 5,
            _ => 12,
        };
        let needed =
            |length| steps().map(|step| needed_by(step, length, depth)).max().unwrap_or(0).max("WHAT".len());
        let length = if needed(Length::Full) <= most { Length::Full } else { Length::Short };
        let what = if gap == 0 { rest } else { needed(length).min(most) };
        let bar = if gap == 0 { 0 } else { rest - what - gap };
        let what = service + 2 + what;
        let took = what + TOOK_CELLS;
        Self { service, what, took, commit: took + commit, bar, depth, length, services }
    }

    /// The colour of a service.
    pub(crate) fn tone(&self, service: &str) -> Tone {
        let place = self.services.iter().position(|name| name == service).unwrap_or(0);
        Tone::Hue((place % 256) as u8)
    }
}

/// How many cells a step and what it told would like to have.
fn needed_by(step: &Step, length: Length, depth_max: usize) -> usize {
    let depth = step.depth.min(depth_max);
    let failure = if step.is_ok() { 0 } else { 3 + plain(&step.outcome).len() };
    let own = depth + usize::from(depth > 0) + label(step, length).len() + failure;
    let arrow = 3;
    let told =
        tellings(&step.emitted).into_iter().map(|told| depth + 2 + arrow + telling(told, length).len());
    told.max().unwrap_or(0).max(own)
}
