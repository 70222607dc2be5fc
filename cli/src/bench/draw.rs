//! What was measured, for people.

use cli::show::{count, duration};

use super::report::Report;
use super::times::Spread;
use crate::output::{Cell, Output, Table, Tone};
use crate::row;
use crate::status::bytes;

/// The report as lines and tables.
pub(crate) fn draw(report: &Report, out: &Output) -> String {
    let mut parts = vec![head(report, out)];
    parts.push(out.draw(&times(report)));
    if !report.machine.processes.is_empty() {
        parts.push(out.draw(&processes(report)));
    }
    parts.push(facts(report));
    parts.extend(books(report, out));
    parts.extend(left(report));
    parts.iter().map(|part| part.trim_end()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn head(report: &Report, out: &Output) -> String {
    let settings = &report.settings;
    let how = match (settings.in_flight, settings.rate) {
        (Some(many), _) => format!("{many} in flight"),
        (_, Some(rate)) => format!("{rate} a second were wanted"),
        _ => String::new(),
    };
    let rate = out.paint(Tone::Good, &format!("{:.1} a second", report.rate));
    let mut head = format!(
        "{rate}: {}, {how}, {:.1} s after {} s of warm-up",
        settings.about, report.seconds, settings.warm_up_s
    );
    if report.interrupted {
        head.push_str("; broken off");
    }
    if report.unfinished > 0 {
        head.push_str(&format!(" with {} under way", report.unfinished));
    }
    let mut line = format!("\n{} ended well, {} failed", report.done, report.failures());
    if report.unsent > 0 {
        line.push_str(&format!(", {} were never begun: it fell behind the rate", report.unsent));
    }
    for (why, many) in &report.failed {
        line.push_str(&format!("\n  {} {why}: {many}", out.paint(Tone::Bad, "✗")));
    }
    head + &line
}

fn micros(us: u64) -> String {
    duration(i64::try_from(us).unwrap_or(i64::MAX))
}

fn times(report: &Report) -> Table {
    let line = |name: &str, spread: &Spread| {
        row![
            name,
            spread.count,
            micros(spread.p50_us),
            micros(spread.p90_us),
            micros(spread.p99_us),
            micros(spread.p999_us),
            micros(spread.max_us)
        ]
    };
    let mut sorted: Vec<(&String, &Spread)> =
        report.times.iter().filter(|(_, spread)| spread.count > 0).collect();
    // What comes first on the way of an order, and otherwise what is fastest.
    sorted.sort_by_key(|(name, spread)| (spread.p50_us, (*name).clone()));
    let mut rows: Vec<_> = sorted.into_iter().map(|(name, spread)| line(name, spread)).collect();
    if report.begun_late.count > 0 {
        rows.push(line("(begun late)", &report.begun_late));
    }
    Table::new(&["time", "count", "p50", "p90", "p99", "p99.9", "max"]).right(&[1, 2, 3, 4, 5, 6]).rows(rows)
}

fn processes(report: &Report) -> Table {
    let rows = report.machine.processes.iter().map(|process| -> Vec<Cell> {
        row![
            &process.name,
            format!("{:.2} s", process.cpu_s),
            micros(process.cpu_each_us as u64),
            bytes(Some(process.memory_bytes)),
            bytes(Some(process.peak_bytes)),
            bytes(process.written_bytes.checked_div(report.done))
        ]
    });
    Table::new(&["process", "cpu", "each", "memory", "peak", "written each"])
        .right(&[1, 2, 3, 4, 5])
        .rows(rows)
}

fn facts(report: &Report) -> String {
    let machine = &report.machine;
    let mut lines = Vec::new();
    let busy = machine.busy.map(|busy| format!(", busy to {:.0} % with everything on them", busy * 100.0));
    let cores = count(machine.cores as u64, "processor", "processors");
    let memory = match machine.memory_bytes {
        Some(memory) => format!("the shop with its broker uses {} of memory", bytes(Some(memory))),
        None => "the shop is not on this machine, so nobody here knows what it uses".to_owned(),
    };
    lines.push(format!("{cores}{}; {memory}", busy.unwrap_or_default()));
    if let Some(each) = machine.disk_each_bytes.filter(|each| *each > 0) {
        let now = bytes(machine.disk_after_bytes);
        lines.push(format!(
            "{} of disk for each that ended well; the data folder has {now} now",
            bytes(Some(each))
        ));
    }
    lines.push(report.limited_by.says.clone());
    if report.audit.is_some() {
        lines.push(match report.caught_up_s {
            Some(seconds) => format!("everybody had heard everything {seconds:.1} s after the end"),
            None => "not everybody had heard everything when the wait for it was given up".to_owned(),
        });
    }
    lines.join("\n")
}

fn books(report: &Report, out: &Output) -> Option<String> {
    let audit = report.audit.as_ref()?;
    let mut lines = Vec::new();
    if audit.sound && audit.unanswered.is_empty() {
        let orders = count(audit.orders as u64, "order", "orders");
        let mark = out.paint(Tone::Good, "✓");
        let newest = if audit.cut { ", which are not all," } else { "" };
        lines.push(format!(
            "{mark} the books of {orders}{newest} agree; the audit took {:.1} s",
            audit.seconds
        ));
    }
    for finding in &audit.findings {
        lines.push(format!("{} {}", out.paint(Tone::Bad, "✗"), kit::text::printable(finding)));
    }
    for (service, why) in &audit.unanswered {
        let mark = out.paint(Tone::Warn, "!");
        lines.push(format!("{mark} {service} did not answer the audit: {}", kit::text::printable(why)));
    }
    if !audit.sound {
        lines.push("the books do not agree, so these figures are worth nothing: shopctl audit".to_owned());
    }
    Some(lines.join("\n"))
}

fn left(report: &Report) -> Option<String> {
    let left = &report.left;
    let products = match left.products {
        0 => None,
        1 => Some("the product bench-000001".to_owned()),
        many => Some(format!("{many} products from bench-000001 on")),
    };
    let orders = (left.orders > 0).then(|| count(left.orders, "order", "orders"));
    let all: Vec<String> = orders.into_iter().chain(products).collect();
    (!all.is_empty()).then(|| format!("left in the shop: {}", all.join(", ")))
}
