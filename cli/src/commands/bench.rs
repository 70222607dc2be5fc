//! `shopctl bench`: measuring a shop by using it.

mod chart;
mod events;
mod load;
mod mix;
mod orders;
mod page;
mod requests;

use clap::Subcommand;

use crate::failure::Failure;
use crate::shop::Shop;

/// Measure a shop by using it: how many a second, how long each takes, and what it costs
///
/// It places real orders and makes products of its own, numbered bench-000001 and so on, so it is for a shop that is
/// there to be measured. Whatever it leaves behind it says at the end.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Orders(orders::Args),
    Requests(requests::Args),
    Events(events::Args),
    Mix(mix::Args),
    Chart(chart::Args),
    Page(page::Args),
}

impl Command {
    /// Whether it is only about files.
    pub(crate) fn is_about_files(&self) -> bool {
        matches!(self, Self::Chart(_) | Self::Page(_))
    }
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Orders(args) => orders::run(shop, args).await,
        Command::Requests(args) => requests::run(shop, args).await,
        Command::Events(args) => events::run(shop, args).await,
        Command::Mix(args) => mix::run(shop, args).await,
        Command::Chart(args) => chart::run(shop, &args),
        Command::Page(args) => page::run(shop, &args),
    }
}
