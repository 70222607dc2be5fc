//! Every crash point in every service that comes there: killed, failed and held up, and the books balance.
//!
//! The ordinary test arms all services at once, each at another place, so that it ends within a minute.
//! `scripts/crash-points` goes each step alone, and pairs of them.

use std::collections::{BTreeMap, BTreeSet};

use kit::crash::POINTS;
use tests::walk::step::{KINDS, Outcome, Place, Step, When};
use tests::walk::{Found, Lives, Walker};

/// Points to which no service comes here, with the reason. To `migrate.step` each comes once, at the opening;
/// who is killed there is looked at in `migrations.rs`.
const NOT_REACHED: [(&str, &str); 10] = [
    ("log.checkpoint", "no log of this shop becomes so long; tests of the kit hold this up and let it fail"),
    ("drain.gathering", DRAINS),
    ("drain.gathered", DRAINS),
    ("drain.before_commit", DRAINS),
    ("drain.in_transaction", DRAINS),
    ("drain.after_commit_before_ack", DRAINS),
    ("drain.after_ack", DRAINS),
    ("prune.before_purge", "only rows of last week are pruned, once a minute"),
    ("backup.hold", "nobody makes a backup meanwhile; `backup_troubles.rs` does"),
    ("backup.copy", "nobody makes a backup meanwhile; `backup_troubles.rs` does"),
];

/// Why no service comes to the points of draining.
const DRAINS: &str = "this shop has no devices; `telemetry/crash_points.rs` has some";

/// Rounds in which places fail or kill each time, and rounds of pairs, in the ordinary test.
const SAMPLES: usize = 3;

/// After so many rounds a walk of each step alone opens a new shop: an audit reads every order.
const ROUNDS_A_SHOP: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_flow_survives_every_crash_point_of_every_service() {
    let (mut walker, found) = Walker::open().await;
    every_point_is_reached(&found);
    let places = one_of_each(&found.places);
    for lives in ordinary_rounds(&places) {
        walker.round(lives).await;
    }
    let walked = walker.walked();
    let killed: BTreeSet<&Place> = walked
        .iter()
        .filter(|step| (step.outcome, step.when) == (Outcome::Kill, When::First))
        .map(|step| &step.place)
        .collect();
    assert_eq!(killed, places.values().flatten().collect(), "each place has killed its service once");
    say(&format!("{} steps walked, at {} places", walked.len(), killed.len()));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes half an hour: scripts/crash-points"]
async fn an_order_flow_survives_every_step_alone() {
    let (mut walker, found) = Walker::open().await;
    every_point_is_reached(&found);
    let mut steps: Vec<Step> =
        found.places.iter().flat_map(|place| KINDS.map(|kind| place.step(kind))).collect();
    let (mut walked, all) = (0, steps.len());
    let before = walked_before();
    steps.retain(|step| !before.contains(&named(step)));
    for (number, step) in chosen(steps).into_iter().enumerate() {
        if number > 0 && number % ROUNDS_A_SHOP == 0 {
            (walker, _) = Walker::open().await;
        }
        say(&format!("{number} of {all}{BEHIND_THE_NUMBER}{}", named(&step)));
        walker.round([(step.place.service, vec![vec![step]])].into()).await;
        walked += 1;
    }
    say(&format!("{walked} of {all} steps walked, each alone"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes hours: scripts/crash-points --pairs"]
async fn an_order_flow_survives_every_pair_of_crashes() {
    let (mut walker, found) = Walker::open().await;
    let places: Vec<Place> = one_of_each(&found.places).into_values().flatten().collect();
    let pairs: Vec<(Place, Place)> =
        places.iter().flat_map(|first| places.iter().map(|second| (first.clone(), second.clone()))).collect();
    let (mut walked, all) = (0, pairs.len());
    for (number, (first, second)) in chosen(pairs).into_iter().enumerate() {
        if number > 0 && number % ROUNDS_A_SHOP == 0 {
            (walker, _) = Walker::open().await;
        }
        say(&format!("{} {} and then {} {}", first.service, first.point, second.service, second.point));
        walker.pair(&first, &second).await;
        walked += 1;
    }
    say(&format!("{walked} of {all} pairs walked"));
}

/// Fails if there is a place to which no service ever comes.
fn every_point_is_reached(found: &Found) {
    let reached: BTreeSet<&str> =
        found.places.iter().chain(&found.at_the_opening).map(|place| place.point).collect();
    for point in POINTS.iter().filter(|point| !reached.contains(point.name)) {
        let excused = NOT_REACHED.iter().any(|(name, _)| *name == point.name);
        assert!(excused, "no service comes to {}: it is a dead point", point.name);
    }
    let undo = |place: &&Place| {
        (place.service, place.point) == ("inventory", "hear.in_transaction")
            && place.about == "events.order.cancelled"
    };
    assert!(found.places.iter().find(undo).is_some(), "stock is given back: {:?}", found.places);
}

/// Of each point one place a service: with the event that undoes an order, or the work that matters most.
fn one_of_each(seen: &BTreeSet<Place>) -> BTreeMap<&'static str, Vec<Place>> {
    let matters = |place: &Place| match &*place.about {
        "events.order.cancelled" | "order.place" | "charge_card" => 0,
        "event" | "events.payment.captured" => 1,
        "request" => 2,
        _ => 3,
    };
    let mut chosen: BTreeMap<(&'static str, &'static str), &Place> = BTreeMap::new();
    for place in seen {
        let one = chosen.entry((place.service, place.point)).or_insert(place);
        if matters(place) < matters(one) {
            *one = place;
        }
    }
    let mut services: BTreeMap<&'static str, Vec<Place>> = BTreeMap::new();
    for ((service, _), place) in chosen {
        services.entry(service).or_default().push(place.clone());
    }
    services
}

/// The rounds of the ordinary test.
fn ordinary_rounds(places: &BTreeMap<&'static str, Vec<Place>>) -> Vec<BTreeMap<&'static str, Lives>> {
    let mut rounds = Vec::new();
    let one = |place: &Place, kind| vec![vec![place.step(kind)]];
    // Services are at different places at a time: each begins further on in its list.
    let at = |list: &[Place], service: usize, round: usize| list[(round + 3 * service) % list.len()].clone();
    let longest = places.values().map(Vec::len).max().unwrap_or(0);
    for round in 0..longest {
        let armed = places.iter().enumerate().filter(|(_, (_, list))| round < list.len());
        rounds.push(
            armed
                .map(|(number, (service, list))| {
                    (*service, one(&at(list, number, round), (Outcome::Kill, When::First)))
                })
                .collect(),
        );
    }
    // What does not end a process can happen at all its places in one life.
    for kind in [(Outcome::Error, When::First), (Outcome::Delay, When::First), (Outcome::Delay, When::Every)]
    {
        let all = |list: &[Place]| {
            // A reaction that fails each time, for a dead letter each time, would never come further.
            let hides = |place: &Place| place.point == "dead_letter.write" && kind.1 == When::Every;
            let ends = |place: &Place| place.is_at_the_stop() || place.point == "startup.after_open";
            let going_on = list.iter().filter(|place| !ends(place) && !hides(place));
            vec![going_on.map(|place| place.step(kind)).collect::<Vec<_>>()]
        };
        rounds.push(places.iter().map(|(service, list)| (*service, all(list))).collect());
    }
    for sample in 0..SAMPLES {
        for kind in [(Outcome::Kill, When::Every), (Outcome::Error, When::Every)] {
            let armed = places.iter().enumerate();
            rounds.push(
                armed
                    .map(|(number, (service, list))| (*service, one(&at(list, number, 5 * sample), kind)))
                    .collect(),
            );
        }
        let kill = (Outcome::Kill, When::First);
        let pair = |number: usize, list: &[Place]| {
            vec![
                vec![at(list, number, 7 * sample + 1).step(kill)],
                vec![at(list, number, 4 * sample + 9).step(kill)],
            ]
        };
        let armed = places.iter().enumerate();
        rounds.push(armed.map(|(number, (service, list))| (*service, pair(number, list))).collect());
    }
    rounds
}

/// Which of them are walked, and in which order: `WALK_SEED` shuffles, `WALK_LIMIT` cuts.
fn chosen<T>(mut all: Vec<T>) -> Vec<T> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    if let Some(mut seed) = number("WALK_SEED") {
        for last in (1..all.len()).rev() {
            // The generator of Knuth's MMIX: enough to choose, and the same everywhere.
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            all.swap(last, ((seed >> 33) % (last as u64 + 1)) as usize);
        }
    }
    let count = |name: &str, otherwise: usize| number(name).map_or(otherwise, |count| count as usize);
    all.truncate(count("WALK_LIMIT", all.len()));
    all
}

/// What stands between the number of a step and its name.
const BEHIND_THE_NUMBER: &str = ", ";

fn named(step: &Step) -> String {
    format!("{}: {}", step.place.service, step.arm())
}

/// The steps that the log of an earlier walk names, but the last: that one may have failed.
fn walked_before() -> BTreeSet<String> {
    let Some(path) = std::env::var_os("WALK_BEHIND") else { return BTreeSet::new() };
    let log = std::fs::read_to_string(path).expect("the log of an earlier walk");
    let mut steps: Vec<String> = log
        .lines()
        .filter_map(|line| line.split_once(BEHIND_THE_NUMBER))
        .filter(|(number, _)| number.starts_with(|c: char| c.is_ascii_digit()))
        .map(|(_, name)| name.to_owned())
        .collect();
    steps.pop();
    steps.into_iter().collect()
}

#[expect(clippy::print_stdout, reason = "for whoever watches with --nocapture")]
fn say(what: &str) {
    println!("{what}");
}
