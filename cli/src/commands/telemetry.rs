//! `shopctl telemetry`: what devices measure.

mod replay;

use clap::Subcommand;

use crate::failure::Failure;
use crate::shop::Shop;

/// Readings of devices
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Replay(replay::Args),
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Replay(args) => replay::run(shop, args).await,
    }
}
