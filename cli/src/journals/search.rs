//! Walking the journals back in time: in which flows such work was done.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cli::trace::find::Filter;
use futures_util::future::join_all;
use kit::admin::{FindWork, WorkFound};
use kit::client::Client;
use kit::limits::PAGE_MAX;

use super::ask::{Silence, ask};

/// Pages that are looked at of each service before a search ends.
pub(crate) const PAGES_MAX: usize = 20;

/// The flows in which such work was done.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The newest first, with when such work was last done in them, in microseconds since 1970.
    pub(crate) traces: Vec<(i64, String)>,
    /// Services in which the search ended before everything was looked through.
    pub(crate) cut: Vec<String>,
}

/// Walks the journals of the services back in time, at most [`PAGES_MAX`] pages each, until each has
/// named so many flows.
pub(crate) async fn search(
    client: &Client,
    services: &BTreeSet<String>,
    filter: &Filter,
    flows_max: usize,
    wait: Duration,
    silence: &mut Silence,
) -> Found {
    let walks = services.iter().map(|service| async move {
        (service.clone(), walk(client, service, filter, flows_max, wait).await)
    });
    let mut found = Found::default();
    let mut last_us: BTreeMap<String, i64> = BTreeMap::new();
    for (service, walked) in join_all(walks).await {
        match walked {
            Ok((traces, cut)) => {
                for (trace, at_us) in traces {
                    let last = last_us.entry(trace).or_insert(at_us);
                    *last = at_us.max(*last);
                }
                found.cut.extend(cut.then_some(service));
            }
            Err(why) => {
                silence.insert(service, why);
            }
        }
    }
    found.traces = last_us.into_iter().map(|(trace, at_us)| (at_us, trace)).collect();
    found.traces.sort_unstable_by(|a, b| b.cmp(a));
    found.traces.truncate(flows_max);
    found
}

type Walked = (BTreeMap<String, i64>, bool);

async fn walk(
    client: &Client,
    service: &str,
    filter: &Filter,
    flows_max: usize,
    wait: Duration,
) -> Result<Walked, String> {
    let mut traces: BTreeMap<String, i64> = BTreeMap::new();
    let mut before = None;
    for _ in 0..PAGES_MAX {
        let page: WorkFound = ask(client, service, "work", &page(filter, before), wait).await?;
        for entry in page.items {
            traces.entry(entry.trace).or_insert(entry.received_us);
        }
        before = page.next;
        if before.is_none() || traces.len() >= flows_max {
            // Enough is not cut: older flows were not asked for.
            return Ok((traces, false));
        }
    }
    Ok((traces, true))
}

fn page(filter: &Filter, before: Option<i64>) -> FindWork {
    FindWork {
        since: filter.since,
        until: filter.until,
        subject: filter.subject.clone(),
        failed: filter.failed,
        outcome: filter.outcome.clone(),
        took_us_min: filter.took_us_min,
        before,
        limit: Some(PAGE_MAX),
    }
}
