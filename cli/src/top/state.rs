//! What the screen shows: made of samples, events and keys, with the clock passed in.

mod press;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kit::Told;
use kit::text::printable;

use super::flow::Flow;
use super::pane::{Content, Pane};
use super::sample::Sample;
use super::stuck::Stuck;
use crate::status::{ServiceState, StreamLag};
use crate::trace::Story;
use crate::trace::gather::Wanted;

pub(crate) use press::Wish;

/// How much may be typed as a filter, in characters.
const FILTER_CHARS_MAX: usize = 80;

/// A page of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    Flow,
    Services,
    Streams,
    Stuck,
}

impl Tab {
    /// Every page, in the order of their numbers.
    pub(crate) const ALL: [Self; 4] = [Self::Flow, Self::Services, Self::Streams, Self::Stuck];

    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Flow => "Flow",
            Self::Services => "Services",
            Self::Streams => "Streams",
            Self::Stuck => "Stuck",
        }
    }
}

/// Whether there is somebody to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nobody has answered yet.
    Awaited,
    /// The last sample came.
    Came,
    /// No sample comes any more.
    Missing { since: Timestamp, why: String },
}

/// Everything that is on the screen.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// The moment that is shown.
    pub(crate) now: Timestamp,
    /// Where the clock on the wall hangs.
    pub(crate) zone: TimeZone,
    /// Whether to use colours.
    pub(crate) colour: bool,
    pub(crate) tab: Tab,
    pub(crate) answer: Answer,
    pub(crate) sample: Option<Sample>,
    /// How many events a second each stream gets, between the last two samples.
    pub(crate) rates: BTreeMap<String, f64>,
    /// How many requests a second each service answers, between the same.
    pub(crate) asked: BTreeMap<String, f64>,
    pub(crate) flow: Flow,
    /// Whether the screen stands still.
    pub(crate) paused: bool,
    /// Rows without this text are not shown.
    pub(crate) filter: String,
    /// Whether the filter is being typed.
    pub(crate) typing: bool,
    /// What is in front of the page.
    pub(crate) pane: Option<Pane>,
    /// A word about the last key, until the next one.
    pub(crate) notice: String,
    /// The row that is chosen, and by what it is known in the next sample, of each page.
    chosen: [(usize, String); Tab::ALL.len()],
    size: (u16, u16),
}

impl State {
    pub(crate) fn new(now: Timestamp, zone: TimeZone, colour: bool) -> Self {
        Self {
            now,
            zone,
            colour,
            tab: Tab::Flow,
            answer: Answer::Awaited,
            sample: None,
            rates: BTreeMap::new(),
            asked: BTreeMap::new(),
            flow: Flow::new(now),
            paused: false,
            filter: String::new(),
            typing: false,
            pane: None,
            notice: String::new(),
            chosen: Default::default(),
            size: (0, 0),
        }
    }

    /// The clock goes on, unless the screen stands still.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        if !self.paused {
            self.now = now;
        }
    }

    /// The terminal has so many columns and lines.
    pub(crate) fn resized(&mut self, columns: u16, lines: u16) {
        self.size = (columns, lines);
        self.keep_inside();
    }

    /// An event is told. It counts also while the screen stands still.
    pub(crate) fn heard(&mut self, now: Timestamp, told: &Told) {
        self.flow.heard(now, told);
    }

    /// Everybody has answered. What comes after the screen was made to stand still is not shown.
    pub(crate) fn sampled(&mut self, sample: Sample) {
        if self.paused {
            return;
        }
        if let Some(before) = &self.sample {
            self.rates = rates(before, &sample, told);
            self.asked = rates(before, &sample, answered);
        }
        self.answer = Answer::Came;
        self.sample = Some(sample);
        for tab in Tab::ALL {
            self.find_chosen(tab);
        }
    }

    /// Nobody has answered. What was known stays on the screen.
    pub(crate) fn unanswered(&mut self, now: Timestamp, why: &str) {
        if self.paused {
            return;
        }
        let since = match &self.answer {
            Answer::Missing { since, .. } => *since,
            Answer::Awaited | Answer::Came => now,
        };
        self.answer = Answer::Missing { since, why: why.to_owned() };
        self.rates.clear();
        self.asked.clear();
    }

    /// The journals have told what became of something. If nobody waits for that any more, nothing happens.
    pub(crate) fn told(&mut self, wanted: &Wanted, story: Story) {
        let Some(pane) = &mut self.pane else { return };
        if pane.wanted().is_some_and(|awaited| same(awaited, wanted)) {
            let story = Story { about: pane.title.clone(), ..story };
            pane.content = Content::Told(wanted.clone(), Box::new(story));
            self.keep_inside();
        }
    }

    /// The services that the filter lets through.
    pub(crate) fn services(&self) -> Vec<&ServiceState> {
        let all = self.sample.iter().flat_map(|sample| &sample.status.services);
        all.filter(|service| self.lets_through(&[&service.name])).collect()
    }

    /// The streams that the filter lets through.
    pub(crate) fn streams(&self) -> Vec<&StreamLag> {
        let all = self.sample.iter().flat_map(|sample| &sample.status.streams);
        all.filter(|lag| {
            let hearers = lag.behind.keys().map(String::as_str);
            self.lets_through(&hearers.chain([lag.stream.name.as_str()]).collect::<Vec<_>>())
        })
        .collect()
    }

    /// What is stuck and the filter lets through.
    pub(crate) fn stuck(&self) -> Vec<&Stuck> {
        let all = self.sample.iter().flat_map(|sample| &sample.stuck.items);
        all.filter(|stuck| self.lets_through(&[stuck.kind(), &stuck.about(), stuck.service(), &stuck.why()]))
            .collect()
    }

    fn lets_through(&self, texts: &[&str]) -> bool {
        let wanted = self.filter.to_lowercase();
        texts.iter().any(|text| printable(text).to_lowercase().contains(&wanted))
    }

    /// The row that is chosen on a page.
    pub(crate) fn row(&self, tab: Tab) -> usize {
        self.chosen[tab as usize].0
    }

    fn identities(&self, tab: Tab) -> Vec<String> {
        match tab {
            Tab::Flow => Vec::new(),
            Tab::Services => self.services().iter().map(|service| service.name.clone()).collect(),
            Tab::Streams => self.streams().iter().map(|lag| lag.stream.name.clone()).collect(),
            Tab::Stuck => self.stuck().iter().map(|stuck| stuck.identity()).collect(),
        }
    }

    fn choose(&mut self, tab: Tab, row: usize) {
        let identities = self.identities(tab);
        let row = row.min(identities.len().saturating_sub(1));
        self.chosen[tab as usize] = (row, identities.get(row).cloned().unwrap_or_default());
    }

    /// Chooses what was chosen before, wherever it stands now; if it is gone, what stands there now.
    fn find_chosen(&mut self, tab: Tab) {
        let (row, identity) = self.chosen[tab as usize].clone();
        let found = self.identities(tab).iter().position(|other| *other == identity);
        self.choose(tab, found.unwrap_or(row));
    }
}

fn same(a: &Wanted, b: &Wanted) -> bool {
    match (a, b) {
        (Wanted::Trace(a), Wanted::Trace(b)) | (Wanted::Key(a), Wanted::Key(b)) => a == b,
        _ => false,
    }
}

/// How much each count has grown a second between two samples. One that went back began anew, as that of a
/// service that was started again, and nobody knows.
fn rates(
    before: &Sample,
    after: &Sample,
    counts: fn(&Sample) -> BTreeMap<&str, u64>,
) -> BTreeMap<String, f64> {
    let seconds = after.status.at.duration_since(before.status.at).as_secs_f64();
    let earlier = counts(before);
    let grown = counts(after).into_iter().filter_map(|(name, count)| {
        let more = count.checked_sub(*earlier.get(name)?)?;
        (seconds > 0.0).then(|| (name.to_owned(), more as f64 / seconds))
    });
    grown.collect()
}

/// The number of the last event in each stream.
fn told(sample: &Sample) -> BTreeMap<&str, u64> {
    sample.status.streams.iter().map(|lag| (lag.stream.name.as_str(), lag.stream.last)).collect()
}

/// How many requests each service answered.
fn answered(sample: &Sample) -> BTreeMap<&str, u64> {
    sample.asked.iter().map(|(name, asked)| (name.as_str(), asked.requests)).collect()
}
