//! A believable value of each word that every service answers.

use jiff::Timestamp;
use serde_json::Value;

use super::*;
use crate::engine::effects::EffectView;
use crate::engine::hearing::DeadLetter;
use crate::engine::journal;
use crate::engine::lookup::Match;
use crate::engine::outbox::Digest;
use crate::error::reason;
use crate::message::Example;

impl Example for GetHealth {
    fn example() -> Self {
        Self {}
    }
}

impl Example for GetTrace {
    fn example() -> Self {
        Self { traces: vec![TRACE.into()], key: KEY.into(), bodies: false }
    }
}

impl Example for TraceView {
    fn example() -> Self {
        let entry = example_entry();
        let emitted = EmittedView {
            stream: "THING".into(),
            sequence: 12,
            id: "evt_01h2e8kqvbfwea724h75qc655w".into(),
            subject: "events.thing.made".into(),
            key: KEY.into(),
            trace: TRACE.into(),
            span: entry.span.clone(),
            at_us: entry.started_us,
            body: Value::Null,
        };
        Self {
            traces: vec![TRACE.into()],
            entries: vec![entry],
            emitted: vec![emitted],
            dead_letters: vec![],
            effects: vec![],
            cut: false,
        }
    }
}

impl Example for ListDeadLetters {
    fn example() -> Self {
        Self { after: 0, limit: Some(50) }
    }
}

impl Example for DeadLetters {
    fn example() -> Self {
        let letter = DeadLetter {
            id: 1,
            state: "dead".into(),
            source: "THING".into(),
            sequence: 12,
            event_id: "evt_01h2e8kqvbfwea724h75qc655w".into(),
            subject: "events.thing.made".into(),
            key: KEY.into(),
            body: "{}".into(),
            reason: reason::INVALID_BODY.into(),
            message: "the body is not understood".into(),
            attempts: 1,
            first_at: Timestamp::UNIX_EPOCH,
            last_at: Timestamp::UNIX_EPOCH,
            trace: TRACE.into(),
            span: "00f067aa0ba902b7".into(),
        };
        Self { items: vec![letter] }
    }
}

impl Example for SettleDeadLetter {
    fn example() -> Self {
        Self { id: 1 }
    }
}

impl Example for Settled {
    fn example() -> Self {
        Self { done: 1 }
    }
}

fn example_entry() -> journal::Entry {
    journal::Entry {
        kind: "event".into(),
        subject: "events.thing.made".into(),
        key: KEY.into(),
        trace: TRACE.into(),
        span: "00f067aa0ba902b7".into(),
        parent: "53995c3f42cd8ad8".into(),
        caller: "service:thing".into(),
        source: "THING".into(),
        sequence: 7,
        attempt: 1,
        outcome: "ok".into(),
        received_us: 1_767_268_800_000_000,
        started_us: 1_767_268_800_000_120,
        finished_us: 1_767_268_800_000_310,
        committed_us: 1_767_268_800_000_820,
        group_jobs: 3,
    }
}

fn example_effect() -> EffectView {
    EffectView {
        id: 3,
        name: "mail".into(),
        key: "thing_01h2e8kqvbfwea724h75qc655w:confirmed".into(),
        about: KEY.into(),
        state: "given_up".into(),
        attempts: 8,
        due_at: Timestamp::UNIX_EPOCH,
        maybe_done: false,
        reason: "the mail server does not answer".into(),
        trace: TRACE.into(),
        span: "00f067aa0ba902b7".into(),
    }
}

impl Example for Lookup {
    fn example() -> Self {
        Self { text: "qc655w".into() }
    }
}

impl Example for Found {
    fn example() -> Self {
        let found = Match {
            kind: "key".into(),
            id: KEY.into(),
            trace: TRACE.into(),
            subject: "events.thing.made".into(),
            at_us: 1_767_268_800_000_000,
        };
        Self { items: vec![found], complete: true }
    }
}

impl Example for FindWork {
    fn example() -> Self {
        Self { since: Some(Timestamp::UNIX_EPOCH), failed: true, limit: Some(50), ..Self::default() }
    }
}

impl Example for WorkFound {
    fn example() -> Self {
        Self { items: vec![example_entry()], next: Some(1) }
    }
}

impl Example for ListEffects {
    fn example() -> Self {
        Self { state: "given_up".into(), after: 0, limit: Some(50) }
    }
}

impl Example for Effects {
    fn example() -> Self {
        Self { items: vec![example_effect()] }
    }
}

impl Example for ListOutbox {
    fn example() -> Self {
        Self { after: 11, limit: Some(1) }
    }
}

impl Example for OutboxView {
    fn example() -> Self {
        let row = Digest {
            sequence: 12,
            id: "evt_01h2e8kqvbfwea724h75qc655w".into(),
            subject: "events.thing.made".into(),
            checksum: 3_421_780_262,
            intact: true,
        };
        let origin = "01938f2e-6f7c-7cc1-a9c3-2f4c0d8c1b11".into();
        Self { stream: "THING".into(), origin, oldest: 1, newest: 12, items: vec![row] }
    }
}

impl Example for RebuildStream {
    fn example() -> Self {
        Self {}
    }
}

impl Example for StreamRebuilt {
    fn example() -> Self {
        Self { stream: "THING".into(), first: 1, last: 12 }
    }
}

impl Example for CheckDatabase {
    fn example() -> Self {
        Self { deep: false }
    }
}

impl Example for DatabaseChecked {
    fn example() -> Self {
        Self { findings: Vec::new(), database_bytes: 65_536 }
    }
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const KEY: &str = "thing_01h2e8kqvbfwea724h75qc655w";
