//! `shopctl dlq`: events that could not be acted on, and what waits behind them.

mod drop;
mod letters;
mod list;
pub(crate) mod question;
mod retry;
mod show;

use clap::Subcommand;

use crate::failure::Failure;
use crate::shop::Shop;

/// Events that a service could not act on: see why, try them again, or give them up
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(visible_alias = "list")]
    Ls(list::Args),
    #[command(visible_aliases = ["get", "info"])]
    Show(show::Args),
    Retry(retry::Args),
    Drop(drop::Args),
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Ls(args) => list::run(shop, args).await,
        Command::Show(args) => show::run(shop, args).await,
        Command::Retry(args) => retry::run(shop, args).await,
        Command::Drop(args) => drop::run(shop, args).await,
    }
}
