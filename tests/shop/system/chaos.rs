//! A short storm over real processes; `scripts/chaos` has longer ones.

use std::time::Duration;

use tests::chaos::kind::Kind;
use tests::chaos::schedule::plan;
use tests::chaos::{Settings, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_was_broken_in_many_ways_keeps_every_promise_once_it_is_mended() {
    let keep = tempfile::tempdir().unwrap();
    let settings = Settings {
        seed: 5,
        first_round: 0,
        rounds: 1,
        time: Duration::ZERO,
        storm: Duration::from_secs(20),
        kinds: Kind::CHEAP.to_vec(),
        disk: None,
        keep: keep.path().join("chaos"),
    };
    let report = run(&settings, |_| {}).await;
    assert!(report.findings.is_empty(), "{report}");
    assert!(report.accepted > 0 && !report.faults.is_empty(), "{report}");
}

#[test]
fn the_schedule_is_a_function_of_the_seed() {
    let of = |seed, round| plan(seed, round, &Kind::ALL, Duration::from_secs(40));
    assert_eq!(of(7, 3), of(7, 3));
    assert_ne!(of(7, 3), of(8, 3));
    assert_ne!(of(7, 3), of(7, 4));
}

#[test]
fn every_fault_ends_before_its_storm_and_no_part_has_two_at_a_time() {
    for seed in 0..50 {
        let planned = plan(seed, seed, &Kind::ALL, Duration::from_secs(40));
        assert!(planned.len() > 3, "{planned:#?}");
        for (number, fault) in planned.iter().enumerate() {
            let ends = fault.from_ms + fault.lasts_ms;
            assert!(ends <= 40_000, "{fault}");
            let other = planned[number + 1..]
                .iter()
                .find(|other| other.target == fault.target && other.from_ms < ends);
            assert!(other.is_none(), "{fault} and {other:?}");
        }
    }
}

#[test]
fn a_few_rounds_have_every_kind() {
    let rounds = (0..6).flat_map(|round| plan(1, round, &Kind::ALL, Duration::from_secs(40)));
    let kinds: std::collections::BTreeSet<Kind> = rounds.map(|fault| fault.kind).collect();
    assert_eq!(kinds.len(), Kind::ALL.len(), "{kinds:?}");
}
