//! A text in front of the screen: the trace of something, or the keys.

use jiff::tz::TimeZone;

use crate::trace::Story;
use crate::trace::draw::{Style, render};
use crate::trace::gather::Wanted;

/// The keys, in two columns.
pub(super) const KEYS: &[(&str, &str)] = &[
    ("1 2 3 4, Tab", "another page"),
    ("↑ ↓, k j", "a row up, a row down"),
    ("PgUp PgDn", "many rows at once"),
    ("Home End, g G", "the first row, the last row"),
    ("← →, h l", "sideways, where a trace is wider than the screen"),
    ("Enter", "on the page of what is stuck: the trace of the row"),
    ("Esc", "back; without a trace: the filter is forgotten"),
    ("/", "only rows that contain a text; Enter keeps it"),
    ("p", "the screen stands still and nothing is asked; p again: it goes on"),
    ("r", "ask everybody now"),
    ("?", "these keys"),
    ("q, Ctrl-C", "end"),
];

/// A text in front of the screen.
#[derive(Debug, Clone)]
pub(crate) struct Pane {
    /// What it is about.
    pub(crate) title: String,
    /// What it shows.
    pub(crate) content: Content,
    /// Lines that are above the screen, and cells that are to the left of it.
    pub(crate) scrolled: (usize, usize),
}

/// What a pane shows.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// The keys.
    Keys,
    /// Somebody is being asked for this.
    Asked(Wanted),
    /// What became of it.
    Told(Wanted, Box<Story>),
}

impl Pane {
    pub(crate) fn keys() -> Self {
        Self { title: "keys".to_owned(), content: Content::Keys, scrolled: (0, 0) }
    }

    pub(crate) fn trace(title: String, wanted: Wanted) -> Self {
        Self { title, content: Content::Asked(wanted), scrolled: (0, 0) }
    }

    /// What its trace is of, if it is one.
    pub(crate) fn wanted(&self) -> Option<&Wanted> {
        match &self.content {
            Content::Keys => None,
            Content::Asked(wanted) | Content::Told(wanted, _) => Some(wanted),
        }
    }

    /// Its lines, for a width. They may be wider: a drawing has a least width.
    pub(crate) fn lines(&self, width: usize, colour: bool, zone: &TimeZone) -> Vec<String> {
        match &self.content {
            Content::Keys => keys(width),
            Content::Asked(_) => vec!["asking every service ...".to_owned()],
            Content::Told(_, story) if story.flows.is_empty() && story.silent.is_empty() => vec![
                "No journal has anything about this.".to_owned(),
                "Journals are kept for 7 days.".to_owned(),
            ],
            Content::Told(_, story) => {
                let style = Style { ascii: false, colour, payloads: false, zone: zone.clone() };
                render(story, width, &style).lines().map(str::to_owned).collect()
            }
        }
    }
}

/// The width from which a key and what it does stand beside each other.
const BESIDE_FROM_WIDTH: usize = 60;

fn keys(width: usize) -> Vec<String> {
    let beside = |(key, does): &(&str, &str)| vec![format!("{key:<14} {does}")];
    let below = |(key, does): &(&str, &str)| vec![(*key).to_owned(), format!("  {does}")];
    KEYS.iter().flat_map(|line| if width >= BESIDE_FROM_WIDTH { beside(line) } else { below(line) }).collect()
}
