//! `shopctl report`: being built.

use crate::failure::{Failure, exit};
use crate::shop::Shop;

/// Sales, products and the way from cart to order, in figures
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
