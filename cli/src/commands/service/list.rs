//! `shopctl service ls`: the services beside each other.

use jiff::Timestamp;

use super::gather::{ending, instances};
use super::instance::{Instance, State};
use crate::failure::Failure;
use crate::output::{Cell, Table, Tone};
use crate::shop::Shop;
use crate::show;
use crate::status::{bytes, up};
use crate::stream::columns::{Column, STAYS, fitted};

/// List the services: a row for each instance, and for each that is absent
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl service ls
  shopctl service ls -o json | jq '.[] | {name, state, requests, errors, p99_us}'

Exit codes: 0 all answer, 10 one does not.")]
pub(crate) struct Args {}

pub(super) async fn run(shop: &Shop, _: Args) -> Result<(), Failure> {
    let all = instances(shop, None).await?;
    let now = shop.now();
    shop.out.list(&all, |all| table(all, now, shop.out.width()))?;
    for one in all.iter().filter(|one| !one.why.is_empty()) {
        shop.out.warn(format!("{}: {}", one.name, one.why));
    }
    ending(&all)
}

fn table(all: &[Instance], now: Timestamp, width: Option<usize>) -> Table {
    let several = all.windows(2).any(|pair| pair[0].name == pair[1].name);
    let mut columns: Vec<Column<'_, Instance>> = vec![
        Column::new("service", STAYS, |one: &Instance| one.name.clone()),
        Column::new("state", STAYS, |one: &Instance| state(one.state)),
    ];
    if several {
        columns.push(Column::new("instance", 20, |one: &Instance| end_of(&one.id)));
    }
    columns.extend([
        Column::new("version", 2, |one: &Instance| dash(&one.version)),
        Column::number("pid", 3, |one: &Instance| said(one, |health| health.pid.to_string())),
        Column::new("up", 15, move |one: &Instance| up(one.up(now))),
        Column::number("requests", 14, |one: &Instance| answered(one, one.requests)),
        Column::number("errors", 13, |one: &Instance| match one.errors {
            0 => answered(one, 0),
            errors => Cell::toned(errors, Tone::Warn),
        }),
        Column::number("p50", 6, |one: &Instance| took(one, one.p50_us)),
        Column::number("p99", 12, |one: &Instance| took(one, one.p99_us)),
        Column::number("queue", 7, |one: &Instance| said(one, |health| health.queued.to_string())),
        Column::number("group", 4, |one: &Instance| said(one, |health| health.group_jobs.to_string())),
        Column::number("untold", 16, |one: &Instance| match one.untold() {
            Some(waiting @ 1..) => Cell::toned(waiting, Tone::Warn),
            Some(_) => Cell::from(0),
            None => Cell::from("-"),
        }),
        Column::number("memory", 11, |one: &Instance| said(one, |health| bytes(Some(health.memory_bytes)))),
        Column::number("database", 8, |one: &Instance| {
            said(one, |health| bytes(Some(health.database_bytes)))
        }),
        Column::number("log", 5, |one: &Instance| said(one, |health| bytes(Some(health.wal_bytes)))),
        Column::number("room", 1, |one: &Instance| said(one, |health| bytes(health.disk_free_bytes))),
    ]);
    fitted(columns, all, width)
}

pub(super) fn state(state: State) -> Cell {
    match state {
        State::Ok => Cell::toned("ok", Tone::Good),
        State::Trouble => Cell::toned("trouble", Tone::Warn),
        State::Mute => Cell::toned("says nothing", Tone::Bad),
        State::Silent => Cell::toned("no answer", Tone::Bad),
    }
}

fn said(one: &Instance, fact: impl Fn(&kit::vitals::Health) -> String) -> Cell {
    one.health.as_ref().map_or_else(|| Cell::from("-"), |health| Cell::from(fact(health)))
}

fn answered(one: &Instance, count: u64) -> Cell {
    if one.endpoints.is_empty() { Cell::from("-") } else { Cell::from(count) }
}

fn took(one: &Instance, us: u64) -> Cell {
    if one.endpoints.is_empty() || us == 0 { Cell::from("-") } else { Cell::from(time(us)) }
}

/// So many microseconds.
pub(super) fn time(us: u64) -> String {
    show::duration(i64::try_from(us).unwrap_or(i64::MAX))
}

fn dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

/// The end of an identifier, by which two instances are told apart.
pub(super) fn end_of(id: &str) -> String {
    let start = id.char_indices().rev().nth(5).map_or(0, |(start, _)| start);
    if id.is_empty() { "-".to_owned() } else { id[start..].to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::super::instance::join;
    use super::super::instance::tests::{health, stats};
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1000).unwrap()
    }

    #[test]
    fn each_instance_is_a_row_and_so_is_whoever_is_absent() {
        let mut all = join(
            "order",
            vec![stats("INSTANCE-ONE", 100), stats("b", 900)],
            vec![health(7, 99)],
            "no answer",
        );
        all.push(Instance::absent("payment", "no answer"));
        let drawn = table(&all, now(), None).draw(None, false);
        let words =
            |line: usize| drawn.lines().nth(line).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words(0).starts_with("SERVICE STATE INSTANCE VERSION PID UP REQUESTS ERRORS P50 P99 QUEUE"),
            "{drawn}"
        );
        assert!(words(1).starts_with("order ok CE-ONE 0.1.0 7 15 min 100 4 0.80 ms 9.0 ms 0 3 0"), "{drawn}");
        assert!(words(2).starts_with("order says nothing b 0.1.0 - 1 min 100 4"), "{drawn}");
        assert!(words(3).starts_with("payment no answer - - - - - - - -"), "{drawn}");
    }

    proptest! {
        #[test]
        fn the_table_is_never_wider_than_the_terminal(name in any::<String>(), wide in 20..200usize) {
            let all = [join(&name, vec![], vec![health(7, 99)], ""), vec![Instance::absent(&name, &name)]].concat();
            let drawn = table(&all, now(), Some(wide)).draw(Some(wide), false);
            prop_assert!(drawn.lines().all(|line| line.width() <= wide), "{wide}: {drawn}");
        }
    }
}
