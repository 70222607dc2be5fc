//! When which fault begins and ends: nothing but a function of the seed.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::dice::Dice;
use super::kind::{Kind, Part};
use crate::NAMES;

/// How long orders flow undisturbed at the beginning of a round, in milliseconds.
const CALM_MS: u64 = 1_500;

/// How long it is quiet between a fault and the next, at most, in milliseconds.
const GAP_MS: u64 = 3_000;

/// How often a fault begins while the one before it lasts, in a hundred.
const TOGETHER_PERCENT: u64 = 35;

/// The name of the part that is no service.
pub const BROKER: &str = "broker";

/// One fault that will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What.
    pub kind: Kind,
    /// Done to which service, or to [`BROKER`].
    pub target: &'static str,
    /// When it begins, in milliseconds after the round does.
    pub from_ms: u64,
    /// How long it lasts, in milliseconds.
    pub lasts_ms: u64,
    /// What decides about the rest, such as which file is damaged.
    pub seed: u64,
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, lasts) = (self.from_ms as f64 / 1000.0, self.lasts_ms as f64 / 1000.0);
        write!(f, "{from:6.1} s  {:<18} {:<12} for {lasts:.1} s", self.kind.name(), self.target)
    }
}

/// The faults of a round, in the order in which they begin. All of them end before the storm does.
///
/// Kinds come round in an order that the seed decides, so that a run of some rounds has had each.
pub fn plan(seed: u64, round: u64, kinds: &[Kind], storm: Duration) -> Vec<Planned> {
    let storm_ms = storm.as_millis() as u64;
    let mut dice = Dice::of(seed, "schedule", round);
    let mut deck = Deck::of(seed, round, kinds);
    let mut busy: BTreeMap<&'static str, u64> = BTreeMap::new();
    let (mut planned, mut at) = (Vec::new(), CALM_MS);
    while at < storm_ms && !kinds.is_empty() {
        let kind = deck.next();
        let (least, most) = kind.lasts_ms();
        let target = match kind.part() {
            Part::Broker => BROKER,
            Part::Service => dice.one_of(&NAMES),
        };
        let from_ms = at.max(busy.get(target).copied().unwrap_or(0));
        let lasts_ms = dice.between(least, most).min(storm_ms.saturating_sub(from_ms));
        let fault = Planned { kind, target, from_ms, lasts_ms, seed: dice.throw() };
        let (ends, gap) = (from_ms + lasts_ms, dice.between(200, GAP_MS));
        busy.insert(target, ends + 100);
        at = if dice.percent(TOGETHER_PERCENT) { from_ms + gap.min(lasts_ms) } else { ends + gap };
        if from_ms < storm_ms {
            planned.push(fault);
        }
    }
    planned.sort_by_key(|fault| fault.from_ms);
    planned
}

/// Kinds in a mixed order, again and again.
struct Deck {
    cards: Vec<Kind>,
    next: usize,
}

impl Deck {
    fn of(seed: u64, round: u64, kinds: &[Kind]) -> Self {
        let mut cards = kinds.to_vec();
        Dice::of(seed, "deck", 0).shuffle(&mut cards);
        // A round has about a third of the kinds; the next goes on about where it ended.
        let begin = round as usize * 8;
        Self { next: begin % cards.len().max(1), cards }
    }

    fn next(&mut self) -> Kind {
        let card = self.cards[self.next];
        self.next = (self.next + 1) % self.cards.len();
        card
    }
}
