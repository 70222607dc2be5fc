//! What one service acted on: every event once, in order for each key, without a gap, and nothing that was never told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use kit::engine::written::{HeardEvent as Acted, Told as Row};

use super::ranges::Ranges;
use super::{Fault, Rule};

/// What a service told, by its own database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Teller {
    /// The stream.
    pub stream: String,
    /// The database, as it calls itself.
    pub origin: String,
    /// Its rows, in order.
    pub rows: Vec<Row>,
}

/// What a service heard, by its own database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hearer {
    /// The service.
    pub service: String,
    /// What it hears of each stream: subjects.
    pub hears: BTreeMap<String, BTreeSet<String>>,
    /// What it did with events, in the order it did: rows of its journal.
    pub acted: Vec<Acted>,
    /// How far it has heard each database of each stream: stream, origin, number.
    pub positions: Vec<(String, String, u64)>,
    /// Rows from before then are no longer in its journal, in microseconds since 1970; 0 if all are.
    pub journal_from_us: i64,
}

/// What is wrong with what a service heard, by what was told. `quiet`: nothing is on its way any more.
pub fn faults(hearer: &Hearer, tellers: &[Teller], quiet: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (source, subjects) in &hearer.hears {
        let Some(teller) = tellers.iter().find(|teller| teller.stream == *source) else { continue };
        let stream = Stream { hearer, teller, subjects };
        faults.extend(stream.faults(quiet).into_iter().map(|says| Fault {
            rule: Rule::Heard,
            about: hearer.service.clone(),
            says,
            look: format!("shopctl consumer info {source} {}", hearer.service),
        }));
    }
    faults
}

/// One service at one stream.
struct Stream<'a> {
    hearer: &'a Hearer,
    teller: &'a Teller,
    subjects: &'a BTreeSet<String>,
}

impl Stream<'_> {
    fn faults(&self, quiet: bool) -> Vec<String> {
        let source = &self.teller.stream;
        let positions = self.hearer.positions.iter().filter(|(stream, ..)| stream == source);
        let (mut databases, mut position) = (0, 0);
        for (_, origin, sequence) in positions {
            databases += 1;
            if *origin == self.teller.origin {
                position = *sequence;
            }
        }
        let newest = self.teller.rows.last().map_or(0, |row| row.digest.sequence);
        let mut says = Vec::new();
        if position > newest {
            says.push(format!("has heard {source} up to {position}, which told only up to {newest}"));
        }
        let acted: Vec<&Acted> = self.hearer.acted.iter().filter(|acted| acted.source == *source).collect();
        let mut times: HashMap<u64, usize> = HashMap::new();
        for acted in &acted {
            *times.entry(acted.sequence).or_default() += 1;
        }
        // The journal does not say which database a number is of: each may have had it once.
        let mut named = |ranges: Ranges, what: &str| {
            if !ranges.is_empty() {
                says.push(format!("{what} of {source}: {}", ranges.named()));
            }
        };
        let twice = times.iter().filter(|(_, times)| **times > databases.max(1));
        named(twice.map(|(sequence, _)| *sequence).collect(), "acted more than once on events");
        let due = self.teller.rows.iter().filter(|row| {
            let is_kept = row.at_us >= self.hearer.journal_from_us;
            let is_heard = quiet || row.digest.sequence <= position;
            self.subjects.contains(&row.digest.subject) && is_kept && is_heard
        });
        let missed = due.map(|row| row.digest.sequence).filter(|sequence| !times.contains_key(sequence));
        named(missed.collect(), "never acted on events");
        if databases <= 1 {
            named(self.unheard_of(&acted), "acted on events that were never told");
            named(self.out_of_order(&acted), "acted on events of a key out of order: those");
        }
        says
    }

    /// Events that no row of the outbox has, among the rows that are kept.
    fn unheard_of(&self, acted: &[&Acted]) -> Ranges {
        let oldest = self.teller.rows.first().map_or(u64::MAX, |row| row.digest.sequence);
        let told: BTreeSet<u64> = self.teller.rows.iter().map(|row| row.digest.sequence).collect();
        let all = acted.iter().map(|acted| acted.sequence);
        all.filter(|sequence| *sequence >= oldest && !told.contains(sequence)).collect()
    }

    /// Events that were acted on after a later one of the same key.
    fn out_of_order(&self, acted: &[&Acted]) -> Ranges {
        let keys: HashMap<u64, &str> =
            self.teller.rows.iter().map(|row| (row.digest.sequence, row.key.as_str())).collect();
        let mut last: HashMap<&str, u64> = HashMap::new();
        let mut late = Ranges::default();
        for acted in acted {
            let Some(key) = keys.get(&acted.sequence) else { continue };
            let last = last.entry(key).or_default();
            if acted.sequence < *last {
                late.add(acted.sequence);
            }
            *last = acted.sequence.max(*last);
        }
        late
    }
}

#[cfg(test)]
mod tests;
