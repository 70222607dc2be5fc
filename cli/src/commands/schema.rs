//! `shopctl schema`: being built.

use crate::failure::{Failure, exit};
use crate::shop::Shop;

/// See the shape of what each command writes as JSON
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
