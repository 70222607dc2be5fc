//! `shopctl stream ls`: the streams beside each other.

use jiff::Timestamp;
use kit::client::StreamState;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{Cell, Table, Tone};
use crate::shop::Shop;
use crate::status::{bytes, up};
use crate::stream::columns::{Column, STAYS, fitted};
use crate::stream::lag::{self, Lag};

/// Share of its limit from which on a stream is about to be full, in percent.
const NEARLY_FULL: u64 = 80;

/// List the streams: how much each holds, how old it is, who is behind
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl stream ls
  shopctl stream ls -o json | jq '.[] | {name, messages, behind}'")]
pub(crate) struct Args {}

/// A stream, and whoever is furthest behind in it.
#[derive(Debug, Clone, Serialize)]
struct Row {
    #[serde(flatten)]
    stream: StreamState,
    /// Messages that whoever is furthest behind has still to act on.
    behind: u64,
    /// Who that is; empty if nobody is behind.
    behind_who: String,
}

pub(crate) async fn run(shop: &Shop, _: Args) -> Result<(), Failure> {
    let client = shop.client().await?;
    let streams = client.streams().await?;
    let lags = lag::of_streams(client, &streams).await?;
    let rows: Vec<Row> = streams.into_iter().map(|stream| row_of(stream, &lags)).collect();
    if rows.is_empty() && shop.out.is_table() {
        shop.out.say("there are no streams; each is made when its service starts");
        return Ok(());
    }
    let now = shop.now();
    shop.out.list(&rows, |rows| table(rows, now, shop.out.width()))
}

fn row_of(stream: StreamState, lags: &[Lag]) -> Row {
    // They stand in order, the worst first.
    let worst = lags.iter().find(|lag| lag.consumer.stream == stream.name && lag.behind > 0);
    let (behind, who) = worst.map_or((0, ""), |lag| (lag.behind, &lag.consumer.name));
    Row { behind, behind_who: who.to_owned(), stream }
}

fn table(rows: &[Row], now: Timestamp, width: Option<usize>) -> Table {
    let columns: Vec<Column<'_, Row>> = vec![
        Column::new("stream", STAYS, |row: &Row| row.stream.name.clone()),
        Column::number("messages", STAYS, |row: &Row| row.stream.messages),
        Column::number("size", 4, |row: &Row| bytes(Some(row.stream.bytes))),
        Column::number("of", 1, |row: &Row| bytes(u64::try_from(row.stream.bytes_max).ok())),
        Column::number("full", 2, full),
        Column::number("first", 3, |row: &Row| row.stream.first),
        Column::number("last", 6, |row: &Row| row.stream.last),
        Column::new("newest", 5, move |row: &Row| age(&row.stream.last_at, now)),
        Column::number("consumers", 2, |row: &Row| row.stream.consumers),
        Column::new("behind", 7, behind),
    ];
    fitted(columns, rows, width)
}

fn full(row: &Row) -> Cell {
    let Some(limit) = u64::try_from(row.stream.bytes_max).ok().filter(|limit| *limit > 0) else {
        return Cell::from("-");
    };
    let percent = row.stream.bytes.saturating_mul(100) / limit;
    let text = format!("{percent} %");
    if percent >= NEARLY_FULL { Cell::toned(text, Tone::Bad) } else { Cell::from(text) }
}

fn behind(row: &Row) -> Cell {
    if row.behind == 0 {
        return Cell::toned("nobody", Tone::Faint);
    }
    Cell::toned(format!("{} by {}", row.behind_who, row.behind), Tone::Warn)
}

/// How long ago something was, if it ever was.
pub(super) fn age(at: &str, now: Timestamp) -> String {
    match at.parse::<Timestamp>() {
        Ok(at) => format!("{} ago", up(Some(now.duration_since(at).as_secs().max(0)))),
        Err(_) => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::stream::lag::tests::consumer;

    pub(crate) fn state(name: &str) -> StreamState {
        StreamState {
            name: name.to_owned(),
            messages: 18_204,
            bytes: 9_400_000,
            bytes_max: 256 * 1024 * 1024,
            first: 1,
            last: 18_204,
            last_at: "2026-02-01T12:00:00Z".to_owned(),
            first_at: "2026-02-01T11:00:00Z".to_owned(),
            consumers: 3,
            deleted: 0,
            subjects: vec!["events.order.>".to_owned()],
            made_at: "2026-02-01T11:00:00Z".to_owned(),
            origin: "db".to_owned(),
        }
    }

    #[test]
    fn whoever_is_furthest_behind_is_named() {
        let now = "2026-02-01T12:03:00Z".parse().unwrap();
        let lags = [Lag::of(consumer("payment", 12, 0), None), Lag::of(consumer("cart", 0, 0), None)];
        let rows = [row_of(state("ORDER"), &lags), row_of(state("CART"), &lags)];
        let drawn = table(&rows, now, None).draw(None, false);
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(
            lines[0].split_whitespace().collect::<Vec<_>>().join(" "),
            "STREAM MESSAGES SIZE OF FULL FIRST LAST NEWEST CONSUMERS BEHIND"
        );
        assert!(lines[1].contains("3 min ago") && lines[1].ends_with("payment by 12"), "{drawn}");
        assert!(lines[2].ends_with("nobody"), "{drawn}");
    }

    proptest! {
        #[test]
        fn the_table_is_never_wider_than_the_terminal(name in any::<String>(), who in any::<String>(), wide in 20..200usize) {
            let rows = [Row { stream: state(&name), behind: 7, behind_who: who }];
            let now = "2026-02-01T12:03:00Z".parse().unwrap();
            let drawn = table(&rows, now, Some(wide)).draw(Some(wide), false);
            prop_assert!(drawn.lines().all(|line| line.width() <= wide), "{wide}: {drawn}");
        }
    }
}
