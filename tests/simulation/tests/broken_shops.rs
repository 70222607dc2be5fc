//! Each broken shop is found out, and soon.

use simulation::broken::Broken;
use simulation::life;

/// Worlds in which a broken shop may hide.
const SEEDS: u64 = 300;

#[test]
#[expect(clippy::print_stderr, reason = "how many worlds it took is worth knowing")]
fn every_broken_shop_is_found_out() {
    for broken in Broken::ALL {
        let found = (0..SEEDS).find_map(|seed| {
            let faults =
                life::of(seed, Some(broken)).map_or_else(|error| vec![error.chain()], |end| end.faults);
            faults.first().map(|fault| (seed + 1, fault.clone()))
        });
        let (worlds, fault) = found.unwrap_or_else(|| panic!("{broken} was not found out in {SEEDS} worlds"));
        eprintln!("{broken}: found out after {worlds} worlds: {fault}");
    }
}

/// Mistakes of which nothing is seen but in the books: each is found by the rule that is about it.
#[test]
fn a_mistake_that_disturbs_nobody_is_found_by_its_own_rule() {
    for (broken, what) in [
        (Broken::NotifiesTwice, "asked for 1"),
        (Broken::TellsOtherwise, "says something else than was told"),
        (Broken::WritesTheCardDown, "holds a card's number ****4242"),
    ] {
        let is_named =
            |seed| life::of(seed, Some(broken)).unwrap().faults.iter().any(|fault| fault.contains(what));
        assert!((0..SEEDS).any(is_named), "{broken}: {what}");
    }
}
