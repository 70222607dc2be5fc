//! The page, its shares, its targets, and what stays around it.

use std::collections::BTreeMap;

use super::super::times::Spread;
use super::*;

fn report(what: &str, rate: f64, timed: &str, p50_us: u64) -> Measured {
    let spread = Spread { count: 10, p50_us, p90_us: p50_us, p99_us: 2 * p50_us, ..Spread::default() };
    let times = BTreeMap::from([(timed.to_owned(), spread)]);
    Measured { what: what.to_owned(), rate, done: 10, times, ..Measured::default() }
}

fn sample() -> Results {
    let mut results = Results::default();
    for (depth, rate, us) in
        [(1, 100.0, 9000), (64, 1000.0, 60_000), (256, 1400.0, 180_000), (1024, 900.0, 1_000_000)]
    {
        results.reports.insert(format!("orders-{depth}"), report("orders", rate, "confirmed", us));
        results.pipeline.insert(depth, Bare { rate: 2000.0, p50_us: 5000.0, p99_us: 6000.0 });
    }
    results.reports.insert("requests-64".to_owned(), report("requests", 8000.0, "answered", 700));
    results.echo.insert(64, Bare { rate: 10_000.0, p50_us: 500.0, p99_us: 600.0 });
    results.facts = vec![("kernel".to_owned(), "Linux | 6 <x>".to_owned())];
    results.figures = [("idle_bytes".to_owned(), 120e6), ("start_ms".to_owned(), 900.0)].into();
    results
}

#[test]
fn targets_are_compared_with_what_was_measured_and_nothing_else() {
    let reached = targets::reached(&sample());
    let said: Vec<(&str, bool)> =
        reached.iter().map(|(_, measured, reached)| (measured.as_str(), *reached)).collect();
    let expected = [
        ("0.70", true),
        ("1.80", true),
        ("0.90 of it", false),
        ("0 failed", true),
        ("0.80", true),
        ("120.0 MB", false),
        ("900 ms", true),
    ];
    assert_eq!(said, expected, "{reached:#?}");
    assert!(targets::reached(&Results::default()).is_empty());
}

#[test]
fn shares_of_the_bare_pipeline_stand_beside_the_rates() {
    let page = written(&sample());
    assert!(page.contains("| 256 | 1400 | 2000 | 0.70 | 0.00 ms | 180 ms | 360 ms |"), "{page}");
    assert!(page.contains("| `catalog.get` | 64 | 8000 | 10000 | 0.80 | 0.70 ms | 1.4 ms | 0 |"), "{page}");
    assert!(page.contains("- kernel: Linux / 6 &lt;x>"), "{page}");
    let depths: Vec<usize> =
        ["| 1 |", "| 64 |", "| 256 |", "| 1024 |"].iter().filter_map(|row| page.find(row)).collect();
    assert!(depths.len() == 4 && depths.is_sorted(), "by how many were under way");
}

#[test]
fn a_failure_and_books_that_do_not_agree_are_not_hidden() {
    let mut results = sample();
    let worst = results.reports.get_mut("orders-1024").unwrap();
    worst.failed.insert("overloaded".to_owned(), 7);
    worst.unsent = 3;
    worst.audit = Some(super::super::results::Audited { sound: false });
    assert!(written(&results).contains("| 7, 3 never begun, books do not agree |"));
    assert!(written(&results).contains("| nothing fails | 7 failed | **no** |"));
}

#[test]
fn what_somebody_wrote_around_it_stays() {
    let results = sample();
    let new = put("", &results);
    assert!(new.starts_with("# Performance\n\n") && new.contains("\n\n<!-- measured"), "{new}");
    assert!(new.ends_with("<!-- measured: end -->\n"), "{new}");
    let page = new.replace("# Performance", "# Ours\n\nWords.") + "\n## What did not help\n\nThis.\n";
    let again = put(&page, &results);
    assert_eq!(again, page, "the same figures twice change nothing");
    assert!(put("# Ours\n\nWords.\n", &results).starts_with("# Ours\n\nWords.\n\n<!-- measured"));
}

#[test]
fn growth_and_a_long_run_have_their_pictures() {
    let mut results = sample();
    results.reports.insert("growth-10000".to_owned(), report("orders", 1000.0, "confirmed", 1));
    results.reports.insert("growth-1000000".to_owned(), report("orders", 950.0, "confirmed", 1));
    results.reports.insert("list-at-1000000".to_owned(), report("requests", 5.0, "answered", 4000));
    results.reports.insert("soak".to_owned(), report("orders", 500.0, "confirmed", 7000));
    let page = written(&results);
    assert!(page.contains("| 1000000 | 950 | 0.95 | 0.00 ms | 0.00 ms | 8.0 ms | – |"), "{page}");
    assert!(page.contains("performance-growth.svg") && page.contains("performance-soak.svg"));
    assert!(targets::reached(&results).iter().any(|(_, measured, reached)| measured == "0.95" && *reached));
}
