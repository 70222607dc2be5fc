//! Worlds of the shop as it is: all end well, and each is the same however often it is lived through.

use std::collections::BTreeMap;

use simulation::life;

/// Worlds that are lived through here; `scripts/simulate` takes as many as one wants.
const SEEDS: u64 = 400;

#[test]
fn every_world_ends_well_whatever_goes_wrong_in_it() {
    let mut happened: BTreeMap<&str, u64> = BTreeMap::new();
    let mut orders = 0;
    for seed in 0..SEEDS {
        let end = life::of(seed, None).unwrap();
        assert_eq!(
            end.faults,
            [] as [String; 0],
            "seed {seed}; scripts/simulate --seed {seed} shows it again"
        );
        orders += end.orders;
        for (fault, times) in end.happened {
            *happened.entry(fault).or_default() += times;
        }
    }
    assert!(orders > SEEDS, "people did buy: {orders} orders");
    for fault in [
        "bank",
        "broker ended",
        "clock set back",
        "clock set forward",
        "connection cut",
        "consumers deleted",
        "crash after a commit",
        "crash before a commit",
        "disk full",
        "stood still",
        "store lost",
        "store rolled back",
        "stream deleted",
        "stream full",
    ] {
        assert!(happened.get(fault).is_some_and(|times| *times > 10), "{fault}: {happened:?}");
    }
}

#[test]
fn a_seed_is_the_same_world_to_the_last_step() {
    for seed in 1000..1010 {
        let (first, second) = (life::of(seed, None).unwrap(), life::of(seed, None).unwrap());
        assert_eq!(first.steps, second.steps, "seed {seed}");
        assert_eq!(first.orders, second.orders);
    }
}
