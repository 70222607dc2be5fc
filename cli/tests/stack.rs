//! The shop on this machine: started, looked at, hurt, mended, stopped.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{Bench, Ran};

/// A shop that is stopped at the end of its test, in whatever way that comes.
pub(crate) struct Shop {
    pub(crate) bench: Bench,
}

/// Looks again and again until it is so, at most twenty seconds.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(20);
    while !so() {
        assert!(Instant::now() < limit, "{what}");
    }
}

impl Shop {
    pub(crate) fn closed() -> Self {
        Self { bench: Bench::new() }
    }

    pub(crate) fn open(how: &str) -> Self {
        let shop = Self::closed();
        let ran = shop.run(&format!("up --port 0 {how}"));
        assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
        shop
    }

    pub(crate) fn run(&self, line: &str) -> Ran {
        self.bench.run(line)
    }

    fn status(&self) -> (i32, Value) {
        self.bench.json("status")
    }

    /// The status, once all is well.
    pub(crate) fn until_well(&self) -> Value {
        let limit = Instant::now() + Duration::from_secs(10);
        loop {
            let (code, status) = self.status();
            if code == 0 {
                return status;
            }
            assert!(Instant::now() < limit, "{code}: {status:#}");
        }
    }

    /// Kills a part at once, and waits until it is gone.
    pub(crate) fn kill(&self, part: &str) {
        let pid = self.pid(part);
        signal("KILL", &pid);
        let limit = Instant::now() + Duration::from_secs(5);
        while is_running(&pid) {
            assert!(Instant::now() < limit, "{part} did not end");
            std::thread::yield_now();
        }
    }

    pub(crate) fn pid(&self, part: &str) -> String {
        let path = self.bench.data().join(format!("run/{part}.pid"));
        let recorded = std::fs::read_to_string(path).expect("a recorded process");
        recorded.split(' ').next().expect("a number").to_owned()
    }

    fn recorded(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.bench.data().join("run"))
            .expect("a run folder")
            .map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with(".pid"))
            .collect();
        names.sort();
        names
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.bench.command(&["down"]).output();
    }
}

/// The parts that this `up` started, and those that ran before.
fn parts(shop: &Shop, line: &str) -> (Vec<String>, Vec<String>) {
    let (code, said) = shop.bench.json(line);
    assert_eq!(code, 0, "{said}");
    let parts = said["parts"].as_array().expect("a list of parts");
    let names = |started: bool| {
        let those = parts.iter().filter(|part| part["started"] == started);
        those.map(|part| part["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    (names(true), names(false))
}

/// The standard library can only kill, and only what it started.
pub(crate) fn signal(name: &str, pid: &str) {
    let sent = Command::new("sh").args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, pid]).status();
    assert!(sent.is_ok_and(|status| status.success()), "SIG{name} to {pid}");
}

/// Whether a process runs. A zombie, which nobody has asked about yet, does not.
fn is_running(pid: &str) -> bool {
    let state = if Path::new("/proc/self/stat").exists() {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").map(|(_, rest)| rest.to_owned()).unwrap_or_default()
    } else {
        let told = Command::new("ps").args(["-o", "stat=", "-p", pid]).output().expect("ps");
        String::from_utf8_lossy(&told.stdout).trim().to_owned()
    };
    !state.is_empty() && !state.starts_with('Z')
}

#[test]
fn a_shop_is_opened_once_however_often_it_is_asked_for() {
    let shop = Shop::closed();
    let (started, running) = parts(&shop, "up --port 0");
    assert_eq!((started.len(), running.len()), (14, 0));
    let (started, running) = parts(&shop, "up");
    assert_eq!((started.len(), running.len()), (0, 14));

    let status = shop.until_well();
    assert_eq!(status["well"], Value::Bool(true), "{status:#}");
    assert_eq!(status["services"].as_array().unwrap().len(), 13);
    assert_eq!(status["streams"].as_array().unwrap().len(), 14);

    assert_eq!(shop.run("down").code, 0);
    assert_eq!(shop.recorded(), Vec::<String>::new());
    let again = shop.run("down");
    assert_eq!(again.code, 0);
    assert!(again.err.contains("Nothing runs"), "{}", again.err);
}

#[test]
fn a_service_that_was_killed_is_missed_and_started_again() {
    let shop = Shop::open("");
    shop.kill("payment");
    let (code, status) = shop.status();
    assert_eq!(code, 10);
    let silent: Vec<&Value> = status["services"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|service| service["state"] == "silent")
        .collect();
    assert_eq!((silent.len(), &silent[0]["name"]), (1, &Value::from("payment")));
    assert_eq!(parts(&shop, "up").0, ["payment"]);
    shop.until_well();
}

#[test]
fn a_broker_that_was_killed_comes_back_where_its_services_expect_it() {
    let shop = Shop::open("");
    let url = || std::fs::read_to_string(shop.bench.data().join("run/broker.url")).unwrap();
    let before = url();
    shop.kill("broker");
    let refused = shop.run("up --port 1");
    assert_eq!(refused.code, 6, "{}", refused.err);
    assert_eq!(parts(&shop, "up").0, ["broker"]);
    assert_eq!(url(), before);
}

#[test]
fn all_services_may_share_a_process() {
    let shop = Shop::open("--one-process");
    assert_eq!(shop.recorded(), ["broker.pid", "shopd.pid"]);
    let (started, running) = parts(&shop, "up");
    assert_eq!((started.len(), running.as_slice()), (0, &["broker".to_owned(), "shopd".to_owned()][..]));
    let logs = shop.run("logs catalog");
    assert!(logs.out.contains("catalog is ready") && !logs.out.contains("cart is ready"), "{}", logs.out);
}

#[test]
fn services_that_run_apart_are_not_started_a_second_time_together() {
    let shop = Shop::open("");
    let refused = shop.run("up --one-process");
    assert_eq!(refused.code, 6, "{}", refused.err);
    assert!(refused.err.contains("shopctl down && shopctl up --one-process"), "{}", refused.err);
}

#[test]
fn two_who_open_the_shop_at_the_same_moment_open_one() {
    let shop = Shop::closed();
    let running: Vec<_> = (0..4)
        .map(|_| shop.bench.command(&["up", "--port", "0"]).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let codes: Vec<i32> =
        running.into_iter().map(|child| child.wait_with_output().unwrap().status.code().unwrap()).collect();
    assert!(codes.contains(&0) && codes.iter().all(|code| [0, 75].contains(code)), "{codes:?}");
    assert_eq!(parts(&shop, "up").1.len(), 14);
}

#[test]
fn a_port_that_is_taken_is_said_before_anything_is_started() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let shop = Shop::closed();
    let refused = shop.run(&format!("up --port {port}"));
    assert_eq!(refused.code, 78);
    assert!(refused.err.contains("\n  mend  shopctl up --port 0 "), "{}", refused.err);
    assert_eq!(shop.recorded(), Vec::<String>::new());
}

#[test]
fn programs_that_are_missing_are_named_before_anything_is_started() {
    let shop = Shop::closed();
    for variable in ["NATS_SERVER", "SHOPD"] {
        let refused = shop.bench.run_with("up --port 0", &[(variable, "/nowhere")]);
        assert_eq!(refused.code, 78, "{}", refused.err);
        assert!(refused.err.contains(variable) && refused.err.contains("/nowhere"), "{}", refused.err);
        assert_eq!(shop.recorded(), Vec::<String>::new());
    }
}

#[test]
fn a_service_that_ends_right_away_is_shown_with_its_last_words() {
    let shop = Shop::closed();
    let program = shop.bench.data().join("broken");
    std::fs::write(&program, "#!/bin/sh\necho 'the database is newer than this program'\nexit 78\n").unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&program).status().unwrap().success());
    let failed = shop.bench.run_with("up --port 0", &[("SHOPD", program.to_str().unwrap())]);
    assert_eq!(failed.code, 78, "{}", failed.err);
    assert!(failed.err.contains("the database is newer than this program"), "{}", failed.err);
}

#[test]
fn a_broker_with_a_broken_configuration_says_what_is_wrong_with_it() {
    let shop = Shop::closed();
    let conf = shop.bench.data().join("mine.conf");
    std::fs::write(&conf, "include \"users.conf\"\nport: {\n").unwrap();
    let failed = shop.run(&format!("up --port 0 --nats-conf {}", conf.display()));
    assert_eq!(failed.code, 78, "{}", failed.err);
    assert!(failed.err.contains("Parse error"), "{}", failed.err);
}

#[test]
fn a_configuration_that_lets_everybody_in_is_refused() {
    let shop = Shop::closed();
    let conf = shop.bench.data().join("mine.conf");
    std::fs::write(&conf, "# include \"users.conf\"\n").unwrap();
    let refused = shop.run(&format!("up --port 0 --nats-conf {}", conf.display()));
    assert_eq!(refused.code, 78, "{}", refused.err);
    assert!(refused.err.contains("conf_without_users"), "{}", refused.err);
    assert_eq!(shop.recorded(), Vec::<String>::new());
}

#[test]
fn what_a_service_lacks_at_the_broker_is_named() {
    let shop = Shop::closed();
    let conf = shop.bench.data().join("mine.conf");
    // Whoever named the users once and for all did not know what the services need today.
    assert_eq!(shop.run("keys make").code, 0);
    let users = std::fs::read_to_string(shop.bench.data().join("users.conf")).unwrap();
    let lacking = users.replace("          \"events.payment.>\"\n", "");
    assert_ne!(users, lacking);
    std::fs::write(shop.bench.data().join("old-users.conf"), lacking).unwrap();
    let text = "include \"users.conf\"\ninclude \"old-users.conf\"\njetstream {}\n";
    std::fs::write(&conf, text).unwrap();
    let failed = shop.run(&format!("up --port 0 --nats-conf {}", conf.display()));
    assert_eq!(failed.code, 78, "{}", failed.err);
    let first = failed.err.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
    assert!(first.contains("payment") && first.contains("publish events.payment.>"), "{}", failed.err);
}

#[test]
fn logs_are_followed_until_ctrl_c() {
    let shop = Shop::open("");
    let mut following =
        shop.bench.command(&["logs", "order", "-f", "-o", "jsonl"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(first["service"], "order");
    shop.kill("order");
    assert_eq!(parts(&shop, "up").0, ["order"]);
    assert!(lines.any(|line| line.unwrap().contains("order is ready")), "what is written later is shown too");
    signal("INT", &following.id().to_string());
    assert_eq!(following.wait().unwrap().code(), Some(130));
}
