//! Rows of an outbox against the messages of the same numbers, without asking anybody.

use kit::client::Stored;
use kit::engine::outbox::Digest;
use serde::Serialize;

use super::ranges::Ranges;

/// Rows of one gap that are noted.
const GAP_MAX: usize = 10_000;

/// What of a message is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) id: String,
    pub(crate) origin: String,
    pub(crate) checksum: u32,
}

impl From<&Stored> for Seen {
    fn from(stored: &Stored) -> Self {
        Self { id: stored.id.clone(), origin: stored.origin.clone(), checksum: stored.checksum() }
    }
}

/// What is wrong with a stream, by the numbers of its messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Findings {
    /// Told by a row, and not in the stream.
    pub(crate) missing: Ranges,
    /// In the stream, and told by no row of this database.
    pub(crate) foreign: Ranges,
    /// The message says something else than its row.
    pub(crate) damaged: Ranges,
    /// The row no longer says what was written, whatever the message says.
    pub(crate) rows_damaged: Ranges,
    /// The outbox has rows before and behind it, and not this one.
    pub(crate) rows_missing: Ranges,
}

impl Findings {
    /// Notes the rows that are missing between one that was read, or the one before the first, and what
    /// was read behind it.
    pub(crate) fn note_gaps(&mut self, mut before: u64, rows: &[Digest]) {
        for row in rows {
            let missing = before.saturating_add(1)..row.sequence;
            missing.take(GAP_MAX).for_each(|number| self.rows_missing.add(number));
            before = row.sequence;
        }
    }

    /// Notes what a row and the message of its number say of each other. A row without a message is
    /// left to the caller: it may not be told yet.
    pub(crate) fn note(&mut self, row: &Digest, seen: Option<&Seen>, origin: &str) {
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
    pub(crate) fn note_older(&mut self, sequence: u64, seen: &Seen, origin: &str) {
        if seen.origin != origin {
            self.foreign.add(sequence);
        }
    }

    /// Whether everything is as it was told.
    pub(crate) fn is_clean(&self) -> bool {
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
