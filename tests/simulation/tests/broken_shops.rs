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
