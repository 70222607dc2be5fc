//! `shopctl device`: who they are, and a load of virtual ones.

mod simulate;

use clap::Subcommand;

use crate::failure::Failure;
use crate::shop::Shop;

/// Devices that tell what they measure
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Simulate(simulate::Args),
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Simulate(args) => simulate::run(shop, args).await,
    }
}
