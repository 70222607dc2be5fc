//! What the audit found, and how it is written for people. No I/O.

use std::collections::BTreeMap;

use cli::books::{Fault, Rule};
use jiff::Timestamp;
use serde::Serialize;

use crate::doctor::lines::{Line, Mark};
use crate::failure::exit;
use crate::show::count;

/// Findings of one rule that people are shown; the rest is counted.
const SHOWN_MAX: usize = 20;

/// Who must answer for an order to be judged at all.
const FILES: [&str; 3] = ["order", "payment", "inventory"];

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    /// Whether nothing was found.
    pub(crate) sound: bool,
    pub(crate) at: Timestamp,
    /// Only orders placed from then on, and whatever waits; all if not said.
    pub(crate) since: Option<Timestamp>,
    pub(crate) looked_at: Looked,
    /// How many did not agree and changed at every look: for the next audit.
    pub(crate) moving: usize,
    /// Whether there was more than an audit looks at or tells.
    pub(crate) cut: bool,
    /// Who did not answer, with why: what depends on them was not judged.
    pub(crate) unanswered: BTreeMap<String, String>,
    pub(crate) findings: Vec<Fault>,
}

/// How many were looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Looked {
    pub(crate) products: usize,
    pub(crate) orders: usize,
    pub(crate) payments: usize,
    pub(crate) holds: usize,
    pub(crate) streams: usize,
    pub(crate) events: u64,
    /// Payments that were compared with the provider's own figures.
    pub(crate) provided: usize,
    /// Messages to people.
    pub(crate) notices: usize,
    /// Events whose messages were read and compared with their rows.
    pub(crate) compared: u64,
}

impl Report {
    pub(super) fn new(at: Timestamp, since: Option<Timestamp>) -> Self {
        Self {
            sound: true,
            at,
            since,
            looked_at: Looked::default(),
            moving: 0,
            cut: false,
            unanswered: BTreeMap::new(),
            findings: Vec::new(),
        }
    }

    /// The exit code it stands for; 0 if all is sound.
    pub(crate) fn exit(&self) -> u8 {
        match (self.sound, self.unanswered.is_empty()) {
            (false, _) => exit::PROBLEMS_FOUND,
            (true, false) => exit::UNAVAILABLE,
            (true, true) => 0,
        }
    }
}

/// The report as lines: each rule with what was looked at, or with what breaks it.
pub(crate) fn draw(report: &Report, width: Option<usize>, colour: bool) -> String {
    let mut lines = Vec::new();
    for rule in Rule::ALL {
        let broken: Vec<&Fault> = report.findings.iter().filter(|fault| fault.rule == rule).collect();
        if broken.is_empty() {
            lines.extend(holds(report, rule));
        }
        for fault in broken.iter().take(SHOWN_MAX) {
            let text = format!("{} {}", fault.about, fault.says);
            lines.push(Line::new(Mark::Bad, text).mend(fault.look.clone()));
        }
        if broken.len() > SHOWN_MAX {
            let more = count((broken.len() - SHOWN_MAX) as u64, "more like these", "more like these");
            lines.push(Line::new(Mark::Bad, more).mend("shopctl audit -o json      names all"));
        }
    }
    for (service, why) in &report.unanswered {
        let text = format!("{service} did not answer, and what depends on it was not judged: {why}");
        lines.push(Line::new(Mark::Warn, text).mend("shopctl doctor"));
    }
    if report.cut {
        let text = "there was more than one audit looks at; this is not all";
        lines.push(
            Line::new(Mark::Warn, text).mend("shopctl audit --since 1h      looks at the latest orders"),
        );
    }
    if report.moving > 0 {
        let moving = count(report.moving as u64, "thing", "things");
        let text = format!("{moving} did not agree, but changed at every look");
        lines.push(Line::new(Mark::Note, text).mend("shopctl audit      once more, in a moment"));
    }
    crate::doctor::lines::draw(&lines, width, colour)
}

/// What a rule that holds is said to hold for; nothing if nothing was looked at.
fn holds(report: &Report, rule: Rule) -> Option<Line> {
    let looked = &report.looked_at;
    let silent = |services: &[&str]| services.iter().any(|service| report.unanswered.contains_key(*service));
    let many = |number: usize, one, many| count(number as u64, one, many);
    let orders = many(looked.orders, "order", "orders");
    let (needs, says): (&[&str], String) = match rule {
        Rule::Stock => {
            let products = many(looked.products, "product", "products");
            (&["inventory"], format!("stock: the ledger of {products} adds up, and nothing is below nothing"))
        }
        Rule::Holds => (&FILES, format!("holds: what {orders} hold, sold or gave back is what was ordered")),
        Rule::Payments => {
            let payments = many(looked.payments, "payment", "payments");
            (&FILES, format!("payments: {payments} of {orders}, one each, of their totals"))
        }
        Rule::Money => (&FILES, format!("money: charged less given back is what {orders} say")),
        Rule::Told => {
            let streams = many(looked.streams, "stream", "streams");
            let says = match looked.compared {
                compared if compared >= looked.events => {
                    format!("events: {streams} hold the {compared} events of their outboxes, word for word")
                }
                compared => format!(
                    "events: {streams} with {} events end where their outboxes do; {compared} were compared word for word",
                    looked.events
                ),
            };
            (&[], says)
        }
        Rule::Provider => {
            let provided = many(looked.provided, "payment", "payments");
            (&["payment"], format!("provider: it took and gave back what {provided} say"))
        }
        Rule::Notices => {
            let notices = many(looked.notices, "message", "messages");
            (&["order", "notification"], format!("notices: of every sale the buyer was told, in {notices}"))
        }
        // For whoever can read what is nobody's to ask for: tests.
        Rule::Accepted | Rule::Ended | Rule::Replies | Rule::Heard | Rule::Secrets => return None,
        Rule::Deadlines => (&[], "deadlines: nothing waits past its own".to_owned()),
    };
    let nothing = rule == Rule::Told && looked.streams == 0;
    (!nothing && !silent(needs) && (rule != Rule::Deadlines || report.unanswered.is_empty()))
        .then(|| Line::new(Mark::Good, says))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Report {
        let looked_at = Looked {
            products: 14,
            orders: 208,
            payments: 201,
            holds: 208,
            streams: 8,
            events: 3120,
            compared: 3120,
            provided: 201,
            notices: 214,
        };
        Report { looked_at, ..Report::new(Timestamp::UNIX_EPOCH, None) }
    }

    fn fault(number: usize) -> Fault {
        let about = format!("ord_{number}");
        let look = format!("shopctl trace {about}");
        Fault { rule: Rule::Holds, about, says: "is cancelled, but its stock is still held".into(), look }
    }

    #[test]
    fn books_that_agree_are_a_line_for_each_rule() {
        let expected = "\
✓ stock: the ledger of 14 products adds up, and nothing is below nothing
✓ holds: what 208 orders hold, sold or gave back is what was ordered
✓ payments: 201 payments of 208 orders, one each, of their totals
✓ money: charged less given back is what 208 orders say
✓ provider: it took and gave back what 201 payments say
✓ notices: of every sale the buyer was told, in 214 messages
✓ events: 8 streams hold the 3120 events of their outboxes, word for word
✓ deadlines: nothing waits past its own";
        assert_eq!((draw(&sample(), None, false).as_str(), sample().exit()), (expected, 0));
    }

    #[test]
    fn what_is_broken_stands_in_the_place_of_its_rule_and_the_rest_is_said() {
        let report = Report {
            sound: false,
            findings: (0..22).map(fault).collect(),
            unanswered: [("payment".to_owned(), "nobody answers".to_owned())].into(),
            moving: 3,
            cut: true,
            ..sample()
        };
        let drawn = draw(&report, Some(100), false);
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines[1], "✗ ord_0 is cancelled, but its stock is still held    → shopctl trace ord_0");
        assert!(drawn.contains("\n✗ 2 more like these "), "{drawn}");
        assert!(!drawn.contains("✓ payments") && !drawn.contains("✓ money"), "{drawn}");
        assert!(drawn.contains("\n! payment did not answer"), "{drawn}");
        assert!(drawn.contains("\n· 3 things did not agree, but changed at every look"), "{drawn}");
        assert_eq!(report.exit(), 12);
    }

    #[test]
    fn a_service_that_does_not_answer_is_an_exit_code_of_its_own_if_nothing_is_wrong() {
        let unanswered = [("order".to_owned(), "nobody answers".to_owned())].into();
        assert_eq!(Report { unanswered, ..sample() }.exit(), 10);
    }

    proptest! {
        #[test]
        fn whatever_was_found_is_drawn_within_the_terminal(
            says in "(?s).{0,80}", about in ".{0,40}", many in 0..30usize, width in 20..200usize,
        ) {
            let found = (0..many).map(|n| Fault { says: says.clone(), about: about.clone(), ..fault(n) });
            let unanswered = [(about.clone(), says.clone())].into();
            let report = Report { findings: found.collect(), unanswered, moving: many, cut: true, ..sample() };
            for line in draw(&report, Some(width), false).lines() {
                prop_assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{line:?}");
            }
        }
    }
}
