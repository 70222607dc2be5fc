//! Worlds of the shop as it is: all end well, and each is the same however often it is lived through.

use std::collections::BTreeMap;

use contracts::order::Stage;
use simulation::life;

/// Worlds that are lived through here; `scripts/simulate` takes as many as one wants.
const SEEDS: u64 = 300;

#[test]
fn every_world_ends_well_whatever_goes_wrong_in_it() {
    let mut happened: BTreeMap<&str, u64> = BTreeMap::new();
    let mut stages: BTreeMap<Stage, u64> = BTreeMap::new();
    for seed in 0..SEEDS {
        let end = life::of(seed, None).unwrap();
        assert_eq!(
            end.faults,
            [] as [String; 0],
            "seed {seed}; scripts/simulate --seed {seed} shows it again"
        );
        for (stage, orders) in end.stages {
            *stages.entry(stage).or_default() += orders;
        }
        for (fault, times) in end.happened {
            *happened.entry(fault).or_default() += times;
        }
    }
    for stage in [Stage::Confirmed, Stage::Cancelled, Stage::Refunded] {
        assert!(stages.get(&stage).is_some_and(|orders| *orders > SEEDS / 10), "{stage}: {stages:?}");
    }
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
        "hole in a stream",
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
        assert_eq!(first.stages, second.stages);
    }
}
