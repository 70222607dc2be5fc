//! `shopctl bench` at a real shop. What it says is looked at, never how fast anything was.

use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::shopping::stocked;
use crate::stack::{Shop, signal};
use crate::{Bench, Ran};

/// Enough for a look at everything.
const FEW: &str = "--warm-up 0s --products 3 --yes";

#[test]
fn ten_orders_are_measured_and_their_books_agree() {
    let shop = Shop::open("");
    let (code, report) = shop.bench.json(&format!("bench orders -n 10 --in-flight 4 {FEW}"));
    assert_eq!((code, &report["done"], &report["failed"]), (0, &10.into(), &json!({})), "{report:#}");
    for name in ["placed", "confirmed"] {
        assert_eq!(report["times"][name]["count"], 10, "{report:#}");
    }
    assert_eq!((&report["audit"]["sound"], &report["audit"]["orders"]), (&true.into(), &10.into()));
    assert_eq!(report["left"], json!({ "orders": 10, "products": 3 }));
    assert_eq!((&report["settings"]["in_flight"], &report["settings"]["rate"]), (&4.into(), &Value::Null));
    assert!(report["caught_up_s"].is_number() && report["rate"].as_f64() > Some(0.0), "{report:#}");
    let processes = report["machine"]["processes"].as_array().expect("a list");
    let names: Vec<&str> = processes.iter().filter_map(|process| process["name"].as_str()).collect();
    if std::path::Path::new("/proc/self/stat").exists() {
        assert!(["order", "broker", "shopctl bench"].iter().all(|name| names.contains(name)), "{names:?}");
        assert!(report["machine"]["memory_bytes"].as_u64() > Some(0), "{report:#}");
    }
    assert_eq!(
        (&report["machine"]["here"], report["machine"]["disk_after_bytes"].is_u64()),
        (&true.into(), true)
    );

    // A second time the same products serve, and a person reads the same.
    let ran = shop.run(&format!("bench orders -n 5 --email ann@example.org {FEW}"));
    assert_eq!(ran.code, 0, "{ran:?}");
    for part in
        ["5 ended well, 0 failed", "✓ the books of 5 orders agree", "left in the shop: 5 orders, 3 products"]
    {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert!(
        !ran.out.contains('\u{1b}')
            && ran.err.starts_with("measuring orders of 1 line, 64 in flight, at nats://")
    );
    assert_eq!(shop.bench.json("product ls").1.as_array().map(Vec::len), Some(3));
}

#[test]
fn at_a_fixed_rate_each_order_has_the_moment_at_which_it_should_begin() {
    let shop = Shop::open("");
    let (code, report) = shop.bench.json(&format!("bench orders --rate 200 -n 10 {FEW}"));
    assert_eq!((code, &report["done"]), (0, &10.into()), "{report:#}");
    assert_eq!((&report["begun_late"]["count"], &report["settings"]["rate"]), (&10.into(), &200.0.into()));
    assert_eq!((&report["unsent"], &report["settings"]["in_flight"]), (&0.into(), &Value::Null));
}

#[test]
fn nothing_is_ordered_unless_somebody_says_that_it_is_meant() {
    let shop = Shop::open("");
    for line in ["bench orders", "bench events", "bench mix", "bench requests"] {
        let (code, said) = shop.bench.json(line);
        assert_eq!((code, &said["error"]["code"]), (2, &"needs_yes".into()), "{line}: {said:#}");
    }
    let change = "bench requests --subject inventory.receive --body";
    let (code, said) = shop.bench.json(&format!(r#"{change} {{"sku":"mug","quantity":1}}"#));
    assert_eq!((code, &said["error"]["code"]), (2, &"needs_yes".into()), "{said:#}");
    assert_eq!(shop.bench.json("product ls").1, json!([]));
    assert_eq!(shop.bench.json("order ls").1, json!([]));
}

#[test]
fn orders_that_fail_are_counted_by_reason_and_the_benchmark_fails() {
    let shop = stocked();
    let (code, report) = shop.bench.json("bench orders --sku mug-sand -n 5 --warm-up 0s --yes");
    assert_eq!(
        (code, &report["done"], &report["failed"]),
        (12, &1.into(), &json!({ "out_of_stock": 4 })),
        "{report:#}"
    );
    assert_eq!(
        (&report["audit"]["sound"], &report["left"]),
        (&true.into(), &json!({ "orders": 5, "products": 0 }))
    );
    let ran = shop.run("bench orders --sku no-such-mug -n 2 --warm-up 0s --yes");
    assert!(ran.code == 12 && ran.out.contains("✗ unknown_sku: 2"), "{ran:?}");
}

#[test]
fn any_request_can_be_measured() {
    let shop = stocked();
    let (code, report) = shop.bench.json(&format!("bench requests -n 20 --in-flight 3 {FEW}"));
    assert_eq!((code, &report["times"]["answered"]["count"]), (0, &20.into()), "{report:#}");
    assert_eq!((&report["audit"], &report["left"]), (&Value::Null, &json!({ "orders": 0, "products": 3 })));
    let asked = r#"bench requests --subject catalog.get --body {"sku":"mug-blue"} -n 4 --warm-up 0s"#;
    let (code, report) = shop.bench.json(&format!("{asked} --traced"));
    assert_eq!((code, &report["done"], &report["left"]["products"]), (0, &4.into(), &0.into()), "{report:#}");
    let (_, steps) = shop.bench.json("trace find --subject catalog.get");
    assert_eq!(steps.as_array().map(Vec::len), Some(4), "{steps:#}");
    let missing = asked.replace("mug-blue", "no-mug");
    let (code, report) = shop.bench.json(&missing);
    assert_eq!((code, &report["failed"]), (12, &json!({ "unknown_sku": 4 })), "{report:#}");

    let deliver =
        r#"bench requests --subject inventory.receive --body {"sku":"tee-m","quantity":2} -n 5 --warm-up 0s"#;
    let (code, report) = shop.bench.json(&format!("{deliver} --yes"));
    assert_eq!(
        (code, &report["done"], &report["audit"]["sound"]),
        (0, &5.into(), &true.into()),
        "{report:#}"
    );
    assert_eq!(shop.bench.json("stock get tee-m").1["available"], 17);

    for (how, code, why) in [
        ("--subject catalog.gte", 3, "unknown_subject"),
        ("--subject catalog.get --body {", 2, "invalid_body"),
        ("--subject catalog.get", 2, "invalid_body"),
        ("--rate 0 --subject catalog.get", 2, "usage"),
    ] {
        let (ended, said) = shop.bench.json(&format!("bench requests {how}"));
        assert_eq!((ended, said["error"]["code"].as_str()), (code, Some(why)), "{how}: {said:#}");
    }
}

#[test]
fn events_are_timed_by_the_journals_of_those_who_told_and_heard_them() {
    let shop = Shop::open("");
    let (code, report) = shop.bench.json(&format!("bench events -n 6 {FEW}"));
    assert_eq!(code, 0, "{report:#}");
    for hop in ["order.placed > inventory", "inventory.reserved > order", "order.confirmed > notification"] {
        assert_eq!(report["times"][hop]["count"], 6, "{hop}: {report:#}");
    }
    assert!(report["times"]["heard"]["count"].as_u64() > Some(18), "{report:#}");
}

#[test]
fn of_a_hundred_things_buyers_do_one_is_an_order() {
    let shop = Shop::open("");
    let (code, report) = shop.bench.json(&format!("bench mix -n 200 --in-flight 1 {FEW}"));
    assert_eq!((code, &report["done"], &report["failed"]), (0, &200.into(), &json!({})), "{report:#}");
    let count = |name: &str| report["times"][name]["count"].as_u64().unwrap_or(0);
    assert_eq!(
        (count("list"), count("search"), count("cart"), count("confirmed")),
        (52, 74, 34, 2),
        "{report:#}"
    );
    assert_eq!((&report["audit"]["orders"], &report["left"]["orders"]), (&2.into(), &2.into()));
}

#[test]
fn what_was_measured_becomes_a_picture_and_a_page() {
    let shop = Shop::open("");
    let results = shop.bench.data().join("results");
    std::fs::create_dir(&results).expect("a folder");
    let file = results.join("orders-4.json");
    let ran = shop.run(&format!("bench orders -n 8 --in-flight 4 {FEW} -o json"));
    std::fs::write(&file, &ran.out).expect("a file");
    let picture = shop.run(&format!("bench chart {0} {0} --by orders", file.display()));
    assert!(
        picture.code == 0 && picture.out.starts_with("<svg ") && picture.out.ends_with("</svg>\n"),
        "{picture:?}"
    );
    let page = shop.bench.data().join("performance.md");
    let line = format!("bench page {} --into {}", results.display(), page.display());
    assert_eq!(shop.run(&line).code, 0);
    let first = std::fs::read_to_string(&page).expect("a page");
    assert!(first.starts_with("# Performance\n") && first.contains("\n| 4 | "), "{first}");
    assert_eq!(shop.run(&line).code, 0);
    assert_eq!(std::fs::read_to_string(&page).expect("a page"), first);

    std::fs::write(&file, "{}").expect("a file");
    for line in [line, format!("bench chart {}", file.display())] {
        let (code, said) = shop.bench.json(&line);
        assert_eq!((code, said["error"]["code"].as_str()), (2, Some("invalid_report")), "{line}: {said:#}");
    }
}

#[test]
fn ctrl_c_ends_it_with_what_was_measured_so_far() {
    let shop = Shop::open("");
    let line = format!("bench orders --for 10m {FEW} -o json");
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut child = shop.bench.command(&words).stdout(Stdio::piped()).spawn().expect("shopctl starts");
    let limit = Instant::now() + Duration::from_secs(30);
    while shop.bench.json("order ls --stage confirmed").1 == json!([]) {
        assert!(Instant::now() < limit, "no order came");
    }
    signal("INT", &child.id().to_string());
    let mut said = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut said).expect("text");
    let report: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(child.wait().expect("an end").code(), Some(130), "{report:#}");
    assert_eq!((&report["interrupted"], &report["audit"]), (&true.into(), &Value::Null), "{report:#}");
    assert!(report["done"].as_u64() > Some(0) && report["left"]["orders"].as_u64() > Some(0), "{report:#}");
    assert_eq!(shop.run("audit").code, 0);
}

#[test]
fn a_service_that_does_not_answer_the_audit_is_said() {
    let shop = Shop::open("");
    assert_eq!(shop.run(&format!("bench orders -n 2 {FEW}")).code, 0);
    shop.kill("notification");
    let ran: Ran = shop.run(&format!("bench orders -n 2 {FEW} --timeout 2s"));
    assert_eq!(ran.code, 10, "{ran:?}");
}

#[test]
fn without_a_shop_there_is_nothing_to_measure() {
    let ran = Bench::new().run("bench orders --nats nats://127.0.0.1:1 --yes");
    assert_eq!((ran.code, ran.out.as_str()), (11, ""), "{}", ran.err);
    let ran = Bench::new().run("bench orders --context no-such --yes");
    assert!(ran.code != 0 && ran.out.is_empty() && ran.err.contains("no-such"), "{ran:?}");
}
