//! From what services answer to a story.

use std::collections::{BTreeMap, BTreeSet};

use kit::admin::TraceView;

use super::Story;
use super::join::join;
use super::stuck::count_behind;

/// Everything that these answers tell, under a name: one flow for each trace in them, the oldest first.
///
/// An answer is a service's name and its rows, as `<service>.trace` gives them. A service that is
/// not among them did nothing, as far as the story knows.
pub fn tell(about: &str, answers: &[(String, TraceView)]) -> Story {
    let mut traces: BTreeSet<&str> = BTreeSet::new();
    for (_, view) in answers {
        traces.extend(view.entries.iter().map(|entry| entry.trace.as_str()));
        traces.extend(view.emitted.iter().map(|emitted| emitted.trace.as_str()));
        traces.extend(view.effects.iter().map(|effect| effect.trace.as_str()));
        traces.extend(view.dead_letters.iter().map(|letter| letter.trace.as_str()));
    }
    let mut flows: Vec<_> = traces.into_iter().filter_map(|trace| join(trace, answers)).collect();
    flows.sort_by_key(|flow| flow.began_us);
    let letters: BTreeMap<_, _> =
        answers.iter().map(|(service, view)| (service.clone(), view.dead_letters.clone())).collect();
    count_behind(&mut flows, &letters);
    Story { about: about.to_owned(), flows, ..Story::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;

    #[test]
    fn a_story_is_told_from_what_services_answer() {
        let paid = sample::paid_order();
        let told = tell(&paid.about, &sample::paid_answers());
        assert_eq!(told, Story { facts: Vec::new(), ..paid });
        assert_eq!(tell("nothing", &[]), Story { about: "nothing".to_owned(), ..Story::default() });
    }
}
