//! Whether more is to come of a story: events that somebody has yet to hear, work that is still due.

use std::collections::HashSet;

use super::{Step, Story, Undone};

/// Who hears what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hearer {
    /// The service.
    pub(crate) service: String,
    /// The stream.
    pub(crate) stream: String,
    /// What of it: subjects, in which `*` is any word and `>` any rest; everything if none is said.
    pub(crate) subjects: Vec<String>,
}

impl Hearer {
    fn hears(&self, stream: &str, subject: &str) -> bool {
        let named = self.subjects.is_empty() || self.subjects.iter().any(|filter| matches(filter, subject));
        self.stream == stream && named
    }
}

/// Whether every event was heard by whoever hears it, and no work is due. What was given up, and what
/// became a dead letter, is not going on by itself.
pub(crate) fn is_settled(story: &Story, hearers: &[Hearer]) -> bool {
    story.flows.iter().all(|flow| {
        let heard: HashSet<(&str, &str, u64)> = flow
            .steps()
            .filter(|step| step.kind == "event")
            .map(|step| (step.service.as_str(), step.source.as_str(), step.sequence))
            .collect();
        let all_heard = |step: &Step| {
            step.emitted.iter().all(|told| {
                let mut wanted = hearers.iter().filter(|hearer| hearer.hears(&told.stream, &told.subject));
                wanted.all(|hearer| heard.contains(&(&hearer.service, &told.stream, told.sequence)))
            })
        };
        flow.steps().all(|step| all_heard(step) && !step.undone.iter().any(Undone::is_due))
    })
}

/// Whether a subject is among those that a filter names.
fn matches(filter: &str, subject: &str) -> bool {
    let (mut wanted, mut words) = (filter.split('.'), subject.split('.'));
    loop {
        match (wanted.next(), words.next()) {
            (Some(">"), Some(_)) => return true,
            (Some("*"), Some(_)) => {}
            (Some(wanted), Some(word)) if wanted == word => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;

    fn hearer(service: &str, stream: &str, subjects: &[&str]) -> Hearer {
        let subjects = subjects.iter().map(|subject| (*subject).to_owned()).collect();
        Hearer { service: service.to_owned(), stream: stream.to_owned(), subjects }
    }

    #[test]
    fn a_story_is_settled_when_everybody_has_heard_and_nothing_is_due() {
        let hearers = [
            hearer("inventory", "ORDER", &[]),
            hearer("notification", "ORDER", &["events.order.confirmed"]),
            hearer("order", "PAYMENT", &["events.payment.>"]),
        ];
        assert!(is_settled(&sample::paid_order(), &hearers));
        assert!(!is_settled(&sample::paid_order(), &[hearer("cart", "ORDER", &["events.order.*"])]));
        assert!(!is_settled(&sample::stuck(), &[]), "a payment is due");
        assert!(is_settled(&Story::default(), &hearers));
    }

    #[test]
    fn a_filter_names_subjects_by_their_words() {
        let all = [
            ("a.b", true),
            ("a.*", true),
            ("a.>", true),
            (">", true),
            ("a", false),
            ("a.b.c", false),
            ("a.b.>", false),
        ];
        for (filter, is) in all {
            assert_eq!(matches(filter, "a.b"), is, "{filter}");
        }
    }
}
