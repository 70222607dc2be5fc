//! `shopctl backup`: one cut over the databases of all services, and putting it back.

mod create;
mod restore;
mod verify;

use clap::Subcommand;

use crate::failure::Failure;
use crate::shop::Shop;

/// Make a backup of the shop on this machine while it goes on, check one, and put one back
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Create(create::Args),
    Verify(verify::Args),
    Restore(restore::Args),
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create(args) => create::run(shop, args).await,
        Command::Verify(args) => verify::run(shop, &args),
        Command::Restore(args) => restore::run(shop, args).await,
    }
}
