//! Who may know whom: kit, contracts, services and cli, tests, in one straight line.

use std::collections::BTreeSet;

use super::{files, read, top};

const SERVICES: [&str; 12] = [
    "alert",
    "analytics",
    "auth",
    "cart",
    "catalog",
    "device",
    "ingest",
    "inventory",
    "notification",
    "order",
    "payment",
    "telemetry",
];

/// The workspace crates that a manifest names, in any kind of dependency.
fn knows(manifest: &str) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    let mut dependencies = false;
    for line in read(manifest).lines() {
        if line.starts_with('[') {
            dependencies = line.contains("dependencies");
        } else if dependencies && let Some(name) = line.split(['.', '=', ' ']).next() {
            let workspace =
                ["kit", "contracts", "shopd", "cli", "tests"].contains(&name) || SERVICES.contains(&name);
            if workspace {
                known.insert(name.to_owned());
            }
        }
    }
    known
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn dependencies_run_in_one_straight_line() {
    assert_eq!(knows("kit/Cargo.toml"), set(&[]));
    assert_eq!(knows("contracts/Cargo.toml"), set(&["kit"]));
    for service in SERVICES {
        assert_eq!(knows(&format!("services/{service}/Cargo.toml")), set(&["contracts", "kit"]), "{service}");
    }
    assert_eq!(knows("cli/Cargo.toml"), set(&["contracts", "kit"]));
    let shopd = knows("services/shopd/Cargo.toml");
    assert!(!shopd.contains("cli") && !shopd.contains("tests"), "{shopd:?}");
}

#[test]
fn nobody_depends_on_the_tests() {
    for manifest in files("", "Cargo.toml") {
        let text = std::fs::read_to_string(&manifest).unwrap();
        let names = text.lines().any(|line| line.starts_with("tests.") || line.starts_with("tests ="));
        assert!(!names, "{}", manifest.display());
    }
}

#[test]
fn only_the_kit_names_the_broker_and_only_stores_name_the_database() {
    let here = top().join("tests/shop/repo");
    for file in files("", ".rs").into_iter().filter(|file| !file.starts_with(&here)) {
        let text = std::fs::read_to_string(&file).unwrap();
        let in_kit = file.starts_with(top().join("kit"));
        assert!(in_kit || !text.contains("async_nats"), "{} names async_nats", file.display());
        let store = file.file_name().is_some_and(|name| name == "store.rs");
        let below_store = file.components().any(|part| part.as_os_str() == "store");
        assert!(
            in_kit || store || below_store || !text.contains("rusqlite"),
            "{} names rusqlite",
            file.display()
        );
    }
}

#[test]
fn the_kit_knows_no_word_of_the_shop() {
    for file in files("kit/src", ".rs") {
        let text = std::fs::read_to_string(&file).unwrap();
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for word in ["OrderId", "PaymentId", "contracts::", "CartId", "StockView", "CustomerId"] {
            assert!(!code.iter().any(|line| line.contains(word)), "{} knows {word}", file.display());
        }
    }
}
