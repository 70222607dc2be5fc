//! `shopctl status`: the whole shop on one screen.

use std::time::Duration;

use crate::failure::{Failure, exit};
use crate::shop::Shop;
use crate::stack::{BROKER, services};
use crate::status::{Status, draw};

/// How often the screen is drawn anew.
const REDRAW_EVERY: Duration = Duration::from_secs(1);

const EXAMPLES: &str = "\
Examples:
  shopctl status
  shopctl status -w                                         until Ctrl-C
  shopctl status -o json | jq '.services[] | {name, state}'

Exit codes: 0 all is well, 10 a service does not answer, 11 the broker cannot be reached,
12 everything answers, but something waits for a person.";

/// Show how the shop is: broker, services, who is behind, orders by stage
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Draw it again every second, until Ctrl-C
    #[arg(short, long)]
    watch: bool,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    if args.watch {
        return watch(shop).await;
    }
    let status = Status::ask(shop).await.map_err(|failure| with_what_runs_here(shop, failure))?;
    if shop.out.is_table() {
        shop.out.line(draw(&status, &shop.out))?;
    } else {
        shop.out.json(&status)?;
    }
    status.exit().map_or(Ok(()), |exit| Err(Failure::shown(exit)))
}

async fn watch(shop: &Shop) -> Result<(), Failure> {
    shop.client().await.map_err(|failure| with_what_runs_here(shop, failure))?;
    if shop.out.is_table() {
        shop.out.clear()?;
    }
    loop {
        // A broker that is away for a moment is a screen that says so; the connection comes back.
        match Status::ask(shop).await {
            Ok(status) if shop.out.is_table() => shop.out.redraw(&draw(&status, &shop.out))?,
            Ok(status) => shop.out.json(&status)?,
            Err(failure) if shop.out.is_table() => shop.out.redraw(failure.message())?,
            Err(failure) => shop.out.json(&failure.to_json())?,
        }
        tokio::time::sleep(REDRAW_EVERY).await;
    }
}

/// Without a broker nobody can be asked, but which processes run here is known.
fn with_what_runs_here(shop: &Shop, failure: Failure) -> Failure {
    let Ok(folder) = shop.folder() else { return failure };
    let running: Vec<&str> =
        services::names().into_iter().filter(|name| folder.process(name).is_some()).collect();
    if failure.exit() != exit::BROKER_UNREACHABLE || running.is_empty() || folder.process(BROKER).is_some() {
        return failure;
    }
    failure.why(format!(
        "the broker of {} has ended; {} wait for it",
        folder.root().display(),
        running.join(", ")
    ))
}
