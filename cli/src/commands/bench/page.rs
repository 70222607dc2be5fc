//! `shopctl bench page`: what `scripts/bench` measured, as a page.

use std::path::PathBuf;

use crate::bench::page::{put, written};
use crate::bench::results::Results;
use crate::failure::Failure;
use crate::shop::Shop;

/// Write what scripts/bench measured as a page in Markdown, with the bare pipeline beside it
///
/// The folder has reports of -o json, named as scripts/bench names them. In a page that is there, what was measured
/// before is replaced, and whatever somebody wrote around it stays.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl bench page ./results
  shopctl bench page ./results --into docs/performance.md")]
pub(crate) struct Args {
    /// Folder of the results
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The page to write it into [default: standard output]
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
}

pub(super) fn run(shop: &Shop, args: &Args) -> Result<(), Failure> {
    let results = Results::read(&args.folder)?;
    let Some(path) = &args.into else {
        return shop.out.line(written(&results).trim_end());
    };
    let failed =
        |what: &str, error: std::io::Error| Failure::io(format!("{} {what}", path.display()), &error);
    let page = match std::fs::read_to_string(path) {
        Ok(page) => page,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed("was not read, so nothing was written", error)),
    };
    std::fs::write(path, put(&page, &results)).map_err(|error| failed("was not written", error))?;
    shop.out.say(format!("what was measured stands in {}", path.display()));
    Ok(())
}
