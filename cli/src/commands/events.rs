//! `shopctl events`: what the shop says as it says it.

use clap::Subcommand;
use jiff::Timestamp;
use kit::Told;
use kit::error::reason;
use kit::message;
use kit::text::{is_name, printable};

use crate::failure::{Failure, exit};
use crate::output::Tone;
use crate::shop::Shop;
use crate::show;
use crate::stack::services;

/// Subjects are padded to this width, keys too.
const SUBJECT_CELLS: usize = 24;
const KEY_CELLS: usize = 30;
/// Below this width only so much of a key is shown.
const KEYS_FROM_WIDTH: usize = 110;
const KEY_END_CELLS: usize = 9;

/// What the shop says, as it says it
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Tail(Tail),
}

/// Show events as they are told, from now on, until Ctrl-C
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl events tail
  shopctl events tail order
  shopctl events tail 'events.*.cancelled'
  shopctl events tail --key ord_01h2e8kqvbfwea724h75qc655w -o jsonl
  shopctl events tail payment.captured -n 1")]
pub(crate) struct Tail {
    /// Only of these subjects: order, order.placed, events.*.cancelled, ... [default: all]
    #[arg(value_name = "SUBJECT", default_value = "events.>", hide_default_value = true, value_parser = filter)]
    filter: String,
    /// Only about this, such as an order
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Only of this service
    #[arg(long, value_name = "NAME", conflicts_with = "filter", value_parser = service)]
    service: Option<String>,
    /// End after so many
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Tail(args) => tail(shop, args).await,
    }
}

async fn tail(shop: &Shop, args: Tail) -> Result<(), Failure> {
    let subject = args.service.map_or(args.filter, |service| format!("events.{service}.>"));
    let mut watch = shop.client().await?.watch(&subject).await?;
    shop.out.say(format!("listening to {}; Ctrl-C ends it", printable(&subject)));
    let mut interrupted = std::pin::pin!(shop.interrupted());
    let mut left = args.count.unwrap_or(u64::MAX);
    while left > 0 {
        let told = tokio::select! {
            () = &mut interrupted => return Err(Failure::shown(exit::INTERRUPTED)),
            told = watch.next() => told,
        };
        let Some(told) = told else {
            return Err(Failure::new(
                exit::BROKER_UNREACHABLE,
                reason::BROKER_UNREACHABLE,
                "the connection to the broker ended",
            ));
        };
        if args.key.as_ref().is_some_and(|key| *key != told.key) {
            continue;
        }
        left -= 1;
        if shop.out.is_table() { shop.out.line(line(shop, &told))? } else { shop.out.json(&told)? }
    }
    Ok(())
}

fn line(shop: &Shop, told: &Told) -> String {
    let [time, subject, key, body] = columns(told, shop.out.width());
    let owner = message::owner(&told.subject);
    let hue = services::names().iter().position(|name| *name == owner).unwrap_or(usize::from(u8::MAX));
    let subject = shop.out.paint(Tone::Hue(u8::try_from(hue).unwrap_or(u8::MAX)), &subject);
    format!("{}  {subject}  {key}  {body}", shop.out.paint(Tone::Faint, &time))
}

/// The time, where it was told, what it is about, and what it says, as much of it as there is room
/// for. Without a width there is room for everything.
fn columns(told: &Told, width: Option<usize>) -> [String; 4] {
    let time = told.time.parse().map_or_else(|_| told.time.clone(), |at: Timestamp| show::clock(at));
    let subject = told.subject.strip_prefix("events.").unwrap_or(&told.subject);
    let subject = format!("{:<SUBJECT_CELLS$}", printable(subject));
    let key = match width {
        Some(..KEYS_FROM_WIDTH) => format!("{:<KEY_END_CELLS$}", end_of(&printable(&told.key))),
        _ => format!("{:<KEY_CELLS$}", printable(&told.key)),
    };
    let columns = [printable(&time).into_owned(), subject, key];
    let used = columns.iter().map(|text| text.chars().count() + 2).sum::<usize>();
    let body = show::brief(&told.body, &told.key);
    let body = width.map_or(body.clone(), |width| show::cut(&body, width.saturating_sub(used)));
    let [time, subject, key] = columns;
    [time, subject, key, body]
}

/// The end of a number, which is what differs between two that were made one after the other.
fn end_of(key: &str) -> String {
    let start = key.char_indices().rev().nth(KEY_END_CELLS - 2).map_or(0, |(start, _)| start);
    if start == 0 { key.to_owned() } else { format!("…{}", &key[start..]) }
}

/// Reads a filter. What begins with the name of a service is completed: people think of
/// `order.placed`, not of the stream it stands in.
fn filter(text: &str) -> Result<String, String> {
    let wrong = || {
        format!(
            "wanted are words with dots between them, * for any word and > for any rest, not '{}'",
            printable(text)
        )
    };
    let words: Vec<&str> = text.split('.').collect();
    let last = words.len() - 1;
    for (place, word) in words.iter().enumerate() {
        let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '*' | '>'));
        if !(plain || *word == "*" || (*word == ">" && place == last)) {
            return Err(wrong());
        }
    }
    // What devices publish, which the service of the same name tells nothing of.
    let readings = words[0] == "telemetry" && last == 2;
    let owned = services::names().contains(&words[0]) && !readings;
    Ok(match (owned, last) {
        (true, 0) => format!("events.{text}.>"),
        (true, _) => format!("events.{text}"),
        (false, _) => text.to_owned(),
    })
}

fn service(text: &str) -> Result<String, String> {
    if is_name(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("'{}' is not the name of a service", printable(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_the_terminal_and_says_what_there_is_room_for() {
        let told = Told {
            subject: "events.order.placed".to_owned(),
            id: "evt_1".to_owned(),
            key: "ord_01h2e8kqvbfwea724h75qc655w".to_owned(),
            time: "2026-02-01T12:00:00.123Z".to_owned(),
            trace: String::new(),
            body: serde_json::json!({ "note": "\u{1b}[2J a long note about the order" }),
        };
        let [_, subject, key, body] = columns(&told, None);
        assert_eq!((subject.trim_end(), key.as_str()), ("order.placed", told.key.as_str()));
        assert_eq!(body, "note=\"\\u{1b}[2J a long note about the order\"");
        let narrow = columns(&told, Some(70));
        assert_eq!((narrow[2].as_str(), narrow[3].as_str()), ("…75qc655w", "note=\"\\u{1b}[2J a…"));
        for width in [0, 40, 70, 110, 200] {
            let cells: usize = columns(&told, Some(width)).iter().map(|text| text.chars().count() + 2).sum();
            assert!(cells - 2 <= width.max(52), "{width}");
        }
    }

    #[test]
    fn a_filter_may_begin_with_the_name_of_a_service() {
        assert_eq!(filter("order").unwrap(), "events.order.>");
        assert_eq!(filter("order.placed").unwrap(), "events.order.placed");
        assert_eq!(filter("order.>").unwrap(), "events.order.>");
        assert_eq!(filter("events.*.cancelled").unwrap(), "events.*.cancelled");
        assert_eq!(filter("telemetry.berlin.>").unwrap(), "telemetry.berlin.>");
        for wrong in ["", ".", "a..b", "a b", "a\nb", ">.a", "a*", "é"] {
            assert!(filter(wrong).is_err(), "{wrong:?}");
        }
    }
}
