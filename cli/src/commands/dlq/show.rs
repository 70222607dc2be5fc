//! `shopctl dlq show`: one dead letter, whole.

use serde::Serialize;

use super::letters::{self, Letter, Letters, Name};
use super::list::short;
use crate::failure::Failure;
use crate::shop::Shop;
use crate::show;
use crate::stream::cells::{facts, wrap};
use crate::stream::draw::laid_out;
use crate::stream::message::decode;

/// The width for which a body is laid out if there is no terminal.
const WIDTH_DEFAULT: usize = 100;

/// What waits that is named before the rest is only counted.
const BEHIND_SHOWN: usize = 20;

/// Show a dead letter: what it says, why it could not be acted on, and what waits behind it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl dlq show cart/3
  shopctl dlq show cart/3 -o json | jq .letter.message")]
pub(crate) struct Args {
    /// Which one
    #[arg(value_name = "SERVICE/ID")]
    letter: Name,
}

/// A letter, and what is parked behind it, in order.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    letter: &'a Letter,
    /// The dead letter for which it waits; none if it is dead itself.
    waits_for: Option<String>,
    behind: Vec<&'a Letter>,
}

pub(super) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let (letter, all) = letters::one(shop, &args.letter).await?;
    let shown = Shown {
        letter: &letter,
        waits_for: waits_for(&letter, &all).map(|dead| dead.to_string()),
        behind: all.behind(&letter),
    };
    if !shop.out.is_table() {
        return shop.out.json(&shown);
    }
    shop.out.line(draw(&shown, shop.out.width()))?;
    if !letter.facts.trace.trim_matches('0').is_empty() {
        shop.out.next(format!("shopctl trace {}", letter.facts.trace));
    }
    let retried = shown.waits_for.as_ref().unwrap_or(&letter.letter);
    shop.out.next(format!("shopctl dlq retry {retried}"));
    Ok(())
}

/// The dead letter for which a parked one waits.
pub(super) fn waits_for(letter: &Letter, all: &Letters) -> Option<Name> {
    if letter.is_dead() {
        return None;
    }
    all.letters.iter().find(|other| other.is_dead() && other.is_with(letter)).map(Letter::name)
}

fn draw(shown: &Shown<'_>, width: Option<usize>) -> String {
    let letter = &shown.letter.facts;
    let state = match &shown.waits_for {
        Some(dead) => format!("{}: waits behind {dead}", letter.state),
        None => letter.state.clone(),
    };
    let from = if letter.sequence > 0 {
        format!("{} {}", letter.source, letter.sequence)
    } else {
        letter.source.clone()
    };
    let mut behind: Vec<String> = shown
        .behind
        .iter()
        .take(BEHIND_SHOWN)
        .map(|waiting| {
            let facts = &waiting.facts;
            format!("{}  {} {}  {}", waiting.letter, facts.source, facts.sequence, short(&facts.subject))
        })
        .collect();
    if shown.behind.len() > BEHIND_SHOWN {
        behind.push(format!("and {} more", shown.behind.len() - BEHIND_SHOWN));
    }
    let said = [
        ("letter", shown.letter.letter.clone()),
        ("state", state),
        ("reason", letter.reason.clone()),
        ("message", letter.message.clone()),
        ("tries", letter.attempts.to_string()),
        ("first tried", show::time(letter.first_at)),
        ("last tried", show::time(letter.last_at)),
        ("what", letter.subject.clone()),
        ("from", from),
        ("event", letter.event_id.clone()),
        ("about", letter.key.clone()),
        ("trace", letter.trace.clone()),
        ("behind it", behind.join("\n")),
    ];
    let (form, body, text) = decode(letter.body.as_bytes());
    let lines = laid_out(form, &body, &text, width.unwrap_or(WIDTH_DEFAULT)).into_iter();
    let body: Vec<String> = lines.flat_map(|line| wrap(&line, width.unwrap_or(usize::MAX).max(20))).collect();
    let facts = facts(&said, width);
    if body.is_empty() { facts } else { format!("{facts}\n\n{}", body.join("\n")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::super::letters::tests::letter;
    use super::*;

    #[test]
    fn everything_about_it_is_shown_and_what_waits_behind_it_in_order() {
        let mut dead = letter("cart", 1, "dead", "thing_1");
        dead.facts.body = "{\"number\": 1}".to_owned();
        let (one, two) = (letter("cart", 2, "parked", "thing_1"), letter("cart", 9, "parked", "thing_1"));
        let drawn = draw(&Shown { letter: &dead, waits_for: None, behind: vec![&one, &two] }, None);
        assert!(
            drawn.contains("behind it    cart/2  THING 12  thing.made\n             cart/9  THING 12"),
            "{drawn}"
        );
        assert!(
            drawn.contains("reason       invalid_body\n") && drawn.ends_with("\n\n{\"number\": 1}"),
            "{drawn}"
        );
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(text in any::<String>(), wide in 20..120usize) {
            let mut dead = letter("cart", 1, "dead", &text);
            (dead.facts.body, dead.facts.message) = (text.clone(), text);
            let drawn = draw(&Shown { letter: &dead, waits_for: None, behind: vec![&dead] }, Some(wide));
            prop_assert!(drawn.lines().all(|line| line.width() <= wide), "{wide}: {drawn}");
            prop_assert!(!drawn.chars().any(|c| c != '\n' && kit::text::is_unprintable(c)));
        }
    }
}
