//! The JSON of each command has the shape that is promised: every command is run at a real shop, and
//! what it writes is compared with `cli/shapes`.
//!
//! `UPDATE_EXPECT=1 cargo test -p cli shapes` writes what is new into those files. What is gone or has
//! become something else is refused until the version in `cli/src/shape/list.rs` is raised.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stack::Shop;
use crate::{Bench, Ran};

/// How to run each command: once with `-o json`, once with `-o jsonl`. `{n}` is another number every
/// time, `{dir}` the data folder, and the other words are what [`Scene`] has made or found.
const SAMPLES: &[(&str, &str)] = &[
    ("up", "up --port 0"),
    ("product import", "product import {dir}/products.csv"),
    ("product put", "product put cup-{n} --name Cup --category mugs --price 5"),
    ("product get", "product get mug-blue"),
    ("product ls", "product ls"),
    ("product search", "product search mug"),
    ("product categories", "product categories"),
    ("product retire", "product retire tee-m"),
    ("stock receive", "stock receive mug-blue 40"),
    ("stock receive", "stock receive --file {dir}/stock.csv"),
    ("bench orders", "bench orders -n 5 --warm-up 0s --products 2 --yes"),
    ("bench orders", "bench orders --rate 50 --for 100ms --warm-up 0s --products 2 --yes"),
    ("bench requests", "bench requests -n 5 --warm-up 0s --products 2 --yes"),
    ("bench requests", "bench requests --subject order.health --rate 50 --for 100ms --warm-up 0s"),
    ("bench events", "bench events -n 5 --warm-up 0s --products 2 --yes"),
    ("bench mix", "bench mix -n 100 --warm-up 0s --products 2 --yes"),
    ("stock adjust", "stock adjust mug-blue -1 --reason broken"),
    ("stock marks", "stock marks mug-blue --low 2 --high 50"),
    ("stock get", "stock get mug-blue"),
    ("stock ls", "stock ls"),
    (
        "alert rule put",
        "alert rule put warm-{n} --metric temperature --above 8 --clear 6 --for 10m --site seattle",
    ),
    (
        "alert rule put",
        "alert rule put shelf --metric w --settles 5 --for 9s --count-sku mug-blue --piece-weight 1 --days mon",
    ),
    ("alert rule put", "alert rule put silent --silent --for 30m --hours 08:00-18:00 --hold-sku mug-blue"),
    ("alert rule get", "alert rule get shelf"),
    ("alert rules", "alert rules"),
    ("alert rule rm", "alert rule rm {new_rule}"),
    ("alert ls", "alert ls"),
    ("device profile", "device profile cold_store --site seattle --silence 5m"),
    ("device profiles", "device profiles"),
    ("device register", "device register cold_store --hardware 00-1b-44-{n} --label room=1"),
    ("device ls", "device ls"),
    ("device get", "device get {device}"),
    ("device state", "device state {device}"),
    ("device state", "device state {device} --set interval=60"),
    ("device rotate", "device rotate {device}"),
    ("device simulate", "device simulate --devices 1 --rate 20 --for 1s --perfect"),
    ("telemetry replay", "telemetry replay {dir}/temps.csv --device {device} --site seattle --ending 1h"),
    ("telemetry ls", "telemetry ls"),
    ("telemetry latest", "telemetry latest {heard}"),
    ("telemetry series", "telemetry series {heard} temperature --since 2d"),
    ("telemetry counts", "telemetry counts"),
    ("telemetry show", "telemetry show"),
    ("telemetry rebuild", "telemetry rebuild"),
    ("device revoke", "device revoke {device}"),
    ("device describe", "device describe {device} --label room=2 --label shelf=3"),
    ("device suspend", "device suspend {device} {heard}"),
    ("device activate", "device activate {device} {heard}"),
    ("device retire", "device retire {new_device} --yes"),
    ("device provisioning open", "device provisioning open cold_store"),
    ("device provisioning close", "device provisioning close cold_store"),
    ("alert rule put", "alert rule put hot --metric temperature --above 8"),
    ("alert get", "alert get {alarm}"),
    ("alert ack", "alert ack {alarm} --note door"),
    ("alert get", "alert get {alarm}"),
    ("alert clear", "alert clear {new_alarm}"),
    ("alert get", "alert get {cleared}"),
    ("alert ls", "alert ls --over"),
    ("cart add", "cart add mug-blue:1"),
    ("cart show", "cart show {cart}"),
    ("cart set", "cart set {cart} mug-blue:2"),
    ("cart rm", "cart rm {new_cart} mug-blue"),
    ("cart clear", "cart clear {cart}"),
    ("order place", "order place --item mug-blue:1 --email ann@example.org"),
    ("order place", "order place --item mug-blue:1 --wait"),
    ("order place", "order place --item mug-blue:1 --wait --pay pm_card_visa_chargeDeclined"),
    ("order get", "order get {order}"),
    ("order get", "order get {declined}"),
    ("order ls", "order ls"),
    ("order watch", "order watch {order}"),
    ("order refund", "order refund {order} --amount 1 --wait"),
    ("stock ledger", "stock ledger mug-blue"),
    ("stock holds", "stock holds"),
    ("notification ls", "notification ls"),
    ("notification show", "notification show {notification}"),
    ("notification resend", "notification resend {new_sent}"),
    ("trace", "trace {order} --payloads"),
    ("trace", "trace {declined}"),
    ("order place", "order place --item mug-blue:1 --pay pm_test_timeoutAlways"),
    ("trace", "trace {waiting}"),
    ("trace find", "trace find --limit 5"),
    ("flows", "flows"),
    ("status", "status"),
    ("audit", "audit"),
    ("doctor", "doctor"),
    ("stream ls", "stream ls"),
    ("stream info", "stream info order"),
    ("stream view", "stream view order --last 5 --headers"),
    ("stream tail", "stream tail order --last 1 --limit 1"),
    ("stream get", "stream get order 1"),
    ("stream verify", "stream verify"),
    ("consumer ls", "consumer ls"),
    ("consumer info", "consumer info order payment"),
    ("dlq ls", "dlq ls"),
    ("dlq retry", "dlq retry --all"),
    ("stream rebuild", "stream rebuild cart"),
    ("stream rebuild", "stream rebuild order --confirm=ORDER"),
    ("service ls", "service ls"),
    ("service info", "service info order"),
    ("service stats", "service stats --all"),
    ("logs", "logs --lines 20"),
    ("top", "top --count 1"),
    ("report sales", "report sales"),
    ("report products", "report products"),
    ("report funnel", "report funnel"),
    ("analytics show", "analytics show"),
    ("analytics rebuild", "analytics rebuild --wait"),
    ("keys make", "keys make"),
    ("keys ls", "keys ls"),
    ("user add", "user add bob_{n} --position operator --out {dir}/bob_{n}.seed"),
    ("user ls", "user ls"),
    ("context add", "context add edge --nats nats://edge:4222 --replace"),
    ("context use", "context use edge"),
    ("context ls", "context ls"),
    ("context show", "context show"),
    ("context use", "context use --none"),
    ("context rm", "context rm {new_context}"),
    ("schema ls", "schema ls"),
    ("schema show", "schema show order get"),
    ("register", "register ann_{n}@example.org --password-file {dir}/password"),
    ("customer ls", "customer ls"),
    ("whoami", "whoami"),
    ("backup create", "backup create"),
    ("backup verify", "backup verify {backup}"),
    ("db check", "db check"),
    ("db stats", "db stats"),
    ("db recover", "db recover cart"),
    ("down", "down"),
];

/// Exit codes of commands that did what they should: done, and an order that was declined.
const GOOD: [i32; 2] = [0, 9];

/// A shop in which something happened, and what there is in it.
struct Scene {
    shop: Shop,
    number: u32,
    words: BTreeMap<&'static str, String>,
}

impl Scene {
    fn new() -> Self {
        let shop = Shop::closed();
        let write = |name: &str, text: &str| {
            std::fs::write(shop.bench.data().join(name), text).expect("a file");
        };
        write(
            "products.csv",
            "sku,name,category,price,currency\nmug-blue,Mug,mugs,12.90,EUR\ntee-m,Tee,clothing,24.00,EUR\n",
        );
        write("temps.csv", "time,temperature\n2010-01-01 00:00,4.5\n2010-01-01 01:00,4.25\n");
        write("stock.csv", "sku,quantity\nmug-blue,5\n");
        write("password", "correct horse battery\n");
        Self { shop, number: 0, words: BTreeMap::new() }
    }

    /// The line with what there is in the place of its words.
    fn filled(&mut self, line: &str) -> String {
        self.number += 1;
        let mut line = line.replace("{n}", &self.number.to_string());
        line = line.replace("{dir}", self.shop.bench.data().to_str().expect("text"));
        for word in [
            "backup",
            "cart",
            "new_cart",
            "new_context",
            "new_rule",
            "device",
            "new_device",
            "heard",
            "alarm",
            "new_alarm",
            "cleared",
            "new_sent",
            "order",
            "declined",
            "waiting",
            "notification",
        ] {
            let mark = format!("{{{word}}}");
            if line.contains(&mark) {
                let made = match self.words.get(word) {
                    Some(made) if !word.starts_with("new_") => made.clone(),
                    _ => self.make(word),
                };
                line = line.replace(&mark, &made);
                self.words.insert(word, made);
            }
        }
        line
    }

    fn make(&self, word: &str) -> String {
        let first = |line: &str, name: &str| {
            let limit = Instant::now() + Duration::from_secs(10);
            loop {
                let (_, all) = self.shop.bench.json(line);
                if let Some(number) = all[0][name].as_str() {
                    return number.to_owned();
                }
                assert!(Instant::now() < limit, "{line}: {all}");
            }
        };
        match word {
            "cart" | "new_cart" => {
                let (_, cart) = self.shop.bench.json("cart add mug-blue:1");
                cart["cart"].as_str().expect("a number").to_owned()
            }
            "backup" => {
                let (_, made) = self.shop.bench.json("backup create");
                made["folder"].as_str().expect("a folder").to_owned()
            }
            "new_context" => {
                self.shop.bench.json("context add short-lived --nats nats://edge:4222");
                "short-lived".to_owned()
            }
            "device" => first("device ls", "device"),
            "new_device" => self.registers(),
            "alarm" | "new_alarm" => {
                let device = self.registers();
                let file = self.shop.bench.data().join("hot.csv");
                std::fs::write(&file, "time,temperature\n2026-01-01 00:00,9.5\n").expect("a file");
                let told = self.shop.run(&format!(
                    "telemetry replay {} --device {device} --site seattle --ending 1s",
                    file.display()
                ));
                assert_eq!(told.code, 0, "{told:?}");
                first(&format!("alert ls --rule hot --device {device}"), "alarm")
            }
            "cleared" => {
                let alarm = self.make("new_alarm");
                assert_eq!(self.shop.run(&format!("alert clear {alarm}")).code, 0);
                alarm
            }
            "heard" => first("telemetry ls", "device"),
            "new_rule" => {
                self.shop.bench.json("alert rule put short-lived --offline");
                "short-lived".to_owned()
            }
            "order" => first("order ls --stage confirmed", "order"),
            "waiting" => first("order ls --stage awaiting_payment", "order"),
            "declined" => first("order ls --stage cancelled", "order"),
            _ => first("notification ls --state sent", "notification"),
        }
    }

    /// The number of another device.
    fn registers(&self) -> String {
        let (_, made) = self.shop.bench.json("device register cold_store");
        made["device"].as_str().expect("a number").to_owned()
    }

    fn run(&mut self, line: &str, format: &str) -> String {
        let line = format!("{} -o {format}", self.filled(line));
        let ran = self.shop.run(&line);
        assert!(GOOD.contains(&ran.code) && ran.err.is_empty(), "{line}: {ran:?}");
        ran.out
    }
}

/// Runs `shopctl` with a text on its standard input.
fn fed(bench: &Bench, line: &str, text: &str) -> Ran {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut command = bench.command(&words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("shopctl starts");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("what is read");
    child.wait_with_output().expect("an end").into()
}

/// Writes what is known of a command together with what is new.
fn take_in(bench: &Bench, command: &str, version: u64, json: &str, lines: &str) {
    let taken = |how: &str, text: &str| {
        let ran = fed(bench, &format!("schema take {how} -o json"), text);
        assert_eq!(ran.code, 0, "{command}: {}", ran.out);
        serde_json::from_str::<Value>(&ran.out).expect("JSON")
    };
    let names = |shape: &Value| {
        let fields = shape.as_object().into_iter().flat_map(|fields| fields.keys());
        fields.map(|name| name.trim_end_matches('?').to_owned()).collect::<BTreeSet<_>>()
    };
    let listed = format!("[{}]", lines.trim().replace('\n', ","));
    let (whole, line) = (taken("", json), taken("", lines));
    let (json, jsonl) = if whole.is_array() && names(&whole[0]) == names(&line) {
        (taken(command, &format!("{json}{listed}")), json!("json[]"))
    } else if names(&whole) == names(&line) {
        (taken(command, &format!("{json}{lines}")), json!("json"))
    } else {
        (taken(command, json), taken(&format!("--lines {command}"), lines))
    };
    let shape = json!({ "command": command, "version": version, "json": json, "jsonl": jsonl });
    let name = format!("shapes/{}.json", command.replace(' ', "-"));
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::write(path, serde_json::to_string_pretty(&shape).expect("JSON") + "\n").expect("a file");
}

/// The commands that are promised, with their versions.
fn promised(bench: &Bench) -> Vec<(String, u64)> {
    let (_, all) = bench.json("schema ls");
    let all = all.as_array().expect("a list").iter();
    let text = |one: &Value| one["command"].as_str().expect("a name").to_owned();
    all.map(|one| (text(one), one["version"].as_u64().expect("a number"))).collect()
}

#[test]
fn every_command_writes_the_json_that_is_promised() {
    let mut scene = Scene::new();
    let mut written: BTreeMap<&str, [String; 2]> = BTreeMap::new();
    for (command, line) in SAMPLES {
        for (place, format) in ["json", "jsonl"].into_iter().enumerate() {
            let out = scene.run(line, format);
            written.entry(command).or_default()[place].push_str(&out);
        }
    }
    let bench = Bench::new();
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for (command, version) in promised(&bench) {
        let Some([json, lines]) = written.get(command.as_str()) else { continue };
        if update {
            take_in(&bench, &command, version, json, lines);
            continue;
        }
        for (how, text) in [("", json), ("--lines", lines)] {
            let ran = fed(&bench, &format!("schema check {how} {command} -o json"), text);
            let said: Value = serde_json::from_str(&ran.out).expect("JSON");
            if ran.code != 0 || said["new"] != json!([]) {
                wrong.push(format!("{command} {how}: {said:#}"));
            }
        }
    }
    assert!(wrong.is_empty(), "UPDATE_EXPECT=1 takes in what is new\n{}", wrong.join("\n"));
}

#[test]
fn every_promise_is_kept_by_a_command_that_is_run_here() {
    let promised: BTreeSet<String> = promised(&Bench::new()).into_iter().map(|(name, _)| name).collect();
    let run: BTreeSet<String> = SAMPLES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(run, promised);
}

#[test]
fn a_field_that_went_is_a_fault_and_a_new_one_is_not() {
    let bench = Bench::new();
    let ls = |fields: Value| fed(&bench, "schema check schema ls", &json!([fields]).to_string());
    assert_eq!(ls(json!({ "command": "x", "version": 1 })).code, 0);
    let more = ls(json!({ "command": "x", "version": 1, "more": true }));
    assert!(more.code == 0 && more.err.contains("[].more: is new"), "{more:?}");
    let gone = ls(json!({ "command": "x" }));
    assert_eq!((gone.code, gone.out.as_str()), (12, "broken  [].version: is gone\n"));
    assert_eq!(ls(json!({ "command": 5, "version": 1 })).code, 12);
    assert_eq!(fed(&bench, "schema check schema ls", "[{").code, 2);
    // Nor does the file take in what is broken.
    let taken = fed(&bench, "schema take schema ls", r#"[{"command":"x"}]"#);
    assert!(taken.code == 12 && taken.err.contains("raise its version"), "{taken:?}");
}
