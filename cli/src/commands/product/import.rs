//! `shopctl product import`: many products from a file.

use std::path::PathBuf;
use std::time::Instant;

use contracts::catalog::{ImportProducts, ImportReport};
use futures_util::StreamExt;
use kit::message::Request;
use kit::{Call, Client};

use crate::failure::{Failure, exit};
use crate::import::file::{self, FileFormat};
use crate::import::products;
use crate::progress::{self, Progress};
use crate::shop::Shop;

/// Requests that are under way at once.
const AT_ONCE: usize = 4;

/// Create and change many products from a file; run twice, it changes nothing the second time
///
/// CSV has a header that names the columns sku, name, category, price and currency, and perhaps
/// description, in any order. JSON Lines has an object with these fields on each line. A price is
/// written in major units, such as 12.90. Lines that are refused leave the others alone: each is
/// named with its number and why, and the exit code is 9.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl product import products.csv
  zcat products.jsonl.gz | shopctl product import - --format jsonl
  shopctl product import products.csv -o json | jq '.refused[]'")]
pub(crate) struct Args {
    /// The file, or - for standard input
    file: PathBuf,
    /// How it is written: csv or jsonl [default: as its ending says]
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    format: Option<FileFormat>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let format = FileFormat::of(&args.file, args.format)?;
    let name = file::name(&args.file);
    let read = products::read(&file::read(shop, &args.file)?, format).map_err(|failure| failure.so(&name))?;
    if !read.ignored.is_empty() {
        shop.out.warn(format!("nobody reads the columns {}", read.ignored.join(", ")));
    }
    let began = Instant::now();
    let total = read.lines.len();
    let progress = Progress::new(&shop.out, total, "products");
    let mut report = ImportReport { refused: read.refused, ..ImportReport::default() };
    // Before the first request, so that several at once need not connect each for itself.
    shop.client().await?;
    let sent = futures_util::stream::iter(products::batches(read.lines)).map(|lines| send(shop, lines));
    let mut sent = std::pin::pin!(sent.buffer_unordered(AT_ONCE));
    let mut done = 0;
    while let Some((lines, answer)) = sent.next().await {
        let part = match answer {
            Ok(part) => part,
            Err(failure) => {
                progress.end();
                return Err(failure
                    .so(format!("{done} of {total} products were imported, the rest was not"))
                    .mend("run the same command again: what was imported is not changed by it"));
            }
        };
        done += lines;
        progress.add(lines);
        report.created += part.created;
        report.changed += part.changed;
        report.unchanged += part.unchanged;
        report.refused.extend(part.refused);
    }
    progress.end();
    report.refused.sort_by_key(|refused| refused.line);
    tell(shop, &report, began)
}

/// Sends a batch, and again if that may help: under the same key it cannot be imported twice.
async fn send(
    shop: &Shop,
    lines: Vec<contracts::catalog::ImportLine>,
) -> (usize, Result<ImportReport, Failure>) {
    let count = lines.len();
    let request = ImportProducts { lines };
    let key = Client::new_key();
    let answer = progress::persist(|| {
        let call = Call { timeout: shop.timeout, key: Some(key.clone()), trace: None };
        shop.call_as(ImportProducts::SUBJECT, &request, call)
    });
    (count, answer.await)
}

fn tell(shop: &Shop, report: &ImportReport, began: Instant) -> Result<(), Failure> {
    if shop.out.is_table() {
        progress::say_refused(shop, &report.refused);
        let ImportReport { created, changed, unchanged, refused } = report;
        shop.out.line(format!(
            "{created} created, {changed} changed, {unchanged} unchanged, {} refused",
            refused.len()
        ))?;
        shop.out.say(format!("in {}", crate::show::since(began)));
        if created + changed > 0 {
            shop.out.next("shopctl product ls      and shopctl stock receive --file stock.csv");
        }
    } else {
        shop.out.json(report)?;
    }
    if report.refused.is_empty() { Ok(()) } else { Err(Failure::shown(exit::REFUSED)) }
}
