//! `shopctl keys`: the keys of services, operators and programs.

mod place;
mod rotate;

use std::path::PathBuf;

use clap::Subcommand;
use kit::access::{Member, Position};
use serde::Serialize;

use crate::failure::Failure;
use crate::keys::Ring;
use crate::output::{Cell, Table, Tone};
use crate::row;
use crate::shop::Shop;

pub(super) use place::PlaceArgs;

/// The keys with which services, operators and programs connect
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Make(Make),
    Ls(Ls),
    Rotate(rotate::Args),
}

/// Make the keys that are missing, and write the broker's users anew
///
/// `shopctl up` does this by itself. Elsewhere it is the first step of a deployment: it makes a key
/// for each service, for the broker's own user and for a first operator, the roster, and the file
/// `users.conf` that the broker's configuration includes. What is there already stays as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl keys make
  shopctl keys make --keys /etc/shop/keys --users /etc/nats/users.conf")]
pub(crate) struct Make {
    #[command(flatten)]
    place: PlaceArgs,
}

/// List everybody with a key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl keys ls
  shopctl keys ls -o json | jq -r '.[].name'")]
pub(crate) struct Ls {
    #[command(flatten)]
    place: PlaceArgs,
}

/// A member of the roster, as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    name: String,
    position: Position,
    /// The public keys, the newest last.
    keys: Vec<String>,
    /// Where the private key is; none if it is kept elsewhere.
    file: Option<PathBuf>,
    /// The mode of the file, if others can read it.
    exposed: Option<String>,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Make(args) => make(shop, args).await,
        Command::Ls(args) => list(shop, &args.place.look(shop)?, |_| true),
        Command::Rotate(args) => rotate::run(shop, args).await,
    }
}

async fn make(shop: &Shop, args: Make) -> Result<(), Failure> {
    let place = args.place.open(shop)?;
    let made = place.ring.make()?;
    place.apply(shop).await?;
    if !shop.out.is_table() {
        return shop.out.json(&serde_json::json!({
            "keys": place.ring.folder(), "users": place.ring.users(), "made": made,
        }));
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    match made.len() {
        0 => shop.out.say("No key was missing"),
        _ => shop.out.say(format!("{mark} keys were made for {}", made.join(", "))),
    }
    shop.out.line(place.ring.folder().to_string_lossy())?;
    shop.out.line(place.ring.users().to_string_lossy())
}

/// Shows the members that are wanted.
pub(super) fn list(shop: &Shop, ring: &Ring, wanted: impl Fn(&Member) -> bool) -> Result<(), Failure> {
    let members = ring.roster()?.members.into_iter().filter(|member| wanted(member));
    let shown: Vec<Shown> = members.map(|member| show(ring, member)).collect();
    shop.out.list(&shown, table)?;
    for member in &shown {
        if let (Some(mode), Some(file)) = (&member.exposed, &member.file) {
            let file = file.display();
            shop.out.warn(format!(
                "others may have read {file} (mode {mode}): chmod 600 {file}, then shopctl keys rotate {}",
                member.name
            ));
        }
    }
    Ok(())
}

fn show(ring: &Ring, member: Member) -> Shown {
    let file = Some(ring.file_of(&member)).filter(|path| path.exists());
    let exposed = file.as_deref().and_then(Ring::exposed);
    Shown { name: member.name, position: member.position, keys: member.keys, file, exposed }
}

fn table(members: &[Shown]) -> Table {
    Table::new(&["name", "position", "file", "public key"]).whole(&[0, 1, 3]).rows(members.iter().map(
        |member| {
            let file = match (&member.file, &member.exposed) {
                (Some(_), None) => Cell::from("here"),
                (Some(_), Some(mode)) => Cell::toned(format!("here, mode {mode}"), Tone::Bad),
                (None, _) => Cell::toned("elsewhere", Tone::Faint),
            };
            let mut cells = row![&member.name, member.position.word()];
            cells.extend([file, Cell::from(member.keys.join(" "))]);
            cells
        },
    ))
}
