//! Who may connect: keys that are made, replaced and taken away while the shop is open.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use contracts::order::CountOrders;
use kit::access::Identity;
use kit::client::Link;
use kit::error::{Kind, reason};
use kit::{Client, Voice};
use serde_json::Value;

use crate::Bench;
use crate::passwords::Terminal;
use crate::stack::Shop;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

fn keys(shop: &Shop) -> PathBuf {
    shop.bench.data().join("keys")
}

/// The public keys of somebody; none if they are not in the roster.
fn listed(shop: &Shop, name: &str) -> Vec<String> {
    let (code, all) = shop.bench.json("keys ls");
    assert_eq!(code, 0, "{all}");
    let member = all.as_array().expect("a list").iter().find(|member| member["name"] == name);
    let keys = member.and_then(|member| member["keys"].as_array()).cloned().unwrap_or_default();
    keys.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Adds somebody, and answers the file of their key.
fn added(shop: &Shop, name: &str, position: &str) -> PathBuf {
    let out = shop.bench.data().join(format!("{name}.seed"));
    let ran = shop.run(&format!("user add {name} --position {position} --out {}", out.display()));
    assert_eq!((ran.code, ran.out.trim_end()), (0, out.to_str().expect("text")), "{}", ran.err);
    out
}

fn as_holder(shop: &Shop, seed: &Path, line: &str) -> crate::Ran {
    shop.run(&format!("--seed {} {line}", seed.display()))
}

/// A connection with a key, as a program has it.
async fn connect(shop: &Shop, seed: &Path) -> Client {
    let url = std::fs::read_to_string(shop.bench.data().join("run/broker.url")).expect("an address");
    let identity = Some(Arc::new(Identity::read(seed).expect("a key")));
    let link = Link { url: url.trim().to_owned(), name: "test".to_owned(), identity, ca: None };
    Client::connect(&link, Duration::from_secs(5)).await.expect("a connection")
}

#[test]
fn the_first_start_makes_keys_that_nobody_else_can_read() {
    let shop = Shop::open("");
    assert_eq!(mode(&keys(&shop)), 0o700);
    for name in contracts::services().chain(["operator", "system"]) {
        assert_eq!(mode(&keys(&shop).join(format!("{name}.seed"))), 0o600, "{name}");
        assert_eq!(listed(&shop, name).len(), 1, "{name}");
    }
    // No key is shown by anything that was said or logged.
    let logs = shop.run("logs --lines 1000").out + &shop.run("keys ls").out + &shop.run("up").err;
    for name in ["order", "operator"] {
        let seed = std::fs::read_to_string(keys(&shop).join(format!("{name}.seed"))).expect("a seed");
        assert!(!logs.contains(seed.trim()), "the key of {name} is shown");
    }
}

#[test]
fn nobody_gets_in_without_a_key() {
    let shop = Shop::open("");
    let address = std::fs::read_to_string(shop.bench.data().join("run/broker.url")).expect("an address");
    let stranger = Bench::new();
    let ran = stranger.run(&format!("status --nats {}", address.trim()));
    assert_eq!((ran.code, ran.out.as_str()), (4, ""), "{}", ran.err);
    assert!(ran.err.contains("lets nobody in without a key"), "{}", ran.err);
    assert!(ran.err.contains("--seed FILE") && ran.err.contains("shopctl up"), "{}", ran.err);
    assert!(ran.err.ends_with("\n  code  not_admitted   (exit 4)\n"), "{}", ran.err);
}

#[test]
fn a_key_that_others_can_read_is_not_used() {
    let bench = Bench::new();
    let seed = bench.data().join("ann.seed");
    std::fs::write(&seed, Identity::generate("ann").expect("a key").seed()).expect("a file");
    std::fs::set_permissions(&seed, PermissionsExt::from_mode(0o644)).expect("a mode");
    let ran = bench.run(&format!("order ls --seed {}", seed.display()));
    assert_eq!(ran.code, 78, "{}", ran.err);
    assert!(ran.err.contains("  mend  chmod 600 "), "{}", ran.err);
    assert_eq!(bench.run("order ls --seed /nowhere/ann.seed").code, 74);
}

#[test]
fn each_position_may_do_its_own_and_no_more() {
    let shop = Shop::open("");
    let operator = added(&shop, "ann", "operator");
    assert_eq!(as_holder(&shop, &operator, "status").code, 0);
    assert_eq!(as_holder(&shop, &operator, "order ls").code, 0);
    let subscriber = added(&shop, "audit_log", "subscriber");
    let ran = as_holder(&shop, &subscriber, "order ls --timeout 300ms");
    assert!([4, 5, 10].contains(&ran.code), "{ran:?}");
    let (_, users) = shop.bench.json("user ls");
    let names: Vec<&Value> = users.as_array().expect("a list").iter().map(|user| &user["name"]).collect();
    assert_eq!(names, ["operator", "ann", "audit_log"]);
}

#[test]
fn whoever_is_removed_is_cut_off_and_not_believed_any_more() {
    let shop = Shop::open("");
    let seed = added(&shop, "ann", "operator");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let ann = connect(&shop, &seed).await;
        ann.ask(&CountOrders {}).await.expect("an answer");
        let signed =
            Identity::read(&seed).expect("a key").token_for("order", Client::now()).expect("a token");
        let operator = connect(&shop, &keys(&shop).join("operator.seed")).await;
        let stolen = operator.speaking(Voice::Token(signed));
        stolen.ask(&CountOrders {}).await.expect("an answer");

        let refused = shop.run("user rm ann");
        assert_eq!((refused.code, listed(&shop, "ann").len()), (2, 1), "{}", refused.err);
        assert_eq!(shop.run("user rm ann --yes").code, 0);
        let limit = Instant::now() + Duration::from_secs(3);
        loop {
            match stolen.ask(&CountOrders {}).await {
                Err(error) if error.kind == Kind::Unauthenticated => break,
                other => assert!(Instant::now() < limit, "still believed: {other:?}"),
            }
        }
        let cut_off = tokio::time::timeout(Duration::from_secs(2), ann.round_trip()).await;
        assert!(!matches!(cut_off, Ok(Ok(_))), "still connected");
    });
    let ran = as_holder(&shop, &seed, "order ls");
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.err.contains(reason::NOT_ADMITTED), "{}", ran.err);
    assert_eq!(listed(&shop, "ann"), Vec::<String>::new());
}

#[test]
fn a_person_is_asked_before_somebody_is_shut_out() {
    let shop = Shop::open("--one-process");
    added(&shop, "ann", "operator");
    let answer = |typed: &str| {
        let mut terminal = Terminal::with(&shop.bench, "user rm ann");
        terminal.asked("type yes to go on\n");
        terminal.types(typed);
        terminal.ending().0
    };
    assert_eq!((answer("no"), listed(&shop, "ann").len()), (2, 1));
    assert_eq!((answer("yes"), listed(&shop, "ann").len()), (0, 0));
}

#[test]
fn a_broker_that_has_not_heard_of_a_change_hears_of_it_at_the_next_start() {
    let shop = Shop::open("--one-process");
    // Written as for a deployment, so nobody tells the broker: as if it was cut off in between.
    let seed = keys(&shop).join("ann.seed");
    let place = format!("--keys {}", keys(&shop).display());
    assert_eq!(shop.run(&format!("user add ann --position operator {place}")).code, 0);
    assert_eq!(as_holder(&shop, &seed, "status").code, 4);
    assert_eq!(shop.run("up").code, 0);
    assert_eq!(as_holder(&shop, &seed, "status").code, 0);
}

#[test]
fn a_shop_keeps_its_services_and_an_admin() {
    let shop = Shop::open("--one-process");
    for (line, code) in [
        ("user rm operator --yes", "last_admin"),
        ("user rm order --yes", "not_a_user"),
        ("user rm system --yes", "not_a_user"),
    ] {
        let ran = shop.run(line);
        assert!(ran.code == 9 && ran.err.contains(code), "{line}: {ran:?}");
    }
    assert_eq!(shop.run("user rm nobody --yes").code, 3);
    assert_eq!(shop.run("user add order --position admin").code, 6);
    for wrong in ["user add ann", "user add ann --position service", "user add A.b --position admin"] {
        assert_eq!(shop.run(wrong).code, 2, "{wrong}");
    }
    let out = shop.bench.data().join("other.seed");
    assert_eq!(shop.run(&format!("user add ann --position admin --out {}", out.display())).code, 2);
    assert!(!out.exists());

    // With another admin the first operator may go; the shop still opens, and asks with the other key.
    assert_eq!(shop.run("user add ann --position admin").code, 0);
    assert_eq!(shop.run("user rm operator --yes").code, 0);
    assert_eq!(shop.run("down").code, 0);
    assert_eq!(shop.run("up --port 0").code, 0);
    assert_eq!(shop.run("status").code, 4);
    assert_eq!(as_holder(&shop, &keys(&shop).join("ann.seed"), "status").code, 0);
}

#[test]
fn a_key_is_replaced_while_the_shop_is_open() {
    let shop = Shop::open("");
    let (old, pid, other) = (listed(&shop, "payment"), shop.pid("payment"), shop.pid("order"));
    let seed = keys(&shop).join("payment.seed");
    let before = std::fs::read_to_string(&seed).expect("a seed");
    let ran = shop.run("keys rotate payment");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let new = listed(&shop, "payment");
    assert!(new.len() == 1 && new != old, "{new:?}");
    let after = std::fs::read_to_string(&seed).expect("a seed");
    assert!(after != before && mode(&seed) == 0o600);
    assert!(!ran.err.contains(after.trim()) && !ran.out.contains(after.trim()));
    assert!(shop.pid("payment") != pid && shop.pid("order") == other);
    shop.until_well();

    let leaked = shop.bench.data().join("payment.seed");
    std::fs::write(&leaked, before).expect("a file");
    std::fs::set_permissions(&leaked, PermissionsExt::from_mode(0o600)).expect("a mode");
    assert_eq!(as_holder(&shop, &leaked, "status").code, 4);
    assert_eq!(shop.run("keys rotate nobody").code, 3);
}

#[test]
fn after_a_leak_every_key_is_replaced_at_once() {
    for how in ["", "--one-process"] {
        let shop = Shop::open(how);
        let everybody = || shop.bench.json("keys ls").1;
        let before = everybody();
        let ran = shop.run("keys rotate --all");
        assert_eq!(ran.code, 0, "{}", ran.err);
        for (old, new) in before.as_array().unwrap().iter().zip(everybody().as_array().unwrap()) {
            assert_eq!(old["name"], new["name"]);
            // The key that lets devices in is replaced while the broker is down.
            if new["position"] == "issuer" {
                assert_eq!(old["keys"], new["keys"]);
                continue;
            }
            assert!(new["keys"].as_array().unwrap().len() == 1 && old["keys"] != new["keys"], "{new}");
        }
        shop.until_well();
    }
}

#[test]
fn orders_are_paid_while_keys_are_replaced() {
    let shop = Shop::open("");
    for line in ["product put mug --name Mug --category mugs --price 12.90", "stock receive mug 1000"] {
        assert_eq!(shop.run(line).code, 0, "{line}");
    }
    let replaced = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let buying = scope.spawn(|| {
            let mut orders = 0;
            while !replaced.load(Ordering::Relaxed) {
                let ran = shop.run("order place --item mug --wait");
                assert_eq!(ran.code, 0, "order {orders}: {}", ran.err);
                orders += 1;
            }
            orders
        });
        // Not that of the operator: whoever is connected with a key that is taken out is cut off.
        let all = contracts::services().collect::<Vec<_>>().join(" ");
        for line in ["keys rotate order payment".to_owned(), format!("keys rotate {all}")] {
            let ran = shop.run(&line);
            assert_eq!(ran.code, 0, "{line}: {}", ran.err);
        }
        replaced.store(true, Ordering::Relaxed);
        assert!(buying.join().expect("a thread") > 0);
    });
}

#[test]
fn a_deployment_makes_and_replaces_its_keys_without_a_shop_here() {
    let bench = Bench::new();
    let folder = bench.data().join("etc/keys");
    let users = bench.data().join("etc/nats/users.conf");
    std::fs::create_dir_all(users.parent().unwrap()).unwrap();
    let place = format!("--keys {} --users {}", folder.display(), users.display());
    let made = bench.run(&format!("keys make {place}"));
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(made.err.contains("kill -HUP"), "{}", made.err);
    let known = || std::fs::read_to_string(&users).unwrap();
    let key = || Identity::read(&folder.join("cart.seed")).unwrap().public_key().to_owned();
    let old = key();
    assert_eq!(bench.run(&format!("keys rotate cart {place}")).code, 0);
    assert!(key() != old && known().contains(&key()) && known().contains(&old), "both are good");
    assert_eq!(bench.run(&format!("keys rotate cart --finish {place}")).code, 0);
    assert!(known().contains(&key()) && !known().contains(&old));
    assert!(!bench.data().join("run").exists());
}
