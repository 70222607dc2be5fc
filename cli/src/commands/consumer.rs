//! `shopctl consumer`: who hears what, and how far behind they are.

mod info;

use clap::Subcommand;
use jiff::Timestamp;
use kit::text::printable;

use crate::failure::Failure;
use crate::output::{Cell, Table, Tone};
use crate::shop::Shop;
use crate::show;
use crate::stream::columns::{Column, STAYS, fitted};
use crate::stream::lag::{self, Lag};
use crate::stream::name;

/// Who hears what, and how far behind they are, in messages and in time
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(visible_aliases = ["list", "report"])]
    Ls(Ls),
    #[command(visible_alias = "state")]
    Info(info::Args),
}

/// List consumers, whoever is furthest behind first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl consumer ls
  shopctl consumer ls order
  shopctl consumer ls -o json | jq '.[] | select(.behind > 0)'")]
pub(crate) struct Ls {
    /// Only of this stream, by its name or by that of its service
    #[arg(value_name = "STREAM")]
    stream: Option<String>,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Ls(args) => ls(shop, args).await,
        Command::Info(args) => info::run(shop, args).await,
    }
}

async fn ls(shop: &Shop, args: Ls) -> Result<(), Failure> {
    let client = shop.client().await?;
    let mut streams = client.streams().await?;
    if let Some(typed) = &args.stream {
        streams = vec![name::stream(typed, &streams)?.clone()];
    }
    let lags = lag::of_streams(client, &streams).await?;
    if lags.is_empty() && shop.out.is_table() {
        shop.out.say(match &args.stream {
            Some(_) => format!("nobody hears {}", streams[0].name),
            None => "there are no consumers; each is made when its service starts".to_owned(),
        });
        return Ok(());
    }
    let now = shop.now();
    shop.out.list(&lags, |lags| table(lags, now, shop.out.width()))?;
    for lag in lags.iter().filter(|lag| lag.is_far(now)) {
        shop.out.warn(far(lag, now));
    }
    if let Some(lag) = lags.first().filter(|lag| lag.is_far(now)) {
        shop.out.next(format!("shopctl consumer info {} {}", lag.consumer.stream, lag.consumer.name));
    }
    Ok(())
}

/// A consumer that is far behind, in a line.
fn far(lag: &Lag, now: Timestamp) -> String {
    let messages = show::count(lag.behind, "message", "messages");
    let waits = lag.waits(now).map(|waits| format!(", {}", wait(waits))).unwrap_or_default();
    format!("{} is {messages}{waits} behind in {}", printable(&lag.consumer.name), lag.consumer.stream)
}

/// How long somebody waits.
fn wait(waits: jiff::SignedDuration) -> String {
    show::duration(i64::try_from(waits.as_micros()).unwrap_or(i64::MAX))
}

/// Consumers beside each other.
pub(crate) fn table(lags: &[Lag], now: Timestamp, width: Option<usize>) -> Table {
    let columns: Vec<Column<'_, Lag>> = vec![
        Column::new("consumer", STAYS, |lag: &Lag| lag.consumer.name.clone()),
        Column::new("stream", STAYS, |lag: &Lag| lag.consumer.stream.clone()),
        Column::number("behind", STAYS, |lag: &Lag| behind(lag.behind)),
        Column::number("for", 9, move |lag: &Lag| match lag.waits(now) {
            Some(waits) => Cell::toned(wait(waits), if lag.is_far(now) { Tone::Bad } else { Tone::Warn }),
            None => Cell::from("-"),
        }),
        Column::number("acted on", 6, |lag: &Lag| lag.consumer.acknowledged),
        Column::number("handed out", 5, |lag: &Lag| lag.consumer.unacknowledged),
        Column::number("again", 4, |lag: &Lag| match lag.consumer.redelivered {
            0 => Cell::from(0),
            again => Cell::toned(again, Tone::Warn),
        }),
        Column::new("last active", 3, move |lag: &Lag| last_active(lag, now)),
        Column::new("who", 2, |lag: &Lag| if lag.consumer.outside { "outside" } else { "service" }),
        Column::new("hears", 1, hears),
    ];
    fitted(columns, lags, width)
}

fn behind(behind: u64) -> Cell {
    if behind == 0 { Cell::toned(0, Tone::Faint) } else { Cell::toned(behind, Tone::Warn) }
}

/// When something was last handed out to it or acknowledged by it.
fn last_active(lag: &Lag, now: Timestamp) -> String {
    let times = [&lag.consumer.delivered_at, &lag.consumer.acknowledged_at];
    let last = times.into_iter().filter_map(|at| at.parse::<Timestamp>().ok()).max();
    last.map_or_else(
        || "-".to_owned(),
        |at| format!("{} ago", crate::status::up(Some(now.duration_since(at).as_secs().max(0)))),
    )
}

fn hears(lag: &Lag) -> String {
    let service = lag.consumer.stream.to_ascii_lowercase();
    let prefix = format!("events.{service}.");
    match lag.consumer.subjects.as_slice() {
        [] => "everything".to_owned(),
        subjects => {
            let short = subjects.iter().map(|subject| subject.strip_prefix(&prefix).unwrap_or(subject));
            short.collect::<Vec<_>>().join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::stream::lag::tests::consumer;

    fn now() -> Timestamp {
        "2026-02-01T12:03:20Z".parse().unwrap()
    }

    fn late() -> Lag {
        Lag::of(consumer("payment", 11, 1), "2026-02-01T12:00:00Z".parse().ok())
    }

    #[test]
    fn who_is_behind_is_told_in_messages_and_in_time() {
        let lags = [late(), Lag::of(consumer("cart", 0, 0), None)];
        let drawn = table(&lags, now(), None).draw(None, false);
        let words =
            |line: usize| drawn.lines().nth(line).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(0), "CONSUMER STREAM BEHIND FOR ACTED ON HANDED OUT AGAIN LAST ACTIVE WHO HEARS");
        assert_eq!(words(1), "payment ORDER 12 3 min 20 s 8 1 0 - service placed");
        assert_eq!(words(2), "cart ORDER 0 - 8 0 0 - service placed");
        assert_eq!(far(&lags[0], now()), "payment is 12 messages, 3 min 20 s behind in ORDER");
    }

    proptest! {
        #[test]
        fn the_table_is_never_wider_than_the_terminal(name in any::<String>(), wide in 24..200usize) {
            let lags = [Lag::of(consumer(&name, 7, 1), now().checked_sub(jiff::SignedDuration::from_hours(5)).ok())];
            let drawn = table(&lags, now(), Some(wide)).draw(Some(wide), false);
            prop_assert!(drawn.lines().all(|line| line.width() <= wide), "{wide}: {drawn}");
        }
    }
}
