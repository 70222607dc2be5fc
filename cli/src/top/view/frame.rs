//! What is around every page: how the shop is, which pages there are, which keys; and what is in front.

use ratatui::layout::Rect;

use super::grid::below;
use super::paper::{Ink, Paper, Piece, width};
use super::words::{ago, clock};
use crate::show;
use crate::top::pane::{Content, Pane};
use crate::top::state::{Answer, State, Tab};

/// Cells of a round trip.
const ROUND_TRIP_CELLS: usize = 7;

/// How the shop is, the most important first.
pub(super) fn header(state: &State, area: Rect, paper: &mut Paper<'_>) {
    let mut facts: Vec<Piece> = Vec::new();
    if state.paused {
        facts.push((Ink::Reversed, "standing still".to_owned()));
    }
    match (&state.answer, &state.sample) {
        (Answer::Awaited, _) => facts.push((Ink::Faint, "asking".to_owned())),
        (Answer::Missing { since, why }, _) => {
            facts.push((Ink::Bad, format!("✗ no answer for {}", ago(*since, state.now))));
            facts.push((Ink::Bad, format!("since {}", clock(*since, &state.zone))));
            facts.push((Ink::Bad, why.clone()));
        }
        (Answer::Came, Some(sample)) if sample.status.well => facts.push((Ink::Good, "✓ well".to_owned())),
        (Answer::Came, Some(sample)) => {
            let grave = sample.status.troubles.iter().any(|trouble| trouble.grave);
            let count = show::count(sample.status.troubles.len() as u64, "trouble", "troubles");
            let (ink, mark) = if grave { (Ink::Bad, "✗") } else { (Ink::Warn, "!") };
            facts.push((ink, format!("{mark} {count}")));
        }
        (Answer::Came, None) => {}
    }
    facts.push((Ink::Plain, clock(state.now, &state.zone)));
    if let Some(sample) = &state.sample {
        let broker = &sample.status.broker;
        facts.push((Ink::Strong, broker.name.clone()));
        facts.push((Ink::Faint, format!("nats-server {}", broker.version)));
        if state.answer == Answer::Came {
            // As wide as most, so that what is behind it does not jump.
            let round_trip = show::duration(broker.round_trip_us);
            facts.push((Ink::Faint, format!("{round_trip:>ROUND_TRIP_CELLS$} there and back")));
        }
        facts.push((Ink::Faint, broker.url.clone()));
    }
    paper.facts(area, &facts);
}

/// The pages.
pub(super) fn tabs(state: &State, area: Rect, paper: &mut Paper<'_>) {
    let whole = |tab: Tab| match (tab, stuck(state)) {
        (Tab::Stuck, count @ 1..) => format!("{} {} {count}", number(tab), tab.name()),
        _ => format!("{} {}", number(tab), tab.name()),
    };
    let pieces = |short: bool| -> Vec<Piece> {
        let each = Tab::ALL.iter().map(|tab| {
            let alarming = *tab == Tab::Stuck && stuck(state) > 0;
            match (*tab == state.tab, alarming) {
                (true, _) => (Ink::Reversed, format!("[{}]", whole(*tab))),
                (false, true) if short => (Ink::Warn, format!(" {}!", number(*tab))),
                (false, true) => (Ink::Warn, format!(" {} ", whole(*tab))),
                (false, false) if short => (Ink::Plain, format!(" {} ", number(*tab))),
                (false, false) => (Ink::Plain, format!(" {} ", whole(*tab))),
            }
        });
        each.collect()
    };
    let filter = match (state.typing, state.filter.as_str()) {
        (false, "") => String::new(),
        (typing, text) => format!("   /{text}{}", if typing { "_" } else { "" }),
    };
    let all = pieces(false);
    let needed: usize = all.iter().map(|(_, text)| width(text)).sum();
    let mut line = if needed + width(&filter) <= usize::from(area.width) { all } else { pieces(true) };
    line.push((Ink::Strong, filter));
    paper.line(area, &line);
}

fn number(tab: Tab) -> usize {
    tab as usize + 1
}

fn stuck(state: &State) -> u64 {
    state.sample.as_ref().map_or(0, |sample| sample.stuck.items.len() as u64 + sample.stuck.left_out)
}

/// A text in front of the page.
pub(super) fn pane(state: &State, pane: &Pane, title: Rect, body: Rect, paper: &mut Paper<'_>) {
    let heading = match pane.content {
        Content::Keys => pane.title.clone(),
        Content::Asked(_) | Content::Told(..) => format!("trace of {}", pane.title),
    };
    paper.line(title, &[(Ink::Reversed, format!("[{heading}]"))]);
    let mut left = body;
    for line in pane.lines(usize::from(body.width), state.colour, &state.zone).iter().skip(pane.scrolled.0) {
        if left.height == 0 {
            return;
        }
        paper.drawn(left, line, pane.scrolled.1);
        left = below(left);
    }
}

/// The keys that do something here, or a word about the last one.
pub(super) fn keys(state: &State, area: Rect, paper: &mut Paper<'_>) {
    if !state.notice.is_empty() {
        return paper.text(area, Ink::Warn, &state.notice);
    }
    let mut keys: Vec<&str> = match (&state.pane, state.typing, state.tab) {
        (_, true, _) => vec!["Enter keep", "Esc forget", "only rows with this text"],
        (Some(pane), false, _) if pane.wanted().is_none() => vec!["Esc back", "↑↓ move", "q end"],
        (Some(_), false, _) => vec!["Esc back", "↑↓ move", "r again", "q end"],
        (None, false, Tab::Flow) => vec!["q end", "? keys", "1-4 Tab page"],
        (None, false, Tab::Stuck) => {
            vec!["q end", "Enter trace", "? keys", "1-4 Tab page", "↑↓ row", "/ filter"]
        }
        (None, false, _) => vec!["q end", "? keys", "1-4 Tab page", "↑↓ row", "/ filter"],
    };
    if !state.typing && state.pane.is_none() {
        keys.extend([if state.paused { "p go on" } else { "p stand still" }, "r now"]);
    }
    let pieces: Vec<Piece> = keys.into_iter().map(|key| (Ink::Faint, key.to_owned())).collect();
    paper.facts(area, &pieces);
}
