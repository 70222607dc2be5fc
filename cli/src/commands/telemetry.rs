//! `shopctl telemetry`: what devices measure.

mod counts;
mod latest;
mod ls;
mod rebuild;
mod replay;
mod series;
mod tail;

use clap::Subcommand;
use contracts::readings::{InvalidName, Metric, Site};

use crate::failure::Failure;
use crate::shop::Shop;

/// What devices measure: the newest readings, curves, and what became of each reading
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Ls(ls::Args),
    Latest(latest::Args),
    Series(series::Args),
    Tail(tail::Args),
    Counts(counts::Args),
    Replay(replay::Args),
    Show(rebuild::Show),
    Rebuild(rebuild::Args),
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Ls(args) => ls::run(shop, args).await,
        Command::Latest(args) => latest::run(shop, args).await,
        Command::Series(args) => series::run(shop, args).await,
        Command::Tail(args) => tail::run(shop, args).await,
        Command::Counts(args) => counts::run(shop, args).await,
        Command::Replay(args) => replay::run(shop, args).await,
        Command::Show(_) => rebuild::show(shop).await,
        Command::Rebuild(args) => rebuild::run(shop, args).await,
    }
}

/// Reads the name of a site.
pub(crate) fn site(text: &str) -> Result<Site, String> {
    text.parse().map_err(|error: InvalidName| error.to_string())
}

/// Reads the name of a metric.
fn metric(text: &str) -> Result<Metric, String> {
    text.parse().map_err(|error: InvalidName| error.to_string())
}
