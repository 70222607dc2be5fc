//! `shopctl service`: the services that run, and how much each does.

mod gather;
mod info;
mod instance;
mod list;
mod stats;

use clap::Subcommand;

use crate::failure::Failure;
use crate::shop::Shop;

/// The services that run: version, load, latencies, memory, what waits in them
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(visible_alias = "list")]
    Ls(list::Args),
    Info(info::Args),
    Stats(stats::Args),
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Ls(args) => list::run(shop, args).await,
        Command::Info(args) => info::run(shop, args).await,
        Command::Stats(args) => stats::run(shop, args).await,
    }
}
