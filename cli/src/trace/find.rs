//! Which flows there were: a row each, and which of them fit what is looked for.

mod screen;

use jiff::Timestamp;
use serde::Serialize;

use super::{Flow, order_of};

pub use screen::{Screen, draw};

/// Which pieces of work are looked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Received at this time or later.
    pub since: Option<Timestamp>,
    /// Received before this time.
    pub until: Option<Timestamp>,
    /// Of this subject, kind of timer, or name of an effect.
    pub subject: String,
    /// Only of this service.
    pub service: Option<String>,
    /// What ended otherwise than well.
    pub failed: bool,
    /// What ended with this outcome.
    pub outcome: String,
    /// What took at least so long, with its wait and its commit.
    pub took_us_min: i64,
}

impl Filter {
    /// Whether a flow has such a piece of work.
    pub fn fits(&self, flow: &Flow) -> bool {
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
}

/// A flow in one row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    /// When it began, in microseconds since 1970.
    pub began_us: i64,
    /// Its number.
    pub trace: String,
    /// What set it going.
    pub subject: String,
    /// What it is about: its first order, else its first key.
    pub key: String,
    /// Who took part, in the order of their first work.
    pub services: Vec<String>,
    /// How many pieces of work there were.
    pub steps: usize,
    /// How many of them failed.
    pub failed: usize,
    /// How long it took, without the long pauses.
    pub took_us: i64,
    /// The stage of its order, if it has one and that is known.
    pub stage: Option<String>,
    /// `ok`, `failed`, `waits`, `given_up` or `dead_letter`: the worst of it.
    pub state: String,
    /// Why it is not `ok`: the reason of the first failure, or what is waited for.
    pub reason: String,
}

/// The row of a flow.
pub fn row(flow: &Flow) -> Row {
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
