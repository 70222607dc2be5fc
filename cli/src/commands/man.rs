//! `shopctl man`: being built.

use crate::failure::{Failure, exit};
use crate::shop::Shop;

/// Write the manual pages
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_shop: &Shop, _args: Args) -> Result<(), Failure> {
    Err(Failure::new(exit::BUG, "bug", "not built yet"))
}
