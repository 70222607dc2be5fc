//! Devices on the command line, at a real shop.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::stack::{Shop, signal, until};

/// A shop with a kind of devices.
fn open() -> Shop {
    let shop = Shop::open("");
    shop.until_well();
    assert_eq!(shop.run("device profile cold_store --site seattle").code, 0);
    shop
}

fn registers(shop: &Shop) -> String {
    let (_, made) = shop.bench.json("device register cold_store --label room=3 --label row=b");
    made["device"].as_str().expect("a number").to_owned()
}

#[test]
fn of_many_devices_each_is_moved_or_said_why_it_was_not() {
    let shop = open();
    let (one, other) = (registers(&shop), registers(&shop));
    let nobody = "dev_01h2e8kqvbfwea724h75qc655w";
    let (code, moved) = shop.bench.json(&format!("device suspend {one} {nobody} {other} {one}"));
    assert_eq!(code, 3, "{moved}");
    let words = |one: &Value| (one["device"].clone(), one["state"].clone(), one["error"]["code"].clone());
    assert_eq!(
        moved.as_array().unwrap().iter().map(words).collect::<Vec<_>>(),
        [
            (json!(one), json!("suspended"), Value::Null),
            (json!(nobody), Value::Null, json!("unknown_device")),
            (json!(other), json!("suspended"), Value::Null),
        ]
    );
    let ran = shop.run(&format!("device activate {one}"));
    assert_eq!((ran.code, ran.out.trim()), (0, one.as_str()), "{ran:?}");

    let unasked = shop.run(&format!("device retire {one} {other}"));
    assert!(unasked.code == 2 && unasked.err.contains("needs_yes"), "{unasked:?}");
    assert_eq!(shop.bench.json(&format!("device get {one}")).1["state"], "active");
    assert_eq!(shop.run(&format!("device retire {one} --yes")).code, 0);
    let refused = shop.run(&format!("device activate {one} {other}"));
    assert_eq!((refused.code, refused.out.trim()), (6, other.as_str()));
    assert!(refused.err.contains("is retired, so it cannot be activated"), "{refused:?}");
}

#[test]
fn a_device_is_described_and_its_kind_lets_it_register_itself() {
    let shop = open();
    let device = registers(&shop);
    let (code, view) = shop.bench.json(&format!("device describe {device} --label room=4 --label row="));
    assert_eq!((code, &view["labels"], &view["site"]), (0, &json!({"room": "4"}), &json!("seattle")));
    let (_, view) = shop.bench.json(&format!("device describe {device} --site berlin"));
    assert_eq!((&view["labels"], &view["site"]), (&json!({"room": "4"}), &json!("berlin")));
    assert_eq!(shop.run(&format!("device describe {device}")).code, 2);

    let opened = shop.run("device provisioning open cold_store");
    assert!(opened.out.contains("provision/request/cold_store/HARDWARE_ID"), "{opened:?}");
    let provisioning = || shop.bench.json("device profiles").1[0]["provisioning"].clone();
    assert_eq!(provisioning(), true);
    assert_eq!(shop.run("device provisioning close cold_store").code, 0);
    assert_eq!(provisioning(), false);
    assert_eq!(shop.run("device provisioning open nosuch").code, 3);
}

#[test]
fn the_same_seed_makes_other_sensors_at_another_site() {
    let shop = open();
    for site in ["one", "two"] {
        let line =
            format!("device simulate --mqtt --devices 2 --rate 20 --for 300ms --perfect --site {site}");
        let (code, told) = shop.bench.json(&line);
        assert_eq!(code, 0, "{site}: {told}");
        let (_, there) = shop.bench.json(&format!("device ls --site {site}"));
        assert_eq!(there.as_array().unwrap().len(), 2, "{there}");
    }
}

#[test]
fn a_load_that_is_behind_its_time_ends_with_ctrl_c_and_says_what_it_told() {
    let shop = open();
    let line = ["device", "simulate", "--devices", "100", "--rate", "100000", "--perfect", "-o", "json"];
    let mut command = shop.bench.command(&line);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("shopctl starts");
    until("readings come", || {
        let (_, counts) = shop.bench.json("telemetry counts --limit 1");
        counts[0]["device"].is_string()
    });
    signal("INT", &child.id().to_string());
    let ended = child.wait_with_output().expect("an end");
    let report: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    assert_eq!((ended.status.code(), &report["interrupted"]), (Some(0), &Value::from(true)), "{report}");
    assert!(report["stored"].as_u64() > Some(0), "{report}");
}

#[test]
fn where_nobody_speaks_mqtt_nothing_is_registered_or_told() {
    let shop = open();
    let (code, said) = shop.bench.json("device simulate --mqtt 127.0.0.1:1 --for 1s");
    assert_eq!((code, &said["error"]["code"]), (11, &json!("broker_unreachable")), "{said}");
    assert_eq!(shop.bench.json("device ls").1, json!([]));
}
