//! `shopctl backup`: copies of all databases of one moment, and a shop made of them.

mod create;
mod restore;
mod verify;

use clap::Subcommand;

use crate::failure::Failure;
use crate::shop::Shop;

/// Copies of all databases of one moment: make one, look whether it is whole, open a shop from it
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Create(create::Args),
    Verify(verify::Args),
    Restore(restore::Args),
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create(args) => create::run(shop, args).await,
        Command::Verify(args) => verify::run(shop, args),
        Command::Restore(args) => restore::run(shop, args),
    }
}
