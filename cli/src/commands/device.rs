//! `shopctl device`: who devices are, what they connect with, and what they are to be like.

mod describe;
mod moves;
mod provisioning;
mod secrets;
mod simulate;
mod state;

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Subcommand;
use contracts::DeviceId;
use contracts::device::{
    DeviceState, DeviceView, GetDevice, HardwareId, ListDevices, ListProfiles, ProfileView, PutProfile,
};
use contracts::readings::Site;

use crate::args::Once;
use crate::failure::Failure;
use crate::output::{Cell, Table, Tone};
use crate::pages::{self, Extent};
use crate::shop::Shop;
use crate::{pick, row, show};

/// Devices: who they are, whose they are, what they connect with
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Ls(Ls),
    #[command(visible_alias = "show")]
    Get(Get),
    Register(secrets::Register),
    Claim(secrets::Claim),
    Rotate(secrets::Rotate),
    Revoke(secrets::Revoke),
    Activate(moves::Activate),
    Suspend(moves::Suspend),
    Retire(moves::Retire),
    Describe(describe::Args),
    State(state::Args),
    Profile(Profile),
    Profiles(Profiles),
    #[command(subcommand)]
    Provisioning(provisioning::Command),
    Simulate(simulate::Args),
}

/// List devices, the oldest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl device ls --site seattle
  shopctl device ls --state suspended -o json")]
pub(crate) struct Ls {
    /// Only in this state: new, claimed, active, suspended or retired
    #[arg(long)]
    state: Option<DeviceState>,
    /// Only of this kind
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Only at this site
    #[arg(long)]
    site: Option<Site>,
    #[command(flatten)]
    extent: Extent,
}

/// Show a device
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl device get dev_01h2e8kqvbfwea724h75qc655w")]
pub(crate) struct Get {
    /// Which device
    #[arg(value_name = "ID", value_parser = pick::id::<DeviceId>)]
    device: DeviceId,
}

/// Make or change a kind of devices
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl device profile cold_store --site seattle --silence 5m")]
pub(crate) struct Profile {
    /// Its name: lower case letters, digits and _
    #[arg(value_name = "NAME")]
    name: String,
    /// Where its devices stand if nobody says
    #[arg(long)]
    site: Site,
    /// After how long without a reading a device counts as gone [default: never]
    #[arg(long, value_name = "TIME", value_parser = pick::duration)]
    silence: Option<Duration>,
    /// Let its devices offer themselves to customers, by a code of their own
    #[arg(long)]
    offers: bool,
    #[command(flatten)]
    once: Once,
}

/// List the kinds of devices
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl device profiles")]
pub(crate) struct Profiles {}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Ls(args) => ls(shop, args).await,
        Command::Get(args) => get(shop, args).await,
        Command::Register(args) => secrets::register(shop, args).await,
        Command::Claim(args) => secrets::claim(shop, args).await,
        Command::Rotate(args) => secrets::rotate(shop, args).await,
        Command::Revoke(args) => secrets::revoke(shop, args).await,
        Command::Activate(args) => moves::activate(shop, args).await,
        Command::Suspend(args) => moves::suspend(shop, args).await,
        Command::Retire(args) => moves::retire(shop, args).await,
        Command::Describe(args) => describe::run(shop, args).await,
        Command::State(args) => state::run(shop, args).await,
        Command::Profile(args) => profile(shop, args).await,
        Command::Profiles(Profiles {}) => profiles(shop).await,
        Command::Provisioning(command) => provisioning::run(shop, command).await,
        Command::Simulate(args) => simulate::run(shop, args).await,
    }
}

async fn ls(shop: &Shop, Ls { state, profile, site, extent }: Ls) -> Result<(), Failure> {
    let ask =
        |after, limit| ListDevices { state, profile: profile.clone(), site: site.clone(), after, limit };
    let table = |items: &[DeviceView]| {
        let header = ["device", "profile", "site", "state", "there", "last seen", "hardware"];
        Table::new(&header).whole(&[0, 3, 4]).rows(items.iter().map(|device| {
            row![
                device.device,
                &device.profile,
                device.site.as_str(),
                toned(device.state),
                there(device),
                device.last_seen.map(show::time).unwrap_or_default(),
                device.hardware.as_ref().map_or("", HardwareId::as_str),
            ]
        }))
    };
    pages::show(shop, extent, ask, |page| (page.items, page.next), table).await
}

async fn get(shop: &Shop, args: Get) -> Result<(), Failure> {
    let device = shop.call(&GetDevice { device: args.device }).await?;
    if shop.out.is_table() { shop.out.line(show::facts(&facts(&device))) } else { shop.out.json(&device) }
}

fn facts(device: &DeviceView) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("device", device.device.to_string()),
        ("profile", device.profile.clone()),
        ("site", device.site.to_string()),
        ("state", device.state.to_string()),
        ("there", there(device).to_owned()),
    ];
    facts.extend(device.online_since.map(|at| ("since", show::time(at))));
    facts.extend(device.last_seen.map(|at| ("last seen", show::time(at))));
    facts.extend(device.hardware.as_ref().map(|id| ("hardware", id.to_string())));
    facts.extend(device.owner.as_ref().map(|owner| ("owner", owner.clone())));
    facts.extend(device.labels.iter().map(|(name, value)| ("label", format!("{name}={value}"))));
    facts.push(("secrets", device.credentials.to_string()));
    facts.push(("registered", show::time(device.made_at)));
    facts
}

fn there(device: &DeviceView) -> &'static str {
    match (device.online, device.online_since) {
        (true, _) => "yes",
        (false, Some(_)) => "no",
        (false, None) => "never yet",
    }
}

fn toned(state: DeviceState) -> Cell {
    match state {
        DeviceState::Active => Cell::from(state),
        DeviceState::New | DeviceState::Claimed => Cell::toned(state, Tone::Warn),
        DeviceState::Suspended | DeviceState::Retired => Cell::toned(state, Tone::Faint),
    }
}

/// Says what became of a device: its id for programs, the rest for people.
fn changed(shop: &Shop, device: &DeviceView, what: &str) -> Result<(), Failure> {
    if !shop.out.is_table() {
        return shop.out.json(device);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(format!("{mark} {what}; it is {}", device.state));
    shop.out.line(device.device.to_string())
}

async fn profile(shop: &Shop, args: Profile) -> Result<(), Failure> {
    let silence_s = seconds(args.silence)?.unwrap_or(0);
    let put = PutProfile { name: args.name, site: args.site, silence_s, offers: args.offers };
    let view = shop.call_once(&put, &args.once).await?;
    if shop.out.is_table() { shop.out.line(&view.name) } else { shop.out.json(&view) }
}

async fn profiles(shop: &Shop) -> Result<(), Failure> {
    let all = shop.call(&ListProfiles {}).await?.items;
    shop.out.list(&all, |all: &[ProfileView]| {
        Table::new(&["profile", "site", "silent after", "registers itself", "offers itself", "changed"])
            .whole(&[0])
            .rows(all.iter().map(|one| {
                let silence =
                    if one.silence_s == 0 { "never".to_owned() } else { format!("{}s", one.silence_s) };
                let open = if one.provisioning { "yes" } else { "no" };
                let offers = if one.offers { "yes" } else { "no" };
                row![&one.name, one.site.as_str(), silence, open, offers, show::time(one.changed_at)]
            }))
    })
}

/// Whole seconds.
fn seconds(time: Option<Duration>) -> Result<Option<u32>, Failure> {
    let wrong =
        || Failure::invalid("usage", "this time is whole seconds, and not longer than a person lives");
    time.map(|time| u32::try_from(time.as_secs()).ok().filter(|_| time.subsec_nanos() == 0).ok_or_else(wrong))
        .transpose()
}

/// Reads `NAME=VALUE`.
fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("wanted is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Labels by their names; the last of a name counts.
fn labels(pairs: Vec<(String, String)>) -> BTreeMap<String, String> {
    pairs.into_iter().collect()
}
