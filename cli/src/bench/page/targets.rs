//! What was aimed at, and whether it was reached. What was not measured is left out.

use std::fmt::Write;

use cli::show::duration;

use super::super::results::Results;
use crate::status::bytes;

/// How many are under way where the targets are about throughput.
pub(super) const DEPTH: u64 = 256;

/// How many requests are under way where the target is about requests.
const REQUESTS_DEPTH: u64 = 64;

/// The least share of the bare pipeline, and of its plain requests.
const SHARE_MIN: f64 = 0.7;

/// The most that an order may take, alone, of what the bare pipeline takes.
const ALONE_MAX: f64 = 2.0;

/// The least rate at 1024 in flight, of that at 64: level, but for the noise of a machine.
const LEVEL_MIN: f64 = 0.95;

/// The least rate at a million orders, of that at ten thousand.
const GROWN_MIN: f64 = 0.9;

/// Single figures: their names in the folder of results, and what they are.
pub(super) const SINGLE: [(&str, &str); 8] = [
    ("idle_bytes", "memory of shop and broker, idle, a process each"),
    ("idle_each_bytes", "the same, counting what processes share once for each of them"),
    ("idle_one_process_bytes", "memory of shop and broker, idle, all services in one process"),
    ("loaded_bytes", "memory of shop and broker under full load"),
    ("settled_bytes", "memory of shop and broker a minute after full load"),
    ("up_ms", "`shopctl up` on a data folder that is there"),
    ("start_ms", "from `shopctl up` to the first confirmed order"),
    ("command_ms", "a command that needs one reply, whole process, half of them"),
];

/// The most that single figures may be.
const MOST: [(&str, f64); 6] = [
    ("idle_bytes", 100e6),
    ("idle_one_process_bytes", 50e6),
    ("loaded_bytes", 400e6),
    ("settled_bytes", 150e6),
    ("start_ms", 1500.0),
    ("command_ms", 30.0),
];

/// A figure with its unit, which its name ends with.
pub(super) fn shown(name: &str, figure: f64) -> String {
    if name.ends_with("_bytes") { bytes(Some(figure as u64)) } else { duration((figure * 1000.0) as i64) }
}

/// One target: what was aimed at, what was measured, and whether that is enough.
pub(super) type Target = (String, String, bool);

/// Every target of which something was measured.
pub(super) fn reached(results: &Results) -> Vec<Target> {
    let mut all: Vec<Target> = Vec::new();
    let report = |name: String| results.reports.get(&name);
    let rate = |depth: u64| report(format!("orders-{depth}")).map(|report| report.rate);
    if let (Some(rate), Some(bare)) = (rate(DEPTH), results.pipeline.get(&DEPTH)) {
        let share = rate / bare.rate;
        all.push((
            format!("checkouts at {DEPTH} in flight: at least {SHARE_MIN} of the bare pipeline"),
            format!("{share:.2}"),
            share >= SHARE_MIN,
        ));
    }
    let alone = report("orders-1".to_owned()).and_then(|report| report.times.get("confirmed"));
    if let (Some(own), Some(bare)) = (alone, results.pipeline.get(&1)) {
        let times = own.p50_us as f64 / bare.p50_us;
        all.push((
            format!("confirmed at 1 in flight: at most {ALONE_MAX} times the bare pipeline's time"),
            format!("{times:.2}"),
            times <= ALONE_MAX,
        ));
    }
    if let (Some(few), Some(many)) = (rate(64), rate(1024)) {
        let share = many / few;
        all.push((
            "the rate at 1024 in flight: not below that at 64".to_owned(),
            format!("{share:.2} of it"),
            share >= LEVEL_MIN,
        ));
    }
    let failed: u64 = results.reports.values().flat_map(|report| report.failed.values()).sum();
    if !results.reports.is_empty() {
        all.push(("nothing fails".to_owned(), format!("{failed} failed"), failed == 0));
    }
    let requests = report(format!("requests-{REQUESTS_DEPTH}")).map(|report| report.rate);
    if let (Some(rate), Some(bare)) = (requests, results.echo.get(&REQUESTS_DEPTH)) {
        let share = rate / bare.rate;
        all.push((
            format!("`catalog.get` at {REQUESTS_DEPTH} in flight: at least {SHARE_MIN} of a bare echo"),
            format!("{share:.2}"),
            share >= SHARE_MIN,
        ));
    }
    for (name, most) in MOST {
        let Some(figure) = results.figures.get(name) else { continue };
        let says = SINGLE.iter().find(|single| single.0 == name).map_or(name, |single| single.1);
        all.push((format!("{says}: at most {}", shown(name, most)), shown(name, *figure), *figure <= most));
    }
    let grown = |orders: u64| report(format!("growth-{orders}")).map(|report| report.rate);
    if let (Some(few), Some(many)) = (grown(10_000), grown(1_000_000)) {
        let share = many / few;
        all.push((
            format!("the rate at a million orders: at least {GROWN_MIN} of that at ten thousand"),
            format!("{share:.2}"),
            share >= GROWN_MIN,
        ));
    }
    all
}

/// The table of targets.
pub(super) fn table(page: &mut String, results: &Results) {
    let all = reached(results);
    if all.is_empty() {
        return;
    }
    page.push_str("## What was aimed at\n\n| target | measured | reached |\n| --- | ---: | --- |\n");
    for (target, measured, reached) in all {
        let _ = writeln!(page, "| {target} | {measured} | {} |", if reached { "yes" } else { "**no**" });
    }
    page.push('\n');
}
