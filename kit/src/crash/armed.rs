//! Places that do something: only in the program that the tests run.

use std::sync::OnceLock;
use std::time::Duration;

use super::plan::{Outcome, Plan};
use super::{REASON, VARIABLE};
use crate::error::{Error, Result};

/// What is armed in this process; nothing unless the variable was set when it started.
static PLAN: OnceLock<Plan> = OnceLock::new();

/// Reads the variable, once, before anything starts.
pub(crate) fn prepare() -> Result<(), String> {
    let Some(text) = std::env::var_os(VARIABLE) else { return Ok(()) };
    let plan = Plan::parse(&text.to_string_lossy())?;
    tracing::warn!("Crash points are armed: {}", text.to_string_lossy());
    PLAN.get_or_init(|| plan);
    Ok(())
}

/// A place in plain code. A delay holds up its thread, as a slow disk would.
pub(crate) fn point(name: &'static str, about: &str) -> Result<()> {
    match reach(name, about) {
        None => Ok(()),
        Some(Outcome::Delay(millis)) => {
            std::thread::sleep(Duration::from_millis(millis));
            Ok(())
        }
        Some(_) => Err(failed(name)),
    }
}

/// A place in code that may wait. A delay holds up this task and no other.
pub(crate) async fn pause(name: &'static str, about: &str) -> Result<()> {
    match reach(name, about) {
        None => Ok(()),
        Some(Outcome::Delay(millis)) => {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            Ok(())
        }
        Some(_) => Err(failed(name)),
    }
}

fn reach(name: &'static str, about: &str) -> Option<Outcome> {
    let outcome = PLAN.get()?.reach(name, about)?;
    tracing::warn!(crash.point = name, crash.about = about, "A crash point fires: {outcome:?}");
    if outcome == Outcome::Kill {
        // Nothing can be done about a signal to oneself that does not arrive; then the place fails.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
    Some(outcome)
}

fn failed(name: &str) -> Error {
    Error::unavailable(REASON, format!("the crash point {name} was told to fail; try again"))
}
