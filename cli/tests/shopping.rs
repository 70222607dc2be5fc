//! A day in the shop from the command line: products and stock come in, orders go out, and
//! everything that happened can be seen.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::stack::{Shop, signal, until};
use crate::{Bench, Ran};

const PRODUCTS: &str = "\
sku,name,category,price,currency
mug-blue,\"Mug, blue\",mugs,12.90,EUR
mug-sand,\"Mug, sand\",mugs,11.50,EUR
tee-m,Tee,clothing,24.00,EUR
";
const STOCK: &str = "sku,quantity\nmug-blue,40\nmug-sand,1\ntee-m,7\n";

/// A shop with something to sell.
pub(crate) fn stocked() -> Shop {
    let shop = Shop::open("");
    assert_eq!(import(&shop, PRODUCTS).code, 0);
    assert_eq!(receive(&shop, STOCK, "").code, 0);
    shop
}

fn file(shop: &Shop, name: &str, text: &str) -> String {
    let path = shop.bench.data().join(name);
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("a path that is text").to_owned()
}

fn import(shop: &Shop, text: &str) -> Ran {
    shop.run(&format!("product import {}", file(shop, "products.csv", text)))
}

fn receive(shop: &Shop, text: &str, how: &str) -> Ran {
    shop.run(&format!("stock receive --file {} {how}", file(shop, "stock.csv", text)))
}

/// The number that a command wrote to standard output.
pub(crate) fn placed(shop: &Shop, how: &str) -> String {
    let ran = shop.run(&format!("order place {how}"));
    assert!(ran.out.starts_with("ord_") && ran.out.ends_with('\n'), "{ran:?}");
    ran.out.trim_end().to_owned()
}

fn stages(happened: &Value) -> Vec<&str> {
    let all = happened.as_array().expect("a list of stages");
    all.iter().filter_map(|one| one["stage"].as_str()).collect()
}

fn available(shop: &Shop, sku: &str) -> u64 {
    shop.bench.json(&format!("stock get {sku}")).1["available"].as_u64().expect("a number")
}

fn begin(shop: &Shop, line: &str) -> Child {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut command = shop.bench.command(&words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("shopctl starts")
}

#[test]
fn an_order_is_shown_stage_by_stage_and_then_in_every_journal() {
    let shop = stocked();
    let ran = shop.run("order place --item mug-blue:2 --email ann@example.org --wait -o jsonl");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let happened: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(stages(&happened.clone().into()), ["accepted", "reserved", "paid", "confirmed"]);
    let order = happened[0]["order"].as_str().expect("a number").to_owned();
    assert_eq!(available(&shop, "mug-blue"), 38);

    let last = "notification";
    until("the mail is sent", || {
        !shop.run(&format!("notification ls --order {order} --state sent")).out.is_empty()
    });
    let (code, story) = shop.bench.json(&format!("trace {order} --payloads"));
    assert_eq!((code, story["silent"].as_array().map(Vec::len)), (0, Some(0)), "{story:#}");
    assert_eq!(story["facts"], serde_json::json!(["confirmed", "25.80 EUR"]));
    let flows = story["flows"].as_array().expect("flows");
    let list = |value: &Value, name: &str| value[name].as_array().expect("a list").clone();
    let stretches = flows.iter().flat_map(|flow| list(flow, "stretches"));
    let steps: Vec<Value> = stretches.flat_map(|stretch| list(&stretch, "steps")).collect();
    for service in ["catalog", "cart", "order", "inventory", "payment", last] {
        assert!(steps.iter().any(|step| step["service"] == service), "{service}: {story:#}");
    }
    let place = steps.iter().find(|step| step["subject"] == "order.place").expect("the first step");
    assert_eq!(place["emitted"][0]["subject"], "events.order.placed");
    assert_eq!(place["emitted"][0]["body"]["order"], order.as_str());
    let heard = steps.iter().find(|step| step["service"] == "inventory").expect("a hearer");
    assert_eq!(
        (&heard["source"], &heard["sequence"]),
        (&place["emitted"][0]["stream"], &place["emitted"][0]["sequence"])
    );
    assert_eq!(heard["parent"], place["span"]);

    let drawn = shop.run(&format!("trace {order} --width 100"));
    assert_eq!(drawn.code, 0);
    assert!(drawn.out.lines().all(|line| line.chars().count() <= 100), "{}", drawn.out);
    assert!(drawn.out.contains("charge_card") && drawn.out.contains("slowest: "), "{}", drawn.out);
    let ascii = shop.run(&format!("trace {order} --width 80 --ascii"));
    assert!(ascii.out.is_ascii() && ascii.code == 0, "{}", ascii.out);
}

#[test]
fn only_the_number_of_an_order_stands_on_standard_output() {
    let shop = stocked();
    let ran = shop.run("order place --item mug-blue --wait");
    assert_eq!(ran.code, 0);
    assert_eq!(ran.out.len(), "ord_01h2e8kqvbfwea724h75qc655w\n".len());
    for stage in ["accepted", "reserved", "paid", "confirmed"] {
        assert!(ran.err.contains(stage), "{}", ran.err);
    }
    assert_eq!(shop.run("order place --item mug-blue --wait -q").err, "");
}

#[test]
fn an_order_that_is_refused_says_why_and_ends_with_nine() {
    let shop = stocked();
    let declined = shop.run("order place --item mug-blue --pay pm_card_visa_chargeDeclined --wait");
    assert_eq!(declined.code, 9);
    assert!(declined.err.contains("was cancelled: the card was declined"), "{}", declined.err);

    let (code, said) = shop.bench.json("order place --item mug-sand:3 --item tee-m:9 --wait");
    assert_eq!((code, &said["error"]["code"]), (9, &"out_of_stock".into()), "{said:#}");
    let details = &said["error"]["details"];
    assert_eq!(
        (stages(&details["stages"]), &details["order"]["stage"]),
        (vec!["accepted", "refused", "cancelled"], &"cancelled".into())
    );
    assert_eq!(
        details["stages"][1]["detail"],
        "only 1 of mug-sand left, 3 asked; only 7 of tee-m left, 9 asked"
    );

    let (code, said) = shop.bench.json("order place --item mug-blue:1@1.00");
    assert_eq!((code, &said["error"]["code"]), (9, &"price_changed".into()));
    assert!(said["error"]["trace"].as_str().is_some_and(|trace| trace.len() == 32));
    assert_eq!(shop.run("order place --item nothing-like-it").code, 3);
    assert_eq!((available(&shop, "mug-blue"), available(&shop, "tee-m")), (40, 7));
}

#[test]
fn the_same_key_places_one_order() {
    let shop = stocked();
    let first = placed(&shop, "--item mug-blue --idempotency-key once-4711");
    assert_eq!(placed(&shop, "--item mug-blue --idempotency-key once-4711 --wait"), first);
    assert_eq!(shop.run("order place --item mug-blue:2 --idempotency-key once-4711").code, 6);
    assert_eq!(shop.run("order ls -o jsonl").out.lines().count(), 1);
}

#[test]
fn waiting_may_end_before_the_order_does() {
    let shop = stocked();
    let payment = shop.pid("payment");
    signal("STOP", &payment);
    let late = shop.run("order place --item mug-blue --wait --timeout 700ms");
    assert_eq!(late.code, 8, "{late:?}");
    assert!(
        late.err.contains("the order goes on") && late.err.contains("shopctl order watch ord_"),
        "{}",
        late.err
    );

    let mut waiting = begin(&shop, "order place --item mug-blue --wait");
    let mut said = BufReader::new(waiting.stderr.take().expect("standard error")).lines();
    assert!(said.any(|line| line.expect("text").contains("reserved")));
    signal("INT", &waiting.id().to_string());
    let ended = waiting.wait_with_output().expect("an end");
    assert_eq!(ended.status.code(), Some(130));
    let order = String::from_utf8(ended.stdout).expect("text");
    assert!(said.any(|line| line.expect("text").contains("goes on")));

    let traced = shop.run(&format!("trace {order} --timeout 300ms"));
    assert_eq!(traced.code, 0);
    assert!(traced.out.contains("payment    ✗ no answer within 0.3 s"), "{}", traced.out);

    signal("CONT", &payment);
    for order in [order.trim_end(), late.out.trim_end()] {
        let watched = shop.run(&format!("order watch {order}"));
        assert_eq!(watched.code, 0, "{}", watched.err);
        assert!(watched.err.contains("confirmed"), "{}", watched.err);
    }
}

#[test]
fn money_is_given_back_in_parts_and_never_more_than_was_paid() {
    let shop = stocked();
    let order = placed(&shop, "--item tee-m:2 --wait");
    let (code, said) = shop.bench.json(&format!("order refund {order} --amount 20 --wait"));
    assert_eq!((code, &said["order"]["refunded"]["amount"]), (0, &2000.into()), "{said:#}");
    let (code, said) = shop.bench.json(&format!("order refund {order} --amount 28.01"));
    assert_eq!((code, &said["error"]["code"]), (9, &"refund_exceeds_payment".into()));
    assert_eq!(shop.run(&format!("order refund {order} --wait")).code, 0);
    assert_eq!(shop.bench.json(&format!("order get {order}")).1["stage"], "refunded");
    let late = shop.run(&format!("order cancel {order}"));
    assert_eq!(late.code, 6, "{}", late.err);
    let traced = shop.bench.json(&format!("trace {order}")).1;
    assert!(traced["flows"].as_array().is_some_and(|flows| flows.len() >= 3), "{traced:#}");
}

#[test]
fn a_cart_becomes_an_order_and_is_empty() {
    let shop = stocked();
    let cart = shop.run("cart add mug-blue:2 tee-m").out.trim_end().to_owned();
    assert!(cart.starts_with("cart_"));
    assert_eq!(shop.run(&format!("cart set {cart} mug-blue:1")).code, 0);
    let stale = shop.run(&format!("cart rm {cart} tee-m --version 1"));
    assert_eq!(stale.code, 6, "{}", stale.err);
    let (code, said) = shop.bench.json(&format!("order place --cart {cart} --wait"));
    assert_eq!((code, &said["order"]["total"]["amount"]), (0, &3690.into()), "{said:#}");
    until("the cart is empty", || {
        shop.bench.json(&format!("cart show {cart}")).1["lines"] == Value::Array(vec![])
    });
}

#[test]
fn a_list_of_products_can_be_imported_again_and_again() {
    let shop = Shop::open("");
    let text = format!(
        "{PRODUCTS}broken\n,No sku,mugs,1.00,EUR\nfree,Free,mugs,free,EUR\nmug-blue,Again,mugs,1.00,EUR\n"
    );
    let path = file(&shop, "products.csv", &text);
    let (code, report) = shop.bench.json(&format!("product import {path}"));
    assert_eq!((code, &report["created"]), (9, &3.into()), "{report:#}");
    let refused = report["refused"].as_array().expect("a list");
    let lines: Vec<u64> = refused.iter().filter_map(|line| line["line"].as_u64()).collect();
    assert_eq!(lines, [5, 6, 7, 8]);
    let again = shop.run(&format!("product import {path}"));
    assert_eq!((again.code, again.out.as_str()), (9, "0 created, 0 changed, 3 unchanged, 4 refused\n"));
    assert!(again.err.contains("line 7") && again.err.contains("invalid_amount"), "{}", again.err);
    let lines: Vec<String> = (0..450).map(|n| format!("many-{n:03},Thing {n},things,1.50,EUR")).collect();
    let many = import(&shop, &format!("sku,name,category,price,currency\n{}\n", lines.join("\n")));
    assert_eq!((many.code, many.out.as_str()), (0, "450 created, 0 changed, 0 unchanged, 0 refused\n"));
    assert_eq!(shop.run("product ls --all -o jsonl").out.lines().count(), 453);
    assert_eq!(shop.run("product ls --limit 201 -o jsonl").out.lines().count(), 201);
    assert_eq!(shop.run("product search thi --category things -o jsonl").out.lines().count(), 50);
}

#[test]
fn a_delivery_is_received_once_however_often_it_is_run() {
    let shop = stocked();
    let again = receive(&shop, STOCK, "");
    assert_eq!(again.code, 0);
    assert!(again.out.contains("3 received before"), "{}", again.out);
    assert_eq!(available(&shop, "mug-blue"), 40);
    let once_more = receive(&shop, STOCK, "--again");
    assert!(once_more.out.starts_with("3 lines received with 48 pieces"), "{}", once_more.out);
    assert_eq!(available(&shop, "mug-blue"), 80);

    let broken = receive(&shop, "sku,quantity\nmug-blue,5\ntee-m,some\n", "");
    assert_eq!(broken.code, 2);
    assert!(broken.err.contains("line 3") && broken.err.contains("nothing was received"), "{}", broken.err);
    assert_eq!(available(&shop, "mug-blue"), 80);

    let refused = receive(&shop, "sku,quantity\nmug-blue,5\ntee-m,1000000000\n", "--delivery truck-7");
    assert_eq!(refused.code, 9);
    let mended = receive(&shop, "sku,quantity\nmug-blue,5\ntee-m,10\n", "--delivery truck-7");
    assert_eq!(mended.code, 0);
    assert!(mended.out.starts_with("1 line received with 10 pieces, 1 received before"), "{}", mended.out);
    assert_eq!((available(&shop, "mug-blue"), available(&shop, "tee-m")), (85, 24));
}

#[test]
fn events_are_shown_as_they_are_told() {
    let shop = stocked();
    let mut tail = begin(&shop, "events tail order.placed -n 1 -o jsonl");
    let mut all = begin(&shop, "events tail");
    let mut said = BufReader::new(all.stderr.take().expect("standard error")).lines();
    assert!(said.next().expect("a line").expect("text").contains("listening"));
    let mut lines = BufReader::new(all.stdout.take().expect("standard output")).lines();
    // The first tail says nothing to people; it listens once it has told of an order.
    let mut told = BufReader::new(tail.stdout.take().expect("standard output")).lines();
    let order = loop {
        let order = placed(&shop, "--item mug-blue");
        if tail.try_wait().expect("a state").is_some() {
            break order;
        }
    };
    let event: Value = serde_json::from_str(&told.next().expect("a line").expect("text")).expect("JSON");
    assert_eq!(
        (&event["subject"], &event["body"]["lines"][0]["sku"]),
        (&"events.order.placed".into(), &"mug-blue".into())
    );
    assert!(lines.any(|line| {
        let line = line.expect("text");
        line.contains("order.confirmed") && line.contains("total=12.90 EUR")
    }));
    signal("INT", &all.id().to_string());
    assert_eq!(all.wait().expect("an end").code(), Some(130));
    assert_eq!(shop.run(&format!("order watch {order}")).code, 0);
}

#[test]
fn stock_can_be_corrected_and_every_change_has_its_cause() {
    let shop = stocked();
    assert_eq!(shop.run("stock adjust mug-blue -3 --reason broken").code, 0);
    let (_, ledger) = shop.bench.json("stock ledger mug-blue");
    assert_eq!((&ledger[0]["on_hand_change"], &ledger[0]["reason"]), (&(-3).into(), &"broken".into()));
    assert_eq!(shop.run("stock adjust mug-blue -38 --reason gone").code, 9);
    assert_eq!(shop.run("stock marks mug-blue --low 50 --high 60").code, 0);
    assert!(shop.run("stock ls --low").out.contains("mug-blue"));
    assert_eq!(shop.run("stock get nothing-like-it").code, 3);
}

#[test]
fn a_mistake_in_a_value_is_found_before_anybody_is_asked() {
    let lines = [
        "order place",
        "order place --item mug-blue:0",
        "order place --item mug-blue:-1",
        "order place --item a.b",
        "order place --item mug --cart cart_01h2e8kqvbfwea724h75qc655w",
        "order get ord_x",
        "order get cart_01h2e8kqvbfwea724h75qc655w",
        "order ls --stage lost",
        "order ls --since yesterday",
        "order ls --limit 0",
        "order ls --limit 5 --all",
        "cart add mug@1.00",
        "cart set cart_01h2e8kqvbfwea724h75qc655w mug",
        "stock adjust mug 3 --reason x",
        "stock receive mug 0",
        "stock receive mug",
        "product put mug --name M --category C --price 1.234",
        "events tail a..b",
        "events tail -n 0",
        "trace ord_01h2e8kqvbfwea724h75qc655w --width 39",
    ];
    for line in lines {
        let ran = Bench::new().run(line);
        assert_eq!(ran.code, 2, "{line}: {ran:?}");
        assert!(ran.err.starts_with("error: "), "{line}: {ran:?}");
    }
}

#[test]
fn what_nobody_knows_is_not_found() {
    let shop = Shop::open("");
    for line in [
        "order get ord_01h2e8kqvbfwea724h75qc655w",
        "order watch ord_01h2e8kqvbfwea724h75qc655w",
        "trace ord_01h2e8kqvbfwea724h75qc655w",
        "trace 4bf92f3577b34da6a3ce929d0e0e4736",
        "trace nothing-like-it",
        "cart show cart_01h2e8kqvbfwea724h75qc655w",
        "product get nothing-like-it",
        "notification show ntf_01h2e8kqvbfwea724h75qc655w",
    ] {
        let ran = shop.run(line);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{line}: {ran:?}");
    }
    assert_eq!(shop.run("product import /nowhere/at-all.csv").code, 74);
}
