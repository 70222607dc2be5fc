//! Named shops: kept, used, and what wins over them.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::stack::Shop;
use crate::{Bench, Ran};

/// A bench on which nothing names a data folder, as at somebody's home.
struct Home(Bench);

impl Home {
    fn new() -> Self {
        Self(Bench::new())
    }

    fn run_with(&self, line: &str, variables: &[(&str, &str)]) -> Ran {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut command = self.0.command(&words);
        command.env_remove("SHOP_DATA_DIR").env("XDG_DATA_HOME", self.0.data().join("usual"));
        command.envs(variables.iter().copied()).output().expect("shopctl starts").into()
    }

    fn run(&self, line: &str) -> Ran {
        self.run_with(line, &[])
    }

    /// Runs what must go well.
    fn ok(&self, line: &str) -> String {
        let ran = self.run(line);
        assert_eq!(ran.code, 0, "{line}: {}", ran.err);
        ran.out
    }

    /// What commands go by: the value and who said so.
    fn by(&self, line: &str, variables: &[(&str, &str)], name: &str) -> (String, String) {
        let ran = self.run_with(&format!("context show {line} -o json"), variables);
        assert_eq!(ran.code, 0, "{ran:?}");
        let shown: Value = serde_json::from_str(&ran.out).expect("JSON");
        let all = shown["settings"].as_array().expect("a list");
        let row = all.iter().find(|row| row["name"] == name).expect("a setting");
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        (text("value"), text("from"))
    }

    fn config(&self, path: &str) -> PathBuf {
        self.0.data().join("config").join(path)
    }

    fn nats_context(&self, name: &str, says: &Value) {
        let folder = self.config("nats/context");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(format!("{name}.json")), says.to_string()).expect("a file");
    }
}

#[test]
fn a_context_is_kept_for_its_owner_only_and_used_until_another_is() {
    let home = Home::new();
    home.ok("context add edge --nats nats://127.0.0.1:1 --default-output json --use");
    home.ok("context add local --data ./here");
    let mode = std::fs::metadata(home.config("shop/contexts.toml")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let all: Value = serde_json::from_str(&home.ok("context ls -o json")).expect("JSON");
    assert_eq!(
        (&all[0]["name"], &all[0]["in_use"], &all[1]["in_use"]),
        (&json!("edge"), &json!(true), &json!(false))
    );
    assert!(std::path::Path::new(all[1]["data"].as_str().expect("a path")).is_absolute());

    let ran = home.run("status");
    assert!(ran.code == 11 && ran.out.contains("nats://127.0.0.1:1"), "{ran:?}");
    assert!(ran.out.contains("context edge, in use says so"), "{ran:?}");
    home.ok("context use local");
    assert!(home.by("", &[], "nats").1.contains("nothing names another broker"));
    home.ok("context use -");
    assert_eq!(home.by("", &[], "context"), ("edge".to_owned(), "shopctl context use".to_owned()));
    home.ok("context use --none");
    assert_eq!(home.by("", &[], "context").0, "");
    home.ok("context rm edge");
    assert_eq!(home.run("context use -").code, 3);
}

#[test]
fn an_option_wins_over_a_variable_over_the_named_context_over_the_one_in_use_over_the_usual_value() {
    let home = Home::new();
    home.ok("context add used --nats nats://used:1 --data /used --seed /used.seed --use");
    home.ok("context add named --nats nats://named:1 --seed /named.seed");
    let nats = |line: &str, variables: &[(&str, &str)]| home.by(line, variables, "nats").0;
    let shop_url = ("SHOP_NATS_URL", "nats://shop:1");
    let nats_url = ("NATS_URL", "nats://nats:1");
    let context = ("SHOP_CONTEXT", "named");
    assert_eq!(nats("--nats nats://option:1", &[shop_url, nats_url, context]), "nats://option:1");
    assert_eq!(nats("", &[shop_url, nats_url, context]), "nats://shop:1");
    assert_eq!(nats("", &[nats_url, context]), "nats://nats:1");
    assert_eq!(nats("--context named", &[]), "nats://named:1");
    assert_eq!(nats("--context used", &[context]), "nats://used:1");
    assert_eq!(nats("", &[context]), "nats://named:1");
    assert_eq!(nats("", &[]), "nats://used:1");
    home.ok("context use --none");
    assert_eq!(nats("", &[]), "nats://127.0.0.1:4222");

    let (seed, from) = home.by("", &[context], "seed");
    assert_eq!((seed.as_str(), from.as_str()), ("/named.seed", "context named, by SHOP_CONTEXT"));
    let outvoted = home.run_with("context show --context named", &[nats_url]);
    assert!(outvoted.err.contains("NATS_URL is set, and wins over what context named says"), "{outvoted:?}");
}

#[test]
fn whoever_names_a_data_folder_means_the_shop_in_it() {
    let home = Home::new();
    home.ok("context add edge --nats nats://edge:1 --data /edge --seed /edge.seed --use");
    let (url, _) = home.by("--data ./try", &[], "nats");
    assert_eq!(url, "nats://127.0.0.1:4222");
    assert_eq!(home.by("", &[("SHOP_DATA_DIR", "/try")], "seed").0, "");
    assert_eq!(home.by("--data /try", &[], "data"), ("/try".to_owned(), "--data".to_owned()));
    assert_eq!(home.by("--data /try --context edge", &[], "nats").0, "nats://edge:1");
}

#[test]
fn a_shop_of_this_machine_is_not_taken_for_the_one_that_a_context_names() {
    let home = Home::new();
    home.ok("context add edge --nats nats://127.0.0.1:1 --use");
    let ran = home.run("down");
    assert_eq!(ran.code, 0, "{ran:?}");
    let usual = home.0.data().join("usual/shop");
    let said = format!(
        "context edge names a broker and no data folder; this is about the shop in {}",
        usual.display()
    );
    assert!(ran.err.contains(&said), "{}", ran.err);
    home.ok("context add here --data /nowhere/shop --use");
    let ran = home.run("down");
    assert!(
        ran.err.contains("this is about the shop in /nowhere/shop, which context here names"),
        "{}",
        ran.err
    );
}

#[test]
fn mistakes_with_contexts_say_what_mends_them() {
    let home = Home::new();
    home.ok("context add edge-berlin --nats nats://edge:1");
    for (line, code, said) in [
        ("context use edge-belrin", 3, "shopctl context use edge-berlin      if that was meant"),
        ("context show edge-belrin", 3, "--context edge-berlin      if that was meant"),
        ("context rm nothing-like-it", 3, "shopctl context ls"),
        ("status --context edge-belrin", 78, "--context edge-berlin      if that was meant"),
        ("context add edge-berlin --nats nats://other:1", 6, "--replace"),
        ("context add new", 2, "it would say nothing"),
        (
            "context add new --nats nats://ann:secret@edge:1",
            2,
            "there is a user or a password in the address of the broker, --nats",
        ),
        ("context add a/b --nats nats://edge:1", 2, "not the name of a context"),
        ("context rm nats:edge", 2, "nats context rm edge"),
    ] {
        let ran = home.run(line);
        assert_eq!(ran.code, code, "{line}: {ran:?}");
        assert!(ran.err.contains(said), "{line}: {}", ran.err);
    }
    assert!(!home.run("context add new --nats nats://ann:secret@edge:1").err.contains("secret@edge"));
}

#[test]
fn a_mistake_in_the_file_hinders_what_needs_it_and_is_shown_with_its_line() {
    let home = Home::new();
    home.ok("context add edge --nats nats://edge:1");
    let path = home.config("shop/contexts.toml");
    let text = std::fs::read_to_string(&path).expect("a file");
    std::fs::write(&path, text.replace("nats = ", "nast = ")).expect("a file");
    let ran = home.run("status");
    assert_eq!(ran.code, 78, "{ran:?}");
    assert!(ran.err.contains("contexts.toml:4: unknown field `nast`"), "{}", ran.err);
    assert_eq!(home.run("context ls").code, 78);
    for line in ["man up", "completion bash", "schema ls", "help up"] {
        assert_eq!(home.run(line).code, 0, "{line}");
    }
}

#[test]
fn a_context_of_the_nats_command_is_followed() {
    let home = Home::new();
    home.nats_context("edge", &json!({ "url": "nats://127.0.0.1:1,nats://b:2", "nkey": "~/k.nk" }));
    home.nats_context("cloud", &json!({ "url": "tls://cloud:4222", "creds": "/c.creds", "user": "" }));
    std::fs::write(home.config("nats/context.txt"), "edge").expect("a file");
    for (line, variable) in [("--context nats:edge", ""), ("", "edge"), ("--context nats:", "")] {
        let (url, from) = home.by(line, &[("NATS_CONTEXT", variable)], "nats");
        assert_eq!(url, "nats://127.0.0.1:1", "{from}");
        assert!(from.contains("context nats:edge, by "), "{from}");
    }
    home.ok("context use nats:edge");
    let listed = home.ok("context ls -o json");
    let all: Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!((&all[0]["name"], &all[0]["problem"]), (&json!("nats:cloud"), &json!("has creds")));
    assert_eq!((&all[1]["of"], &all[1]["in_use"]), (&json!("nats"), &json!(true)));

    let ran = home.run("status --context nats:cloud");
    assert_eq!(ran.code, 78, "{ran:?}");
    assert!(ran.err.contains("the nats context cloud has creds, which cannot be used here"), "{}", ran.err);
    assert!(ran.err.contains("shopctl context add cloud --nats URL --seed NAME.seed"), "{}", ran.err);
    // What does not ask that broker is not hindered.
    assert_eq!(home.run_with("down", &[("NATS_CONTEXT", "cloud")]).code, 0);
    assert_eq!(home.run_with("status", &[("NATS_CONTEXT", "gone")]).code, 78);
}

#[test]
fn a_shop_is_asked_through_a_context_of_its_own_or_of_nats() {
    let shop = Shop::open("");
    let data = shop.bench.data();
    let url = std::fs::read_to_string(data.join("run/broker.url")).expect("an address");
    let home = Home::new();
    let seed = data.join("keys/operator.seed");
    home.ok(&format!("context add there --nats {} --seed {} --use", url.trim(), seed.display()));
    home.ok("order ls");
    home.ok("context use --none");
    assert_ne!(home.run("order ls").code, 0);

    // A key file of another name: the inbox prefix, which nats itself needs here, says whose it is.
    let key = home.0.data().join("My-Key.nk");
    std::fs::copy(&seed, &key).expect("a copy");
    let says = |prefix: &str| json!({ "url": url.trim(), "nkey": key, "inbox_prefix": prefix });
    home.nats_context("there", &says("_INBOX.operator"));
    home.ok("order ls --context nats:there");
    home.nats_context("there", &says(""));
    let ran = home.run("order ls --context nats:there");
    assert_eq!(ran.code, 78, "{ran:?}");
    assert!(ran.err.contains("nothing says whose it is") && ran.err.contains("_INBOX.NAME"), "{}", ran.err);
}
