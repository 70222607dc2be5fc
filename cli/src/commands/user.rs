//! `shopctl user`: operators and programs that may connect.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use kit::access::roster::MEMBERS_MAX;
use kit::access::{Identity, Member, Position, Roster};
use kit::bus::OUTSIDE_DOMAIN;
use kit::text::is_name;

use super::keys::{PlaceArgs, list};
use crate::failure::{Failure, exit};
use crate::keys::{self, Ring};
use crate::output::Tone;
use crate::shop::Shop;

/// Operators and programs that may connect: who they are, and what they may do
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Add(Add),
    Rm(Rm),
    Ls(Ls),
}

/// Let somebody connect: makes a key, and says where it is
///
/// An operator runs the shop; an admin also says who may do what; a subscriber is a program that reads
/// events through consumers of its own and can do nothing else; a storefront is a program that asks
/// for customers and guests.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl user add ann --position operator --out ann.seed      hand her the file, then she says:
  shopctl --nats tls://shop.example.org:4222 --seed ann.seed status")]
pub(crate) struct Add {
    /// How they are called: lower case letters, digits and _
    #[arg(value_parser = name)]
    name: String,

    /// What they are: operator, admin, subscriber or storefront
    #[arg(long, value_parser = position)]
    position: Position,

    /// Where the key is written; it must be called NAME.seed [default: in the folder of the keys]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    place: PlaceArgs,
}

/// Shut somebody out, at once
///
/// The broker ends their connections, and services stop believing what they signed within two
/// seconds.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl user rm ann")]
pub(crate) struct Rm {
    /// Whom
    #[arg(value_parser = name)]
    name: String,

    /// Do it without asking
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    place: PlaceArgs,
}

/// List the operators and programs that may connect
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl user ls
  shopctl user ls -o jsonl | jq -r .name")]
pub(crate) struct Ls {
    #[command(flatten)]
    place: PlaceArgs,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(args) => add(shop, args).await,
        Command::Rm(args) => remove(shop, args).await,
        Command::Ls(args) => {
            let is_user = |member: &Member| {
                !matches!(member.position, Position::Service | Position::System | Position::Issuer)
            };
            list(shop, &args.place.look(shop)?, is_user)
        }
    }
}

async fn add(shop: &Shop, args: Add) -> Result<(), Failure> {
    let place = args.place.open(shop)?;
    let ring = &place.ring;
    ring.make()?;
    let mut roster = ring.roster()?;
    let refused = |exit, code: &str, why: String| {
        Failure::new(exit, code, format!("{} was not added: {why}", args.name))
    };
    if let Some(member) = roster.member(&args.name) {
        let why = format!("there is a {} of this name", member.position);
        return Err(refused(exit::CONFLICT, "name_taken", why)
            .mend(format!("shopctl keys rotate {}      makes them a new key", args.name)));
    }
    if roster.members.len() >= MEMBERS_MAX {
        let why = format!("there are {MEMBERS_MAX} already, which is all there may be");
        return Err(refused(exit::REFUSED, "roster_full", why).mend("shopctl user rm NAME"));
    }
    let file = match &args.out {
        Some(out) => named_after(out, &args.name)?,
        None => ring.seed(&args.name),
    };
    let identity = keys::generate(&args.name)?;
    Ring::hand_out(&identity, &file)?;
    let keys = vec![identity.public_key().to_owned()];
    roster.members.push(Member { name: args.name.clone(), position: args.position, keys });
    let stored = ring.store(&roster);
    if stored.is_err() {
        // A key that nobody knows is of no use, and would be in the way of the next try.
        let _ = std::fs::remove_file(&file);
    }
    stored?;
    place.apply(shop).await?;
    if !shop.out.is_table() {
        let mut shown = serde_json::json!({ "name": args.name, "position": args.position });
        shown["keys"] = serde_json::json!([identity.public_key()]);
        shown["file"] = serde_json::json!(file);
        return shop.out.json(&shown);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(format!(
        "{mark} {} may connect, as {}; whoever has this file is them",
        args.name, args.position
    ));
    shop.out.line(file.to_string_lossy())?;
    if args.position == Position::Subscriber {
        shop.out.next(format!(
            "read the consumer {} of each stream, in the JetStream domain {OUTSIDE_DOMAIN}; it is made within seconds",
            args.name
        ));
    }
    Ok(())
}

async fn remove(shop: &Shop, args: Rm) -> Result<(), Failure> {
    // Nobody is kept waiting while a person thinks, so it is looked at again once it is locked.
    let member = removable(&args.place.look(shop)?.roster()?, &args.name)?;
    sure(shop, &args, member.position).await?;
    let place = args.place.open(shop)?;
    let mut roster = place.ring.roster()?;
    removable(&roster, &args.name)?;
    roster.members.retain(|member| member.name != args.name);
    place.ring.store(&roster)?;
    place.ring.forget(&args.name);
    place.apply(shop).await?;
    if !shop.out.is_table() {
        return shop.out.json(&serde_json::json!({ "removed": args.name, "position": member.position }));
    }
    shop.out.say(format!("{} {} is shut out", shop.out.paint_note(Tone::Good, "✓"), args.name));
    Ok(())
}

/// The member of this name, if the shop can do without them.
fn removable(roster: &Roster, name: &str) -> Result<Member, Failure> {
    let member = roster.member(name).ok_or_else(|| keys::rotate::unknown(name))?;
    let refused =
        |code: &str, why: &str| Failure::new(exit::REFUSED, code, format!("{name} was not removed: {why}"));
    let admins = roster.members.iter().filter(|member| member.position == Position::Admin).count();
    match member.position {
        Position::Service | Position::System | Position::Issuer => {
            Err(refused("not_a_user", "the shop cannot do without its services and the broker's own user")
                .mend(format!("shopctl keys rotate {name}      if its key leaked")))
        }
        Position::Admin if admins == 1 => {
            Err(refused("last_admin", "nobody would be left who may say who may do what")
                .mend("shopctl user add NAME --position admin      first"))
        }
        _ => Ok(member.clone()),
    }
}

/// Asks a person whether they mean it; without one, somebody must have said so.
async fn sure(shop: &Shop, args: &Rm, position: Position) -> Result<(), Failure> {
    if args.yes {
        return Ok(());
    }
    let kept = |why: &str| {
        Failure::invalid("needs_yes", format!("{} was not removed: {why}", args.name))
            .mend(format!("shopctl user rm {} --yes", args.name))
    };
    if !shop.may_ask() || !std::io::stdin().is_terminal() || !shop.out.is_table() {
        return Err(kept("nobody can be asked whether this is meant"));
    }
    shop.out.warn(format!("the {position} {} will be shut out at once; type yes to go on", args.name));
    // On a thread of its own, so that Ctrl-C is heard meanwhile.
    let typed = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    let unread = |error: std::io::Error| Failure::io("the answer was not read", &error);
    let answer = typed.await.map_err(|error| unread(error.into()))?.map_err(unread)?;
    if answer.trim() == "yes" { Ok(()) } else { Err(kept("the answer was not yes")) }
}

/// A file for a key: the name of its holder is read from its own.
fn named_after(out: &Path, name: &str) -> Result<PathBuf, Failure> {
    let file = if out.is_dir() { Identity::path(out, name) } else { out.to_path_buf() };
    if file.file_stem().is_some_and(|stem| stem == name) && file.extension().is_some() {
        return std::path::absolute(&file)
            .map_err(|error| Failure::io(format!("{} is no path", file.display()), &error));
    }
    let what = format!("{name} was not added: the file must be called {name}.seed, not {}", file.display());
    Err(Failure::invalid("wrong_file_name", what).why("whose key it is is read from the name of the file"))
}

fn name(text: &str) -> Result<String, String> {
    if is_name(text) {
        return Ok(text.to_owned());
    }
    Err("a name is 1 to 32 lower case letters, digits and _, and begins with a letter".to_owned())
}

fn position(text: &str) -> Result<Position, String> {
    let wrong = || "a user is an operator, admin, subscriber or storefront".to_owned();
    let position: Position = text.parse().map_err(|_| wrong())?;
    if matches!(position, Position::Service | Position::System | Position::Issuer) {
        Err(wrong())
    } else {
        Ok(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_to_a_file_that_says_whose_it_is() {
        let scratch = tempfile::tempdir().unwrap();
        let seed = scratch.path().join("ann.seed");
        assert_eq!(named_after(&seed, "ann").unwrap(), seed);
        assert_eq!(named_after(scratch.path(), "ann").unwrap(), seed);
        for wrong in ["bob.seed", "ann", "key.pem"] {
            assert_eq!(
                named_after(&scratch.path().join(wrong), "ann").unwrap_err().exit(),
                exit::USAGE,
                "{wrong}"
            );
        }
    }

    #[test]
    fn services_are_no_users() {
        assert_eq!(position("subscriber"), Ok(Position::Subscriber));
        for wrong in ["service", "system", "root", ""] {
            assert!(position(wrong).is_err(), "{wrong}");
        }
    }
}
