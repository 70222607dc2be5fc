//! The doctor at a shop that is well, that lacks a service, and that lacks its broker.

use serde_json::Value;

use crate::Bench;
use crate::shopping::stocked;
use crate::stack::Shop;

/// What is wrong, by check; a broker of the person who tests may be older than it should be.
fn wrong(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().expect("findings").iter();
    let wrong =
        findings.filter(|finding| ["warn", "bad"].contains(&finding["level"].as_str().expect("text")));
    let wrong =
        wrong.filter(|finding| !finding["says"].as_str().expect("text").contains("is the oldest known"));
    wrong.map(|finding| finding["check"].as_str().expect("a check")).collect()
}

#[test]
fn a_shop_that_is_well_has_nothing_but_what_is_in_order() {
    let shop = stocked();
    shop.until_well();
    let ran = shop.run("doctor");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert!(ran.out.lines().all(|line| line.starts_with("✓ ")), "{}", ran.out);
    assert!(ran.out.contains("\n✓ 13 of 13 services answer"), "{}", ran.out);
    assert!(!ran.out.contains('\u{1b}'), "no colours where nobody looks");

    let nagios = shop.run("doctor --format nagios");
    assert_eq!((nagios.code, nagios.out.lines().count()), (0, 1), "{}", nagios.out);
    assert!(nagios.out.starts_with("SHOP OK - "), "{}", nagios.out);
    let (_, figures) = nagios.out.trim_end().split_once(" | ").expect("figures");
    for figure in figures.split(' ') {
        let (name, value) = figure.split_once('=').expect("a name and a value");
        let number = value.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
        assert!(!name.is_empty() && number.parse::<f64>().is_ok(), "{figure}");
    }

    let prometheus = shop.run("doctor --format prometheus");
    assert_eq!(prometheus.code, 0);
    assert!(prometheus.out.contains("\nshop_service_up{service=\"order\"} 1\n"), "{}", prometheus.out);
    assert!(prometheus.out.contains("\nshop_well 1\n"), "{}", prometheus.out);

    let deep = shop.run("doctor --deep");
    assert_eq!(deep.code, 0, "{}", deep.out);
}

#[test]
fn a_service_that_was_killed_is_a_finding_with_what_starts_it() {
    let shop = Shop::open("");
    shop.until_well();
    shop.kill("payment");
    let ran = shop.run("doctor");
    assert_eq!(ran.code, 12, "{}", ran.out);
    let line = ran.out.lines().find(|line| line.starts_with("✗ payment does not answer"));
    assert!(line.is_some_and(|line| line.contains("→ shopctl up")), "{}", ran.out);
    let (code, report) = shop.bench.json("doctor");
    assert_eq!((code, &report["well"]), (12, &Value::Bool(false)));
    let wrong = wrong(&report);
    assert!(wrong.contains(&"services") && wrong.contains(&"processes"), "{report:#}");
    let nagios = shop.run("doctor --format nagios");
    assert_eq!(nagios.code, 2, "{}", nagios.out);
    assert!(nagios.out.starts_with("SHOP CRITICAL - payment does not answer"), "{}", nagios.out);
}

#[test]
fn a_key_that_others_can_read_is_a_finding() {
    use std::os::unix::fs::PermissionsExt;
    let shop = Shop::open("");
    shop.until_well();
    let seed = shop.bench.data().join("keys/cart.seed");
    std::fs::set_permissions(&seed, PermissionsExt::from_mode(0o644)).unwrap();
    let (code, report) = shop.bench.json("doctor");
    assert_eq!((code, wrong(&report)), (12, vec!["keys"]), "{report:#}");
}

#[test]
fn without_a_broker_this_machine_is_looked_at_all_the_same() {
    let shop = Shop::open("");
    shop.until_well();
    shop.kill("broker");
    let ran = shop.run("doctor");
    assert_eq!((ran.code, ran.err.as_str()), (11, ""), "{}", ran.out);
    assert!(ran.out.starts_with("✗ no answer from the broker at nats://127.0.0.1:"), "{}", ran.out);
    assert!(ran.out.contains("\n✓ disk of the data folder"), "{}", ran.out);
    assert!(ran.out.contains("\n! recorded as running, but ended: broker"), "{}", ran.out);
    let (code, report) = shop.bench.json("doctor");
    assert_eq!((code, &report["broker_reached"]), (11, &Value::Bool(false)));
    let prometheus = shop.run("doctor --format prometheus");
    assert_eq!(prometheus.code, 11);
    assert!(prometheus.out.contains("\nshop_broker_up 0\n"), "{}", prometheus.out);
}

#[test]
fn a_monitor_is_told_that_a_broker_is_away_or_that_nobody_can_ask() {
    let bench = Bench::new();
    let nagios = bench.run("doctor --format nagios --nats nats://127.0.0.1:1");
    assert_eq!((nagios.code, nagios.err.as_str()), (2, ""), "{}", nagios.out);
    assert!(nagios.out.starts_with("SHOP CRITICAL - no answer from the broker"), "{}", nagios.out);
    let unknown = bench.run("doctor --format nagios --nats nats://127.0.0.1:1 --seed /nowhere/ann.seed");
    assert_eq!((unknown.code, unknown.out.lines().count()), (3, 1), "{}", unknown.err);
    assert!(unknown.out.starts_with("SHOP UNKNOWN - "), "{}", unknown.out);
}
