//! `shopctl db`: the files of the databases.

mod check;
mod recover;
mod stats;

use clap::Subcommand;

use crate::failure::{Failure, exit};
use crate::shop::Shop;
use crate::stack::services;
use crate::stream::name;

/// The files of the databases: are they sound, how large are they, and what if one is older than its stream
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Check(check::Args),
    Stats(stats::Args),
    Recover(recover::Args),
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Check(args) => check::run(shop, args).await,
        Command::Stats(args) => stats::run(shop, &args),
        Command::Recover(args) => recover::run(shop, args).await,
    }
}

/// The services that are meant; all if none is named.
fn meant(named: &[String]) -> Result<Vec<&'static str>, Failure> {
    let known = services::names();
    if named.is_empty() {
        return Ok(known);
    }
    named
        .iter()
        .map(|text| {
            let found = name::among("service", text, &known, "shopctl service ls")?;
            known
                .iter()
                .find(|known| *known == &found)
                .copied()
                .ok_or_else(|| Failure::new(exit::NOT_FOUND, "unknown_service", "there is no such service"))
        })
        .collect()
}
