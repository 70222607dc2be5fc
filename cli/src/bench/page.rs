//! The page of what was measured, in Markdown, and putting it into a file whose other words stay. No I/O.

mod targets;

use std::fmt::Write;

use cli::show::duration;

use super::results::{Bare, Measured, Results};
use crate::status::bytes;

/// Between these lines of a page stands what was measured; everything else in it stays as somebody wrote it.
const BEGIN: &str = "<!-- measured: scripts/bench writes what stands from here to the end mark -->";
const END: &str = "<!-- measured: end -->";

/// What a page begins with that was not there.
const HEAD: &str = "\
# Performance

Figures of one run of `scripts/bench` on one machine, with the shop, its broker and whoever measures on the same
processors. Beside them stands a bare pipeline: the cheapest honest way to do the same, which commits every step with
the same care and tells it through the same broker, and has no rules, no checks, no keys, no sign-in and no journal.

With so many in flight, one begins when another ends; its time is from when it was sent until the answer or the
confirmation has come back. At a fixed rate each is timed from when it should have been sent. What was under way when
time was over is waited for and timed too. Afterwards it is waited until every service has heard everything, and the
books of these orders are audited. Memory is what the system counts as resident: what processes share, such as the
program itself, counts in each of them. What it was limited by is a guess.

";

/// The page with what was measured in the place of what was measured before.
pub(crate) fn put(page: &str, results: &Results) -> String {
    let measured = format!("{BEGIN}\n\n{}\n{END}", written(results));
    match (page.find(BEGIN), page.find(END)) {
        (Some(begin), Some(end)) if begin < end => {
            format!("{}{measured}{}", &page[..begin], &page[end + END.len()..])
        }
        _ if page.trim().is_empty() => format!("{HEAD}{measured}\n"),
        _ => format!("{}\n\n{measured}\n", page.trim_end()),
    }
}

/// What was measured.
pub(crate) fn written(results: &Results) -> String {
    let mut page = String::new();
    facts(&mut page, results);
    targets::table(&mut page, results);
    orders(&mut page, results);
    others(&mut page, results);
    costs(&mut page, results);
    single(&mut page, results);
    growth(&mut page, results);
    soak(&mut page, results);
    page
}

fn facts(page: &mut String, results: &Results) {
    for (name, text) in &results.facts {
        let _ = writeln!(page, "- {name}: {}", plain(text));
    }
    page.push('\n');
}

/// The reports of one kind, with the number in their name, by it: `orders-256` is 256 of `orders`.
fn numbered<'a>(results: &'a Results, kind: &str) -> Vec<(u64, &'a Measured)> {
    let of = |(name, report): (&'a String, &'a Measured)| {
        let number = name.strip_prefix(kind)?.strip_prefix('-')?.parse().ok()?;
        Some((number, report))
    };
    let mut all: Vec<_> = results.reports.iter().filter_map(of).collect();
    all.sort_by_key(|(number, _)| *number);
    all
}

fn orders(page: &mut String, results: &Results) {
    let all = numbered(results, "orders");
    if all.is_empty() {
        return;
    }
    page.push_str(
        "## Complete checkouts\n\nPlaced, stock held, paid, confirmed, and seen by whoever ordered.\n\n\
         | in flight | a second | bare pipeline | share of it | placed, half | confirmed, half | 99 of 100 | 999 of 1000 | longest | bare, half | all heard after | failed |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for (depth, report) in all {
        let bare = results.pipeline.get(&depth);
        let [placed, confirmed] =
            ["placed", "confirmed"].map(|name| report.times.get(name).cloned().unwrap_or_default());
        let _ = writeln!(
            page,
            "| {depth} | {:.0} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            report.rate,
            bare.map_or(dash(), |bare| format!("{:.0}", bare.rate)),
            share(report.rate, bare),
            micros(placed.p50_us),
            micros(confirmed.p50_us),
            micros(confirmed.p99_us),
            micros(confirmed.p999_us),
            micros(confirmed.max_us),
            bare.map_or(dash(), |bare| micros(bare.p50_us as u64)),
            report.caught_up_s.map_or(dash(), |seconds| format!("{seconds:.1} s")),
            failed(report),
        );
    }
    page.push('\n');
}

fn others(page: &mut String, results: &Results) {
    let mut rows = String::new();
    for (kind, name, timed) in [
        ("requests", "`catalog.get`", &["answered"][..]),
        ("events", "from an event until it was acted on and committed", &["heard"]),
        ("mix", "what buyers do", &["list", "product", "search", "cart", "look", "placed", "confirmed"]),
        ("list", "`order.list`", &["answered"]),
        ("search", "`catalog.search`", &["answered"]),
        ("mail", "checkouts with a mail each", &["confirmed"]),
    ] {
        for (depth, report) in numbered(results, kind) {
            let bare = (kind == "requests").then(|| results.echo.get(&depth)).flatten();
            for (place, timed) in timed.iter().enumerate() {
                let Some(spread) = report.times.get(*timed) else { continue };
                let first = place == 0;
                let name = if kind == "mix" { format!("{name}: {timed}") } else { name.to_owned() };
                let _ = writeln!(
                    rows,
                    "| {name} | {depth} | {} | {} | {} | {} | {} | {} |",
                    if first { format!("{:.0}", report.rate) } else { dash() },
                    if first { bare.map_or(dash(), |bare| format!("{:.0}", bare.rate)) } else { dash() },
                    if first { share(report.rate, bare) } else { dash() },
                    micros(spread.p50_us),
                    micros(spread.p99_us),
                    if first { failed(report) } else { dash() },
                );
            }
        }
    }
    if !rows.is_empty() {
        page.push_str(
            "## Requests, events, and what buyers do\n\n\
             | what | in flight | a second | bare | share of it | half | 99 of 100 | failed |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        );
        page.push_str(&rows);
        page.push('\n');
    }
}

/// What each process costs, at the depth that the targets are about, or the deepest that was measured.
fn costs(page: &mut String, results: &Results) {
    let all = numbered(results, "orders");
    let Some((depth, report)) = all.iter().find(|(depth, _)| *depth == targets::DEPTH).or(all.last()) else {
        return;
    };
    let machine = &report.machine;
    let _ = writeln!(
        page,
        "## What an order costs\n\nWith {depth} in flight; {}.\n",
        plain(&report.limited_by.says)
    );
    page.push_str(
        "| process | processor time an order | written an order | memory | the most |\n| --- | ---: | ---: | ---: | ---: |\n",
    );
    for process in &machine.processes {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} |",
            process.name,
            micros_exact(process.cpu_each_us),
            bytes(process.written_bytes.checked_div(report.done)),
            bytes(Some(process.memory_bytes)),
            bytes(Some(process.peak_bytes))
        );
    }
    let written: u64 = machine.processes.iter().map(|process| process.written_bytes).sum();
    let all: f64 = machine.processes.iter().map(|process| process.cpu_each_us).sum();
    let _ = writeln!(
        page,
        "| together | {} | {} | {} (without shopctl) | |",
        micros_exact(all),
        bytes(written.checked_div(report.done)),
        bytes(machine.memory_bytes)
    );
    if let Some(each) = machine.disk_each_bytes {
        let _ = writeln!(
            page,
            "\nDisk: {} an order, in databases, their write-ahead logs and streams.",
            bytes(Some(each))
        );
    }
    page.push('\n');
}

fn single(page: &mut String, results: &Results) {
    let rows: Vec<String> = targets::SINGLE
        .iter()
        .filter_map(|(name, says)| {
            Some(format!("| {says} | {} |\n", targets::shown(name, *results.figures.get(*name)?)))
        })
        .collect();
    if !rows.is_empty() {
        page.push_str("## Memory, start, commands\n\n| what | measured |\n| --- | ---: |\n");
        page.push_str(&rows.concat());
        page.push('\n');
    }
}

fn growth(page: &mut String, results: &Results) {
    let all = numbered(results, "growth");
    let Some((_, first)) = all.first() else { return };
    page.push_str(
        "## As the shop grows\n\n| orders there are | a second | of the first | confirmed, half | 99 of 100 | `order.list`, 99 of 100 | `catalog.search`, 99 of 100 |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for (orders, report) in &all {
        let confirmed = report.times.get("confirmed").cloned().unwrap_or_default();
        let answered = |kind: &str| {
            let report = results.reports.get(&format!("{kind}-at-{orders}"));
            report
                .and_then(|report| report.times.get("answered"))
                .map_or(dash(), |spread| micros(spread.p99_us))
        };
        let _ = writeln!(
            page,
            "| {orders} | {:.0} | {:.2} | {} | {} | {} | {} |",
            report.rate,
            if first.rate > 0.0 { report.rate / first.rate } else { 0.0 },
            micros(confirmed.p50_us),
            micros(confirmed.p99_us),
            answered("list"),
            answered("search")
        );
    }
    page.push_str(
        "\n![Rate, times, memory and disk while the orders grow in number](performance-growth.svg)\n\n",
    );
}

fn soak(page: &mut String, results: &Results) {
    let Some(report) = results.reports.get("soak") else { return };
    let confirmed = report.times.get("confirmed").cloned().unwrap_or_default();
    let _ = writeln!(
        page,
        "## For a long time\n\n{:.0} orders a second, {} in all, {} failed; confirmed: half within {}, 99 of 100 within {}, the longest {}.\n\n\
         ![Rate, times, memory and disk over time](performance-soak.svg)\n",
        report.rate,
        report.done,
        failed(report),
        micros(confirmed.p50_us),
        micros(confirmed.p99_us),
        micros(confirmed.max_us),
    );
}

fn share(rate: f64, bare: Option<&Bare>) -> String {
    bare.filter(|bare| bare.rate > 0.0).map_or(dash(), |bare| format!("{:.2}", rate / bare.rate))
}

fn failed(report: &Measured) -> String {
    let failed: u64 = report.failed.values().sum();
    let books =
        if report.audit.as_ref().is_some_and(|audit| !audit.sound) { ", books do not agree" } else { "" };
    let unsent = if report.unsent > 0 { format!(", {} never begun", report.unsent) } else { String::new() };
    format!("{failed}{unsent}{books}")
}

fn dash() -> String {
    "–".to_owned()
}

fn micros(us: u64) -> String {
    duration(i64::try_from(us).unwrap_or(i64::MAX))
}

fn micros_exact(us: f64) -> String {
    format!("{us:.0} µs")
}

/// Text that cannot end a table or begin something else.
fn plain(text: &str) -> String {
    kit::text::printable(text).replace('|', "/").replace('<', "&lt;")
}

#[cfg(test)]
mod tests;
