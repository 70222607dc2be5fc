//! `shopctl db`: the databases of the services on this machine.

mod check;
mod recover;
mod stats;

use clap::Subcommand;

use crate::failure::Failure;
use crate::shop::Shop;
use crate::stack::services;
use crate::stream::name;

/// Check the databases of the services, see how large they are, and recover one that is older than its stream
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Check(check::Args),
    Stats(stats::Args),
    Recover(recover::Args),
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Check(args) => check::run(shop, args).await,
        Command::Stats(args) => stats::run(shop, args).await,
        Command::Recover(args) => recover::run(shop, args).await,
    }
}

/// The services that are meant: those that were named, else all.
fn wanted(typed: &[String]) -> Result<Vec<&'static str>, Failure> {
    let all = services::names();
    if typed.is_empty() {
        return Ok(all);
    }
    let mut names = Vec::new();
    for typed in typed {
        let named = name::among("service", typed, &all, "shopctl service ls")?;
        if let Some(known) = all.iter().find(|known| **known == named)
            && !names.contains(known)
        {
            names.push(*known);
        }
    }
    Ok(names)
}
