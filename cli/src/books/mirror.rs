//! An outbox and its stream, row by row, once both are in hand.

use super::compare::{Findings, Seen};
use super::heard::Teller;
use super::{Fault, Rule};

/// What a stream holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mirror {
    /// The stream.
    pub stream: String,
    /// Its messages, by their numbers, in order.
    pub messages: Vec<(u64, Seen)>,
}

/// What is wrong with a stream by its outbox, and with the outbox itself. No stream: nothing was told, as far
/// as the broker knows. `quiet`: everything must have been told by now.
pub fn faults(teller: &Teller, mirror: Option<&Mirror>, quiet: bool) -> Vec<Fault> {
    let service = teller.stream.to_lowercase();
    let mut found = Findings::default();
    let rows: Vec<_> = teller.rows.iter().map(|row| row.digest.clone()).collect();
    let oldest = rows.first().map_or(1, |row| row.sequence);
    found.note_gaps(oldest - 1, &rows);
    let messages = mirror.map_or(&[][..], |mirror| &mirror.messages);
    let last = messages.last().map_or(0, |(number, _)| *number);
    let mut left = messages.iter().peekable();
    for row in &rows {
        while let Some((number, seen)) = left.next_if(|(number, _)| *number < row.sequence) {
            if *number < oldest {
                found.note_older(*number, seen, &teller.origin);
            } else {
                found.foreign.add(*number);
            }
        }
        let same = left.next_if(|(number, _)| *number == row.sequence);
        found.note(row, same.map(|(_, seen)| seen), &teller.origin);
        if same.is_none() && (quiet || row.sequence <= last) {
            found.missing.add(row.sequence);
        }
    }
    left.for_each(|(number, _)| found.foreign.add(*number));
    let look = format!("shopctl stream verify {}", teller.stream);
    let told = found.says(&teller.stream, &service).into_iter();
    told.map(|says| Fault {
        rule: Rule::Told,
        about: service.clone(),
        says: format!("tells otherwise than was told: {says}"),
        look: look.clone(),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use kit::engine::outbox::Digest;
    use proptest::prelude::*;

    use super::super::heard::Row;
    use super::*;

    fn pair(oldest: u64, many: u64) -> (Teller, Mirror) {
        let row = |sequence| {
            let (id, subject) = (format!("evt_{sequence}"), "events.thing.made".to_owned());
            let digest = Digest { sequence, id, subject, checksum: 7, intact: true };
            Row { digest, key: "k".into(), at_us: 0 }
        };
        let seen =
            |number: u64| (number, Seen { id: format!("evt_{number}"), origin: "db".into(), checksum: 7 });
        let (stream, origin) = ("THING".to_owned(), "db".to_owned());
        let teller = Teller { stream: stream.clone(), origin, rows: (oldest..=many).map(row).collect() };
        (teller, Mirror { stream, messages: (1..=many).map(seen).collect() })
    }

    #[test]
    fn a_stream_that_is_what_was_told_has_no_fault_and_one_that_lags_only_in_a_quiet_shop() {
        let (teller, mut mirror) = pair(3, 9);
        assert_eq!(faults(&teller, Some(&mirror), true), []);
        mirror.messages.truncate(7);
        assert_eq!(faults(&teller, Some(&mirror), false), []);
        let found = faults(&teller, Some(&mirror), true);
        assert_eq!(found[0].says, "tells otherwise than was told: THING lacks 2 that were told: 8-9");
        assert_eq!((&*found[0].about, &*found[0].look), ("thing", "shopctl stream verify THING"));
        assert_eq!(faults(&teller, None, true).len(), 1);
    }

    proptest! {
        #[test]
        fn one_wrong_row_or_message_is_always_found(
            oldest in 1..5u64, more in 2..40u64, which in 0..40usize, how in 0..6usize,
        ) {
            let (mut teller, mut mirror) = pair(oldest, oldest + more);
            prop_assert_eq!(faults(&teller, Some(&mirror), true), []);
            let row = which % teller.rows.len();
            let place = row + usize::try_from(oldest).unwrap() - 1;
            match how {
                0 => mirror.messages[place].1.id = "evt_x".into(),
                1 => mirror.messages[place].1.origin = "other".into(),
                2 => mirror.messages[place].1.checksum += 1,
                3 => drop(mirror.messages.remove(place)),
                4 => teller.rows[row].digest.intact = false,
                _ => mirror.messages.push((oldest + more + 1, mirror.messages[0].1.clone())),
            }
            prop_assert_eq!(faults(&teller, Some(&mirror), true).len(), 1);
        }
    }
}
