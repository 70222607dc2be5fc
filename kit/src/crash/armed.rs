//! Places that do something: only in the program that the tests run.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::plan::{Outcome, Plan};
use super::{REASON, VARIABLE};
use crate::error::{Error, Result};

/// What is armed in this process; nothing unless the variable was set when it started.
static PLAN: OnceLock<Plan> = OnceLock::new();

/// Whether this program arms anything.
static MAY_BE_ARMED: AtomicBool = AtomicBool::new(false);

/// Says that this program is the one in which places do what the variable says. Every other one that was built with
/// the feature, because it was built together with this one, refuses to start if the variable is set.
pub fn may_be_armed() {
    MAY_BE_ARMED.store(true, Ordering::Relaxed);
}

/// Reads the variable, once, before anything starts.
pub(crate) fn prepare() -> Result<(), String> {
    let Some(text) = std::env::var_os(VARIABLE) else { return Ok(()) };
    let plan = plan(&text.to_string_lossy(), MAY_BE_ARMED.load(Ordering::Relaxed))?;
    tracing::warn!("Crash points are armed: {}", text.to_string_lossy());
    PLAN.get_or_init(|| plan);
    Ok(())
}

fn plan(text: &str, may_be_armed: bool) -> Result<Plan, String> {
    if may_be_armed { Plan::parse(text) } else { Err(super::not_here()) }
}

/// Whether any place of this process does something.
pub(crate) fn are_armed() -> bool {
    PLAN.get().is_some()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_program_that_said_so_arms_anything_although_the_places_are_in_every_one() {
        let armed = "relay.after_ack=kill@1";
        let said = plan(armed, false).unwrap_err();
        assert!(said.contains(VARIABLE) && said.contains("arms no crash points"), "{said}");
        assert!(plan(armed, true).is_ok());
    }
}
