//! What is not done of a flow: events that could not be acted on, work on the outside world that waits.

use std::collections::BTreeMap;

use kit::engine::effects::EffectView;
use kit::engine::hearing::DeadLetter;

use super::{Flow, Letter, Step, Undone};

/// Puts what could not be acted on below the work that failed.
pub(super) fn give_letters<'a>(
    service: &str,
    steps: &mut Vec<Step>,
    letters: impl Iterator<Item = &'a DeadLetter>,
) {
    for view in letters {
        let letter = Letter {
            id: view.id,
            state: view.state.clone(),
            source: view.source.clone(),
            sequence: view.sequence,
            subject: view.subject.clone(),
            key: view.key.clone(),
            reason: view.reason.clone(),
            message: view.message.clone(),
            attempts: view.attempts,
            behind: 0,
            waits_for: None,
        };
        if let Some(step) = steps.iter_mut().find(|step| step.span == view.span) {
            step.letters.push(letter);
            continue;
        }
        // Its work is not among the rows that were given, but when it was tried is known.
        let at_us = view.last_at.as_microsecond();
        steps.push(Step {
            service: service.to_owned(),
            kind: "event".to_owned(),
            subject: view.subject.clone(),
            key: view.key.clone(),
            span: view.span.clone(),
            attempt: 1,
            outcome: view.reason.clone(),
            source: view.source.clone(),
            sequence: view.sequence,
            began_us: at_us,
            finished_us: at_us,
            letters: vec![letter],
            ..Step::default()
        });
    }
}

/// Puts what is not done in the outside world below its last try, or below the work that asked for it.
pub(super) fn give_undone<'a>(
    service: &str,
    steps: &mut Vec<Step>,
    effects: impl Iterator<Item = &'a EffectView>,
) {
    for view in effects {
        let undone = Undone {
            id: view.id,
            name: view.name.clone(),
            key: view.key.clone(),
            state: view.state.clone(),
            attempts: view.attempts,
            trying: false,
            due_us: view.due_at.as_microsecond(),
            maybe_done: view.maybe_done,
            reason: view.reason.clone(),
        };
        let is_try =
            |step: &Step| step.kind == "effect" && step.subject == view.name && step.parent == view.span;
        let last =
            steps.iter().enumerate().filter(|(_, step)| is_try(step)).max_by_key(|(_, step)| step.attempt);
        let (last, ended) = last.map_or((None, 0), |(place, step)| (Some(place), step.attempt));
        let asked = || steps.iter().position(|step| step.span == view.span);
        if let Some(place) = last.or_else(asked) {
            let trying = undone.is_due() && undone.attempts > ended;
            steps[place].undone.push(Undone { trying, ..undone });
            continue;
        }
        let at_us = undone.due_us;
        steps.push(Step {
            service: service.to_owned(),
            kind: "effect".to_owned(),
            subject: view.name.clone(),
            key: view.about.clone(),
            parent: view.span.clone(),
            attempt: view.attempts,
            outcome: "ok".to_owned(),
            began_us: at_us,
            finished_us: at_us,
            undone: vec![undone],
            ..Step::default()
        });
    }
}

/// Services in which something of these flows could not be acted on.
pub(super) fn with_letters(flows: &[Flow]) -> Vec<String> {
    let stuck = flows.iter().flat_map(Flow::steps).filter(|step| !step.letters.is_empty());
    let mut services: Vec<String> = stuck.map(|step| step.service.clone()).collect();
    services.sort_unstable();
    services.dedup();
    services
}

/// Notes how many wait behind each dead letter, and behind which a parked one waits. `all` is
/// everything that could not be acted on, service by service.
pub(super) fn count_behind(flows: &mut [Flow], all: &BTreeMap<String, Vec<DeadLetter>>) {
    let steps = flows.iter_mut().flat_map(|flow| &mut flow.stretches).flat_map(|stretch| &mut stretch.steps);
    for step in steps {
        let Some(others) = all.get(&step.service) else { continue };
        for letter in &mut step.letters {
            let mut same =
                others.iter().filter(|other| other.source == letter.source && other.key == letter.key);
            if letter.is_dead() {
                letter.behind = same.filter(|other| other.id > letter.id).count();
            } else {
                letter.waits_for = same.find(|other| other.state == "dead").map(|other| other.id);
            }
        }
    }
}
