//! Rows of an outbox against the messages of the same numbers, without asking anybody.

use kit::client::Stored;
use kit::engine::outbox::Digest;
use serde::Serialize;

use super::ranges::Ranges;

/// Rows of one gap that are noted.
const GAP_MAX: usize = 10_000;

/// What of a message is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The identifier of the event.
    pub id: String,
    /// The database that told it, as it says itself.
    pub origin: String,
    /// The checksum of what it says: see [`kit::engine::outbox::checksum`].
    pub checksum: u32,
}

impl From<&Stored> for Seen {
    fn from(stored: &Stored) -> Self {
        Self { id: stored.id.clone(), origin: stored.origin.clone(), checksum: stored.checksum() }
    }
}

/// What is wrong with a stream, by the numbers of its messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Told by a row, and not in the stream.
    pub missing: Ranges,
    /// In the stream, and told by no row of this database.
    pub foreign: Ranges,
    /// The message says something else than its row.
    pub damaged: Ranges,
    /// The row no longer says what was written, whatever the message says.
    pub rows_damaged: Ranges,
    /// The outbox has rows before and behind it, and not this one.
    pub rows_missing: Ranges,
}

impl Findings {
    /// Notes the rows that are missing between one that was read, or the one before the first, and what
    /// was read behind it.
    pub fn note_gaps(&mut self, mut before: u64, rows: &[Digest]) {
        for row in rows {
            let missing = before.saturating_add(1)..row.sequence;
            missing.take(GAP_MAX).for_each(|number| self.rows_missing.add(number));
            before = row.sequence;
        }
    }

    /// Notes what a row and the message of its number say of each other. A row without a message is
    /// left to the caller: it may not be told yet.
    pub fn note(&mut self, row: &Digest, seen: Option<&Seen>, origin: &str) {
        if !row.intact {
            self.rows_damaged.add(row.sequence);
        }
        match seen {
            None => {}
            Some(seen) if seen.id != row.id || seen.origin != origin => self.foreign.add(row.sequence),
            Some(seen) if seen.checksum != row.checksum => self.damaged.add(row.sequence),
            Some(_) => {}
        }
    }

    /// Notes a message from before the oldest row that is kept: only who told it is known.
    pub fn note_older(&mut self, sequence: u64, seen: &Seen, origin: &str) {
        if seen.origin != origin {
            self.foreign.add(sequence);
        }
    }

    /// What is wrong with a stream that is there, and with the outbox of its service, a line each.
    pub fn says(&self, stream: &str, service: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let mut say = |ranges: &Ranges, line: &dyn Fn(u64, String) -> String| {
            if !ranges.is_empty() {
                lines.push(line(ranges.count(), ranges.named()));
            }
        };
        say(&self.missing, &|many, named| format!("{stream} lacks {many} that were told: {named}"));
        say(&self.foreign, &|many, named| {
            format!("{stream} holds {many} that {service} did not tell: {named}")
        });
        say(&self.damaged, &|many, named| {
            format!("{stream} says something else than was told in {many}: {named}")
        });
        say(&self.rows_damaged, &|many, named| {
            format!("the outbox of {service} is damaged itself in {many} rows: {named}")
        });
        say(&self.rows_missing, &|many, named| {
            format!("the outbox of {service} has lost {many} rows: {named}")
        });
        lines
    }

    /// Whether everything is as it was told.
    pub fn is_clean(&self) -> bool {
        self.missing.is_empty()
            && self.foreign.is_empty()
            && self.damaged.is_empty()
            && self.rows_damaged.is_empty()
            && self.rows_missing.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(sequence: u64) -> Digest {
        Digest {
            sequence,
            id: format!("evt_{sequence}"),
            subject: "events.thing.made".to_owned(),
            checksum: 7,
            intact: true,
        }
    }

    fn seen(sequence: u64) -> Seen {
        Seen { id: format!("evt_{sequence}"), origin: "db".to_owned(), checksum: 7 }
    }

    #[test]
    fn what_is_as_it_was_told_is_clean() {
        let mut findings = Findings::default();
        (1..100).for_each(|number| findings.note(&row(number), Some(&seen(number)), "db"));
        findings.note(&row(100), None, "db");
        findings.note_older(1, &Seen { id: String::new(), ..seen(1) }, "db");
        assert!(findings.is_clean());
    }

    #[test]
    fn rows_that_are_missing_between_others_are_named() {
        let mut findings = Findings::default();
        findings.note_gaps(3, &[row(4), row(5), row(8)]);
        findings.note_gaps(8, &[row(9), row(11)]);
        assert_eq!(findings.rows_missing.named(), "6-7, 10");
        assert!(!findings.is_clean());
        let mut sound = Findings::default();
        sound.note_gaps(0, &[row(1), row(2)]);
        assert!(sound.is_clean());
    }

    #[test]
    fn a_foreign_message_a_changed_one_and_a_damaged_row_are_told_apart() {
        let mut findings = Findings::default();
        findings.note_older(0, &Seen { origin: String::new(), ..seen(0) }, "db");
        findings.note(&row(1), Some(&Seen { id: "evt_9".to_owned(), ..seen(1) }), "db");
        findings.note(&row(2), Some(&Seen { origin: "other".to_owned(), ..seen(2) }), "db");
        findings.note(&row(3), Some(&Seen { checksum: 8, ..seen(3) }), "db");
        findings.note(&Digest { intact: false, ..row(4) }, Some(&seen(4)), "db");
        let found = [&findings.missing, &findings.foreign, &findings.damaged, &findings.rows_damaged];
        assert_eq!(found.map(Ranges::named), ["", "0-2", "3", "4"]);
        assert!(!findings.is_clean());
    }
}
