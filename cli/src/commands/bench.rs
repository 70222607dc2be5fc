//! `shopctl bench`: measuring a shop by using it.

mod load;
mod orders;

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
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Orders(args) => orders::run(shop, args).await,
    }
}
