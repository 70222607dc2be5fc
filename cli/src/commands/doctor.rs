//! `shopctl doctor`: being built.

use crate::failure::{Failure, exit};
use crate::shop::Shop;

/// Check everything a person would check, and say what mends each finding
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_shop: &Shop, _args: Args) -> Result<(), Failure> {
    Err(Failure::new(exit::BUG, "bug", "not built yet"))
}
