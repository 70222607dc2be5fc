//! The services from the command line: what each does, which are absent, which run twice.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::shopping::stocked;
use crate::stack::Shop;

fn rows(shop: &Shop, line: &str) -> (i32, Vec<Value>) {
    let (code, all) = shop.bench.json(line);
    (code, all.as_array().unwrap_or_else(|| panic!("{line}: {all:#}")).clone())
}

fn named<'a>(rows: &'a [Value], field: &str, name: &str) -> &'a Value {
    rows.iter().find(|row| row[field] == name).unwrap_or_else(|| panic!("{name} is not among {rows:#?}"))
}

#[test]
fn what_each_service_does_is_counted_and_timed() {
    let shop = stocked();
    let order = shop.run("order place --item mug-blue:1 --wait");
    assert_eq!(order.code, 0, "{order:?}");
    for _ in 0..3 {
        assert_eq!(shop.run("order get ord_01h2e8kqvbfwea724h75qc655w").code, 3);
    }
    let (code, all) = rows(&shop, "service ls");
    assert_eq!(code, 0);
    let order = named(&all, "name", "order");
    assert_eq!(order["state"], "ok");
    assert!(order["requests"].as_u64().unwrap() >= 4 && order["errors"].as_u64().unwrap() >= 3, "{order:#}");
    assert!(order["p99_us"].as_u64().unwrap() > 0, "{order:#}");
    let health = &order["health"];
    assert_eq!(health["pid"].as_u64().unwrap().to_string(), shop.pid("order"));
    assert!(health["memory_bytes"].as_u64().unwrap() > 1_000_000, "{health:#}");
    assert!(health["database_bytes"].as_u64().unwrap() > 0, "{health:#}");

    let (code, endpoints) = rows(&shop, "service stats order --sort errors");
    assert_eq!((code, endpoints[0]["subject"].as_str()), (0, Some("order.get")));
    assert_eq!(endpoints[0]["errors"], 3);
    let place = named(&endpoints, "subject", "order.place");
    assert!(
        place["p50_us"].as_u64() > Some(0) && place["p50_us"].as_u64() <= place["p99_us"].as_u64(),
        "{place:#}"
    );
    assert!(place["p99_us"].as_u64() <= place["max_us"].as_u64(), "{place:#}");
    let slow = rows(&shop, "service stats --sort p99").1;
    assert!(slow.windows(2).all(|pair| pair[0]["p99_us"].as_u64() >= pair[1]["p99_us"].as_u64()));

    let ls = shop.run("service ls");
    assert!(ls.out.starts_with("SERVICE") && ls.out.contains("notification"), "{ls:?}");
    let info = shop.run("service info Order");
    assert!(info.out.contains("\nparts  ") && info.out.contains("relay: ok"), "{info:?}");
    let unknown = shop.run("service info ordr");
    assert!(unknown.code == 3 && unknown.err.contains("did you mean order?"), "{unknown:?}");
}

#[test]
fn a_service_that_was_killed_is_a_row_that_says_so() {
    let shop = Shop::open("");
    shop.kill("payment");
    let (code, all) = rows(&shop, "service ls");
    assert_eq!(code, 10);
    let payment = named(&all, "name", "payment");
    assert_eq!((&payment["state"], &payment["health"]), (&"silent".into(), &Value::Null), "{payment:#}");
    let info = shop.run("service info payment");
    assert!(info.code == 10 && info.err.contains("next: shopctl logs payment"), "{info:?}");
    let ls = shop.run("service ls");
    assert!(ls.out.contains("no answer") && ls.err.contains("warning: payment: "), "{ls:?}");
}

/// A process that ends with its test.
struct Second(Child);

impl Drop for Second {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn two_instances_of_a_service_are_two_rows() {
    let shop = Shop::open("");
    let data = shop.bench.data();
    let url = std::fs::read_to_string(data.join("run/broker.url")).unwrap();
    let shopd = std::path::Path::new(env!("CARGO_BIN_EXE_shopctl")).with_file_name("shopd");
    let mut command = Command::new(shopd);
    command.args(["cart", "--nats", url.trim()]).arg("--data").arg(data.join("other"));
    command
        .arg("--keys")
        .arg(data.join("keys"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let second = Second(command.spawn().expect("shopd starts"));
    let limit = Instant::now() + Duration::from_secs(15);
    let pids = [u64::from(second.0.id()), shop.pid("cart").parse().unwrap()];
    loop {
        let (_, all) = rows(&shop, "service ls");
        let carts: Vec<&Value> = all.iter().filter(|row| row["name"] == "cart").collect();
        let found = |pid: &u64| carts.iter().any(|cart| cart["health"]["pid"] == *pid);
        if carts.len() == 2 && pids.iter().all(found) {
            assert_ne!(carts[0]["id"], carts[1]["id"]);
            break;
        }
        assert!(Instant::now() < limit, "{carts:#?}");
    }
    assert!(shop.run("service ls").out.contains("INSTANCE"));
}
