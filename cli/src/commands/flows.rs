//! `shopctl flows`: being built.

use crate::failure::{Failure, exit};
use crate::shop::Shop;

/// See where the time of many flows goes, hop by hop
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_shop: &Shop, _args: Args) -> Result<(), Failure> {
    Err(Failure::new(exit::BUG, "bug", "not built yet"))
}
