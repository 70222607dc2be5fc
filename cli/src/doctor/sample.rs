//! Facts for tests: a shop that is well, and others that are not.

use std::time::Duration;

use contracts::order::{OrderCounts, Stage};
use jiff::Timestamp;
use kit::Example;
use kit::client::{ConsumerState, StreamState};
use kit::vitals::Health;

use super::facts::{Answer, Broker, Disk, Facts, Hearer, Here, Keys, Process, Service, Store, Stream};
use crate::stack::services;

pub(super) fn now() -> Timestamp {
    "2026-11-26T12:00:00Z".parse().unwrap()
}

/// A shop in which nothing is wrong.
pub(super) fn well() -> Facts {
    let services = services::names().into_iter().zip(1..).map(|(name, number)| {
        let health =
            Health { service: name.to_owned(), now: now(), origin: origin(name), ..Health::example() };
        let took = Duration::from_millis(number);
        Service {
            name: name.to_owned(),
            answer: Ok(Answer { health, took, ahead_ms: 0 }),
            database: Ok(vec![]),
        }
    });
    Facts {
        at: now(),
        broker: Ok(Broker {
            name: "shop".into(),
            version: "2.15.1".into(),
            round_trip: Duration::from_micros(180),
        }),
        store: Ok(Store { bytes: 4_096_000, bytes_max: None }),
        streams: Ok(services::names().into_iter().map(stream).collect()),
        services: services.collect(),
        orders: Ok(OrderCounts {
            stages: Stage::ALL.into_iter().zip([0, 2, 31, 4, 0, 0]).collect(),
            overdue: 0,
        }),
        attention: Ok(vec![]),
        unknown: Ok(vec![]),
        here: Some(Ok(here())),
    }
}

/// What is known if the broker is away.
pub(super) fn without_broker() -> Facts {
    let why = || "no answer from the broker at nats://127.0.0.1:4222 (connection refused)".to_owned();
    let mut here = here();
    (here.leftovers, here.processes) = (vec!["broker".into()], vec![]);
    Facts {
        broker: Err(why()),
        store: Err(why()),
        streams: Err(why()),
        services: vec![],
        orders: Err(why()),
        attention: Err(why()),
        unknown: Err(why()),
        here: Some(Ok(here)),
        ..well()
    }
}

fn origin(service: &str) -> String {
    format!("database of {service}")
}

fn stream(service: &str) -> Stream {
    let name = service.to_uppercase();
    let hearers =
        if service == "order" { vec![hearer(&name, "inventory"), hearer(&name, "payment")] } else { vec![] };
    Stream {
        state: StreamState {
            messages: 1204,
            bytes: 480_000,
            bytes_max: 1 << 28,
            first: 1,
            last: 1204,
            last_at: "2026-11-26T11:59:59Z".into(),
            first_at: "2026-11-26T09:00:00Z".into(),
            consumers: hearers.len(),
            deleted: 0,
            subjects: vec![format!("events.{service}.>")],
            made_at: "2026-11-26T09:00:00Z".into(),
            origin: origin(service),
            name,
        },
        hearers: Ok(hearers),
    }
}

fn hearer(stream: &str, name: &str) -> Hearer {
    let state = ConsumerState {
        stream: stream.into(),
        name: name.into(),
        delivered: 1204,
        acknowledged: 1204,
        unacknowledged: 0,
        pending: 0,
        subjects: vec![],
        redelivered: 0,
        delivered_at: "2026-11-26T11:59:59Z".into(),
        acknowledged_at: "2026-11-26T11:59:59Z".into(),
        made_at: "2026-11-26T09:00:00Z".into(),
        outside: false,
    };
    Hearer { state, waiting_since: None }
}

fn here() -> Here {
    let process = |name: &str| Process { name: name.into(), open_files: 40, open_files_max: 1024 };
    Here {
        disks: vec![Disk {
            holds: "data folder",
            path: "/var/lib/shop".into(),
            free: 12_000_000_000,
            total: 20_000_000_000,
        }],
        memory: Some((3_000_000_000, 8_000_000_000)),
        nats_server: Ok("2.15.1".into()),
        sync: Some("always".into()),
        store_max: None,
        leftovers: vec![],
        processes: ["broker"].into_iter().chain(services::names()).map(process).collect(),
        keys: Ok(Keys {
            members: 10,
            exposed: vec![],
            users_match: true,
            users_loaded: true,
            oldest: Some(("auth".into(), now() - Duration::from_secs(3 * 86_400))),
        }),
        certificate: None,
    }
}
