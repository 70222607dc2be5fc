//! Stories for tests: journals as services would tell them.

use kit::admin::{EmittedView, TraceView};
use kit::engine::effects::EffectView;
use kit::engine::hearing::DeadLetter;
use kit::engine::journal::Entry;
use kit::{Timestamp, message::Example};
use serde_json::json;

use super::join::join;
use super::stuck::count_behind;
use super::{Silent, Story};

/// The flow of the samples.
pub(crate) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// 2025-11-12 09:14:02 UTC.
pub(crate) const BEGAN_US: i64 = 1_762_938_842_000_000;
const ORDER: &str = "ord_01h2e8kqvbfwea724h75qc655w";

/// What services tell, being written down.
#[derive(Default)]
pub(crate) struct Journals {
    told: Vec<(String, TraceView)>,
}

/// A row of a journal: its span, its cause, and its times in microseconds after the beginning.
pub(crate) struct Row {
    pub(crate) kind: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) span: u64,
    pub(crate) parent: u64,
    pub(crate) received: i64,
    pub(crate) started: i64,
    pub(crate) finished: i64,
    pub(crate) committed: i64,
}

impl Journals {
    /// Notes a row of a service, and answers it for changing.
    pub(crate) fn row(&mut self, service: &str, row: Row) -> &mut Entry {
        let entry = Entry {
            kind: row.kind.to_owned(),
            subject: row.subject.to_owned(),
            key: ORDER.to_owned(),
            trace: TRACE.to_owned(),
            span: format!("{:016x}", row.span),
            parent: format!("{:016x}", row.parent),
            caller: "local_operator".to_owned(),
            source: String::new(),
            sequence: 0,
            attempt: 1,
            outcome: "ok".to_owned(),
            received_us: BEGAN_US + row.received,
            started_us: BEGAN_US + row.started,
            finished_us: BEGAN_US + row.finished,
            committed_us: if row.committed == 0 { 0 } else { BEGAN_US + row.committed },
            group_jobs: u32::from(row.committed != 0),
        };
        let view = self.view(service);
        view.entries.push(entry);
        view.entries.last_mut().expect("just pushed")
    }

    /// Notes an event that was heard.
    pub(crate) fn heard(&mut self, service: &str, source: &str, sequence: u64, row: Row) -> &mut Entry {
        let entry = self.row(service, row);
        entry.source = source.to_owned();
        entry.sequence = sequence;
        entry
    }

    /// Notes an event that was told.
    pub(crate) fn told(&mut self, service: &str, span: u64, sequence: u64, subject: &str, at: i64) {
        let emitted = EmittedView {
            stream: service.to_ascii_uppercase(),
            sequence,
            id: format!("evt_{sequence}"),
            subject: subject.to_owned(),
            key: ORDER.to_owned(),
            trace: TRACE.to_owned(),
            span: format!("{span:016x}"),
            at_us: BEGAN_US + at,
            body: json!({"order": ORDER, "note": "für Zoë"}),
        };
        self.view(service).emitted.push(emitted);
    }

    /// Notes an event that could not be acted on, by the work that failed.
    pub(crate) fn letter(&mut self, service: &str, span: u64, id: i64, state: &str) -> &mut DeadLetter {
        let letter = DeadLetter {
            id,
            state: state.to_owned(),
            reason: "invalid_body".to_owned(),
            message: "the body is not understood".to_owned(),
            key: ORDER.to_owned(),
            trace: TRACE.to_owned(),
            span: format!("{span:016x}"),
            ..kit::admin::DeadLetters::example().items.remove(0)
        };
        let view = self.view(service);
        view.dead_letters.push(letter);
        view.dead_letters.last_mut().expect("just pushed")
    }

    /// Notes work on the outside world that is not done, by the work that asked for it.
    pub(crate) fn undone(&mut self, service: &str, span: u64, name: &str, due: i64) -> &mut EffectView {
        let effect = EffectView {
            name: name.to_owned(),
            key: "pay_01h2e8kqvbfwea724h75qc655w".to_owned(),
            state: "due".to_owned(),
            attempts: 3,
            due_at: Timestamp::from_microsecond(BEGAN_US + due).expect("a time"),
            maybe_done: true,
            reason: "no answer within 2 s".to_owned(),
            trace: TRACE.to_owned(),
            span: format!("{span:016x}"),
            ..kit::admin::Effects::example().items.remove(0)
        };
        let view = self.view(service);
        view.effects.push(effect);
        view.effects.last_mut().expect("just pushed")
    }

    /// The story that they tell together.
    pub(crate) fn story(self) -> Story {
        Story {
            about: format!("order {ORDER}"),
            facts: vec!["confirmed".to_owned(), "25.80 EUR".to_owned()],
            flows: join(TRACE, &self.told).into_iter().collect(),
            ..Story::default()
        }
    }

    fn view(&mut self, service: &str) -> &mut TraceView {
        let place = self.told.iter().position(|(name, _)| name == service).unwrap_or_else(|| {
            let view = TraceView {
                traces: vec![TRACE.to_owned()],
                entries: vec![],
                emitted: vec![],
                dead_letters: vec![],
                effects: vec![],
                cut: false,
            };
            self.told.push((service.to_owned(), view));
            self.told.len() - 1
        });
        &mut self.told[place].1
    }
}

fn row(kind: &'static str, subject: &'static str, ids: (u64, u64), times: [i64; 4]) -> Row {
    let [received, started, finished, committed] = times;
    Row { kind, subject, span: ids.0, parent: ids.1, received, started, finished, committed }
}

/// An order that was paid at the second try.
pub(crate) fn paid_order() -> Story {
    paid_journals().story()
}

fn paid_journals() -> Journals {
    let mut journals = Journals::default();
    journals.row("order", row("request", "order.place", (1, 99), [0, 3_400, 3_900, 6_100])).group_jobs = 3;
    journals.row("catalog", row("request", "catalog.quote", (2, 1), [900, 1_000, 1_400, 0]));
    journals.told("order", 1, 12, "events.order.placed", 3_500);
    journals.heard(
        "inventory",
        "ORDER",
        12,
        row("event", "events.order.placed", (3, 1), [7_300, 7_500, 8_100, 10_000]),
    );
    journals.told("inventory", 3, 4, "events.inventory.reserved", 7_600);
    journals.heard(
        "order",
        "INVENTORY",
        4,
        row("event", "events.inventory.reserved", (4, 3), [11_000, 11_100, 11_500, 13_400]),
    );
    journals.told("order", 4, 13, "events.order.payment_due", 11_200);
    journals.heard(
        "inventory",
        "ORDER",
        13,
        row("event", "events.order.payment_due", (5, 4), [14_400, 14_500, 14_700, 16_600]),
    );
    journals.heard(
        "payment",
        "ORDER",
        13,
        row("event", "events.order.payment_due", (6, 4), [14_600, 14_700, 15_000, 17_200]),
    );
    journals
        .row("payment", row("effect", "charge_card", (7, 6), [17_600, 107_700, 107_900, 109_800]))
        .outcome = "outcome_unknown".to_owned();
    let second =
        journals.row("payment", row("effect", "charge_card", (8, 6), [310_000, 393_800, 394_200, 396_200]));
    (second.attempt, second.group_jobs) = (2, 2);
    journals.told("payment", 8, 2, "events.payment.captured", 393_900);
    journals.heard(
        "order",
        "PAYMENT",
        2,
        row("event", "events.payment.captured", (9, 8), [397_400, 397_500, 397_900, 400_000]),
    );
    journals.told("order", 9, 14, "events.order.confirmed", 397_600);
    journals.heard(
        "inventory",
        "ORDER",
        14,
        row("event", "events.order.confirmed", (10, 9), [401_000, 401_100, 401_500, 403_300]),
    );
    journals.heard(
        "notification",
        "ORDER",
        14,
        row("event", "events.order.confirmed", (11, 9), [401_200, 409_000, 409_300, 411_900]),
    );
    journals.row("notification", row("effect", "send", (12, 11), [412_300, 433_900, 434_300, 436_200]));
    journals.told("notification", 12, 3, "events.notification.sent", 434_000);
    journals
}

/// An order that is stuck: its payment is tried again and again, a mail was given up, inventory could
/// not act on an event, and catalog told only a part.
pub(crate) fn stuck() -> Story {
    let mut journals = Journals::default();
    journals.row("order", row("request", "order.place", (1, 99), [0, 3_400, 3_900, 6_100]));
    journals.row("catalog", row("request", "catalog.quote", (2, 1), [900, 1_000, 1_400, 0]));
    journals.told("order", 1, 12, "events.order.placed", 3_500);
    journals.told("order", 1, 13, "events.order.payment_due", 3_600);
    let failed = [7_300, 7_500, 8_100, 10_000];
    journals.heard("inventory", "ORDER", 12, row("event", "events.order.placed", (3, 1), failed)).outcome =
        "invalid_body".to_owned();
    journals.letter("inventory", 3, 7, "dead");
    let parked = [10_300, 10_500, 10_600, 12_000];
    journals
        .heard("inventory", "ORDER", 13, row("event", "events.order.payment_due", (4, 1), parked))
        .outcome = "parked".to_owned();
    journals.letter("inventory", 4, 8, "parked");
    let heard = [7_600, 7_700, 8_000, 10_200];
    journals.heard("payment", "ORDER", 13, row("event", "events.order.payment_due", (6, 1), heard));
    for attempt in 1..=3 {
        let at = i64::from(attempt) * 4_000 + 7_000;
        let tried = row(
            "effect",
            "charge_card",
            (6 + u64::from(attempt), 6),
            [at, at + 2_000, at + 2_100, at + 3_000],
        );
        let tried = journals.row("payment", tried);
        (tried.attempt, tried.outcome) = (attempt, "outcome_unknown".to_owned());
    }
    journals.undone("payment", 6, "charge_card", 30_000_000);
    let heard = [7_600, 7_700, 8_000, 10_200];
    journals.heard("notification", "ORDER", 12, row("event", "events.order.placed", (20, 1), heard));
    let mail = journals.undone("notification", 20, "send", 1_000);
    (mail.state, mail.maybe_done, mail.attempts) = ("given_up".to_owned(), false, 1);
    mail.reason = "the mail server does not answer".to_owned();
    journals.view("catalog").cut = true;
    let mut story = journals.story();
    story.facts = vec!["awaiting_payment".to_owned()];
    let others = journals_letters();
    count_behind(&mut story.flows, &others);
    story
}

/// Everything that inventory could not act on: also of another flow.
fn journals_letters() -> std::collections::BTreeMap<String, Vec<DeadLetter>> {
    let mut journals = Journals::default();
    journals.letter("inventory", 3, 7, "dead");
    journals.letter("inventory", 4, 8, "parked");
    journals.letter("inventory", 77, 9, "parked");
    let letters = journals.view("inventory").dead_letters.clone();
    std::collections::BTreeMap::from([("inventory".to_owned(), letters)])
}

/// The same order, when payment does not answer.
pub(crate) fn without_payment() -> Story {
    let mut journals = paid_journals();
    journals.told.retain(|(service, _)| service != "payment");
    let silent = Silent { service: "payment".to_owned(), why: "no answer within 2 s".to_owned() };
    Story { silent: vec![silent], ..journals.story() }
}

/// An order whose payment never came, given up after a quarter of an hour.
pub(crate) fn cancelled_later() -> Story {
    const LATER: i64 = 900_000_000;
    let mut journals = Journals::default();
    journals.row("order", row("request", "order.place", (1, 99), [0, 3_400, 3_900, 6_100]));
    journals.told("order", 1, 12, "events.order.placed", 3_500);
    let timer = [LATER, LATER + 100, LATER + 600, LATER + 2_500];
    journals.row("order", row("timer", "give_up", (2, 1), timer));
    journals.told("order", 2, 13, "events.order.cancelled", LATER + 100);
    let heard = [LATER + 3_400, LATER + 3_500, LATER + 4_100, LATER + 6_000];
    journals.heard("inventory", "ORDER", 13, row("event", "events.order.cancelled", (3, 2), heard));
    journals.story()
}

/// Many events of one request.
pub(crate) fn import() -> Story {
    let mut journals = Journals::default();
    journals.row("catalog", row("request", "catalog.import", (1, 99), [0, 400, 31_000, 34_000]));
    for sequence in 1..=200 {
        journals.told("catalog", 1, sequence, "events.catalog.product_changed", 400);
    }
    journals.story()
}

/// An order that took long because the prices did.
pub(crate) fn slow_neighbour() -> Story {
    let mut journals = Journals::default();
    journals.row("order", row("request", "order.place", (1, 99), [0, 41_000, 41_900, 44_100]));
    journals.row("catalog", row("request", "catalog.quote", (2, 1), [900, 1_000, 40_900, 0]));
    journals.story()
}

/// Services on machines whose clocks disagree.
pub(crate) fn skewed() -> Story {
    let mut journals = Journals::default();
    journals.row("order", row("request", "order.place", (1, 99), [10_000, 10_400, 10_900, 13_100]));
    journals.told("order", 1, 12, "events.order.placed", 10_500);
    journals.heard(
        "inventory",
        "ORDER",
        12,
        row("event", "events.order.placed", (2, 1), [1_000, 1_100, 1_400, 2_000]),
    );
    journals.row("payment", row("effect", "charge_card", (3, 1), [12_000, 13_000, 9_000, 0]));
    journals.story()
}
