//! `shopctl stream`: what stands in the streams, and whether it is what was told.

mod get;
mod info;
mod ls;
mod rebuild;
mod verify;
mod view;

use clap::Subcommand;
use kit::client::StreamState;

use crate::failure::Failure;
use crate::shop::Shop;
use crate::stream::name;

/// Look into the streams, compare them with the outboxes they mirror, and make them anew
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(visible_aliases = ["list", "report"])]
    Ls(ls::Args),
    #[command(visible_alias = "state")]
    Info(info::Args),
    View(view::View),
    Tail(view::Tail),
    Get(get::Args),
    Verify(verify::Args),
    Rebuild(rebuild::Args),
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Ls(args) => ls::run(shop, args).await,
        Command::Info(args) => info::run(shop, args).await,
        Command::View(args) => view::view(shop, args).await,
        Command::Tail(args) => view::tail(shop, args).await,
        Command::Get(args) => get::run(shop, args).await,
        Command::Verify(args) => verify::run(shop, args).await,
        Command::Rebuild(args) => rebuild::run(shop, args).await,
    }
}

/// The stream that is meant by its own name or by that of its service.
async fn named(shop: &Shop, typed: &str) -> Result<StreamState, Failure> {
    let streams = shop.client().await?.streams().await?;
    name::stream(typed, &streams).cloned()
}

/// The service whose stream it is.
fn service_of(stream: &str) -> String {
    stream.to_ascii_lowercase()
}
