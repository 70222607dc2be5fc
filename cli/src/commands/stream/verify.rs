//! `shopctl stream verify`: whether every stream is what was told.

use futures_util::future::{FutureExt, try_join_all};
use kit::Client;
use kit::client::StreamState;

use super::service_of;
use crate::failure::{Failure, exit};
use crate::output::{Cell, Table, Tone};
use crate::progress::Progress;
use crate::shop::Shop;
use crate::stack::services;
use crate::stream::cells::wrap;
use crate::stream::columns::{Column, STAYS, fitted};
use crate::stream::name;
use crate::stream::said::findings;
use crate::stream::verify::{Report, Verdict, verify};

/// Compare every outbox with the stream that mirrors it: the same numbers, identifiers and contents
///
/// Rows that are not told yet are no fault. The shop goes on meanwhile: what seems to be missing is looked
/// for again before it is said.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl stream verify
  shopctl stream verify order payment
  shopctl stream verify -o json | jq '.[] | select(.verdict != \"ok\")'

Exit codes: 0 all is as it was told, 10 a service does not answer, 12 something is missing, foreign or damaged.")]
pub(crate) struct Args {
    /// Which streams [default: all]
    #[arg(value_name = "NAME")]
    streams: Vec<String>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let client = shop.asker().await?;
    let streams = client.streams().await?;
    let names = wanted(&args.streams, &streams)?;
    let messages: u64 =
        streams.iter().filter(|stream| names.contains(&stream.name)).map(|stream| stream.messages).sum();
    let progress = Progress::new(&shop.out, usize::try_from(messages).unwrap_or(usize::MAX), "messages");
    // All at once: a service that does not answer holds nobody up.
    let asked = names.iter().map(|stream| one(shop, &client, stream, &progress));
    let reports = try_join_all(asked).await?;
    progress.end();
    if shop.out.is_table() {
        shop.out.table(&table(&reports, shop.out.width()))?;
        let said: Vec<String> = reports.iter().flat_map(findings).collect();
        for line in said {
            let mark = shop.out.paint(Tone::Bad, "✗");
            let lines =
                shop.out.width().map_or_else(|| vec![line.clone()], |width| wrap(&line, width.max(20) - 2));
            shop.out.line(format!("{mark} {}", lines.join("\n  ")))?;
        }
        for report in reports.iter().filter(|report| report.verdict == Verdict::Wrong) {
            let mend = mend(report);
            shop.out.line(format!("  {}  {mend}", shop.out.paint(Tone::Faint, "mend")))?;
        }
    } else {
        shop.out.list(&reports, |_| Table::new(&[]))?;
    }
    match worst(&reports) {
        0 => Ok(()),
        code => Err(Failure::shown(code)),
    }
}

/// The streams that are meant: those that were named, else those of every service and whatever else
/// there is.
fn wanted(typed: &[String], streams: &[StreamState]) -> Result<Vec<String>, Failure> {
    let mut all: Vec<String> = services::names().into_iter().map(kit::message::stream_of).collect();
    if typed.is_empty() {
        // A shop may never have had devices.
        let of_devices = contracts::OF_DEVICES.map(kit::message::stream_of);
        all.retain(|name| !of_devices.contains(name) || streams.iter().any(|stream| stream.name == *name));
    }
    // What stands in these mirrors no outbox.
    let raw = |name: &str| contracts::DRAINS.iter().any(|(_, raw)| raw.stream == name);
    for stream in streams.iter().filter(|stream| !raw(&stream.name)) {
        if !all.contains(&stream.name) {
            all.push(stream.name.clone());
        }
    }
    if typed.is_empty() {
        return Ok(all);
    }
    let known: Vec<&str> = all.iter().map(String::as_str).collect();
    let mut names: Vec<String> = Vec::new();
    for typed in typed {
        let name = name::among("stream", typed, &known, "shopctl stream ls")?.to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

async fn one(shop: &Shop, client: &Client, stream: &str, progress: &Progress) -> Result<Report, Failure> {
    let service = service_of(stream);
    let looked = |messages| progress.add(usize::try_from(messages).unwrap_or(usize::MAX));
    match verify(client, (stream, &service), shop.timeout, looked).boxed_local().await {
        Ok(mut report) if report.verdict == Verdict::Silent && !services::names().contains(&&*service) => {
            report.verdict = Verdict::Unowned;
            Ok(report)
        }
        Ok(report) => Ok(report),
        Err(error) => {
            // A stream that is made anew meanwhile cannot be read for a moment. A broker that is away is
            // another matter.
            client.streams().await?;
            let why = format!("it could not be read to its end: {}", error.message);
            Ok(Report { why, ..Report::empty(stream, &service, Verdict::Silent) })
        }
    }
}

/// The worst exit code: what is wrong weighs more than what is not known.
fn worst(reports: &[Report]) -> u8 {
    let code = |report: &Report| match report.verdict {
        Verdict::Ok => 0,
        Verdict::Silent => exit::UNAVAILABLE,
        Verdict::Wrong | Verdict::Unowned => exit::PROBLEMS_FOUND,
    };
    reports.iter().map(code).max().unwrap_or(0)
}

fn table(reports: &[Report], width: Option<usize>) -> Table {
    let columns: Vec<Column<'_, Report>> = vec![
        Column::new("stream", STAYS, |report: &Report| report.stream.clone()),
        Column::new("verdict", STAYS, verdict),
        Column::number("in outbox", 5, |report: &Report| known(report, report.in_outbox)),
        Column::number("in stream", 6, |report: &Report| report.in_stream),
        Column::number("not told yet", 1, |report: &Report| known(report, report.not_told_yet)),
        Column::number("missing", 9, |report: &Report| bad(report, report.findings.missing.count())),
        Column::number("foreign", 8, |report: &Report| bad(report, report.findings.foreign.count())),
        Column::number("damaged", 7, |report: &Report| {
            let found = &report.findings;
            bad(report, found.damaged.count() + found.rows_damaged.count() + found.rows_missing.count())
        }),
        Column::number("holes", 4, |report: &Report| bad(report, report.holes)),
    ];
    fitted(columns, reports, width)
}

fn verdict(report: &Report) -> Cell {
    match report.verdict {
        Verdict::Ok => Cell::toned("ok", Tone::Good),
        Verdict::Wrong => Cell::toned("wrong", Tone::Bad),
        Verdict::Silent => Cell::toned("no answer", Tone::Bad),
        Verdict::Unowned => Cell::toned("nobody's", Tone::Bad),
    }
}

fn is_known(report: &Report) -> bool {
    matches!(report.verdict, Verdict::Ok | Verdict::Wrong)
}

fn known(report: &Report, count: u64) -> Cell {
    if is_known(report) { Cell::from(count) } else { Cell::from("-") }
}

fn bad(report: &Report, count: u64) -> Cell {
    match count {
        _ if !is_known(report) => Cell::from("-"),
        0 => Cell::from(0),
        count => Cell::toned(count, Tone::Bad),
    }
}

fn mend(report: &Report) -> String {
    if !report.findings.rows_damaged.is_empty() || !report.findings.rows_missing.is_empty() {
        return format!("stop {0}, and put back the newest backup of {0}.db", report.service);
    }
    if !report.stuck.is_empty() && report.findings.is_clean() {
        return format!("shopctl logs {}      and shopctl doctor", report.service);
    }
    if report.is_of_another() {
        return format!(
            "put back the newer {}.db, or all of one moment: shopctl backup restore FOLDER --replace",
            report.service
        );
    }
    if report.is_behind() {
        return format!("put back the newer {0}.db, or: shopctl db recover {0}", report.service);
    }
    format!("shopctl stream rebuild {}", report.stream)
}
