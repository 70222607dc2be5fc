//! `shopctl device provisioning`: devices of a kind that register themselves.

use clap::Subcommand;
use contracts::device::{CloseProvisioning, OpenProvisioning, wire};

use crate::args::Once;
use crate::failure::Failure;
use crate::output::Tone;
use crate::shop::Shop;
use crate::show;

/// Where the hardware id of each device stands.
const HARDWARE: &str = "HARDWARE_ID";

/// Devices that register themselves: let those of a kind, or let no more
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Open(Open),
    Close(Close),
}

/// Let devices of a kind register themselves, with a secret that all of them share
///
/// It is shown this once; one that was shown before ends. Each device gets a secret of its own for it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl device provisioning open cold_store
  shopctl device provisioning open cold_store -o json | jq -r .secret")]
pub(crate) struct Open {
    /// The kind, which `device profile` makes
    #[arg(value_name = "PROFILE")]
    profile: String,
}

/// Let no further devices of a kind register themselves; those that did stay
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl device provisioning close cold_store")]
pub(crate) struct Close {
    /// The kind
    #[arg(value_name = "PROFILE")]
    profile: String,
    #[command(flatten)]
    once: Once,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Open(args) => open(shop, args).await,
        Command::Close(args) => close(shop, args).await,
    }
}

async fn open(shop: &Shop, args: Open) -> Result<(), Failure> {
    let given = shop.call(&OpenProvisioning { profile: args.profile }).await?;
    if !shop.out.is_table() {
        return shop.out.json(&given);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(format!("{mark} this is the only time the secret is shown; what was shown before ends"));
    let topic =
        |pattern: &str| pattern.replacen('*', &given.profile, 1).replacen('*', HARDWARE, 1).replace('.', "/");
    let user = format!("{}{}:{HARDWARE}", wire::PROVISION_USER, given.profile);
    shop.out.line(show::facts(&[
        ("profile", given.profile.clone()),
        ("user", user),
        ("secret", given.secret.clone()),
        ("asks at", topic(wire::PROVISION)),
        ("answer at", topic(wire::PROVISIONED)),
    ]))
}

async fn close(shop: &Shop, args: Close) -> Result<(), Failure> {
    let view = shop.call_once(&CloseProvisioning { profile: args.profile }, &args.once).await?;
    if !shop.out.is_table() {
        return shop.out.json(&view);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(format!("{mark} no further devices of this kind register themselves"));
    shop.out.line(&view.name)
}
