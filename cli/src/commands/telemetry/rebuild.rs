//! `shopctl telemetry show` and `rebuild`: what curves are made of, and making them anew.

use contracts::telemetry::{GetTelemetry, RebuildTelemetry, TelemetryState};

use crate::args::Once;
use crate::failure::Failure;
use crate::rebuild::{Begun, follow};
use crate::shop::Shop;
use crate::show;

/// What curves are made of, and whether they are being rebuilt
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl telemetry show
  shopctl telemetry show -o json")]
pub(crate) struct Show {}

/// Make all minutes, hours and days anew from the readings that are kept, while the shop runs
///
/// They are built beside those that are shown until then. If a rebuild runs already, this is that one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl telemetry rebuild
  shopctl telemetry rebuild --wait --timeout 60s")]
pub(crate) struct Args {
    /// Wait until the new ones are shown
    #[arg(short, long)]
    wait: bool,
    #[command(flatten)]
    once: Once,
}

pub(crate) async fn show(shop: &Shop) -> Result<(), Failure> {
    let state = shop.call(&GetTelemetry {}).await?;
    if !shop.out.is_table() {
        return shop.out.json(&state);
    }
    shop.out.line(show::facts(&[
        ("generation", state.generation.to_string()),
        ("series", state.series.to_string()),
        ("readings", state.readings.to_string()),
        ("rebuilt", state.rebuilt_at.map(show::time).unwrap_or_default()),
        ("rebuild", progress(&state)),
    ]))
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let begun = shop.call_once(&RebuildTelemetry {}, &args.once).await?;
    let begun = Begun { began: begun.began, generation: begun.generation };
    follow(shop, begun, args.wait, ("curves", "shopctl telemetry show"), async || {
        let state = shop.call(&GetTelemetry {}).await?;
        Ok((state.generation, progress(&state)))
    })
    .await
}

fn progress(state: &TelemetryState) -> String {
    let Some(rebuild) = &state.rebuild else { return "none runs".to_owned() };
    let began = show::time(rebuild.began_at);
    format!("{} of {} series are done, since {began}", rebuild.series, state.series)
}
