//! `shopctl consumer`: being built.

use crate::failure::{Failure, exit};
use crate::shop::Shop;

/// See who hears which stream, and how far behind they are
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List them
    Ls,
}

pub(crate) async fn run(_shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Ls => Err(Failure::new(exit::BUG, "bug", "not built yet")),
    }
}
