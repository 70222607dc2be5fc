//! What is meant by an identifier, or by the end of one as people read it off a screen.
//!
//! Every service names what it knows that ends so: keys such as orders and carts, flows, events, and
//! requests by their idempotency keys. What several services name is one candidate. Then:
//!
//! 1. A whole identifier beats an end.
//! 2. A key beats a flow, an event or a request of a flow in which that key occurs: they lead to the
//!    same drawing, and the key's has all of its flows.
//! 3. A request beats an event, and an event a flow, if it is the same flow.
//! 4. Whatever is left is ambiguous, unless it is one.

use std::collections::BTreeMap;
use std::time::Duration;

use kit::admin::{Found, Lookup};
use kit::client::Client;
use serde::Serialize;

use super::Silent;
use super::ask::{Silence, ask_everybody, heard, silent};

/// Something that may be meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Candidate {
    /// `key`, `request`, `event` or `trace`; `payment` or `notification` if a list of those has it.
    pub(crate) kind: String,
    /// The whole identifier.
    pub(crate) id: String,
    /// The flow in which it last occurred; empty if that is not known.
    pub(crate) trace: String,
    /// What was last done about it, or told.
    pub(crate) subject: String,
    /// When that was, in microseconds since 1970.
    pub(crate) at_us: i64,
    /// Who knows it.
    pub(crate) services: Vec<String>,
}

/// What the services know.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// What may be meant, the newest first.
    pub(crate) candidates: Vec<Candidate>,
    /// Services that looked only at the newest of what they keep.
    pub(crate) incomplete: Vec<String>,
    /// Services that did not answer.
    pub(crate) silent: Vec<Silent>,
}

/// Asks every service for what ends so.
pub(crate) async fn look_up(client: &Client, text: &str, wait: Duration) -> Answers {
    let mut silence = Silence::new();
    let asked = Lookup { text: text.to_owned() };
    let told: Vec<(String, Found)> = heard(ask_everybody(client, "lookup", &asked, wait).await, &mut silence);
    let incomplete = told.iter().filter(|(_, found)| !found.complete).map(|(service, _)| service.clone());
    Answers { incomplete: incomplete.collect(), candidates: merged(&told, text), silent: silent(silence) }
}

/// What is meant, from what each service named: the newest first.
pub(crate) fn merged(told: &[(String, Found)], text: &str) -> Vec<Candidate> {
    let mut by_id: BTreeMap<(&str, &str, &str), Candidate> = BTreeMap::new();
    for (service, found) in told {
        for item in &found.items {
            let new = || Candidate {
                kind: item.kind.clone(),
                id: item.id.clone(),
                trace: item.trace.clone(),
                subject: String::new(),
                at_us: i64::MIN,
                services: Vec::new(),
            };
            // Two callers may have used one idempotency key, each for something of their own.
            let flow = if item.kind == "request" { item.trace.as_str() } else { "" };
            let known = by_id.entry((&item.kind, &item.id, flow)).or_insert_with(new);
            known.services.push(service.clone());
            if item.at_us > known.at_us {
                known.at_us = item.at_us;
                known.trace.clone_from(&item.trace);
                known.subject.clone_from(&item.subject);
            }
        }
    }
    let mut candidates: Vec<Candidate> = by_id.into_values().collect();
    candidates.sort_by(|a, b| b.at_us.cmp(&a.at_us).then_with(|| a.id.cmp(&b.id)));
    whole_before_ends(&mut candidates, text);
    without_the_same_flow(candidates)
}

/// Leaves only what is called exactly so if there is such a thing, else what is but for capital letters.
pub(crate) fn whole_before_ends(candidates: &mut Vec<Candidate>, text: &str) {
    if candidates.iter().any(|one| one.id == text) {
        candidates.retain(|one| one.id == text);
    } else if candidates.iter().any(|one| one.id.eq_ignore_ascii_case(text)) {
        candidates.retain(|one| one.id.eq_ignore_ascii_case(text));
    }
}

/// With what one of several candidates is asked for so that it alone is meant: its flow, if another is
/// called the same.
pub(crate) fn asked_with<'a>(one: &'a Candidate, all: &[Candidate]) -> &'a str {
    let is_called_so = |other: &&Candidate| other.id == one.id;
    let is_shared = all.iter().filter(is_called_so).count() > 1;
    if is_shared && !one.trace.is_empty() { &one.trace } else { &one.id }
}

/// Leaves out what leads to the same drawing as something better.
fn without_the_same_flow(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let better = |one: &Candidate, other: &Candidate| {
        rank(other) < rank(one) && !one.trace.is_empty() && one.trace == other.trace
    };
    let kept = candidates.iter().filter(|one| !candidates.iter().any(|other| better(one, other)));
    kept.cloned().collect()
}

fn rank(candidate: &Candidate) -> u8 {
    match candidate.kind.as_str() {
        "key" => 0,
        "request" => 1,
        "event" => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::engine::lookup::Match;

    fn found(items: &[(&str, &str, &str, i64)]) -> Found {
        let items = items.iter().map(|(kind, id, trace, at_us)| Match {
            kind: (*kind).to_owned(),
            id: (*id).to_owned(),
            trace: (*trace).to_owned(),
            subject: "order.place".to_owned(),
            at_us: *at_us,
        });
        Found { items: items.collect(), complete: true }
    }

    fn ids(told: &[(&str, Found)], text: &str) -> Vec<String> {
        let told: Vec<(String, Found)> =
            told.iter().map(|(service, found)| ((*service).to_owned(), found.clone())).collect();
        merged(&told, text).into_iter().map(|one| format!("{} {}", one.kind, one.id)).collect()
    }

    #[test]
    fn what_several_services_name_is_one_candidate() {
        let told =
            [("order", found(&[("key", "ord_1", "a", 5)])), ("payment", found(&[("key", "ord_1", "b", 7)]))];
        assert_eq!(ids(&told, "rd_1"), ["key ord_1"]);
        let told: Vec<(String, Found)> =
            told.iter().map(|(service, found)| ((*service).to_owned(), found.clone())).collect();
        let one = merged(&told, "rd_1").remove(0);
        assert_eq!((one.trace.as_str(), one.at_us), ("b", 7), "where it last occurred");
        assert_eq!(one.services, ["order", "payment"]);
    }

    #[test]
    fn a_whole_identifier_beats_an_end() {
        let told = [("order", found(&[("key", "mug", "a", 5), ("key", "big-mug", "b", 7)]))];
        assert_eq!(ids(&told, "mug"), ["key mug"]);
        assert_eq!(ids(&told, "ug"), ["key big-mug", "key mug"], "the newest first");
        let told = [("order", found(&[("request", "Once-1", "a", 5), ("request", "once-1", "b", 7)]))];
        assert_eq!(ids(&told, "once-1"), ["request once-1"]);
        assert_eq!(ids(&told, "ONCE-1"), ["request once-1", "request Once-1"]);
    }

    #[test]
    fn one_key_of_two_callers_is_two_requests_each_asked_for_by_its_flow() {
        let told = [
            ("order".to_owned(), found(&[("request", "once-1", "a", 5), ("request", "once-1", "b", 7)])),
            ("cart".to_owned(), found(&[("request", "once-1", "a", 4)])),
        ];
        let all = merged(&told, "once-1");
        let asked: Vec<&str> = all.iter().map(|one| asked_with(one, &all)).collect();
        assert_eq!(asked, ["b", "a"]);
        assert_eq!(all[1].services, ["order", "cart"]);
        assert_eq!(asked_with(&all[0], &all[..1]), "once-1");
    }

    #[test]
    fn a_key_beats_what_is_of_the_same_flow_only() {
        let told = [(
            "order",
            found(&[
                ("key", "ord_77", "a", 5),
                ("request", "once-77", "a", 5),
                ("event", "evt_77", "b", 6),
                ("trace", "b", "b", 7),
            ]),
        )];
        assert_eq!(ids(&told, "77"), ["event evt_77", "key ord_77"]);
    }
}
