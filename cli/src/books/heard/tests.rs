//! A service that heard everything once has no fault; each way to hear wrongly is named.

use kit::engine::outbox::Digest;
use proptest::prelude::*;

use super::*;

const STREAM: &str = "ORDER";

fn row(sequence: u64) -> Row {
    let digest = Digest {
        sequence,
        id: format!("evt_{sequence}"),
        // Every third is none of the hearer's business.
        subject: if sequence.is_multiple_of(3) { "events.order.other" } else { "events.order.placed" }
            .to_owned(),
        checksum: 7,
        intact: true,
    };
    Row { digest, key: format!("ord_{}", sequence % 2), at_us: i64::try_from(sequence).unwrap() }
}

fn acted(sequence: u64) -> Acted {
    Acted { source: STREAM.to_owned(), sequence, outcome: "ok".to_owned() }
}

fn heard_all(many: u64) -> (Hearer, Vec<Teller>) {
    let hears = BTreeSet::from(["events.order.placed".to_owned()]);
    let of_interest = (1..=many).filter(|sequence| sequence % 3 != 0);
    let hearer = Hearer {
        service: "inventory".to_owned(),
        hears: BTreeMap::from([(STREAM.to_owned(), hears)]),
        acted: of_interest.map(acted).collect(),
        positions: vec![(STREAM.to_owned(), "db".to_owned(), many)],
        journal_from_us: 0,
    };
    let teller =
        Teller { stream: STREAM.to_owned(), origin: "db".to_owned(), rows: (1..=many).map(row).collect() };
    (hearer, vec![teller])
}

fn says(hearer: &Hearer, tellers: &[Teller], quiet: bool) -> Vec<String> {
    faults(hearer, tellers, quiet).into_iter().map(|fault| fault.says).collect()
}

#[test]
fn an_event_that_was_acted_on_twice_is_named() {
    let (mut hearer, tellers) = heard_all(9);
    assert_eq!(says(&hearer, &tellers, true), [] as [&str; 0]);
    hearer.acted.push(acted(8));
    assert_eq!(says(&hearer, &tellers, true), ["acted more than once on events of ORDER: 8"]);
    hearer.positions.push((STREAM.to_owned(), "an older one".to_owned(), 8));
    assert_eq!(says(&hearer, &tellers, true), [] as [&str; 0], "each database may have had that number");
}

#[test]
fn an_event_that_was_left_out_is_named_also_while_others_are_on_their_way() {
    let (mut hearer, tellers) = heard_all(9);
    hearer.acted.retain(|acted| ![4, 8].contains(&acted.sequence));
    hearer.positions[0].2 = 7;
    assert_eq!(says(&hearer, &tellers, false), ["never acted on events of ORDER: 4"]);
    assert_eq!(says(&hearer, &tellers, true), ["never acted on events of ORDER: 4, 8"]);
    hearer.journal_from_us = 5;
    assert_eq!(says(&hearer, &tellers, false), [] as [&str; 0], "its journal does not reach back");
}

#[test]
fn an_event_that_nobody_told_is_named() {
    let (mut hearer, tellers) = heard_all(9);
    hearer.acted.push(acted(10));
    hearer.positions[0].2 = 10;
    assert_eq!(
        says(&hearer, &tellers, false),
        [
            "has heard ORDER up to 10, which told only up to 9",
            "acted on events that were never told of ORDER: 10"
        ]
    );
}

#[test]
fn events_of_a_key_that_were_acted_on_in_another_order_are_named() {
    let (mut hearer, tellers) = heard_all(9);
    // 2 and 4 are of one key; 1 is of another.
    hearer.acted.swap(0, 1);
    assert_eq!(says(&hearer, &tellers, true), [] as [&str; 0]);
    hearer.acted.swap(0, 2);
    assert_eq!(says(&hearer, &tellers, true), ["acted on events of a key out of order: those of ORDER: 2"]);
}

proptest! {
    #[test]
    fn one_wrong_row_is_always_found(many in 6..60u64, which in 0..40usize, how in 0..4usize) {
        let (mut hearer, mut tellers) = heard_all(many);
        prop_assert_eq!(faults(&hearer, &tellers, true), []);
        let which = which % hearer.acted.len();
        match how {
            0 => hearer.acted.push(hearer.acted[which].clone()),
            1 => drop(hearer.acted.remove(which)),
            2 => hearer.positions[0].2 = many + 1,
            _ => {
                let gone = hearer.acted[which].sequence;
                tellers[0].rows.retain(|row| row.digest.sequence != gone);
            }
        }
        let found = faults(&hearer, &tellers, true);
        let is_first = how == 3 && which == 0;
        prop_assert!(!found.is_empty() || is_first, "{how} {which}");
    }
}
