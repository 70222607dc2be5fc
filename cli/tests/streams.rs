//! The streams from the command line: looked into, followed, compared, damaged, made anew.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

use kit::Client;
use kit::access::Identity;
use kit::client::Link;
use kit::testing::eventually;
use serde_json::{Value, json};

use crate::shopping::stocked;
use crate::stack::{Shop, signal, until};

/// A shop in which so many orders were placed, all of them at their end.
fn busy(orders: usize) -> Shop {
    let shop = stocked();
    for number in 0..orders {
        let card = if number % 4 == 3 { "--pay pm_card_visa_chargeDeclined" } else { "" };
        let ran = shop.run(&format!("order place --item mug-blue:1 --wait {card}"));
        assert!([0, 9].contains(&ran.code), "{ran:?}");
    }
    shop
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("{value:#}"))
}

fn view(shop: &Shop, line: &str) -> Vec<Value> {
    let (code, all) = shop.bench.json(&format!("stream view {line}"));
    assert_eq!(code, 0, "{line}: {all:#}");
    list(&all).clone()
}

/// A connection with a key of the shop, for what nobody should do.
async fn connect(shop: &Shop, name: &str) -> Client {
    let data = shop.bench.data();
    let url = std::fs::read_to_string(data.join("run/broker.url")).expect("a file");
    let identity = Identity::read(&Identity::path(&data.join("keys"), name)).expect("a key");
    let link = Link {
        url: url.trim().to_owned(),
        name: "test".to_owned(),
        identity: Some(Arc::new(identity)),
        ca: None,
    };
    Client::connect(&link, Duration::from_secs(5)).await.expect("a connection")
}

async fn jetstream(client: &Client, what: &str, body: Value) -> Value {
    let subject = format!("$JS.API.{what}");
    let answer = client.nats().request(subject, body.to_string().into()).await.expect("an answer");
    let answer: Value = serde_json::from_slice(&answer.payload).expect("JSON");
    assert_eq!(answer["error"], Value::Null, "{what}: {answer}");
    answer
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn begin(shop: &Shop, line: &str) -> (Child, std::io::Lines<BufReader<std::process::ChildStdout>>) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut command = shop.bench.command(&words);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("shopctl starts");
    // It says so once it listens.
    let mut said = BufReader::new(child.stderr.take().expect("standard error")).lines();
    if !line.contains("-o jsonl") {
        assert!(said.any(|line| line.expect("a line").contains("listening to")));
    }
    let lines = BufReader::new(child.stdout.take().expect("standard output")).lines();
    (child, lines)
}

#[test]
fn what_stands_in_a_stream_is_found_by_number_subject_time_and_text() {
    let shop = busy(5);
    let (code, streams) = shop.bench.json("stream ls");
    let order = list(&streams).iter().find(|stream| stream["name"] == "ORDER").unwrap();
    assert_eq!((code, order["first"].as_u64()), (0, Some(1)));
    let (_, info) = shop.bench.json("stream info order");
    assert_eq!((&info["service"], &info["outbox"]["relay"]), (&"order".into(), &"ok".into()), "{info:#}");
    assert_eq!(info["outbox"]["origin"], info["stream"]["origin"]);
    assert!(list(&info["consumers"]).len() >= 4, "{info:#}");

    let all = view(&shop, "ORDER --from-seq 1");
    let numbers: Vec<u64> = all.iter().map(|message| message["sequence"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    assert_eq!(view(&shop, "order --last 3"), all[all.len() - 3..]);
    assert_eq!(view(&shop, "order").len(), 10);
    assert_eq!(view(&shop, "order --since 1h"), all);
    assert_eq!(view(&shop, "order --from-seq 4 --limit 2"), all[3..5]);
    assert_eq!(view(&shop, "order --until 1h"), [] as [Value; 0]);
    let placed = view(&shop, "order --from-seq 1 --subject placed");
    assert_eq!(placed.len(), 5);
    assert!(placed.iter().all(|message| message["subject"] == "events.order.placed"));
    assert_eq!(view(&shop, "order --last 2 --subject order.placed"), placed[3..]);
    let third = placed[2]["key"].as_str().unwrap();
    let found = view(&shop, &format!("order --last 100 --grep {third} --headers"));
    assert!(found.len() >= 2 && found.iter().all(|message| message["key"] == third), "{found:#?}");
    assert_eq!(found[0]["headers"]["ce-subject"], json!([third]));
    // A time in the middle divides them in two.
    let middle = all[all.len() / 2]["time"].as_str().unwrap();
    let (before, after) = (
        view(&shop, &format!("order --from-seq 1 --until {middle}")),
        view(&shop, &format!("order --since {middle}")),
    );
    assert_eq!([before, after].concat(), all);

    let raw = shop.run("stream view order --last 2 --raw");
    let bodies: Vec<Value> = raw.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        bodies,
        all[all.len() - 2..].iter().map(|message| message["body"].clone()).collect::<Vec<_>>()
    );
    let text = shop.run("stream view order --last 3");
    assert_eq!((text.out.lines().count(), text.err.as_str()), (3, ""), "{text:?}");
    let none = shop.run("stream view order --grep no-such-thing");
    assert!(
        none.code == 0 && none.out.is_empty() && none.err.contains("ORDER has none like that"),
        "{none:?}"
    );

    let empty = shop.run("stream view cart --from-seq 1");
    assert!(empty.code == 0 && empty.err.contains("CART is empty"), "{empty:?}");
    assert_eq!(view(&shop, "cart --since 1h"), [] as [Value; 0]);

    one_message(&shop, &all);
}

fn one_message(shop: &Shop, all: &[Value]) {
    let last = all.last().expect("a message");
    let (number, id) =
        (last["sequence"].as_u64().expect("a number"), last["id"].as_str().expect("an identifier"));
    for named in [number.to_string(), id.to_owned(), id[id.len() - 10..].to_owned()] {
        let (code, got) = shop.bench.json(&format!("stream get Order {named}"));
        assert_eq!((code, &got["id"]), (0, &last["id"]), "{named}: {got:#}");
    }
    let shown = shop.run(&format!("stream get order {number}"));
    assert!(shown.out.contains("ce-id: evt_") && shown.err.contains("next: shopctl trace "), "{shown:?}");
    let absent = shop.run("stream get order 9999");
    assert_eq!(absent.code, 3);
    assert!(absent.err.contains(&format!("ORDER keeps 1 to {number}; it is not told yet")), "{absent:?}");
    for unknown in ["evt_01h2e8kqvbfwea724h75qc655w", "zzzzzzzz"] {
        let ran = shop.run(&format!("stream get order {unknown}"));
        assert!(ran.code == 3 && ran.err.contains("unknown_event"), "{ran:?}");
    }
    let typed = shop.run("stream view ordr");
    assert!(typed.code == 3 && typed.err.contains("did you mean ORDER?"), "{typed:?}");
    let wrong = shop.run("stream view order --grep a(b");
    assert!(wrong.code == 2 && wrong.err.contains("unclosed group, at character 2"), "{wrong:?}");
    assert_eq!(shop.run("stream view order --since yesterday").code, 2);
    assert_eq!(shop.run("stream view order --subject a..b").code, 2);
}

#[test]
fn a_stream_is_followed_in_order_and_nothing_is_missed_while_the_broker_is_away() {
    let shop = stocked();
    let (mut tail, mut lines) = begin(&shop, "stream tail order --last 0 --subject placed");
    let (mut some, some_lines) = begin(&shop, "stream tail order --last 0 --limit 2 --grep placed");
    let place = || {
        let ran = shop.run("order place --item mug-blue:1");
        assert!(ran.out.starts_with("ord_"), "{ran:?}");
        ran.out.trim().to_owned()
    };
    let orders = [place(), place()];
    for order in &orders {
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains("events.order.placed") && line.contains(order), "{line}");
    }
    assert_eq!(some_lines.count(), 2);
    assert_eq!(some.wait().unwrap().code(), Some(0));

    shop.kill("broker");
    assert_eq!(shop.run("up").code, 0);
    shop.until_well();
    let order = place();
    let line = lines.next().unwrap().unwrap();
    assert!(line.contains(&order), "{line}");
    let number: u64 = line.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(view(&shop, &format!("order --from-seq {number} --limit 1"))[0]["key"], order.as_str());
    signal("INT", &tail.id().to_string());
    assert_eq!(tail.wait().unwrap().code(), Some(130));
}

fn report(shop: &Shop, stream: &str) -> (i32, Value) {
    let (code, all) = shop.bench.json(&format!("stream verify {stream}"));
    (code, all[0].clone())
}

#[test]
fn a_stream_that_is_not_what_was_told_is_found_out_and_made_anew() {
    let shop = busy(4);
    let (code, clean) = shop.bench.json("stream verify");
    assert_eq!(code, 0, "{clean:#}");
    assert!(list(&clean).iter().all(|report| report["verdict"] == "ok"), "{clean:#}");
    let last = clean[0]["in_stream"].as_u64();
    assert!(last.is_some());

    // Without the keeper of the streams nobody can mend what is found.
    shop.kill("streams");
    let told = view(&shop, "order").last().unwrap()["sequence"].as_u64().unwrap();
    runtime().block_on(async {
        let operator = connect(&shop, "operator").await;
        jetstream(&operator, "STREAM.PURGE.ORDER", json!({ "seq": 4 })).await;
        let asked = "$JS.API.STREAM.INFO.ORDER";
        operator.nats().publish_with_reply(asked, "events.order.placed", "".into()).await.unwrap();
        eventually("it is in the stream", || async {
            operator.message("ORDER", told + 1).await.ok().flatten()
        })
        .await;
    });
    let (code, found) = report(&shop, "order");
    assert_eq!((code, &found["verdict"]), (12, &"wrong".into()), "{found:#}");
    assert_eq!(
        (&found["missing"], &found["foreign"]),
        (&json!([[1, 3]]), &json!([[told + 1, told + 1]])),
        "{found:#}"
    );
    let said = shop.run("stream verify order");
    assert!(said.out.contains("ORDER lacks 3 that were told: 1-3"), "{said:?}");
    assert!(said.out.contains("mend  shopctl stream rebuild ORDER"), "{said:?}");

    assert_eq!(shop.run("up").code, 0);
    until("it mends itself", || report(&shop, "order").0 == 0);
    rebuild(&shop, told);
}

fn rebuild(shop: &Shop, told: u64) {
    let made = |shop: &Shop| shop.bench.json("stream info order").1["stream"]["made_at"].clone();
    let before = (made(shop), view(shop, "order --last 1000"));
    let plan = shop.run("stream rebuild order");
    assert_eq!(plan.code, 0, "{plan:?}");
    assert!(plan.out.contains(&format!("told again  {told} messages out of order's outbox")), "{plan:?}");
    assert!(plan.err.contains("nothing was done yet") && plan.err.contains("--confirm=ORDER"), "{plan:?}");
    assert_eq!(shop.run("stream rebuild order --confirm=PAYMENT").code, 2);
    assert_eq!(made(shop), before.0, "nothing was done");
    let done = shop.run("stream rebuild order --confirm=ORDER");
    assert_eq!((done.code, done.out.trim()), (0, "ORDER"), "{done:?}");
    assert!(list(&shop.bench.json("consumer ls order").1).len() >= 4, "everybody hears it again");
    assert_ne!(made(shop), before.0);
    let strip = |messages: &[Value]| -> Vec<Value> {
        messages.iter().map(|message| json!([message["sequence"], message["id"], message["body"]])).collect()
    };
    assert_eq!(
        strip(&view(shop, "order --last 1000")),
        strip(&before.1),
        "the same numbers, identifiers, bodies"
    );
    assert_eq!(report(shop, "order").0, 0);
    shop.until_well();
    until("everybody has heard it", || {
        list(&shop.bench.json("consumer ls order").1).iter().all(|consumer| consumer["behind"] == 0)
    });
}

#[test]
fn a_message_that_says_something_else_than_its_row_is_told_again_as_it_was() {
    let shop = busy(2);
    let all = view(&shop, "order --from-seq 1 --headers");
    let bodies = shop.run("stream view order --from-seq 1 --raw").out;
    shop.kill("streams");
    shop.kill("order");
    runtime().block_on(async {
        let (operator, order) = (connect(&shop, "operator").await, connect(&shop, "order").await);
        let info = jetstream(&operator, "STREAM.INFO.ORDER", json!({})).await;
        jetstream(&operator, "STREAM.DELETE.ORDER", json!({})).await;
        jetstream(&operator, "STREAM.CREATE.ORDER", info["config"].clone()).await;
        for (message, body) in all.iter().zip(bodies.lines()) {
            let forged = if message["sequence"] == 2 {
                body.replacen('{', "{\"forged\":true,", 1)
            } else {
                body.to_owned()
            };
            tell_again(&order, message, &forged).await;
        }
    });
    let (code, silent) = report(&shop, "order");
    assert_eq!((code, &silent["verdict"]), (10, &"silent".into()), "{silent:#}");
    assert_eq!(shop.run("up").code, 0);
    // The relay reads its stream again after each connection, and makes it anew.
    until("the stream is as it was told", || report(&shop, "order").0 == 0);
    assert_eq!(shop.run("stream view order --from-seq 1 --raw").out, bodies);
}

/// What only an order service can do that is no longer itself.
async fn tell_again(order: &Client, message: &Value, body: &str) {
    let headers: Vec<(&'static str, &str)> = message["headers"]
        .as_object()
        .expect("headers")
        .iter()
        .filter(|(name, _)| !name.starts_with("Nats-"))
        .map(|(name, values)| (leaked(name), values[0].as_str().expect("a text")))
        .collect();
    let subject = leaked(message["subject"].as_str().expect("a subject"));
    kit::testing::request_with(order.nats(), subject, &headers, leaked(body).as_bytes())
        .await
        .expect("an answer");
}

/// The helper for requests was made for what stands in a test.
fn leaked(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

#[test]
fn who_is_behind_is_told_in_messages_and_in_time() {
    let shop = stocked();
    let (code, well) = shop.bench.json("consumer ls");
    assert_eq!(code, 0);
    assert!(list(&well).len() >= 10, "{well:#}");
    shop.kill("cart");
    for _ in 0..3 {
        assert_eq!(shop.run("order place --item mug-blue:1 --wait").code, 0);
    }
    // What was acted on counts as not acted on until it is acknowledged, which takes a moment.
    let mut lags = Value::Null;
    until("the others have said what they acted on", || {
        lags = shop.bench.json("consumer ls order").1;
        lags[0]["name"] == "cart"
    });
    let worst = &lags[0];
    assert_eq!((&worst["name"], &worst["behind"]), (&"cart".into(), &3.into()), "{lags:#}");
    let first = view(&shop, "order --from-seq 1 --subject placed --limit 1");
    assert_eq!(worst["waiting_since"], first[0]["time"], "{worst:#}");
    let info = shop.run("consumer info ORDER cart");
    assert!(
        info.out.contains("3 messages; the first waits for ") && info.out.contains("does not answer"),
        "{info:?}"
    );
    assert!(info.err.contains("next: shopctl stream view ORDER --from-seq "), "{info:?}");
    let unknown = shop.run("consumer info order catr");
    assert!(unknown.code == 3 && unknown.err.contains("did you mean cart?"), "{unknown:?}");
    assert_eq!(shop.run("up").code, 0);
    until("it has caught up", || shop.bench.json("consumer ls order").1[0]["behind"] == 0);
}
