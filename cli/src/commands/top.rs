//! `shopctl top`: the whole shop, live.

use std::io::IsTerminal;
use std::time::Duration;

use crate::failure::Failure;
use crate::pick;
use crate::shop::Shop;
use crate::top::{lines, live};

/// How often everybody may be asked.
const EVERY_MIN: Duration = Duration::from_millis(250);
const EVERY_MAX: Duration = Duration::from_secs(3_600);

const EXAMPLES: &str = "\
Pages: 1 the flow of orders, 2 the services, 3 the streams, 4 what is stuck (Enter shows its trace).
Keys: q ends it, ? shows all others.

Where there is no terminal, with -o json or jsonl, --count or --no-input, a line is written for each
sample.

Examples:
  shopctl top
  shopctl top --every 10s                    asks everybody less often
  shopctl top --count 5                      five lines, then the end
  shopctl top -o jsonl --every 1m | jq -c '{at, well, flow}'";

/// Watch the whole shop on one screen: the flow of orders, services, streams, what is stuck
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Ask everybody so often
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = every)]
    every: Duration,
    /// Write so many lines, then end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let full_screen = args.count.is_none() && shop.out.is_table() && shop.may_ask() && is_at_a_terminal();
    if full_screen {
        live::run(shop, args.every).await
    } else {
        lines::run(shop, args.every, args.count).await
    }
}

/// Whether somebody sees what is drawn and can press keys.
fn is_at_a_terminal() -> bool {
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    !dumb && std::io::stdout().is_terminal() && std::io::stdin().is_terminal()
}

fn every(text: &str) -> Result<Duration, String> {
    match pick::duration(text)? {
        time if (EVERY_MIN..=EVERY_MAX).contains(&time) => Ok(time),
        _ => Err("everybody may be asked every 250ms to 1h".to_owned()),
    }
}
