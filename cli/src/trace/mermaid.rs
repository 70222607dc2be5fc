//! A story as a sequence diagram that Mermaid draws: who asked whom, who told whom what, what failed.
//!
//! Text from elsewhere stands in it as text: whatever means something to Mermaid or to a browser is
//! written as a character code.

use std::collections::HashMap;
use std::fmt::Write;

use kit::text::printable;

use super::draw::line::clip;
use super::{Flow, Silent, Step, Story};
use crate::show::duration;

/// Lines that a diagram has at most: a longer one cannot be read, and Mermaid refuses very long ones.
pub(crate) const LINES_MAX: usize = 400;
/// Length of a text in characters.
const TEXT_CHARS_MAX: usize = 120;
/// The name of whoever set the flow going.
const CALLER: &str = "caller";

/// Writes the diagram.
pub(crate) fn diagram(story: &Story) -> String {
    let mut page = Page::new(story);
    for flow in &story.flows {
        page.flow(flow, story.flows.len() > 1);
    }
    for Silent { service, why } in &story.silent {
        page.note(service, &format!("✗ {why}; its steps are missing here"));
    }
    page.end()
}

struct Page<'a> {
    text: String,
    lines: usize,
    left_out: usize,
    /// Every name with its alias, in the order they appear.
    aliases: Vec<&'a str>,
}

impl<'a> Page<'a> {
    fn new(story: &'a Story) -> Self {
        let mut aliases: Vec<&'a str> = vec![CALLER];
        let mut steps: Vec<&Step> = story.flows.iter().flat_map(Flow::steps).collect();
        steps.sort_by_key(|step| step.began_us);
        let silent = story.silent.iter().map(|silent| silent.service.as_str());
        for name in steps.iter().map(|step| step.service.as_str()).chain(silent) {
            if !aliases.contains(&name) {
                aliases.push(name);
            }
        }
        let facts = story.facts.iter().map(|fact| format!(", {fact}")).collect::<String>();
        let mut text = String::from("sequenceDiagram\n");
        let _ = writeln!(text, "    title {}", escaped(&format!("{}{facts}", story.about)));
        for (place, name) in aliases.iter().enumerate() {
            let kind = if place == 0 { "actor" } else { "participant" };
            let _ = writeln!(text, "    {kind} p{place} as {}", escaped(name));
        }
        Self { text, lines: 0, left_out: 0, aliases }
    }

    fn flow(&mut self, flow: &'a Flow, is_one_of_many: bool) {
        if is_one_of_many {
            self.across(&format!("trace {}, {}", flow.trace, duration(flow.worked_us())));
        }
        let mut by_span: HashMap<&str, &Step> = HashMap::new();
        let mut tellers: HashMap<(&str, u64), &Step> = HashMap::new();
        for step in flow.steps() {
            by_span.entry(&step.span).or_insert(step);
            for told in &step.emitted {
                tellers.entry((&told.stream, told.sequence)).or_insert(step);
            }
        }
        let heard: std::collections::HashSet<(&str, u64)> = flow
            .steps()
            .filter(|step| step.kind == "event")
            .map(|step| (step.source.as_str(), step.sequence))
            .collect();
        for (place, stretch) in flow.stretches.iter().enumerate() {
            if place > 0 {
                self.across(&format!("{} later", duration(stretch.pause_us)));
            }
            let mut steps: Vec<&Step> = stretch.steps.iter().collect();
            steps.sort_by_key(|step| step.began_us);
            for step in steps {
                let cause = match step.kind.as_str() {
                    "event" => tellers
                        .get(&(step.source.as_str(), step.sequence))
                        .or_else(|| by_span.get(step.parent.as_str())),
                    _ => by_span.get(step.parent.as_str()),
                };
                self.step(step, cause.map(|cause| cause.service.as_str()));
                for told in
                    step.emitted.iter().filter(|told| !heard.contains(&(told.stream.as_str(), told.sequence)))
                {
                    self.note(
                        &step.service,
                        &format!("told {}", event(&told.stream, told.sequence, &told.subject)),
                    );
                }
                self.not_done(step);
            }
        }
        for service in &flow.cut {
            self.note(service, "told only the oldest part of what it did");
        }
    }

    fn step(&mut self, step: &Step, cause: Option<&str>) {
        if step.subject.is_empty() {
            return;
        }
        let took = duration(step.took_us());
        let again = if step.attempt > 1 { format!(", try {}", step.attempt) } else { String::new() };
        let failed = if step.is_ok() { String::new() } else { format!(", ✗ {}", step.outcome) };
        let (from, to) = (self.alias(cause.unwrap_or(CALLER)), self.alias(&step.service));
        match step.kind.as_str() {
            "request" => {
                let arrow = if step.is_ok() { "->>" } else { "-x" };
                self.line(&format!(
                    "{from}{arrow}{to}: {}",
                    escaped(&format!("{} ({took}{again}{failed})", step.subject))
                ));
            }
            "event" => {
                let waited = step.waited_us().filter(|us| *us > 0);
                let waited = waited.map_or_else(String::new, |us| format!("waited {}, ", duration(us)));
                let what = event(&step.source, step.sequence, &step.subject);
                let arrow = if step.is_ok() { "--)" } else { "--x" };
                self.line(&format!(
                    "{from}{arrow}{to}: {}",
                    escaped(&format!("{what} ({waited}{took}{again}{failed})"))
                ));
            }
            kind => self.note(&step.service, &format!("{kind} {} ({took}{again}{failed})", step.subject)),
        }
    }

    fn not_done(&mut self, step: &Step) {
        for letter in &step.letters {
            let text = match letter.is_dead() {
                true => format!(
                    "✗ dead letter {}: {} ({}); {} wait behind it",
                    letter.id, letter.message, letter.reason, letter.behind
                ),
                false => format!("✗ letter {} waits behind a dead letter", letter.id),
            };
            self.note(&step.service, &text);
        }
        for undone in &step.undone {
            let text = match undone.is_due() {
                true => format!(
                    "{} waits for try {}: {}",
                    undone.name,
                    undone.attempts.saturating_add(1),
                    undone.reason
                ),
                false => format!(
                    "✗ {} was given up after {} tries: {}",
                    undone.name, undone.attempts, undone.reason
                ),
            };
            self.note(&step.service, &text);
        }
    }

    fn note(&mut self, service: &str, text: &str) {
        let alias = self.alias(service);
        self.line(&format!("Note over {alias}: {}", escaped(text)));
    }

    fn across(&mut self, text: &str) {
        let last = self.aliases.len() - 1;
        let over = if last == 0 { "p0".to_owned() } else { format!("p0,p{last}") };
        self.line(&format!("Note over {over}: {}", escaped(text)));
    }

    fn alias(&self, name: &str) -> String {
        // The first is whoever set it going; a service of that name comes later.
        let place = self.aliases.iter().rposition(|alias| *alias == name).unwrap_or(0);
        format!("p{place}")
    }

    fn line(&mut self, line: &str) {
        if self.lines >= LINES_MAX {
            self.left_out += 1;
            return;
        }
        self.lines += 1;
        let _ = writeln!(self.text, "    {line}");
    }

    fn end(mut self) -> String {
        if self.left_out > 0 {
            let _ = writeln!(self.text, "    Note over p0: {} more lines are left out", self.left_out);
        }
        self.text
    }
}

fn event(stream: &str, sequence: u64, subject: &str) -> String {
    let subject = subject.strip_prefix("events.").unwrap_or(subject);
    format!("{stream} #{sequence} {subject}")
}

/// A text that means nothing to Mermaid: on one line, of a bounded length.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in clip(&printable(text), TEXT_CHARS_MAX, '…').chars() {
        match c {
            '#' | ';' | '<' | '>' | '&' | '"' | '%' | '{' | '}' | '`' | '\\' => {
                let _ = write!(safe, "#{};", u32::from(c));
            }
            other => safe.push(other),
        }
    }
    // A line without a text would not be understood.
    if safe.trim().is_empty() { "-".to_owned() } else { safe }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trace::draw::tests::is_drawn_as;
    use crate::trace::{sample, strategy};

    #[test]
    fn who_asked_and_who_told_whom_are_arrows() {
        is_drawn_as("paid.mermaid", &diagram(&sample::paid_order()));
        is_drawn_as("stuck.mermaid", &diagram(&sample::stuck()));
        let silent = diagram(&sample::without_payment());
        assert!(silent.contains("Note over p5: ✗ no answer within 2 s"), "{silent}");
    }

    #[test]
    fn a_long_story_is_cut_and_says_so() {
        let flows = (0..100).flat_map(|_| sample::paid_order().flows).collect();
        let drawn = diagram(&Story { flows, ..sample::paid_order() });
        assert!(drawn.lines().count() < LINES_MAX + 20);
        assert!(drawn.trim_end().ends_with("more lines are left out"), "{drawn}");
    }

    proptest! {
        #![proptest_config(crate::trace::strategy::cases(64))]
        #[test]
        fn names_and_texts_mean_nothing_to_mermaid(story in strategy::story()) {
            let drawn = diagram(&story);
            let words = ["sequenceDiagram", "title ", "actor p", "participant p", "Note over p"];
            for line in drawn.lines() {
                let line = line.trim_start();
                let is_arrow = line.split_once(": ").is_some_and(|(arrow, _)| {
                    arrow.starts_with('p') && arrow.chars().all(|c| c.is_ascii_digit() || "px->)".contains(c))
                });
                prop_assert!(is_arrow || words.iter().any(|word| line.starts_with(word)), "{line:?}");
                prop_assert!(!line.chars().any(kit::text::is_unprintable), "{line:?}");
                prop_assert!(!line.replace("->>", "").contains('>') || line.contains("--"), "{line:?}");
            }
        }
    }
}
