//! `shopctl stock receive`: pieces that came, of one product or a file of many.

use std::path::PathBuf;
use std::time::Instant;

use contracts::Sku;
use contracts::catalog::RefusedLine;
use contracts::inventory::{ReceiveStock, STOCK_MAX, StockView};
use futures_util::StreamExt;
use jiff::Timestamp;
use kit::message::Request;
use kit::{Call, Client};
use serde::Serialize;

use crate::args::Once;
use crate::failure::{Failure, exit};
use crate::import::deliveries::{self, DeliveryLine};
use crate::import::file::{self, FileFormat};
use crate::import::refused;
use crate::pick;
use crate::progress::{self, Progress};
use crate::shop::Shop;
use crate::show::{count, since};

/// Requests that are under way at once.
const AT_ONCE: usize = 16;

/// Put received pieces into stock: of one product, or of a file of many
///
/// A file is CSV with the columns sku and quantity and perhaps reason, or JSON Lines with these
/// fields. A file in which a line cannot be read is refused as a whole, and nothing is received.
///
/// Running it again does no harm: each line is received under a key that follows from the name of
/// the delivery and from what the line says, and services remember keys for 7 days. A delivery has
/// the name that --delivery gives it, else one that follows from the content of the file. So a
/// file that was changed is another delivery, unless the same --delivery names both.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl stock receive mug-blue 40 --reason 'truck 7'
  shopctl stock receive --file stock.csv
  shopctl stock receive --file stock.csv --delivery 2026-02-01    may be corrected and run again
  shopctl stock receive --file stock.csv --again                  the same came once more")]
pub(crate) struct Args {
    /// Which product
    #[arg(value_parser = pick::sku, required_unless_present = "file", conflicts_with = "file")]
    sku: Option<Sku>,
    /// How many pieces
    #[arg(value_parser = clap::value_parser!(u64).range(1..=STOCK_MAX), required_unless_present = "file")]
    quantity: Option<u64>,
    /// Why; for lines of a file that do not say
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    /// A file of products and quantities, or - for standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// How it is written: csv or jsonl [default: as its ending says]
    #[arg(long, value_name = "FORMAT", requires = "file", hide_possible_values = true)]
    format: Option<FileFormat>,
    /// Name of the delivery; the same line of the same delivery is received once
    #[arg(long, value_name = "NAME", requires = "file", conflicts_with = "again")]
    delivery: Option<String>,
    /// Receive the file once more, although it was received before
    #[arg(long, requires = "file")]
    again: bool,
    #[command(flatten)]
    once: Once,
}

/// What became of a file.
#[derive(Debug, Default, Serialize)]
struct Report {
    delivery: String,
    received: u64,
    pieces: u64,
    received_before: u64,
    refused: Vec<RefusedLine>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    match (&args.file, args.sku.clone(), args.quantity) {
        (Some(path), _, _) => many(shop, path.clone(), args).await,
        (None, Some(sku), Some(quantity)) => {
            let receive = ReceiveStock { sku, quantity, reason: args.reason };
            let stock = shop.call_once(&receive, &args.once).await?;
            super::changed(shop, &stock, &format!("{quantity} received"))
        }
        (None, _, _) => Err(Failure::invalid("usage", "wanted is SKU QUANTITY, or --file FILE")),
    }
}

async fn many(shop: &Shop, path: PathBuf, args: Args) -> Result<(), Failure> {
    let format = FileFormat::of(&path, args.format)?;
    let bytes = file::read(shop, &path)?;
    let delivery = match (args.delivery, args.again) {
        (Some(name), _) => name,
        (None, true) => Client::new_key(),
        (None, false) => deliveries::name_of(&bytes),
    };
    let read = deliveries::read(&bytes, format, &delivery, &args.reason)
        .map_err(|failure| failure.so(file::name(&path)))?;
    if !read.ignored.is_empty() {
        shop.out.warn(format!("nobody reads the columns {}", read.ignored.join(", ")));
    }
    if !read.refused.is_empty() {
        progress::say_refused(shop, &read.refused);
        let lines = count(read.refused.len() as u64, "line", "lines");
        let message = format!("nothing was received: {lines} of {} cannot be read", file::name(&path));
        return Err(Failure::invalid("invalid_lines", message)
            .mend("correct the file and run the same command again")
            .details(serde_json::json!({ "refused": read.refused })));
    }
    let (began, began_at, total) = (Instant::now(), shop.now(), read.lines.len());
    let progress = Progress::new(&shop.out, total, "lines");
    let mut report = Report { delivery, ..Report::default() };
    // Before the first request, so that several at once need not connect each for itself.
    shop.client().await?;
    let mut answers = std::pin::pin!(
        futures_util::stream::iter(read.lines).map(|line| send(shop, line)).buffer_unordered(AT_ONCE)
    );
    while let Some((line, answer)) = answers.next().await {
        progress.add(1);
        match answer {
            Ok(stock) => note(&mut report, &line, &stock, began_at),
            Err(failure) if failure.exit() == exit::REFUSED || failure.exit() == exit::USAGE => {
                let sku = line.request.sku.as_str();
                report.refused.push(refused(line.line, sku, failure.code(), failure.message()));
            }
            Err(failure) => {
                progress.end();
                let done = report.received + report.received_before;
                return Err(failure
                    .so(format!("{done} of {total} lines were received, the rest perhaps not"))
                    .mend(again(&report.delivery)));
            }
        }
    }
    progress.end();
    report.refused.sort_by_key(|refused| refused.line);
    tell(shop, &report, began)
}

async fn send(shop: &Shop, line: DeliveryLine) -> (DeliveryLine, Result<StockView, Failure>) {
    let answer = progress::persist(|| {
        let call = Call { timeout: shop.timeout, key: Some(line.key.clone()), trace: None };
        shop.call_as(ReceiveStock::SUBJECT, &line.request, call)
    })
    .await;
    (line, answer)
}

/// A kept answer of an earlier time tells of a change before this command began.
fn note(report: &mut Report, line: &DeliveryLine, stock: &StockView, began_at: Timestamp) {
    if stock.changed_at < began_at {
        report.received_before += 1;
    } else {
        report.received += 1;
        report.pieces += line.request.quantity;
    }
}

fn tell(shop: &Shop, report: &Report, began: Instant) -> Result<(), Failure> {
    if shop.out.is_table() {
        progress::say_refused(shop, &report.refused);
        let Report { delivery, received, pieces, received_before, refused } = report;
        let (lines, pieces) = (count(*received, "line", "lines"), count(*pieces, "piece", "pieces"));
        shop.out.line(format!(
            "{lines} received with {pieces}, {received_before} received before, {} refused",
            refused.len()
        ))?;
        shop.out.say(format!("delivery {} in {}", kit::text::printable(delivery), since(began)));
        if *received_before > 0 {
            shop.out.say("what was received before was left alone; --again receives the file once more");
        }
        if !refused.is_empty() {
            shop.out.say(format!("correct what was refused, and {}", again(delivery)));
        }
    } else {
        shop.out.json(report)?;
    }
    if report.refused.is_empty() { Ok(()) } else { Err(Failure::shown(exit::REFUSED)) }
}

fn again(delivery: &str) -> String {
    format!("run it again with --delivery '{delivery}': what was received is not received twice")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::Example;

    #[test]
    fn a_kept_answer_counts_as_received_before() {
        let mut report = Report::default();
        let request = ReceiveStock::example();
        let line = DeliveryLine { line: 2, key: "k".to_owned(), request };
        let stock = |text: &str| StockView { changed_at: text.parse().unwrap(), ..StockView::example() };
        let began: Timestamp = "2026-02-01T12:00:00Z".parse().unwrap();
        note(&mut report, &line, &stock("2026-02-01T11:00:00Z"), began);
        note(&mut report, &line, &stock("2026-02-01T12:00:00.004Z"), began);
        assert_eq!((report.received, report.received_before, report.pieces), (1, 1, line.request.quantity));
    }
}
