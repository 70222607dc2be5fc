//! `shopctl dlq ls`: the dead letters of every service.

use kit::text::is_name;

use super::letters::{self, Letter, Letters};
use crate::failure::{Failure, exit};
use crate::output::{Cell, Format, Table, Tone};
use crate::shop::Shop;
use crate::show;
use crate::stack::services;
use crate::stream::columns::{Column, STAYS, fitted};
use crate::stream::name;

/// List dead letters: which event, which service, why, and how many wait behind it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl dlq ls
  shopctl dlq ls notification
  shopctl dlq ls -o json | jq '.letters[] | {letter, reason, message}'")]
pub(crate) struct Args {
    /// Only of this service
    #[arg(value_name = "SERVICE")]
    service: Option<String>,
}

pub(super) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let service = args.service.as_deref().map(service).transpose()?;
    let found = letters::ask(shop, service.as_deref()).await?;
    match shop.out.format() {
        Format::Json | Format::Otlp | Format::Mermaid => shop.out.json(&found)?,
        Format::Jsonl => {
            found.letters.iter().try_for_each(|letter| shop.out.json(letter))?;
            found
                .silent
                .iter()
                .try_for_each(|silent| shop.out.json(&serde_json::json!({ "silent": silent })))?;
        }
        Format::Table => tell(shop, &found)?,
    }
    if found.silent.is_empty() { Ok(()) } else { Err(Failure::shown(exit::UNAVAILABLE)) }
}

fn tell(shop: &Shop, found: &Letters) -> Result<(), Failure> {
    let dead: Vec<(&Letter, Vec<&Letter>)> = found.dead().collect();
    if dead.is_empty() {
        // Nothing is said of those who did not answer.
        let says = match found.silent.is_empty() {
            true => "there are no dead letters",
            false => "those who answered have no dead letters",
        };
        shop.out.say(says);
    } else {
        shop.out.table(&table(&dead, shop.out.width()))?;
    }
    for silent in &found.silent {
        shop.out.warn(format!("{} was not asked: {}", silent.service, silent.why));
    }
    if let Some((letter, _)) = dead.first() {
        shop.out.next(format!("shopctl dlq show {}", letter.letter));
    }
    Ok(())
}

/// The service that is meant. One that no contract knows may run all the same.
pub(super) fn service(typed: &str) -> Result<String, Failure> {
    let names = services::names();
    let lower = typed.to_ascii_lowercase();
    if is_name(&lower) && (names.contains(&&*lower) || name::similar(&lower, &names).is_none()) {
        return Ok(lower);
    }
    name::among("service", typed, &names, "shopctl service ls").map(str::to_owned)
}

fn table(dead: &[(&Letter, Vec<&Letter>)], width: Option<usize>) -> Table {
    type Row<'a> = (&'a Letter, Vec<&'a Letter>);
    let columns: Vec<Column<'_, Row<'_>>> = vec![
        Column::new("letter", STAYS, |(letter, _): &Row<'_>| letter.letter.clone()),
        Column::new("what", 7, |(letter, _): &Row<'_>| short(&letter.facts.subject).to_owned()),
        Column::new("about", 5, |(letter, _): &Row<'_>| letter.facts.key.clone()),
        Column::new("reason", STAYS, |(letter, _): &Row<'_>| Cell::toned(&letter.facts.reason, Tone::Bad)),
        Column::number("tries", 3, |(letter, _): &Row<'_>| letter.facts.attempts),
        Column::number("behind it", 6, |(_, behind): &Row<'_>| match behind.len() {
            0 => Cell::from(0),
            waiting => Cell::toned(waiting, Tone::Warn),
        }),
        Column::new("since", 4, |(letter, _): &Row<'_>| show::time(letter.facts.first_at)),
        Column::new("message", 1, |(letter, _): &Row<'_>| show::cut(&letter.facts.message, 60)),
    ];
    fitted(columns, dead, width)
}

/// A subject without what all have in common.
pub(super) fn short(subject: &str) -> &str {
    subject.strip_prefix("events.").unwrap_or(subject)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::super::letters::tests::letter;
    use super::*;

    #[test]
    fn each_is_shown_with_how_many_wait_behind_it() {
        let (dead, parked) = (letter("cart", 1, "dead", "thing_1"), letter("cart", 2, "parked", "thing_1"));
        let drawn = table(&[(&dead, vec![&parked])], None).draw(None, false);
        let words =
            |line: usize| drawn.lines().nth(line).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(0), "LETTER WHAT ABOUT REASON TRIES BEHIND IT SINCE MESSAGE");
        assert!(words(1).starts_with("cart/1 thing.made thing_1 invalid_body 1 1 19"), "{drawn}");
    }

    #[test]
    fn a_service_is_named_in_any_case_and_a_typing_error_is_guessed() {
        assert_eq!(service("Order").unwrap(), "order");
        assert_eq!(service("telemetry").unwrap(), "telemetry");
        assert_eq!(service("ordr").unwrap_err().exit(), exit::NOT_FOUND);
        assert_eq!(service("a b").unwrap_err().exit(), exit::NOT_FOUND);
    }

    proptest! {
        #[test]
        fn the_table_is_never_wider_than_the_terminal(key in any::<String>(), wide in 20..200usize) {
            let mut dead = letter("cart", 1, "dead", &key);
            dead.facts.message.clone_from(&key);
            let drawn = table(&[(&dead, vec![])], Some(wide)).draw(Some(wide), false);
            prop_assert!(drawn.lines().all(|line| line.width() <= wide), "{wide}: {drawn}");
        }
    }
}
