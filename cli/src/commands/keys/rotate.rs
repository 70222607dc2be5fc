//! `shopctl keys rotate`: new keys in the place of old ones, while the shop is open.

use std::sync::Arc;
use std::time::Duration;

use kit::Client;
use kit::access::Position;
use kit::bus::devices::ISSUER;

use super::place::{Place, PlaceArgs};
use crate::failure::{Failure, exit};
use crate::keys::{Ring, rotate};
use crate::output::Tone;
use crate::shop::Shop;
use crate::stack::services::{self, Plan};
use crate::stack::{ALL_IN_ONE, BROKER, Folder, broker, ending};

/// How long the broker may take to let the new key in.
const CONNECT_TIME: Duration = Duration::from_secs(3);

/// Replace keys, without a gap
///
/// The new key is made known beside the old one; the service is started again with it; the old one is
/// good no more. Of operators and programs the file is replaced: hand it to whoever keeps a copy. Who
/// is connected with the old key is cut off, so a command that runs meanwhile may end with code 7.
///
/// With --keys there is no service to start again, so it takes two commands: without --finish the new
/// key is put in place, with --finish, once its holder uses it, the old one is taken out.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl keys rotate payment
  shopctl keys rotate --all                                        after a leak
  shopctl keys rotate payment --keys /etc/shop/keys                and after its restart:
  shopctl keys rotate payment --keys /etc/shop/keys --finish")]
pub(crate) struct Args {
    /// Whose keys
    #[arg(value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
    names: Vec<String>,

    /// Everybody's
    #[arg(long)]
    all: bool,

    /// Only take out the old keys
    #[arg(long)]
    finish: bool,

    #[command(flatten)]
    place: PlaceArgs,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let place = args.place.open(shop)?;
    let mut names = args.names;
    if args.all {
        names = place.ring.roster()?.members.into_iter().map(|member| member.name).collect();
    }
    names.sort();
    names.dedup();
    let wanted = names.iter().any(|name| name == ISSUER);
    names.retain(|name| name != ISSUER);
    let lets_devices_in = wanted && !args.finish && may_renew_issuer(shop, &place, args.all)?;
    if lets_devices_in {
        place.ring.renew_issuer()?;
    }
    if !args.finish && !names.is_empty() {
        let new = rotate::begin(&place.ring, &names)?;
        place.apply(shop).await?;
        rotate::swap(&place.ring, &new)?;
        let Some(folder) = &place.local else { return half_done(shop, &place, &names) };
        restart(shop, folder, &names).await.map_err(|failure| {
            failure
                .so("the new keys are in place, but the old ones are still good too")
                .mend("the same command again      begins anew")
        })?;
    }
    rotate::finish(&place.ring, &names)?;
    place.apply(shop).await?;
    names.extend(Some(ISSUER.to_owned()).filter(|_| lets_devices_in));
    done(shop, &place, &names)
}

/// Whether the key that lets devices in can be replaced: a broker that runs believes no other than the one it was
/// started with.
///
/// # Errors
/// 6 if it runs, and this key was named.
fn may_renew_issuer(shop: &Shop, place: &Place, all: bool) -> Result<bool, Failure> {
    // Of a broker elsewhere nobody knows whether it runs.
    let runs = place.local.as_ref().is_none_or(|folder| folder.process(BROKER).is_some());
    let how = "shopctl down && shopctl keys rotate devices && shopctl up";
    match (runs, all) {
        (true, false) if place.local.is_none() => {
            shop.out.warn("the broker and the service of devices must be started anew with this key");
            Ok(true)
        }
        (false, _) => Ok(true),
        (true, true) => {
            shop.out.warn(format!("the key that lets devices in stays, for the broker runs: {how}"));
            Ok(false)
        }
        (true, false) => {
            let what = "nothing was changed: the broker runs, and believes no other key that lets devices in";
            Err(Failure::new(exit::CONFLICT, "broker_runs", what).mend(how))
        }
    }
}

/// Starts those services again which run and whose key was replaced, and waits until they answer. One
/// after the other: one that ends first finishes what it has accepted, and for that it asks others.
async fn restart(shop: &Shop, folder: &Folder, names: &[String]) -> Result<(), Failure> {
    let affected: Vec<&'static str> =
        contracts::services().filter(|service| names.iter().any(|name| name == service)).collect();
    let parts: Vec<(&'static str, Vec<&'static str>)> = match folder.process(ALL_IN_ONE) {
        Some(_) if affected.is_empty() => Vec::new(),
        Some(_) => vec![(ALL_IN_ONE, services::names())],
        None => {
            let running = affected.into_iter().filter(|name| folder.process(name).is_some());
            running.map(|name| (name, vec![name])).collect()
        }
    };
    if parts.is_empty() {
        return Ok(());
    }
    // The key of whoever asks may be among those that were replaced.
    let link = broker::link(folder, Some(Arc::new(Ring::of(folder).asker(shop.named_seed())?)))?;
    let client = Client::connect(&link, CONNECT_TIME).await?;
    for (part, answering) in parts {
        let plan = Plan::only(part)?;
        ending::check(&ending::end(folder, &[part], |_| {}).await)?;
        let mut started = plan.start(folder, &link)?;
        let mark = shop.out.paint_note(Tone::Good, "✓");
        services::answering(folder, &client, &answering, &mut started, |health| {
            shop.out.say(format!("{mark} {} answers again", health.service));
        })
        .await?;
    }
    Ok(())
}

fn half_done(shop: &Shop, place: &Place, names: &[String]) -> Result<(), Failure> {
    if !shop.out.is_table() {
        return shop.out.json(&serde_json::json!({ "rotated": names, "finished": false }));
    }
    for name in names {
        shop.out.line(place.ring.seed(name).to_string_lossy())?;
    }
    shop.out.say(
        "Both keys are good; let the broker read its users again, then start the services with the new ones",
    );
    shop.out.next("the same command with --finish      takes the old ones out");
    Ok(())
}

fn done(shop: &Shop, place: &Place, names: &[String]) -> Result<(), Failure> {
    if !shop.out.is_table() {
        return shop.out.json(&serde_json::json!({ "rotated": names, "finished": true }));
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(format!("{mark} the old keys are good no more: {}", names.join(", ")));
    let roster = place.ring.roster()?;
    let kept = |name: &&String| {
        let position = roster.member(name).map(|member| member.position);
        !matches!(position, None | Some(Position::Service | Position::System))
    };
    for name in names.iter().filter(kept) {
        shop.out.say(format!("the key of {name} is {}", place.ring.seed(name).display()));
    }
    Ok(())
}
