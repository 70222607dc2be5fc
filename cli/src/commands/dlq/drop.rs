//! `shopctl dlq drop`: giving a dead letter up.

use kit::Client;
use kit::text::printable;

use super::letters::{self, Letter, Name};
use super::list::short;
use super::question;
use super::retry::settle;
use super::show::waits_for;
use crate::args::Once;
use crate::failure::{Failure, exit};
use crate::output::Tone;
use crate::shop::Shop;
use crate::show::count;

/// Give a dead letter up, and act on what waits behind it
///
/// The service never acts on the event then. The event itself stays in its stream.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl dlq drop cart/3                       asks before it does it
  shopctl dlq drop cart/3 --confirm=cart/3      does not ask")]
pub(crate) struct Args {
    /// Which one
    #[arg(value_name = "SERVICE/ID")]
    letter: Name,
    /// Do it without asking: the letter once more
    #[arg(long, value_name = "SERVICE/ID")]
    confirm: Option<Name>,
    #[command(flatten)]
    once: Once,
}

pub(super) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let name = &args.letter;
    let (letter, all) = letters::one(shop, name).await?;
    if let Some(dead) = waits_for(&letter, &all) {
        let what = format!("{name} was not dropped: it is not dead, it waits behind {dead}");
        return Err(Failure::new(exit::CONFLICT, "parked", what).mend(format!("shopctl dlq show {dead}")));
    }
    let behind = all.behind(&letter).len();
    match &args.confirm {
        Some(confirmed) if confirmed == name => {}
        Some(confirmed) => {
            let what = format!("nothing was dropped: --confirm names {confirmed}, and it is about {name}");
            return Err(Failure::invalid("not_confirmed", what).mend(confirm(name)));
        }
        None => {
            shop.out.say(lost(&letter, behind));
            match question::ask(shop, &format!("drop {name}?")).await? {
                Some(true) => {}
                Some(false) => return Err(not_confirmed(name)),
                None => return Err(not_confirmed(name).why(lost(&letter, behind))),
            }
        }
    }
    let key = args.once.idempotency_key.clone().unwrap_or_else(Client::new_key);
    let client = shop.asker().await?;
    let done = settle(shop, &client, name, "drop", key)
        .await
        .map_err(|failure| failure.so(format!("{name} was not dropped")))?;
    let left = letters::ask(shop, Some(&name.service)).await?.letters;
    let dead = left.into_iter().find(|other| other.is_dead() && other.is_with(&letter));
    tell(shop, name, done, dead.as_ref())
}

fn tell(shop: &Shop, name: &Name, done: u64, dead: Option<&Letter>) -> Result<(), Failure> {
    // The first of them is the one that was dropped.
    let acted = done.saturating_sub(1);
    if shop.out.is_table() {
        let acted = count(acted, "event that waited behind it was", "events that waited behind it were");
        shop.out.line(format!("{} {name} is dropped, {acted} acted on", shop.out.paint(Tone::Good, "✓")))?;
        if let Some(dead) = dead {
            let facts = &dead.facts;
            let said =
                format!("{} failed then: {}: {}", dead.letter, facts.reason, printable(&facts.message));
            shop.out.line(format!("{} {said}", shop.out.paint(Tone::Bad, "✗")))?;
        }
    } else {
        shop.out.json(&serde_json::json!({
            "dropped": name.to_string(), "acted_on": acted, "dead": dead.map(|dead| &dead.letter),
        }))?;
    }
    if dead.is_some() { Err(Failure::shown(exit::PROBLEMS_FOUND)) } else { Ok(()) }
}

/// What is lost when a letter is dropped.
fn lost(letter: &Letter, behind: usize) -> String {
    let facts = &letter.facts;
    let what = match facts.source.as_str() {
        "timer" => format!("the timer {} for {}", printable(&facts.subject), printable(&facts.key)),
        source => format!(
            "{} {} ({}) about {}",
            printable(source),
            facts.sequence,
            printable(short(&facts.subject)),
            printable(&facts.key)
        ),
    };
    let then = match behind {
        0 => String::new(),
        behind => format!("; {} behind it will be", count(behind as u64, "event", "events")),
    };
    format!("{} will never have acted on {what}{then}", letter.service)
}

fn confirm(name: &Name) -> String {
    format!("shopctl dlq drop {name} --confirm={name}")
}

fn not_confirmed(name: &Name) -> Failure {
    Failure::invalid("not_confirmed", format!("{name} was not dropped: nobody has said that it may go"))
        .mend(confirm(name))
}

#[cfg(test)]
mod tests {
    use super::super::letters::tests::letter;
    use super::*;

    #[test]
    fn what_is_lost_is_said_before() {
        let said = lost(&letter("cart", 3, "dead", "thing_\u{1b}1"), 2);
        assert_eq!(
            said,
            "cart will never have acted on THING 12 (thing.made) about thing_\\u{1b}1; 2 events behind it will be"
        );
    }
}
