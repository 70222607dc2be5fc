//! Cards and secrets are found wherever they stand; identifiers and times are not cards.

use contracts::{OrderId, PaymentId};
use kit::Timestamp;
use kit::id::Id;
use proptest::prelude::*;

use super::*;

const CARDS: [&str; 9] = [
    "4242424242424242",
    "4000056655665556",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "30569309025904",
    "6011111111111117",
    "4242 4242 4242 4242",
    "3782-822463-10005",
];

fn scan(bytes: &[u8], piece: usize, secrets: &[(&str, &[u8])]) -> Vec<Leak> {
    let mut scanner = Scanner::new(secrets.iter().copied());
    bytes.chunks(piece.max(1)).for_each(|piece| scanner.feed(piece));
    scanner.finish().0
}

#[test]
fn a_card_is_found_and_never_said() {
    for card in CARDS {
        for (before, after) in
            [("", ""), ("card ", ", 12/28"), ("\"", "\"}"), ("visa", "\0"), ("pm_card_", " ")]
        {
            if before == "visa" && card.contains([' ', '-']) {
                continue;
            }
            let found = scan(format!("{before}{card}{after}").as_bytes(), 7, &[]);
            assert_eq!(found.len(), 1, "{before}{card}{after}");
            assert_eq!(found[0].at, before.len() as u64);
            assert!(found[0].what.len() < 30, "{found:?}");
        }
    }
}

#[test]
fn what_only_looks_like_a_card_is_none() {
    for text in [
        "4242424242424241",
        "2026-11-27T02:14:18.424242Z",
        "14242424242424242424242",
        "0.4242424242424242",
        "42424242-4242-4242-4242-424242424242",
        "a4242424242424242b4242424242424",
        "1762938842000000",
        "1999999999999",
        "0171 2345678",
        "pm_card_visa",
    ] {
        assert_eq!(scan(text.as_bytes(), 5, &[]), [], "{text}");
    }
}

#[test]
fn places_beyond_the_first_are_counted() {
    let mut scanner = Scanner::new([]);
    (0..50).for_each(|_| scanner.feed(b"4242424242424242 "));
    let found = scanner.finish();
    assert_eq!((found.0.len(), found.1), (20, 50));
    assert_eq!(faults("order.db", &found).len(), 21);
    assert_eq!(scanner.finish(), (vec![], 0), "another file begins anew");
}

proptest! {
    #[test]
    fn a_card_or_a_secret_is_found_wherever_it_stands_in_whatever_pieces_it_comes(
        before in proptest::collection::vec(any::<u8>(), 0..900), after in proptest::collection::vec(any::<u8>(), 0..900),
        piece in 1..300usize, which in 0..CARDS.len(), planted in "[a-zA-Z]{12,40}",
    ) {
        // A byte around it that is no part of a number or a word.
        let text = [&before[..], b"\n", CARDS[which].as_bytes(), b"\n", planted.as_bytes(), b"\n", &after[..]].concat();
        let found = scan(&text, piece, &[("ann", planted.as_bytes())]);
        let at = before.len() as u64 + 1;
        prop_assert!(found.iter().any(|leak| leak.at == at), "{:?}", found);
        let at = at + CARDS[which].len() as u64 + 1;
        prop_assert!(found.iter().any(|leak| leak.at == at && leak.what == "the secret of ann"), "{:?}", found);
    }

    #[test]
    fn identifiers_times_and_amounts_are_no_cards(
        bits in any::<u128>(), trace in any::<u128>(), ms in 1_500_000_000_000i64..2_000_000_000_000, amount in 0..10_000_000u32,
        span in 0xa000_0000_0000_0000u64..=0xffff_ffff_ffff_ffff,
    ) {
        let at = Timestamp::from_millisecond(ms).unwrap();
        let uuid = format!("{bits:032x}");
        let text = format!(
            "{} {} {trace:032x} 00-{trace:032x}-{span:016x}-01 {span:016x} {at} {ms} {} {} {amount} {}-{}-{}-{}-{}",
            OrderId::from_bits(bits), PaymentId::from_bits(trace), ms * 1000, ms * 1_000_000,
            &uuid[..8], &uuid[8..12], &uuid[12..16], &uuid[16..20], &uuid[20..],
        );
        prop_assert_eq!(scan(text.as_bytes(), 64, &[]), []);
    }
}
