//! A shop to look at in tests: something of everything that can be on the screen.

use std::collections::BTreeMap;

use contracts::order::{OrderConfirmed, OrderCounts, OrderPlaced, Stage};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kit::client::StreamState;
use kit::message::Event;
use kit::vitals::Health;
use kit::{Example, Told};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::sample::{Asked, Sample};
use super::state::State;
use super::stuck::{Found, Stuck};
use crate::status::{BrokerState, Local, ServiceState, State as How, Status, StreamLag, Trouble};
use crate::trace::{Flow, Step, Story, Stretch};

/// An order that needs somebody, and one that is overdue.
pub(super) const NEEDY: &str = "ord_01h2e8kqvbfwea724h75qc655w";
pub(super) const LATE: &str = "ord_01h2e8kqvbfwea724h75qc655x";

/// A moment, by the seconds since this shop was first looked at.
pub(super) fn at(second: i64) -> Timestamp {
    "2026-02-01T14:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

/// A shop in which nothing was sold and nothing is wrong.
pub(super) fn empty(second: i64) -> Sample {
    let broker = BrokerState {
        name: "shop".into(),
        version: "2.15.1".into(),
        url: "nats://127.0.0.1:4222".into(),
        round_trip_us: 180,
        process: Local::default(),
    };
    let services = ["catalog", "order", "inventory", "payment"].map(|name| service(name, How::Ok));
    let streams = [("CATALOG", 0), ("ORDER", 0), ("PAYMENT", 0)].map(|(name, last)| stream(name, last));
    let status = Status {
        well: true,
        at: at(second),
        broker,
        services: services.into(),
        streams: streams.into(),
        orders: Some(OrderCounts { stages: Stage::ALL.map(|stage| (stage, 0)).into(), overdue: 0 }),
        troubles: Vec::new(),
    };
    Sample { status, stuck: Found::default(), asked: BTreeMap::new() }
}

fn service(name: &str, state: How) -> ServiceState {
    let health =
        Health { service: name.into(), started_at: at(-7_500), memory_bytes: 9_437_184, ..Health::example() };
    ServiceState { name: name.into(), state, health: Some(health), process: Local::default() }
}

fn stream(name: &str, last: u64) -> StreamLag {
    let stream = StreamState {
        name: name.into(),
        messages: last,
        bytes: last * 400,
        bytes_max: 1 << 20,
        first: u64::from(last > 0),
        last,
        last_at: String::new(),
        first_at: String::new(),
        consumers: 2,
        deleted: 0,
        subjects: Vec::new(),
        made_at: String::new(),
        origin: String::new(),
    };
    StreamLag { stream, behind: [("inventory".into(), 0), ("payment".into(), 0)].into() }
}

/// A shop in which something is going on, and something is wrong.
pub(super) fn busy(second: i64) -> Sample {
    let mut sample = empty(second);
    let told = u64::try_from(second).unwrap();
    let status = &mut sample.status;
    status.well = false;
    status.services[3] = service("payment", How::Trouble);
    if let Some(health) = &mut status.services[3].health {
        *health = Health {
            outbox_newest: 1_209,
            dead_letters: 2,
            effects_given_up: 1,
            queued: 4,
            ..health.clone()
        };
    }
    status.services.push(ServiceState {
        name: "notification".into(),
        state: How::Silent,
        health: None,
        process: Local::default(),
    });
    status.streams =
        vec![stream("CATALOG", 12), stream("ORDER", 2_000 + told), stream("PAYMENT", 600 + told)];
    status.streams[1].behind.insert("payment".into(), 12);
    let counts = [3, 2, 431, 20, 4, 1];
    let stages = Stage::ALL.into_iter().zip(counts).collect();
    status.orders = Some(OrderCounts { stages, overdue: 1 });
    status.troubles = vec![
        Trouble {
            grave: true,
            message: "notification: no answer within 2 s".into(),
            mend: "shopctl up      or see shopctl logs notification".into(),
        },
        Trouble {
            grave: false,
            message: "payment could not act on 2 events; 1 more wait behind them".into(),
            mend: "shopctl logs payment".into(),
        },
    ];
    sample.asked = [("order", 4_000, 11), ("payment", 900, 3)]
        .map(|(name, requests, errors)| (name.to_owned(), Asked { requests: requests + 2 * told, errors }))
        .into();
    sample.stuck = stuck();
    sample
}

fn stuck() -> Found {
    let letter = |id, state: &str, about: &str| Stuck::DeadLetter {
        service: "payment".into(),
        id,
        state: state.into(),
        about: about.into(),
        subject: "events.order.payment_due".into(),
        reason: "invalid_body".into(),
        message: "the body is not understood".into(),
        attempts: 1,
        since: at(-60),
    };
    let items = vec![
        Stuck::NeedsAttention {
            order: NEEDY.parse().unwrap(),
            reason: "payment_outcome_unknown".into(),
            message: "nobody knows whether the card was charged".into(),
            since: at(-86_400),
        },
        Stuck::Overdue { order: LATE.parse().unwrap(), stage: Stage::AwaitingPayment, since: at(-30) },
        letter(1, "dead", "ord_01h2e8kqvbfwea724h75qc655y"),
        letter(2, "parked", ""),
        Stuck::GivenUp {
            service: "payment".into(),
            id: 7,
            work: "refund".into(),
            about: "pay_01h2e8kqvbfwea724h75qc655z".into(),
            trace: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
            reason: "the provider does not answer".into(),
            maybe_done: true,
            attempts: 20,
            since: at(-7_200),
        },
    ];
    Found {
        items,
        left_out: 3,
        unknown: vec!["the dead letters of notification are not known: no answer".into()],
    }
}

/// An event of an order.
pub(super) fn told(subject: &str, order: &str, time: Timestamp) -> Told {
    Told {
        subject: subject.to_owned(),
        id: String::new(),
        key: order.to_owned(),
        time: time.to_string(),
        trace: String::new(),
        body: serde_json::Value::Null,
    }
}

/// What became of an order, in more steps than there are lines on a small terminal.
pub(super) fn story() -> Story {
    let began_us = at(0).as_microsecond();
    let step = |place: i64| Step {
        service: "order".into(),
        kind: "event".into(),
        subject: format!("step{place}"),
        span: format!("{place:016x}"),
        outcome: "ok".into(),
        attempt: 1,
        began_us: began_us + place,
        finished_us: began_us + place + 1,
        ..Step::default()
    };
    let steps: Vec<Step> = (0..20).map(step).collect();
    let ended_us = began_us + 21;
    let stretch = Stretch { began_us, ended_us, steps, ..Stretch::default() };
    let flow = Flow { began_us, ended_us, stretches: vec![stretch], ..Flow::default() };
    Story { about: format!("order {NEEDY}"), flows: vec![flow], ..Story::default() }
}

/// Somebody looks at it since a while.
pub(super) fn screen(sample: impl Fn(i64) -> Sample) -> State {
    let mut state = State::new(at(0), TimeZone::UTC, true);
    state.resized(100, 30);
    state.tick(at(298));
    state.sampled(sample(298));
    state.tick(at(300));
    state.sampled(sample(300));
    state
}

/// The same, with orders that came and went meanwhile.
pub(super) fn busy_screen() -> State {
    let mut state = screen(busy);
    for second in 1..300_i64 {
        for number in 0..(second / 40) * (second % 3) / 2 {
            let order = format!("{second}-{number}");
            state.heard(at(second), &told(OrderPlaced::SUBJECT, &order, at(second)));
            if number % 5 < 4 {
                let confirmed = at(second) + SignedDuration::from_millis(120 + second);
                state.heard(confirmed, &told(OrderConfirmed::SUBJECT, &order, confirmed));
            }
        }
    }
    state
}

/// Somebody presses keys without a modifier.
pub(super) fn press(state: &mut State, code: KeyCode) -> Option<super::state::Wish> {
    state.press(KeyEvent::new(code, KeyModifiers::NONE))
}
