//! `shopctl trace find`: which flows there were.

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::order::{GetOrder, ListOrders, OrderPage, Stage};
use futures_util::StreamExt;
use jiff::tz::TimeZone;
use kit::Client;
use kit::limits::PAGE_MAX;
use kit::text::is_name;

use crate::failure::{Failure, exit};
use crate::output::Format;
use crate::pick;
use crate::shop::Shop;
use crate::trace::ask::{Silence, known, others, silent};
use crate::trace::find::{Filter, Found, Row, Screen, draw, row, search};
use crate::trace::gather::{ANSWER_TIME, gather_many};
use crate::trace::order_of;

/// Flows that are listed if nobody says.
const LIMIT_DEFAULT: u32 = 20;
/// The longest list.
const LIMIT_MAX: i64 = 1000;
/// Orders of a stage whose flows are looked at.
const ORDERS_MAX: usize = 1000;
/// Orders whose stage is asked for at once.
const ORDERS_AT_ONCE: usize = 16;

/// List flows, the newest first: what set each going, who took part, how long it took, how it ended
///
/// A flow is listed if one piece of its work is as wanted: done at that time, by that service, with
/// that outcome. With --state it is the flows in which orders of that stage were placed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl trace find --since 1h --failed
  shopctl trace find --state awaiting_payment             orders that hang
  shopctl trace find --slower 500ms --service payment
  shopctl trace find --outcome outcome_unknown --limit 5 -o jsonl
  shopctl trace find --subject order.place --since 2026-02-01T09:00:00Z --until 2026-02-01T10:00:00Z")]
pub(crate) struct Args {
    /// Only since: so long ago, such as 2h, a day (2026-02-01), or a time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only before: so long ago, such as 1h, a day, or a time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only orders at this stage, such as awaiting_payment
    #[arg(long, value_name = "STAGE")]
    state: Option<Stage>,
    /// Only with work of this service
    #[arg(long, value_name = "NAME", value_parser = service)]
    service: Option<String>,
    /// Only with work that failed
    #[arg(long)]
    failed: bool,
    /// Only with work that ended for this reason, such as out_of_stock
    #[arg(long, value_name = "REASON")]
    outcome: Option<String>,
    /// Only with work that took so long, waiting and commit included, such as 100ms
    #[arg(long, value_name = "TIME", value_parser = pick::duration)]
    slower: Option<Duration>,
    /// Only with work of this subject, kind of timer, or name of an effect, such as order.place
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = LIMIT_DEFAULT, value_parser = clap::value_parser!(u32).range(1..=LIMIT_MAX))]
    limit: u32,
}

impl Args {
    fn filter(&self, shop: &Shop) -> Result<Filter, Failure> {
        let moment = |text: &Option<String>| {
            let read = text.as_deref().map(|text| pick::moment(text, shop.now())).transpose();
            read.map_err(|message| Failure::invalid("invalid_time", message))
        };
        let took_us = self.slower.map_or(0, |time| i64::try_from(time.as_micros()).unwrap_or(i64::MAX));
        Ok(Filter {
            since: moment(&self.since)?,
            until: moment(&self.until)?,
            subject: self.subject.clone().unwrap_or_default(),
            service: self.service.clone(),
            failed: self.failed,
            outcome: self.outcome.clone().unwrap_or_default(),
            took_us_min: took_us,
        })
    }
}

pub(super) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let filter = args.filter(shop)?;
    let client = &shop.asker().await?;
    let wait = shop.timeout.min(ANSWER_TIME);
    let (limit, mut silence) = (args.limit as usize, Silence::new());
    let found = match args.state {
        Some(stage) => of_orders(shop, stage, &filter, limit).await?,
        None => {
            let services = whom(client, &filter).await;
            search(client, &services, &filter, limit, wait, &mut silence).await
        }
    };
    let traces = found.traces.iter().map(|(_, trace)| trace.clone()).collect();
    let mut flows = gather_many(client, traces, wait, &mut silence).await;
    if args.state.is_some() {
        flows.retain(|flow| filter.fits(flow));
    }
    let mut rows: Vec<Row> = flows.iter().map(row).collect();
    rows.sort_by(|a, b| b.began_us.cmp(&a.began_us).then_with(|| a.trace.cmp(&b.trace)));
    rows.truncate(limit);
    note_stages(shop, &mut rows).await;
    print(shop, &rows)?;
    say_gaps(shop, &found, silence, &rows)
}

/// Whom to search: one service, or everybody who is there.
async fn whom(client: &Client, filter: &Filter) -> BTreeSet<String> {
    match &filter.service {
        Some(service) => BTreeSet::from([service.clone()]),
        None => {
            let mut services = known();
            services.extend(others(client, &services).await);
            services
        }
    }
}

/// The flows in which orders of a stage were placed.
async fn of_orders(shop: &Shop, stage: Stage, filter: &Filter, limit: usize) -> Result<Found, Failure> {
    let mut found = Found::default();
    let mut after = None;
    // Only some of them may be as wanted, so many are looked at unless nothing else is asked.
    let any = Filter { since: filter.since, until: filter.until, ..Filter::default() };
    let most = if is_same(&any, filter) { limit } else { ORDERS_MAX };
    loop {
        let asked = ListOrders {
            stages: vec![stage],
            placed_from: filter.since,
            placed_before: filter.until,
            after: after.take(),
            limit: Some(PAGE_MAX),
            ..ListOrders::default()
        };
        let OrderPage { items, next } = shop.call(&asked).await?;
        let traces = items.into_iter().map(|order| (order.placed_at.as_microsecond(), order.trace));
        found.traces.extend(traces.filter(|(_, trace)| !trace.is_empty()));
        after = next;
        if after.is_none() || found.traces.len() >= most {
            break;
        }
    }
    if (after.is_some() || found.traces.len() > most) && most == ORDERS_MAX {
        found.cut.push("order".to_owned());
    }
    found.traces.truncate(most);
    Ok(found)
}

/// Whether two filters want the same work.
fn is_same(one: &Filter, other: &Filter) -> bool {
    let wants = |filter: &Filter| {
        let Filter { subject, service, failed, outcome, took_us_min, .. } = filter.clone();
        (subject, service, failed, outcome, took_us_min)
    };
    wants(one) == wants(other)
}

/// Asks for the stage of each order; what cannot be had is left out.
async fn note_stages(shop: &Shop, rows: &mut [Row]) {
    let asked = rows.iter().enumerate().filter_map(|(place, row)| Some((place, order_of(&row.key)?)));
    let asks = asked.map(|(place, order)| async move {
        let view = tokio::time::timeout(ANSWER_TIME, shop.call(&GetOrder { order })).await;
        (place, view.ok().and_then(Result::ok))
    });
    let asks: Vec<_> = asks.collect();
    let stages: Vec<_> = futures_util::stream::iter(asks).buffer_unordered(ORDERS_AT_ONCE).collect().await;
    for (place, view) in stages {
        rows[place].stage = view.map(|view| view.stage.to_string());
    }
}

fn print(shop: &Shop, rows: &[Row]) -> Result<(), Failure> {
    match shop.out.format() {
        Format::Json => shop.out.json(&rows),
        Format::Jsonl => rows.iter().try_for_each(|row| shop.out.json(row)),
        _ if rows.is_empty() => {
            shop.out.say("no flow is as wanted; journals are kept for 7 days");
            Ok(())
        }
        _ => {
            let screen =
                Screen { width: shop.out.width(), colour: shop.out.has_colour(), zone: TimeZone::system() };
            shop.out.line(draw(rows, &screen).trim_end())
        }
    }
}

/// Says what was not looked through, and what comes next.
fn say_gaps(shop: &Shop, found: &Found, silence: Silence, rows: &[Row]) -> Result<(), Failure> {
    if !found.cut.is_empty() {
        shop.out.warn(format!(
            "the search ended before everything was looked through in {}; narrow it down with --since, --until or --service",
            found.cut.join(", ")
        ));
    }
    let silent = silent(silence);
    for one in &silent {
        shop.out.warn(format!("{}: {}; what it did is missing", one.service, one.why));
    }
    if rows.is_empty() && !silent.is_empty() {
        return Err(Failure::shown(exit::UNAVAILABLE));
    }
    if let Some(first) = rows.first() {
        shop.out.next(format!("shopctl trace {}", first.trace));
    }
    Ok(())
}

fn service(text: &str) -> Result<String, String> {
    if is_name(text) {
        Ok(text.to_owned())
    } else {
        Err("wanted is the name of a service, such as order".to_owned())
    }
}
