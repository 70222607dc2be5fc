//! `shopctl analytics`: what the figures are made of, and making them anew.

use clap::Subcommand;
use contracts::analytics::{AnalyticsState, GetAnalytics, RebuildAnalytics};

use crate::args::Once;
use crate::failure::Failure;
use crate::rebuild::{Begun, follow};
use crate::shop::Shop;
use crate::show;

/// Look after the figures of the shop
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Show(Show),
    Rebuild(Rebuild),
}

/// What the figures are made of, and whether they are being rebuilt
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl analytics show
  shopctl analytics show -o json")]
pub(crate) struct Show {}

/// Make all figures anew from what was heard, while the shop runs
///
/// They are built beside those that are shown until then. If a rebuild runs already, this is that one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl analytics rebuild
  shopctl analytics rebuild --wait
  shopctl analytics rebuild --wait --timeout 60s")]
pub(crate) struct Rebuild {
    /// Wait until the new figures are shown
    #[arg(short, long)]
    wait: bool,
    #[command(flatten)]
    once: Once,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Show(_) => show_state(shop).await,
        Command::Rebuild(args) => rebuild(shop, args).await,
    }
}

async fn show_state(shop: &Shop) -> Result<(), Failure> {
    let state = shop.call(&GetAnalytics {}).await?;
    if !shop.out.is_table() {
        return shop.out.json(&state);
    }
    let time = |at: Option<kit::Timestamp>| at.map(show::time).unwrap_or_default();
    let facts = [
        ("generation", state.generation.to_string()),
        ("facts", state.facts.to_string()),
        ("oldest", time(state.oldest)),
        ("newest", time(state.newest)),
        ("rebuilt", time(state.rebuilt_at)),
        ("rebuild", progress(&state)),
    ];
    shop.out.line(show::facts(&facts))
}

fn progress(state: &AnalyticsState) -> String {
    let Some(rebuild) = &state.rebuild else { return "none runs".to_owned() };
    let began = show::time(rebuild.began_at);
    format!("{} of {} facts are counted, since {began}", rebuild.counted, state.facts)
}

async fn rebuild(shop: &Shop, args: Rebuild) -> Result<(), Failure> {
    let begun = shop.call_once(&RebuildAnalytics {}, &args.once).await?;
    let begun = Begun { began: begun.began, generation: begun.generation };
    follow(shop, begun, args.wait, ("the figures", "shopctl analytics show"), async || {
        let state = shop.call(&GetAnalytics {}).await?;
        Ok((state.generation, progress(&state)))
    })
    .await
}
