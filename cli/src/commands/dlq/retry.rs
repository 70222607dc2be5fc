//! `shopctl dlq retry`: acting on dead letters again.

use kit::admin::{SettleDeadLetter, Settled};
use kit::error::reason;
use kit::{Call, Client};
use serde::Serialize;

use super::letters::{self, Letter, Name};
use super::list;
use super::show::waits_for;
use crate::args::Once;
use crate::failure::{Failure, exit};
use crate::output::{Format, Tone};
use crate::progress::persist;
use crate::shop::Shop;
use crate::show::count;

/// Act on dead letters again, and then on what waits behind each, in order
///
/// What fails again stays where it is, and what waits behind it too. Nothing is done twice, also if two people
/// try at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl dlq retry cart/3
  shopctl dlq retry cart/3 cart/7 notification/1
  shopctl dlq retry --all
  shopctl dlq retry --all --service notification

Exit codes: 0 all were acted on, 3 there is no such letter, 10 a service does not answer,
12 something failed again.")]
pub(crate) struct Args {
    /// Which ones
    #[arg(value_name = "SERVICE/ID", required_unless_present = "all", conflicts_with = "all")]
    letters: Vec<Name>,
    /// All there are, the oldest of each service first
    #[arg(long)]
    all: bool,
    /// With --all: only of this service
    #[arg(long, value_name = "NAME", requires = "all")]
    service: Option<String>,
    #[command(flatten)]
    once: Once,
}

/// What became of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// It was acted on, and so was all that waited behind it.
    Done,
    /// It was acted on, but something behind it failed and is the dead letter now.
    Stopped,
    /// It failed again.
    FailedAgain,
    /// Somebody else was quicker.
    Gone,
    /// It is not known.
    Unknown,
}

/// What became of a letter and of what waited behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Retried {
    letter: String,
    outcome: Outcome,
    /// How many were acted on.
    done: u64,
    /// The letter that is dead now; empty if none is.
    dead: String,
    reason: String,
    message: String,
    #[serde(skip)]
    exit: u8,
}

pub(super) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let service = args.service.as_deref().map(list::service).transpose()?;
    let (letters, silent) = if args.all {
        let found = letters::ask(shop, service.as_deref()).await?;
        (found.dead().map(|(dead, _)| dead.clone()).collect(), found.silent)
    } else {
        (known(shop, args.letters).await?, Vec::new())
    };
    let client = shop.asker().await?;
    let mut retried = Vec::new();
    for letter in &letters {
        let name = letter.name();
        // Each is a change of its own; a key that was given is told apart by the letter.
        let key = match &args.once.idempotency_key {
            Some(key) if letters.len() == 1 => key.clone(),
            Some(key) => format!("{key}:{name}"),
            None => Client::new_key(),
        };
        let one = retry(shop, &client, letter, key).await?;
        if shop.out.is_table() {
            say(shop, &one)?;
        } else if shop.out.format() == Format::Jsonl {
            shop.out.json(&one)?;
        }
        retried.push(one);
    }
    if shop.out.format() == Format::Json {
        shop.out.json(&serde_json::json!({ "retried": retried, "silent": silent }))?;
    }
    for silent in &silent {
        shop.out.warn(format!("{} was not asked: {}", silent.service, silent.why));
    }
    if letters.is_empty() && silent.is_empty() {
        shop.out.say("there are no dead letters");
    }
    let unasked = if silent.is_empty() { 0 } else { exit::UNAVAILABLE };
    match retried.iter().map(|one| one.exit).chain([unasked]).max().unwrap_or(0) {
        0 => Ok(()),
        code => Err(Failure::shown(code)),
    }
}

/// The letters that were named, each once; fails before anything is done if one cannot be retried.
async fn known(shop: &Shop, typed: Vec<Name>) -> Result<Vec<Letter>, Failure> {
    let mut letters: Vec<Letter> = Vec::new();
    for name in typed {
        let (letter, all) = letters::one(shop, &name).await?;
        if let Some(dead) = waits_for(&letter, &all) {
            let what = format!("{name} was not retried: it is not dead, it waits behind {dead}");
            return Err(Failure::new(exit::CONFLICT, "parked", what)
                .why("it is acted on as soon as that one is")
                .mend(format!("shopctl dlq retry {dead}")));
        }
        if !letters.contains(&letter) {
            letters.push(letter);
        }
    }
    Ok(letters)
}

async fn retry(shop: &Shop, client: &Client, letter: &Letter, key: String) -> Result<Retried, Failure> {
    let name = &letter.name();
    match settle(shop, client, name, "retry", key).await {
        Ok(done) => {
            let left = letters::ask(shop, Some(&name.service)).await?;
            if let Some(silent) = left.silent.first() {
                let why = format!("it was retried, but not said how that went: {}", silent.why);
                return Ok(retried(name, Outcome::Unknown, done, &why, exit::OUTCOME_UNKNOWN));
            }
            let dead = left.letters.iter().find(|other| other.is_dead() && other.is_with(letter));
            Ok(judge(name, done, dead))
        }
        Err(failure) if failure.code() == reason::DEAD_LETTER_UNKNOWN => {
            Ok(retried(name, Outcome::Gone, 0, "somebody else has retried or dropped it", 0))
        }
        Err(failure) if failure.exit() == exit::UNAVAILABLE => {
            let code =
                if failure.code() == reason::TIMED_OUT { exit::OUTCOME_UNKNOWN } else { exit::UNAVAILABLE };
            Ok(retried(name, Outcome::Unknown, 0, failure.message(), code))
        }
        Err(failure) => Err(failure.so(format!("{name} was not retried"))),
    }
}

/// Asks a service to retry or to drop a letter; again under the same key, if it does not answer.
///
/// # Errors
/// What the service says, or why it says nothing.
pub(super) async fn settle(
    shop: &Shop,
    client: &Client,
    name: &Name,
    how: &str,
    key: String,
) -> Result<u64, Failure> {
    let subject = format!("{}.{how}_dead_letter", name.service);
    let settled: Settled = persist(|| async {
        let call = Call { timeout: shop.timeout, key: Some(key.clone()), trace: None };
        let asked = SettleDeadLetter { id: name.id };
        client.call_as(&subject, &asked, call).await.map_err(|error| shop.explained(error))
    })
    .await?;
    Ok(settled.done)
}

/// What it means that so many were done, and that one is dead now.
fn judge(name: &Name, done: u64, dead: Option<&Letter>) -> Retried {
    let outcome = match (done, dead) {
        (0, _) => Outcome::FailedAgain,
        (_, Some(_)) => Outcome::Stopped,
        (_, None) => Outcome::Done,
    };
    let code = if outcome == Outcome::Done { 0 } else { exit::PROBLEMS_FOUND };
    let (dead, reason, message) = match dead.filter(|_| outcome != Outcome::Done) {
        Some(dead) => (dead.letter.clone(), dead.facts.reason.clone(), dead.facts.message.clone()),
        None => Default::default(),
    };
    Retried { letter: name.to_string(), outcome, done, dead, reason, message, exit: code }
}

fn retried(name: &Name, outcome: Outcome, done: u64, message: &str, exit: u8) -> Retried {
    let (dead, reason) = (String::new(), String::new());
    Retried { letter: name.to_string(), outcome, done, dead, reason, message: message.to_owned(), exit }
}

fn say(shop: &Shop, one: &Retried) -> Result<(), Failure> {
    let Retried { letter, done, dead, reason, message, .. } = one;
    let (good, bad) = (shop.out.paint(Tone::Good, "✓"), shop.out.paint(Tone::Bad, "✗"));
    let message = kit::text::printable(message);
    let acted = count(*done, "event was", "events were");
    shop.out.line(match one.outcome {
        Outcome::Done => format!("{good} {letter}: {acted} acted on"),
        Outcome::Stopped => {
            format!("{bad} {letter}: {acted} acted on, then {dead} failed: {reason}: {message}")
        }
        Outcome::FailedAgain => format!("{bad} {letter} failed again: {reason}: {message}"),
        Outcome::Gone => format!("{good} {letter} is gone: {message}"),
        Outcome::Unknown => format!("{bad} {letter}: it is not known what became of it: {message}"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::letters::tests::letter;
    use super::*;

    #[test]
    fn what_became_of_a_letter_is_known_from_how_many_were_done_and_what_is_left() {
        let name: Name = "cart/3".parse().unwrap();
        let (same, next) = (letter("cart", 3, "dead", "a"), letter("cart", 5, "dead", "a"));
        let judged = |done, left: Option<&Letter>| {
            let one = judge(&name, done, left);
            (one.outcome, one.dead, one.exit)
        };
        assert_eq!(judged(2, None), (Outcome::Done, String::new(), 0));
        assert_eq!(judged(0, Some(&same)), (Outcome::FailedAgain, "cart/3".into(), 12));
        assert_eq!(judged(1, Some(&next)), (Outcome::Stopped, "cart/5".into(), 12));
    }
}
