//! What became of something, from the command line: by any identifier or its end, followed, found
//! again, exported, and where it is stuck.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Ran;
use crate::shopping::{placed, stocked};
use crate::stack::{Shop, signal};

/// Looks again and again until it answers something, at most ten seconds.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let limit = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < limit, "{what}");
    }
}

fn steps(story: &Value) -> Vec<Value> {
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let stretches = list(story, "flows").into_iter().flat_map(|flow| list(&flow, "stretches"));
    stretches.flat_map(|stretch| list(&stretch, "steps")).collect()
}

/// A trace that has what is looked for: services write their journals a moment after they answer.
fn traced(shop: &Shop, id: &str, so: impl Fn(&Ran) -> bool) -> Ran {
    until(&format!("the trace of {id}"), || Some(shop.run(&format!("trace {id} --width 100"))).filter(&so))
}

fn end(id: &str) -> &str {
    &id[id.len() - 8..]
}

#[test]
fn anything_that_has_an_identifier_leads_to_the_same_drawing_also_by_its_end() {
    let shop = stocked();
    let order = placed(&shop, "--item mug-blue --email ann@example.org --idempotency-key once-4711 --wait");
    let sent = until("the mail is sent", || {
        let (_, all) = shop.bench.json(&format!("notification ls --order {order} --state sent"));
        all[0]["notification"].as_str().map(str::to_owned)
    });
    let view = shop.bench.json(&format!("order get {order}")).1;
    let text = |name: &str| view[name].as_str().expect("text").to_owned();
    let (payment, trace) = (text("payment"), text("trace"));
    let story = shop.bench.json(&format!("trace {order}")).1;
    let told = steps(&story).iter().find_map(|step| step["emitted"][0]["id"].as_str().map(str::to_owned));
    let event = told.expect("an event");
    let ids = [&order, &payment, &sent, &trace, &event];
    let ends = ids.iter().map(|id| end(id));
    for id in ids.iter().map(|id| id.as_str()).chain(ends).chain(["once-4711", "e-4711"]) {
        let ran = shop.run(&format!("trace {id} --width 200"));
        assert_eq!(ran.code, 0, "{id}: {ran:?}");
        let heading = ran.out.lines().next().unwrap_or_default().to_owned();
        assert!(heading.contains(&order) && heading.contains("confirmed"), "{id}: {heading}");
        assert!(ran.out.contains(&trace), "{id}: {}", ran.out);
    }
    let cart = shop.run("cart add mug-blue:2").out.trim_end().to_owned();
    let by_end = shop.run(&format!("trace {}", end(&cart)));
    assert!(by_end.code == 0 && by_end.out.starts_with(&cart), "{by_end:?}");
}

#[test]
fn an_end_that_many_have_lists_them_and_one_that_nobody_has_says_so() {
    let shop = stocked();
    for key in ["a-4711-same", "b-4711-same"] {
        placed(&shop, &format!("--item mug-blue --idempotency-key {key} --wait"));
    }
    let (code, said) = shop.bench.json("trace 4711-same");
    assert_eq!((code, &said["error"]["code"]), (2, &"ambiguous_id".into()), "{said:#}");
    let candidates = said["error"]["details"]["candidates"].as_array().expect("a list").clone();
    let ids: Vec<&str> = candidates.iter().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!(ids, ["b-4711-same", "a-4711-same"], "the newest first");
    let people = shop.run("trace 4711-same");
    assert_eq!((people.code, people.out.as_str()), (2, ""));
    for said in ["is the end of 2 identifiers", "a-4711-same  request", "shopctl trace b-4711-same"] {
        assert!(people.err.contains(said), "{said}: {}", people.err);
    }
    let unknown = shop.run("trace nothing-like-it");
    assert_eq!(unknown.code, 3, "{unknown:?}");
    assert!(unknown.err.contains("were looked through completely"), "{}", unknown.err);
    for wrong in ["abc", "\u{1b}[2Jxyzö"] {
        let ran = shop.run(&format!("trace {wrong}"));
        assert!(ran.code == 2 && !ran.err.contains('\u{1b}'), "{ran:?}");
    }

    shop.kill("payment");
    let partly = shop.run("trace nothing-like-it --timeout 500ms");
    assert_eq!(partly.code, 10, "{partly:?}");
    assert!(partly.err.contains("payment: no answer within 0.5 s"), "{}", partly.err);
}

#[test]
fn a_key_that_two_callers_used_names_both_flows_each_of_which_can_be_asked_for() {
    let shop = stocked();
    let how = "--item mug-blue --email gil@example.org --idempotency-key once-4711 --wait";
    let own = placed(&shop, how);
    let guest = format!("--guest {} order place {how}", shop.bench.data().join("guest").display());
    let guests = shop.run(&guest);
    assert_eq!(guests.code, 0, "{guests:?}");
    let traces = [guests.out.trim_end(), &own].map(|order| {
        let (_, view) = shop.bench.json(&format!("order get {order}"));
        view["trace"].as_str().expect("text").to_owned()
    });
    for asked in ["once-4711", "4711"] {
        let both = shop.run(&format!("trace {asked}"));
        assert_eq!((both.code, both.out.as_str()), (2, ""), "{both:?}");
        for trace in &traces {
            assert!(both.err.contains(&format!("{trace}  request")), "{}", both.err);
        }
        assert!(both.err.contains(&format!("shopctl trace {}", traces[0])), "{}", both.err);
    }
    let one = traced(&shop, &traces[1], |ran| ran.out.contains(&own));
    assert_eq!(one.code, 0, "{one:?}");
}

#[test]
fn a_payment_that_was_tried_twice_is_followed_until_all_is_done() {
    let shop = stocked();
    let order = placed(&shop, "--item mug-blue --email a@example.org --pay pm_test_timeoutBeforeCharge");
    let lines = shop.run(&format!("trace {order} --follow"));
    assert_eq!(lines.code, 0, "{lines:?}");
    let said = |text: &str| lines.out.lines().position(|line| line.contains(text));
    let happened =
        ["order.place ", "✗ outcome_unknown", "charge_card, try 2", "send_notification", "ended: confirmed"];
    let places: Vec<_> = happened.iter().map(|text| said(text)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} {}", lines.out);
    assert_eq!(said("ended: confirmed"), Some(lines.out.lines().count() - 1), "{}", lines.out);

    let drawn = shop.run(&format!("trace {order} --width 160"));
    for said in ["1 retry", "charge_card, try 2", "retried: payment charge_card: first try failed after 2."] {
        assert!(drawn.out.contains(said), "{said}: {}", drawn.out);
    }
    assert!(drawn.out.contains("slowest: payment effect charge_card, 2."), "{}", drawn.out);
    let changes = shop.run(&format!("trace {order} --follow -o jsonl"));
    let changes: Vec<Value> =
        changes.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(changes.iter().any(|one| one["change"] == "step" && one["step"]["attempt"] == 2));
    assert_eq!(changes.last().expect("an end")["change"], "ended");
}

#[test]
fn what_an_order_waits_for_stands_in_its_trace_and_ctrl_c_ends_the_following() {
    let shop = stocked();
    let order = placed(&shop, "--item mug-blue --pay pm_test_timeoutAlways");
    let waits = traced(&shop, &order, |ran| ran.out.contains("charge_card is being tried"));
    assert!(waits.out.contains("1 waiting") && waits.out.contains("this stage ends by"), "{}", waits.out);
    let words = format!("trace {order} --follow");
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut command = shop.bench.command(&words);
    let mut following =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("shopctl starts");
    let mut said = BufReader::new(following.stdout.take().expect("standard output")).lines();
    assert!(said.any(|line| line.expect("text").contains("charge_card due")));
    signal("INT", &following.id().to_string());
    assert_eq!(following.wait().expect("an end").code(), Some(130));
}

#[test]
fn a_declined_order_and_one_with_a_service_down_say_what_is_missing() {
    let shop = stocked();
    let declined = shop.run("order place --item mug-blue --pay pm_card_visa_chargeDeclined --wait").out;
    let drawn = traced(&shop, declined.trim_end(), |ran| ran.out.contains("ORDER #3 cancelled"));
    assert!(
        drawn.out.contains("PAYMENT #1 declined") && drawn.out.contains("   cancelled   "),
        "{}",
        drawn.out
    );

    shop.kill("inventory");
    let order = placed(&shop, "--item mug-blue");
    let drawn = shop.run(&format!("trace {order} --width 100 --timeout 1s"));
    assert_eq!(drawn.code, 0);
    assert!(
        drawn.out.contains("inventory  ✗ no answer within 1 s; its steps are missing here"),
        "{}",
        drawn.out
    );
    let exported = shop.run(&format!("trace {order} -o otlp --timeout 1s"));
    assert!(exported.err.contains("inventory: no answer within 1 s"), "{exported:?}");
    let found = shop.run("trace find --timeout 1s");
    assert!(found.code == 0 && found.err.contains("inventory: no answer"), "{found:?}");
    let flows = shop.run("flows --timeout 1s");
    assert!(flows.code == 0 && flows.err.contains("its hops are missing"), "{flows:?}");
}

#[test]
fn flows_are_found_by_what_happened_in_them() {
    let shop = stocked();
    let good = placed(&shop, "--item mug-blue --wait");
    let bad = shop.run("order place --item mug-blue --pay pm_card_visa_chargeDeclined --wait").out;
    let busy = placed(&shop, "--item mug-blue --pay pm_test_errorThenSuccess --wait");
    let keys = |how: &str| -> Vec<String> {
        let (code, rows) = shop.bench.json(&format!("trace find {how}"));
        assert_eq!(code, 0, "{how}: {rows:#}");
        let rows = rows.as_array().expect("a list").iter();
        rows.map(|row| row["key"].as_str().expect("text").to_owned()).collect()
    };
    let (good, bad, busy) = (good.as_str(), bad.trim_end(), busy.as_str());
    assert_eq!(keys("--subject order.place"), [busy, bad, good], "the newest first");
    assert_eq!(keys("--subject order.place --limit 1"), [busy]);
    assert_eq!(keys("--state cancelled"), [bad]);
    assert_eq!(keys("--failed --service payment"), [busy]);
    assert_eq!(keys("--outcome not_done"), [busy]);
    assert_eq!(keys("--state confirmed --failed"), [busy]);
    assert_eq!(keys("--slower 60s"), [""; 0]);
    assert_eq!(keys("--until 1h"), [""; 0]);
    assert!(keys("--since 1h").len() >= 3);
    assert!(keys("--since 2026-01-01").len() >= 3);
    for line in ["flows", "order ls", "audit", "stream view ORDER --limit 1"] {
        let ran = shop.run(&format!("{line} --since 2026-01-01"));
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
    }
    for subject in ["nothing.such", "order.plaec"] {
        let ran = shop.run(&format!("flows --subject {subject} --timeout 60s"));
        assert!(ran.code == 3 && ran.err.contains("no service answers it"), "{ran:?}");
    }
    let row = shop.run("trace find --state cancelled");
    assert!(row.out.contains("order.place") && row.out.contains("cancelled"), "{row:?}");
    assert!(row.err.contains("next: shopctl trace "), "{row:?}");
    assert_eq!(shop.run("trace find --limit 0").code, 2);
    let nothing = shop.run("trace find --slower 60s");
    assert!(
        nothing.code == 0 && nothing.out.is_empty() && nothing.err.contains("no flow is as wanted"),
        "{nothing:?}"
    );

    let report = until("every flow has all of its hops", || {
        let (_, report) = shop.bench.json("flows");
        let hops = report["hops"].as_array()?.clone();
        let done = hops.iter().any(|hop| {
            hop["subject"] == "events.order.confirmed" && hop["service"] == "inventory" && hop["count"] == 2
        });
        done.then_some(report)
    });
    assert_eq!(report["flows"], 3, "{report:#}");
    let hop = |subject: &str| {
        let mut hops = report["hops"].as_array().expect("a list").iter();
        hops.find(|hop| hop["subject"] == subject).cloned().expect("a hop")
    };
    assert_eq!((&hop("order.place")["count"], &hop("charge_card")["failed"]), (&3.into(), &1.into()));
    let drawn = shop.run("flows --slow --last 2");
    assert!(drawn.out.starts_with("2 flows   50 % within "), "{}", drawn.out);
    assert!(drawn.out.lines().all(|line| line.chars().count() <= 160), "{}", drawn.out);
    let none = shop.run("flows --subject order.refund");
    assert!(none.code == 0 && none.err.contains("no flow was begun with order.refund"), "{none:?}");
}

#[test]
fn a_trace_is_written_for_other_tools_and_nothing_else_is() {
    let shop = stocked();
    let order = placed(&shop, "--item mug-blue --wait");
    let exported: Value = until("payment's span is there", || {
        let ran = shop.run(&format!("trace {order} -o otlp"));
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        ran.out.contains("\"charge_card\"").then(|| serde_json::from_str(&ran.out).expect("JSON"))
    });
    let first = &exported["resourceSpans"][0];
    assert_eq!(first["resource"]["attributes"][0]["value"]["stringValue"], "order");
    let span = &first["scopeSpans"][0]["spans"][0];
    assert_eq!((&span["name"], &span["kind"]), (&"order.place".into(), &2.into()));
    assert!(span["startTimeUnixNano"].as_str() <= span["endTimeUnixNano"].as_str(), "{span:#}");
    let diagram = shop.run(&format!("trace {order} -o mermaid"));
    assert!(diagram.out.starts_with("sequenceDiagram\n    title order ord_"), "{}", diagram.out);
    assert!(diagram.out.contains("p1->>p2: catalog.quote"), "{}", diagram.out);
    for line in ["status -o otlp", "trace find -o mermaid", "order ls -o otlp", "flows -o mermaid"] {
        let refused = shop.run(line);
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{line}");
        assert!(refused.err.contains("forms of one trace"), "{line}: {}", refused.err);
    }
    assert_eq!(shop.run(&format!("trace {order} --follow -o otlp")).code, 2);
}
