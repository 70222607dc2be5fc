//! Commands of `shopctl` about a shop of a test, as the operator, as programs run them.

use std::path::Path;
use std::process::Command;

use kit::testing::{Broker, OPERATOR};
use serde_json::Value;

use crate::processes::program;

/// A command of `shopctl` at a broker, about the shop of a data folder. It writes JSON.
pub fn command(broker: &Broker, data: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(program("shopctl"));
    let seed = broker.options(data).keys().join(format!("{OPERATOR}.seed"));
    command.args(words).args(["-o", "json", "--nats", &broker.url()]);
    command.arg("--seed").arg(seed).arg("--data").arg(data);
    command.env("XDG_STATE_HOME", broker.folder().join("state"));
    command
}

/// Runs a command of `shopctl`: its exit code and its JSON. Services may live in this process meanwhile.
///
/// # Panics
/// If what it writes is no JSON, or a signal ends it.
pub async fn shopctl(broker: &Broker, data: &Path, words: &[&str]) -> (i32, Value) {
    answer(command(broker, data, words)).await
}

/// The same for a command that something was done to before.
///
/// # Panics
/// As [`shopctl`].
pub async fn answer(mut command: Command) -> (i32, Value) {
    let what = format!("{command:?}");
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("a thread");
    let output = output.expect("shopctl starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let json = serde_json::from_str(&said)
        .unwrap_or_else(|error| panic!("{what}: {error}: {said}{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().expect("an exit code"), json)
}
