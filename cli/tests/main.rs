//! `shopctl` as a person and as a program meet it.
//!
//! The tests in [`stack`], [`shopping`], [`shapes`], [`traces`], [`streams`], [`services`], [`keys`] and [`tls`] start
//! `shopd`, which `scripts/test` builds first.

mod audit;
mod benchmark;
mod contexts;
mod craft;
mod devices;
mod doctor;
mod help;
mod keys;
mod letters;
mod mistakes;
mod no_broker;
mod passwords;
mod reports;
mod services;
mod shapes;
mod shopping;
mod sign_in;
mod stack;
mod streams;
mod stuck;
mod tls;
mod top;
mod traces;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder of one's own, and `shopctl` in it, untouched by the environment of whoever tests.
struct Bench {
    folder: TempDir,
}

/// How a command ended, and what it wrote.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a scratch folder") }
    }

    fn data(&self) -> &Path {
        self.folder.path()
    }

    /// The command, for those who want to change something about it.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shopctl"));
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            let others = ["NATS_URL", "NATS_CONTEXT", "NO_COLOR", "COLUMNS", "COMPLETE"];
            if name.starts_with("SHOP") || others.contains(&&*name) {
                command.env_remove(&*name);
            }
        }
        command.args(arguments).env("SHOP_DATA_DIR", self.data()).stdin(Stdio::null());
        command.env("XDG_STATE_HOME", self.data().join("state"));
        command.env("XDG_CONFIG_HOME", self.data().join("config"));
        command
    }

    fn run(&self, line: &str) -> Ran {
        self.run_with(line, &[])
    }

    fn run_with(&self, line: &str, variables: &[(&str, &str)]) -> Ran {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        self.command(&arguments).envs(variables.iter().copied()).output().expect("shopctl starts").into()
    }

    /// The same for a program: the JSON on standard output, with nothing on standard error.
    fn json(&self, line: &str) -> (i32, Value) {
        let ran = self.run(&format!("{line} -o json"));
        assert_eq!(ran.err, "", "standard error of {line}");
        (
            ran.code,
            serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{line}: {error}: {}", ran.out)),
        )
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("an exit code"),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }
}
