//! `shopctl flows`: where the time of many flows goes, hop by hop.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use kit::message;

use crate::failure::{Failure, exit};
use crate::near::nearest;
use crate::pick;
use crate::shop::Shop;
use crate::show;
use crate::trace::ask::{Silence, known, others, silent};
use crate::trace::find::{Filter, search};
use crate::trace::gather::{ANSWER_TIME, gather_many};
use crate::trace::hops::{Screen, draw, report};

/// Flows that are looked at if nobody says.
const LAST_DEFAULT: u32 = 200;
/// The most that are looked at.
const LAST_MAX: i64 = 2000;
/// What begins a flow if nobody says.
const SUBJECT_DEFAULT: &str = "order.place";

/// See where the time of many flows goes, hop by hop
///
/// The newest flows that a subject set going are fetched from every journal. A hop is what one
/// service does at one point of them: what it waited for, its work, and its commit (sync), each with
/// the time that half of them (50) and 99 of 100 (99) took at most. The share is of the time of all
/// hops together; the work of a request includes what it asks of others.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl flows
  shopctl flows --slow --last 1000
  shopctl flows --since 10m -o json | jq '.hops[] | {service, subject, p99: .took.p99_us}'
  shopctl flows --subject order.refund --last 50")]
pub(crate) struct Args {
    /// Only flows that begin with this request
    #[arg(long, value_name = "SUBJECT", default_value = SUBJECT_DEFAULT, value_parser = pick::subject)]
    subject: String,
    /// So many of them, the newest
    #[arg(long, value_name = "N", default_value_t = LAST_DEFAULT, value_parser = clap::value_parser!(u32).range(1..=LAST_MAX))]
    last: u32,
    /// Only since: so long ago, such as 2h, a day (2026-02-01), or a time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// The slowest hops first, instead of the order they happen in
    #[arg(long)]
    slow: bool,
    /// Only characters that every terminal has
    #[arg(long)]
    ascii: bool,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let since = args.since.as_deref().map(|text| pick::moment(text, shop.now())).transpose();
    let since = since.map_err(|message| Failure::invalid("invalid_time", message))?;
    let client = &shop.asker().await?;
    let wait = shop.timeout.min(ANSWER_TIME);
    let mut silence = Silence::new();
    let name = message::owner(&args.subject);
    if !known().contains(name) && !others(client, &known()).await.contains(name) {
        return Err(unanswered(&args.subject));
    }
    let owner = BTreeSet::from([name.to_owned()]);
    let filter = Filter { since, subject: args.subject.clone(), ..Filter::default() };
    let found = search(client, &owner, &filter, args.last as usize, wait, &mut silence).await;
    if let Some((service, why)) = silence.first_key_value() {
        let message = format!("no flow can be found: {service} began them, and does not say which");
        return Err(Failure::new(exit::UNAVAILABLE, "unavailable", message)
            .why(format!("{service}: {why}"))
            .mend("shopctl status"));
    }
    // What a newer version of a service answers is known to its journal only.
    if found.traces.is_empty() && !is_request(&args.subject) {
        return Err(unanswered(&args.subject));
    }
    let traces = found.traces.iter().map(|(_, trace)| trace.clone()).collect();
    let flows = gather_many(client, traces, wait, &mut silence).await;
    let report = report(&flows);
    if !shop.out.is_table() {
        return shop.out.json(&report);
    }
    if flows.is_empty() {
        shop.out.say(format!("no flow was begun with {}; journals are kept for 7 days", args.subject));
        return Ok(());
    }
    let screen = Screen {
        width: shop.out.width(),
        colour: shop.out.has_colour(),
        ascii: args.ascii,
        slow_first: args.slow,
        zone: TimeZone::system(),
    };
    shop.out.line(draw(&report, &screen).trim_end())?;
    if !found.cut.is_empty() {
        shop.out.warn("the search ended before so many were found; there may be older ones");
    }
    for one in silent(silence) {
        shop.out.warn(format!("{}: {}; its hops are missing", one.service, one.why));
    }
    if let Some(slow) = report.slowest.first() {
        shop.out.next(format!("shopctl trace {}", slow.trace));
    }
    Ok(())
}

/// Whether it is a request that the contracts know.
fn is_request(subject: &str) -> bool {
    contracts::requests().iter().any(|(known, _)| known == subject)
}

/// Nobody answers that subject.
fn unanswered(subject: &str) -> Failure {
    let message = format!("no flow can begin with {}: no service answers it", show::quoted(subject));
    let requests = contracts::requests();
    let near = nearest(subject, requests.iter().map(|(known, _)| known.as_str()));
    let failure = Failure::new(exit::NOT_FOUND, "unknown_subject", message);
    let failure = match near {
        Some(near) => failure.mend(format!("shopctl flows --subject {near}      if that was meant")),
        None => failure,
    };
    failure.mend("shopctl service info NAME      lists what a service answers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_that_no_service_answers_is_not_found_and_the_nearest_is_named() {
        assert!(is_request(SUBJECT_DEFAULT) && is_request("order.health") && !is_request("nothing.such"));
        let failure = unanswered("order.plaec");
        assert_eq!((failure.exit(), failure.code()), (exit::NOT_FOUND, "unknown_subject"));
        assert_eq!(failure.lines()[1].1, "shopctl flows --subject order.place      if that was meant");
    }
}
