//! Which flows there were: pieces of work of a time from every journal, together by flow, a row each.

mod screen;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use kit::admin::{FindWork, WorkFound};
use kit::client::Client;
use kit::limits::PAGE_MAX;
use serde::Serialize;

use super::ask::{Silence, ask};
use super::{Flow, order_of};

pub(crate) use screen::{Screen, draw};

/// Pages that are looked at of each service before a search ends.
pub(crate) const PAGES_MAX: usize = 20;

/// Which pieces of work are looked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Received at this time or later.
    pub(crate) since: Option<Timestamp>,
    /// Received before this time.
    pub(crate) until: Option<Timestamp>,
    /// Of this subject, kind of timer, or name of an effect.
    pub(crate) subject: String,
    /// Only of this service.
    pub(crate) service: Option<String>,
    /// What ended otherwise than well.
    pub(crate) failed: bool,
    /// What ended with this outcome.
    pub(crate) outcome: String,
    /// What took at least so long, with its wait and its commit.
    pub(crate) took_us_min: i64,
}

impl Filter {
    /// Whether a flow has such a piece of work.
    pub(crate) fn fits(&self, flow: &Flow) -> bool {
        let since_us = self.since.map_or(i64::MIN, Timestamp::as_microsecond);
        let until_us = self.until.map_or(i64::MAX, Timestamp::as_microsecond);
        flow.steps().any(|step| {
            let waited_us = step.waited_us().unwrap_or(0).max(0);
            (since_us..until_us).contains(&step.began_us)
                && (self.subject.is_empty() || self.subject == step.subject)
                && self.service.as_ref().is_none_or(|service| *service == step.service)
                && (!self.failed || !step.is_ok())
                && (self.outcome.is_empty() || self.outcome == step.outcome)
                && step.took_us().saturating_add(waited_us) >= self.took_us_min
        })
    }

    fn page(&self, before: Option<i64>) -> FindWork {
        FindWork {
            since: self.since,
            until: self.until,
            subject: self.subject.clone(),
            failed: self.failed,
            outcome: self.outcome.clone(),
            took_us_min: self.took_us_min,
            before,
            limit: Some(PAGE_MAX),
        }
    }
}

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
        let page: WorkFound = ask(client, service, "work", &filter.page(before), wait).await?;
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

/// A flow in one row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    /// When it began, in microseconds since 1970.
    pub(crate) began_us: i64,
    /// Its number.
    pub(crate) trace: String,
    /// What set it going.
    pub(crate) subject: String,
    /// What it is about: its first order, else its first key.
    pub(crate) key: String,
    /// Who took part, in the order of their first work.
    pub(crate) services: Vec<String>,
    /// How many pieces of work there were.
    pub(crate) steps: usize,
    /// How many of them failed.
    pub(crate) failed: usize,
    /// How long it took, without the long pauses.
    pub(crate) took_us: i64,
    /// The stage of its order, if it has one and that is known.
    pub(crate) stage: Option<String>,
    /// `ok`, `failed`, `waits`, `given_up` or `dead_letter`: the worst of it.
    pub(crate) state: String,
    /// Why it is not `ok`: the reason of the first failure, or what is waited for.
    pub(crate) reason: String,
}

/// The row of a flow.
pub(crate) fn row(flow: &Flow) -> Row {
    let mut steps: Vec<&super::Step> = flow.steps().collect();
    steps.sort_by_key(|step| step.began_us);
    let mut services: Vec<String> = Vec::new();
    for step in &steps {
        if !services.contains(&step.service) {
            services.push(step.service.clone());
        }
    }
    let keys = || steps.iter().flat_map(|step| step.emitted.iter().map(|told| &told.key).chain([&step.key]));
    let key = keys().find(|key| order_of(key).is_some()).or_else(|| keys().find(|key| !key.is_empty()));
    let failed: Vec<&&super::Step> = steps.iter().filter(|step| !step.is_ok()).collect();
    let letters = steps.iter().flat_map(|step| &step.letters).map(|letter| ("dead_letter", &letter.reason));
    let given_up = steps.iter().flat_map(|step| &step.undone).filter(|undone| !undone.is_due());
    let waits = steps.iter().flat_map(|step| &step.undone).filter(|undone| undone.is_due());
    let worst = letters
        .chain(given_up.map(|undone| ("given_up", &undone.name)))
        .chain(waits.map(|undone| ("waits", &undone.name)))
        .chain(failed.iter().map(|step| ("failed", &step.outcome)))
        .next();
    let (state, reason) = worst.map_or(("ok", String::new()), |(state, reason)| (state, reason.clone()));
    Row {
        began_us: flow.began_us,
        trace: flow.trace.clone(),
        subject: steps.first().map(|step| step.subject.clone()).unwrap_or_default(),
        key: key.cloned().unwrap_or_default(),
        services,
        steps: steps.len(),
        failed: failed.len(),
        took_us: flow.worked_us(),
        stage: None,
        state: state.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;

    #[test]
    fn a_row_says_what_set_the_flow_going_and_how_it_stands() {
        let story = sample::paid_order();
        let row = row(&story.flows[0]);
        assert_eq!((row.subject.as_str(), row.steps, row.failed), ("order.place", 12, 1));
        assert!(row.key.starts_with("ord_"), "{row:?}");
        assert_eq!(row.services, ["order", "catalog", "inventory", "payment", "notification"]);
        assert_eq!((row.state.as_str(), row.reason.as_str()), ("failed", "outcome_unknown"));
        let waits = super::row(&sample::stuck().flows[0]);
        assert_eq!((waits.state.as_str(), waits.reason.as_str()), ("dead_letter", "invalid_body"));
    }

    #[test]
    fn a_flow_fits_if_one_piece_of_its_work_does() {
        let flow = &sample::paid_order().flows[0];
        let fits = |filter: Filter| filter.fits(flow);
        assert!(fits(Filter::default()));
        assert!(fits(Filter { failed: true, service: Some("payment".to_owned()), ..Filter::default() }));
        assert!(!fits(Filter { failed: true, service: Some("order".to_owned()), ..Filter::default() }));
        assert!(fits(Filter { took_us_min: 280_000, ..Filter::default() }), "waiting counts");
        assert!(!fits(Filter { took_us_min: 300_000, ..Filter::default() }));
        assert!(!fits(Filter { outcome: "timed_out".to_owned(), ..Filter::default() }));
        assert!(!fits(Filter { subject: "order.cancel".to_owned(), ..Filter::default() }));
    }
}
