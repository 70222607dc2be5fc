//! `shopctl session`: where somebody is signed in.

use clap::Subcommand;
use contracts::CustomerId;
use contracts::auth::{EndSession, ListSessions};
use kit::access::words::SessionId;

use crate::args::Once;
use crate::failure::Failure;
use crate::output::{Cell, Table, Tone};
use crate::shop::Shop;
use crate::show::count;
use crate::{pick, row, show};

/// Sessions: where somebody is signed in
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Ls(Ls),
    End(End),
}

/// List the sessions of whoever is signed in, the newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl session ls")]
pub(crate) struct Ls {
    /// Of this account instead; for admins
    #[arg(long, value_name = "ID", value_parser = pick::id::<CustomerId>)]
    customer: Option<CustomerId>,
}

/// End a session; whoever has its tokens must sign in again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl session end ses_01h2e8kqvbfwea724h75qc655w")]
pub(crate) struct End {
    /// Which session
    #[arg(value_name = "ID", value_parser = pick::id::<SessionId>)]
    session: SessionId,
    #[command(flatten)]
    once: Once,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Ls(args) => ls(shop, args).await,
        Command::End(args) => end(shop, args).await,
    }
}

async fn ls(shop: &Shop, args: Ls) -> Result<(), Failure> {
    let page = shop.call(&ListSessions { customer: args.customer }).await?;
    if shop.out.is_table() && page.items.is_empty() {
        shop.out.say("there are none");
        return Ok(());
    }
    shop.out.list(&page.items, |items| {
        let table = Table::new(&["session", "device", "from", "began", "used", "ends", ""]).whole(&[0]);
        table.rows(items.iter().map(|one| {
            let own = if one.own { Cell::toned("this one", Tone::Good) } else { Cell::from("") };
            let [began, used, ends] = [one.began_at, one.used_at, one.expires_at].map(show::time);
            row![one.session, &one.device, &one.source, began, used, ends, own]
        }))
    })
}

async fn end(shop: &Shop, args: End) -> Result<(), Failure> {
    let own = shop.session()?.is_some_and(|session| session.tokens.session == args.session);
    let ended = shop.call_once(&EndSession { session: args.session }, &args.once).await?;
    if own {
        shop.signed_out().await?;
    }
    if !shop.out.is_table() {
        return shop.out.json(&ended);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    let here = if own { "; nobody is signed in here any more" } else { "" };
    shop.out.say(format!("{mark} {} ended{here}", count(ended.ended, "session", "sessions")));
    Ok(())
}
