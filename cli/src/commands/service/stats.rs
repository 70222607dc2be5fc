//! `shopctl service stats`: the endpoints of the services, by how much and how fast they answer.

use std::cmp::Reverse;

use clap::ValueEnum;
use kit::client::EndpointStats;
use serde::Serialize;

use super::gather::{ending, instances};
use super::instance::Instance;
use super::list::{end_of, time};
use crate::failure::Failure;
use crate::output::{Cell, Table, Tone};
use crate::shop::Shop;
use crate::show;
use crate::stream::columns::{Column, STAYS, fitted};

/// Show what each endpoint has answered since its service started, and how fast
///
/// Times are from receipt to answer, each at most a fifth too high. What was never asked for is left out unless all
/// are wanted.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl service stats
  shopctl service stats order --sort errors
  shopctl service stats --all -o json | jq '.[] | {subject, requests, p99_us}'")]
pub(crate) struct Args {
    /// Only of this service
    #[arg(value_name = "NAME")]
    service: Option<String>,
    /// What comes first: requests, errors or p99
    #[arg(long, value_name = "WHAT", default_value = "requests", hide_possible_values = true)]
    sort: Sort,
    /// Those that were never asked too
    #[arg(long)]
    all: bool,
}

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sort {
    Requests,
    Errors,
    P99,
}

/// An endpoint of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Endpoint {
    service: String,
    instance: String,
    subject: String,
    requests: u64,
    errors: u64,
    p50_us: u64,
    p99_us: u64,
    max_us: u64,
    last_error: String,
}

pub(super) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let found = instances(shop, args.service.as_deref()).await?;
    let endpoints = endpoints(&found, args.sort, args.all);
    if endpoints.is_empty() && shop.out.is_table() {
        // Nothing is said of those who did not answer.
        if found.iter().any(|one| one.why.is_empty()) {
            shop.out.say("nothing was asked yet; --all shows every endpoint");
        }
    } else {
        let several = found.windows(2).any(|pair| pair[0].name == pair[1].name);
        shop.out.list(&endpoints, |endpoints| table(endpoints, several, shop.out.width()))?;
    }
    for one in found.iter().filter(|one| !one.why.is_empty()) {
        shop.out.warn(format!("{}: {}", one.name, one.why));
    }
    ending(&found)
}

fn endpoints(found: &[Instance], sort: Sort, all: bool) -> Vec<Endpoint> {
    let mut endpoints: Vec<Endpoint> = found
        .iter()
        .flat_map(|one| one.endpoints.iter().map(|endpoint| endpoint_of(one, endpoint)))
        .filter(|endpoint| all || endpoint.requests > 0)
        .collect();
    endpoints.sort_by_key(|endpoint| {
        let first = match sort {
            Sort::Requests => endpoint.requests,
            Sort::Errors => endpoint.errors,
            Sort::P99 => endpoint.p99_us,
        };
        (Reverse(first), Reverse(endpoint.requests), endpoint.subject.clone())
    });
    endpoints
}

fn endpoint_of(one: &Instance, stats: &EndpointStats) -> Endpoint {
    let last_error = match &stats.last_error {
        None | Some(serde_json::Value::Null) => String::new(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other["description"].as_str().map_or_else(|| other.to_string(), str::to_owned),
    };
    Endpoint {
        service: one.name.clone(),
        instance: one.id.clone(),
        subject: stats.subject.clone(),
        requests: stats.requests,
        errors: stats.errors,
        p50_us: stats.data.p50_us,
        p99_us: stats.data.p99_us,
        max_us: stats.data.max_us,
        last_error,
    }
}

fn table(endpoints: &[Endpoint], several: bool, width: Option<usize>) -> Table {
    let mut columns: Vec<Column<'_, Endpoint>> =
        vec![Column::new("endpoint", STAYS, |endpoint: &Endpoint| endpoint.subject.clone())];
    if several {
        columns.push(Column::new("instance", 20, |endpoint: &Endpoint| end_of(&endpoint.instance)));
    }
    columns.extend([
        Column::number("requests", STAYS, |endpoint: &Endpoint| endpoint.requests),
        Column::number("errors", 9, |endpoint: &Endpoint| match endpoint.errors {
            0 => Cell::from(0),
            errors => Cell::toned(errors, Tone::Warn),
        }),
        Column::number("p50", 7, |endpoint: &Endpoint| took(endpoint, endpoint.p50_us)),
        Column::number("p99", 8, |endpoint: &Endpoint| took(endpoint, endpoint.p99_us)),
        Column::number("max", 6, |endpoint: &Endpoint| took(endpoint, endpoint.max_us)),
        Column::new("last error", 1, |endpoint: &Endpoint| show::cut(&endpoint.last_error, 60)),
    ]);
    fitted(columns, endpoints, width)
}

fn took(endpoint: &Endpoint, us: u64) -> String {
    if endpoint.requests == 0 { "-".to_owned() } else { time(us) }
}

#[cfg(test)]
mod tests {
    use super::super::instance::join;
    use super::super::instance::tests::{health, stats};
    use super::*;

    #[test]
    fn the_endpoints_stand_in_the_order_that_is_wanted() {
        let all = join("order", vec![stats("a", 100)], vec![health(7, 99)], "");
        let subjects = |sort| {
            let sorted = endpoints(&all, sort, false).into_iter();
            sorted.map(|endpoint| endpoint.subject).collect::<Vec<_>>()
        };
        assert_eq!(subjects(Sort::Requests), ["order.place", "order.get"]);
        assert_eq!(subjects(Sort::P99), ["order.get", "order.place"]);
        let drawn = table(&endpoints(&all, Sort::Requests, false), false, None).draw(None, false);
        let second = drawn.lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(second, "order.place 90 2 0.80 ms 4.0 ms 8.0 ms");
    }
}
