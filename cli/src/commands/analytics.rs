//! `shopctl analytics`: what the figures are made of, and making them anew.

use std::time::{Duration, Instant};

use clap::Subcommand;
use contracts::analytics::{AnalyticsState, GetAnalytics, RebuildAnalytics};
use serde_json::json;

use crate::args::Once;
use crate::failure::{Failure, exit};
use crate::shop::Shop;
use crate::show;

/// How often it is looked whether a rebuild is done.
const LOOK_EVERY: Duration = Duration::from_millis(100);

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
    if !begun.began {
        shop.out.say("a rebuild is running already; this is that one");
    }
    let mut shown = false;
    if args.wait {
        shown = wait(shop, begun.generation).await?;
    }
    if !shop.out.is_table() {
        return shop
            .out
            .json(&json!({ "began": begun.began, "generation": begun.generation, "shown": shown }));
    }
    if shown {
        return shop.out.line(format!("the figures are those of generation {} now", begun.generation));
    }
    shop.out.line(format!("generation {} is being built", begun.generation))?;
    shop.out.next("shopctl analytics show");
    Ok(())
}

/// Waits until a generation is shown.
async fn wait(shop: &Shop, generation: u64) -> Result<bool, Failure> {
    let limit = Instant::now() + shop.patience;
    loop {
        let state = shop.call(&GetAnalytics {}).await?;
        if state.generation >= generation {
            return Ok(true);
        }
        if Instant::now() >= limit {
            let message = format!("generation {generation} is not shown yet; it goes on being built");
            return Err(Failure::new(exit::PENDING, "pending", message)
                .why(progress(&state))
                .mend("shopctl analytics show      says how far it is"));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
