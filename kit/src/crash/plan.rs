//! What the environment variable says: which place does what, and when.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{DELAY_MS_MAX, POINTS, VARIABLE};

/// What an armed place does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Kill,
    Error,
    /// Milliseconds.
    Delay(u64),
}

/// When an armed place does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Nth(u64),
    Every,
}

/// One place that is armed.
#[derive(Debug)]
struct Arm {
    name: &'static str,
    about: Option<String>,
    outcome: Outcome,
    when: When,
    reached: AtomicU64,
}

/// Every place that is armed.
#[derive(Debug)]
pub(super) struct Plan(Vec<Arm>);

impl Plan {
    /// Reads the variable.
    ///
    /// # Errors
    /// What is wrong with it, with every name there is.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        text.split(',').map(str::trim).map(arm).collect::<Result<_, _>>().map(Self)
    }

    /// What is to be done at a place that was reached now.
    pub(super) fn reach(&self, name: &str, about: &str) -> Option<Outcome> {
        let mut due = None;
        for arm in &self.0 {
            if arm.name != name || arm.about.as_deref().is_some_and(|wanted| wanted != about) {
                continue;
            }
            let times = arm.reached.fetch_add(1, Ordering::Relaxed) + 1;
            if due.is_none() && (arm.when == When::Every || arm.when == When::Nth(times)) {
                due = Some(arm.outcome);
            }
        }
        due
    }
}

fn arm(text: &str) -> Result<Arm, String> {
    let bad = |why: &str| {
        let names: Vec<&str> = POINTS.iter().map(|point| point.name).collect();
        format!(
            "nothing was started: {VARIABLE} has {text:?}, {why}; it is NAME[/ABOUT]=kill|error|delay:MS@N|every, and \
             the names are {}",
            names.join(", ")
        )
    };
    let (place, what) = text.split_once('=').ok_or_else(|| bad("which says nothing to do"))?;
    let (name, about) = match place.split_once('/') {
        Some((name, about)) => (name, Some(about.to_owned())),
        None => (place, None),
    };
    let known = POINTS.iter().find(|point| point.name == name);
    let name = known.ok_or_else(|| bad("which is no place"))?.name;
    let (outcome, when) = what.split_once('@').ok_or_else(|| bad("which does not say when"))?;
    let outcome = match outcome.split_once(':') {
        None if outcome == "kill" => Outcome::Kill,
        None if outcome == "error" => Outcome::Error,
        Some(("delay", millis)) => match millis.parse() {
            Ok(millis) if millis <= DELAY_MS_MAX => Outcome::Delay(millis),
            _ => return Err(bad(&format!("whose delay is no number up to {DELAY_MS_MAX}"))),
        },
        _ => return Err(bad("which nobody knows how to do")),
    };
    let when = match when.parse() {
        _ if when == "every" => When::Every,
        Ok(number) if number > 0 => When::Nth(number),
        _ => return Err(bad("whose time is neither a number from 1 nor every")),
    };
    Ok(Arm { name, about, outcome, when, reached: AtomicU64::new(0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_fires_the_nth_time_and_only_then_or_each_time() {
        let plan = Plan::parse("relay.after_ack=kill@2, timer.after_fire=delay:20@every").unwrap();
        let reached: Vec<_> = (0..3).map(|_| plan.reach("relay.after_ack", "")).collect();
        assert_eq!(reached, [None, Some(Outcome::Kill), None]);
        let reached: Vec<_> = (0..3).map(|_| plan.reach("timer.after_fire", "hold")).collect();
        assert_eq!(reached, [Some(Outcome::Delay(20)); 3]);
        assert_eq!(plan.reach("shutdown", ""), None);
    }

    #[test]
    fn what_stands_behind_a_slash_narrows_it() {
        let plan = Plan::parse("hear.reaction/events.order.cancelled=error@1").unwrap();
        assert_eq!(plan.reach("hear.reaction", "events.order.placed"), None);
        assert_eq!(plan.reach("hear.reaction", "events.order.cancelled"), Some(Outcome::Error));
    }

    #[test]
    fn what_is_malformed_is_refused_with_every_name() {
        for text in [
            "",
            "relay.after_ack",
            "relay.after_ack=kill",
            "relay.nowhere=kill@1",
            "relay.after_ack=stop@1",
            "relay.after_ack=kill:3@1",
            "relay.after_ack=kill@0",
            "relay.after_ack=kill@often",
            "relay.after_ack=delay@1",
            "relay.after_ack=delay:60001@1",
            "relay.after_ack=kill@1,",
        ] {
            let said = Plan::parse(text).unwrap_err();
            assert!(POINTS.iter().all(|point| said.contains(point.name)), "{text}: {said}");
        }
    }
}
