//! What devices connect with: given once, shown once, taken back.

use std::time::Duration;

use contracts::DeviceId;
use contracts::device::{
    ClaimDevice, Credential, HardwareId, OfferClaim, RegisterDevice, RevokeCredentials, RotateCredential,
};
use contracts::readings::Site;

use super::{changed, label, labels, seconds};
use crate::args::Once;
use crate::failure::Failure;
use crate::import::file;
use crate::output::Tone;
use crate::pick;
use crate::shop::Shop;
use crate::show;

/// Register a device, which may connect at once
///
/// Its secret is shown this once. With --hardware, registering the same device again before it was used gives it
/// another secret, and no second device.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl device register cold_store --hardware 00:1b:44:11:3a:b7 --label room=3
  shopctl device register cold_store --site berlin -o json | jq -r .secret")]
pub(crate) struct Register {
    /// Its kind, which `device profile` makes
    #[arg(value_name = "PROFILE")]
    profile: String,
    /// What is written on it
    #[arg(long, value_name = "ID")]
    hardware: Option<HardwareId>,
    /// Where it stands [default: where its kind does]
    #[arg(long)]
    site: Option<Site>,
    /// A word to find it by; may be given more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = label)]
    label: Vec<(String, String)>,
}

/// Make a device one's own by its code; or, without a code, make one for a customer
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl device claim dev_01h2e8kqvbfwea724h75qc655w --window 2h
  shopctl device claim dev_01h2e8kqvbfwea724h75qc655w --code-file code.txt")]
pub(crate) struct Claim {
    /// Which device
    #[arg(value_name = "ID", value_parser = pick::id::<DeviceId>)]
    device: DeviceId,
    /// A file whose first line is the code, or - for standard input; for a customer who is signed in
    #[arg(long, value_name = "FILE")]
    code_file: Option<std::path::PathBuf>,
    /// For how long the code is good [default: 1d]
    #[arg(long, value_name = "TIME", value_parser = pick::duration, conflicts_with = "code_file")]
    window: Option<Duration>,
}

/// Give a device another secret; the one before speaks a while longer
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl device rotate dev_01h2e8kqvbfwea724h75qc655w --overlap 10m")]
pub(crate) struct Rotate {
    /// Which device
    #[arg(value_name = "ID", value_parser = pick::id::<DeviceId>)]
    device: DeviceId,
    /// For how long the one before speaks on [default: 1h]
    #[arg(long, value_name = "TIME", value_parser = pick::duration)]
    overlap: Option<Duration>,
}

/// Take all secrets of a device back, and disconnect it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl device revoke dev_01h2e8kqvbfwea724h75qc655w")]
pub(crate) struct Revoke {
    /// Which device
    #[arg(value_name = "ID", value_parser = pick::id::<DeviceId>)]
    device: DeviceId,
    #[command(flatten)]
    once: Once,
}

pub(super) async fn register(shop: &Shop, args: Register) -> Result<(), Failure> {
    let Register { profile, hardware, site, label } = args;
    let asked = RegisterDevice { profile, hardware, site, labels: labels(label) };
    let given = shop.call(&asked).await?;
    show_secret(shop, &given)
}

pub(super) async fn rotate(shop: &Shop, args: Rotate) -> Result<(), Failure> {
    let overlap_s = seconds(args.overlap)?;
    let given = shop.call(&RotateCredential { device: args.device, overlap_s }).await?;
    show_secret(shop, &given)
}

/// The one time that a secret is shown.
fn show_secret(shop: &Shop, given: &Credential) -> Result<(), Failure> {
    if !shop.out.is_table() {
        return shop.out.json(given);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(format!("{mark} this is the only time its secret is shown"));
    let mut facts = vec![
        ("device", given.device.to_string()),
        ("user", given.device.to_string()),
        ("secret", given.secret.clone()),
        ("topic", format!("telemetry/{}/{}", given.site, given.device)),
    ];
    facts.extend(given.before_until.map(|until| ("the one before", format!("until {}", show::time(until)))));
    shop.out.line(show::facts(&facts))
}

pub(super) async fn claim(shop: &Shop, args: Claim) -> Result<(), Failure> {
    let Some(path) = &args.code_file else {
        let window_s = seconds(args.window)?;
        let code = shop.call(&OfferClaim { device: args.device, window_s }).await?;
        if !shop.out.is_table() {
            return shop.out.json(&code);
        }
        shop.out.say(format!("whoever types it by {} makes the device theirs", show::time(code.until)));
        return shop.out.line(&code.code);
    };
    let bytes = file::read(shop, path)?;
    let text = String::from_utf8_lossy(&bytes);
    let code = text.lines().next().unwrap_or_default().trim().to_owned();
    let device = shop.call(&ClaimDevice { device: args.device, code }).await?;
    changed(shop, &device, "it is yours")
}

pub(super) async fn revoke(shop: &Shop, args: Revoke) -> Result<(), Failure> {
    let device = shop.call_once(&RevokeCredentials { device: args.device }, &args.once).await?;
    changed(shop, &device, "its secrets are taken back")
}
