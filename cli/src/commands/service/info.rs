//! `shopctl service info`: everything about one service.

use jiff::Timestamp;
use kit::vitals::Health;

use super::gather::{ending, instances};
use super::instance::{Instance, State};
use super::list::time;
use crate::failure::Failure;
use crate::shop::Shop;
use crate::show;
use crate::status::{bytes, up};
use crate::stream::cells::facts;

/// Show everything about one service: its parts, its database, what waits in it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl service info order
  shopctl service info order -o json | jq '.[0].health.parts'")]
pub(crate) struct Args {
    /// Which service
    #[arg(value_name = "NAME")]
    service: String,
}

pub(super) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let found = instances(shop, Some(&args.service)).await?;
    if !shop.out.is_table() {
        shop.out.list(&found, |_| crate::output::Table::new(&[]))?;
        return ending(&found);
    }
    let now = shop.now();
    let drawn: Vec<String> = found.iter().map(|one| facts(&said(one, now), shop.out.width())).collect();
    shop.out.line(drawn.join("\n\n"))?;
    let stuck = found.iter().any(|one| one.health.as_ref().is_some_and(|health| health.dead_letters > 0));
    shop.out.next(match found.first() {
        Some(one) if one.state == State::Silent => format!("shopctl logs {}", one.name),
        Some(one) if stuck => format!("shopctl dlq ls {}", one.name),
        Some(one) => format!("shopctl service stats {}", one.name),
        None => "shopctl service ls".to_owned(),
    });
    ending(&found)
}

fn said(one: &Instance, now: Timestamp) -> Vec<(&'static str, String)> {
    let state = match one.state {
        State::Ok => "ok".to_owned(),
        State::Trouble => "answers, but something is wrong".to_owned(),
        State::Mute => format!("is announced, and does not say how it is: {}", one.why),
        State::Silent => format!("does not answer: {}", one.why),
    };
    let requests = match one.endpoints.len() {
        0 => String::new(),
        _ => format!("{} answered, {} with an error", one.requests, one.errors),
    };
    let times = match one.requests {
        0 => String::new(),
        _ => format!(
            "half within {}, the slowest endpoint 99 of 100 within {}",
            time(one.p50_us),
            time(one.p99_us)
        ),
    };
    let started =
        one.started.map(|at| format!("{}, up {}", show::time(at), up(one.up(now)))).unwrap_or_default();
    let mut said = vec![
        ("service", one.name.clone()),
        ("state", state),
        ("instance", one.id.clone()),
        ("version", one.version.clone()),
        ("started", started),
        ("requests", requests),
        ("times", times),
        ("endpoints", if one.endpoints.is_empty() { String::new() } else { one.endpoints.len().to_string() }),
    ];
    if let Some(health) = &one.health {
        said.extend(of_health(health, now));
    }
    said
}

fn of_health(health: &Health, now: Timestamp) -> Vec<(&'static str, String)> {
    let since = |at: Option<Timestamp>| {
        at.map(|at| format!(", the oldest for {}", up(Some(now.duration_since(at).as_secs().max(0)))))
            .unwrap_or_default()
    };
    let untold = health.outbox_newest.saturating_sub(health.outbox_published);
    let outbox = match (health.outbox_newest, untold) {
        (0, _) => "no rows yet".to_owned(),
        (newest, 0) => format!("rows {} to {newest}, all told", health.outbox_oldest),
        (newest, untold) => format!(
            "rows {} to {newest}, {untold} not told yet{}",
            health.outbox_oldest,
            since(health.untold_since)
        ),
    };
    let some = |count: u64, text: String| if count > 0 { text } else { String::new() };
    let parts: Vec<String> = health.parts.iter().map(|(part, state)| format!("{part}: {state}")).collect();
    let late =
        |at: Option<Timestamp>| some(u64::from(at.is_some()), since(at).trim_start_matches(", ").to_owned());
    vec![
        ("pid", health.pid.to_string()),
        ("memory", some(health.memory_bytes, bytes(Some(health.memory_bytes)))),
        (
            "database",
            format!("{}, log {}", bytes(Some(health.database_bytes)), bytes(Some(health.wal_bytes))),
        ),
        ("room on disk", health.disk_free_bytes.map(|room| bytes(Some(room))).unwrap_or_default()),
        ("origin", health.origin.clone()),
        ("outbox", outbox),
        (
            "in progress",
            format!(
                "{}, {} for the writer",
                show::count(health.requests, "request", "requests"),
                show::count(health.queued, "job waits", "jobs wait")
            ),
        ),
        (
            "commits",
            format!("{}, the last of {}", health.groups, show::count(health.group_jobs, "job", "jobs")),
        ),
        (
            "dead letters",
            some(
                health.dead_letters,
                format!(
                    "{}, {} wait behind them{}",
                    health.dead_letters,
                    health.parked,
                    since(health.dead_since)
                ),
            ),
        ),
        (
            "effects due",
            some(health.effects_due, format!("{}{}", health.effects_due, since(health.effects_late_since))),
        ),
        ("given up", some(health.effects_given_up, health.effects_given_up.to_string())),
        ("timers late", late(health.timers_late_since)),
        ("parts", parts.join("\n")),
    ]
}
