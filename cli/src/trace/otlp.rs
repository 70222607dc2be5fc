//! A story as OpenTelemetry has it: an `ExportTraceServiceRequest` in OTLP's JSON.
//!
//! That is the JSON of the protocol's messages with two rules of its own: identifiers of traces and
//! spans are hexadecimal, and enumerations are numbers. Numbers of 64 bits are texts.

mod attributes;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value, json};

use self::attributes::Attributes;
use super::{Emitted, Flow, Letter, Step, Story};

/// Kinds of span.
const INTERNAL: u8 = 1;
const SERVER: u8 = 2;
const CLIENT: u8 = 3;
const CONSUMER: u8 = 5;
/// The state of a span that failed.
const ERROR: u8 = 2;

/// Writes the story: the spans of each service as a resource of their own.
pub(crate) fn export(story: &Story) -> Value {
    let mut services: Vec<&str> = Vec::new();
    let mut spans: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for flow in &story.flows {
        let known = Known::of(flow);
        let mut steps: Vec<&Step> = flow.steps().filter(|step| is_id(&step.span, 16)).collect();
        steps.sort_by_key(|step| step.began_us);
        for step in steps.into_iter().filter(|_| is_id(&flow.trace, 32)) {
            if !services.contains(&step.service.as_str()) {
                services.push(&step.service);
            }
            spans.entry(&step.service).or_default().push(span(flow, step, &known));
        }
    }
    let resources = services.iter().map(|service| {
        let mut resource = Attributes::default();
        resource.text("service.name", service).text("service.namespace", "shop");
        if story.flows.iter().any(|flow| flow.cut.iter().any(|cut| cut == service)) {
            resource.flag("shop.cut", true);
        }
        json!({
            "resource": { "attributes": resource.into_json() },
            "scopeSpans": [{
                "scope": { "name": "shop.journal", "version": env!("CARGO_PKG_VERSION") },
                "spans": spans.remove(*service).unwrap_or_default(),
            }],
        })
    });
    json!({ "resourceSpans": resources.collect::<Vec<_>>() })
}

/// What is known of the rest of a flow.
struct Known<'a> {
    spans: HashSet<&'a str>,
    /// Every event by its place in a stream.
    told: HashMap<(&'a str, u64), &'a Emitted>,
}

impl<'a> Known<'a> {
    fn of(flow: &'a Flow) -> Self {
        let told = flow.steps().flat_map(|step| &step.emitted);
        Self {
            spans: flow.steps().map(|step| step.span.as_str()).collect(),
            told: told.map(|told| ((told.stream.as_str(), told.sequence), told)).collect(),
        }
    }
}

fn span(flow: &Flow, step: &Step, known: &Known<'_>) -> Value {
    let (kind, name) = match step.kind.as_str() {
        "request" => (SERVER, step.subject.clone()),
        "event" => (CONSUMER, format!("process {}", step.subject)),
        "effect" => (CLIENT, step.subject.clone()),
        kind => (INTERNAL, format!("{kind} {}", step.subject)),
    };
    let mut span = json!({
        "traceId": flow.trace,
        "spanId": step.span,
        "name": name.trim_end(),
        "kind": kind,
        "startTimeUnixNano": nanos(step.began_us),
        // Clocks that disagree make no span that ends before it begins.
        "endTimeUnixNano": nanos(step.ended_us().max(step.began_us)),
        "attributes": attributes(step, known).into_json(),
    });
    let has_cause = is_id(&step.parent, 16) && step.parent != step.span;
    if has_cause && known.spans.contains(step.parent.as_str()) {
        span["parentSpanId"] = step.parent.as_str().into();
    } else if has_cause {
        // Its cause is not in the journals, so it is no parent that a viewer could find.
        let mut why = Attributes::default();
        why.text("shop.link", "cause outside of the journals");
        span["links"] =
            json!([{ "traceId": flow.trace, "spanId": step.parent, "attributes": why.into_json() }]);
    }
    let told = step.emitted.iter().map(telling);
    let events: Vec<Value> =
        told.chain(step.letters.iter().map(|letter| dead_letter(letter, step))).collect();
    if !events.is_empty() {
        span["events"] = events.into();
    }
    if !step.is_ok() {
        let message = step.letters.first().map_or(&step.outcome, |letter| &letter.message);
        span["status"] = json!({ "code": ERROR, "message": message });
    }
    span
}

fn attributes(step: &Step, known: &Known<'_>) -> Attributes {
    let mut all = Attributes::default();
    all.text("shop.kind", &step.kind).text("shop.key", &step.key).text("shop.outcome", &step.outcome);
    all.number("shop.attempt", step.attempt.into());
    match step.kind.as_str() {
        "request" => {
            let (service, method) = step.subject.split_once('.').unwrap_or((&step.subject, ""));
            all.text("rpc.system", "nats").text("rpc.service", service).text("rpc.method", method);
        }
        "event" => {
            all.text("messaging.system", "nats").text("messaging.operation.type", "process");
            all.text("messaging.operation.name", "process").text("messaging.destination.name", &step.subject);
            if let Some(told) = known.told.get(&(step.source.as_str(), step.sequence)) {
                all.text("messaging.message.id", &told.id);
            }
            all.text("shop.stream", &step.source).sequence("shop.sequence", step.sequence);
        }
        _ => {}
    }
    if !step.is_ok() {
        all.text("error.type", &step.outcome);
    }
    if let Some(us) = step.waited_us().filter(|us| *us >= 0) {
        all.number("shop.waited_us", us);
    }
    all.number("shop.worked_us", step.finished_us.saturating_sub(step.began_us).max(0));
    if let Some(committed_us) = step.committed_us {
        all.number("shop.commit_us", committed_us.saturating_sub(step.finished_us).max(0));
        all.number("shop.commit_jobs", step.group_jobs.into());
    }
    for undone in &step.undone {
        all.text("shop.effect.state", &undone.state).text("shop.effect.key", &undone.key);
        all.text("shop.effect.reason", &undone.reason).number("shop.effect.due_us", undone.due_us);
    }
    all
}

fn telling(told: &Emitted) -> Value {
    let mut all = Attributes::default();
    all.text("messaging.system", "nats").text("messaging.operation.type", "send");
    all.text("messaging.operation.name", "publish").text("messaging.destination.name", &told.subject);
    all.text("messaging.message.id", &told.id).text("shop.key", &told.key);
    all.text("shop.stream", &told.stream).sequence("shop.sequence", told.sequence);
    if let Some(body) = &told.body {
        all.text("shop.body", &body.to_string());
    }
    json!({
        "timeUnixNano": nanos(told.at_us),
        "name": format!("publish {}", told.subject),
        "attributes": all.into_json(),
    })
}

fn dead_letter(letter: &Letter, step: &Step) -> Value {
    let mut all = Attributes::default();
    all.text("exception.type", &letter.reason).text("exception.message", &letter.message);
    all.number("shop.letter.id", letter.id).text("shop.letter.state", &letter.state);
    all.number("shop.letter.attempts", letter.attempts.into());
    all.number("shop.letter.behind", i64::try_from(letter.behind).unwrap_or(i64::MAX));
    let name = if letter.is_dead() { "exception" } else { "parked" };
    json!({ "timeUnixNano": nanos(step.finished_us), "name": name, "attributes": all.into_json() })
}

/// A time as OTLP has it: nanoseconds since 1970, which is never before.
fn nanos(us: i64) -> String {
    (u64::try_from(us).unwrap_or(0).saturating_mul(1_000)).to_string()
}

/// An identifier of so many digits that is not all zeros, which would be none.
fn is_id(text: &str, digits: usize) -> bool {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain && text.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trace::draw::tests::is_drawn_as;
    use crate::trace::{sample, strategy};

    fn spans(exported: &Value) -> Vec<&Value> {
        let resources = exported["resourceSpans"].as_array().unwrap();
        resources.iter().flat_map(|one| one["scopeSpans"][0]["spans"].as_array().unwrap()).collect()
    }

    fn exported(story: Story) -> String {
        format!("{}\n", serde_json::to_string_pretty(&export(&story)).unwrap())
    }

    #[test]
    fn a_story_is_an_export_request() {
        is_drawn_as("stuck.otlp.json", &exported(sample::stuck()));
    }

    #[test]
    fn every_step_is_a_span_whose_parent_is_there_or_a_link() {
        let exported = export(&sample::paid_order());
        let spans = spans(&exported);
        assert_eq!(spans.len(), 12);
        let ids: Vec<&Value> = spans.iter().map(|span| &span["spanId"]).collect();
        for span in &spans {
            let parent = &span["parentSpanId"];
            assert!(parent.is_null() || ids.contains(&parent), "{span:#}");
            assert_eq!(parent.is_null(), span["links"].is_array(), "{span:#}");
        }
        let failed: Vec<_> = spans.iter().filter(|span| span["status"]["code"] == 2).collect();
        assert_eq!(failed.len(), 1);
        assert_eq!(
            (&failed[0]["status"]["message"], &failed[0]["kind"]),
            (&"outcome_unknown".into(), &3.into())
        );
    }

    /// The rules of OTLP's JSON that a strict reader insists on.
    fn is_sound(span: &Value) -> bool {
        let hex = |value: &Value, digits| value.as_str().is_some_and(|text| is_id(text, digits));
        let time = |value: &Value| value.as_str().and_then(|text| text.parse::<u64>().ok());
        let (Some(from), Some(to)) = (time(&span["startTimeUnixNano"]), time(&span["endTimeUnixNano"]))
        else {
            return false;
        };
        let attributes = span["attributes"].as_array().is_some_and(|all| {
            all.iter().all(|one| {
                let value = &one["value"];
                let int = value["intValue"].as_str().is_some_and(|text| text.parse::<i64>().is_ok());
                one["key"].is_string()
                    && (int || value["stringValue"].is_string() || value["boolValue"].is_boolean())
            })
        });
        let parent = &span["parentSpanId"];
        let ids =
            hex(&span["traceId"], 32) && hex(&span["spanId"], 16) && (parent.is_null() || hex(parent, 16));
        ids && from <= to && attributes && span["kind"].as_u64().is_some_and(|kind| (1..=5).contains(&kind))
    }

    proptest! {
        #![proptest_config(crate::trace::strategy::cases(64))]
        #[test]
        fn any_story_is_exported_by_the_rules(story in strategy::story()) {
            let mut story = story;
            for flow in &mut story.flows {
                flow.trace = sample::TRACE.to_owned();
            }
            let exported = export(&story);
            for span in spans(&exported) {
                prop_assert!(is_sound(span), "{span:#}");
            }
        }
    }
}
