//! `shopctl stream`: being built.

use crate::failure::{Failure, exit};
use crate::shop::Shop;

/// Look into the streams, and compare them with the outboxes they mirror
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
