//! `shopctl top`: being built.

use crate::failure::{Failure, exit};
use crate::shop::Shop;

/// Watch the whole shop on one screen
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_shop: &Shop, _args: Args) -> Result<(), Failure> {
    Err(Failure::new(exit::BUG, "bug", "not built yet"))
}
