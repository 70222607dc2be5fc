//! Any story at all, for tests: names nobody should have, times that run backwards, numbers at their ends.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Emitted, Flow, Letter, Silent, Step, Story, Stretch, Undone};

/// So many cases, of which no file is kept.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A text that somebody might put somewhere.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z_.]{0,24}",
        1 => any::<String>(),
        1 => Just("漢字 \u{1b}[2J\u{202e}größe\n".to_owned()),
    ]
}

fn time() -> impl Strategy<Value = i64> {
    prop_oneof![4 => 0_i64..2_000_000, 1 => any::<i64>(), 1 => Just(i64::MIN), 1 => Just(i64::MAX)]
}

fn emitted() -> impl Strategy<Value = Emitted> {
    (text(), any::<u64>(), text(), time(), proptest::option::of(text())).prop_map(
        |(stream, sequence, subject, at_us, body)| Emitted {
            stream,
            sequence,
            subject,
            at_us,
            body: body.map(Into::into),
            ..Emitted::default()
        },
    )
}

fn letter() -> impl Strategy<Value = Letter> {
    (any::<i64>(), any::<bool>(), text(), text(), any::<u32>(), any::<usize>()).prop_map(
        |(id, dead, reason, message, attempts, behind)| Letter {
            id,
            state: if dead { "dead" } else { "parked" }.to_owned(),
            source: message.clone(),
            subject: reason.clone(),
            reason,
            message,
            attempts,
            behind,
            waits_for: dead.then_some(id),
            ..Letter::default()
        },
    )
}

fn undone() -> impl Strategy<Value = Undone> {
    (text(), any::<bool>(), any::<u32>(), time(), any::<bool>(), text()).prop_map(
        |(name, due, attempts, due_us, maybe_done, reason)| Undone {
            id: 1,
            name,
            state: if due { "due" } else { "given_up" }.to_owned(),
            attempts,
            trying: maybe_done && attempts % 2 == 0,
            due_us,
            maybe_done,
            reason,
            ..Undone::default()
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let names = (text(), "(request|event|timer|effect|.{0,3})", text(), text(), text());
    let times = (proptest::option::of(time()), time(), time(), proptest::option::of(time()));
    let tree = (0_usize..50, any::<bool>(), 0_u64..6, 0_u64..6);
    let numbers = (prop_oneof![0_u32..4, any::<u32>()], any::<u32>(), any::<u64>());
    let told = (vec(emitted(), 0..6), vec(letter(), 0..2), vec(undone(), 0..2));
    (names, times, tree, numbers, told).prop_map(|(names, times, tree, numbers, told)| Step {
        service: names.0,
        kind: names.1,
        subject: names.2,
        key: names.3,
        outcome: if tree.1 { "ok".to_owned() } else { names.4.clone() },
        source: names.4,
        waiting_us: times.0,
        began_us: times.1,
        finished_us: times.2,
        committed_us: times.3,
        depth: tree.0,
        last: tree.1,
        span: format!("{:016x}", tree.2),
        parent: format!("{:016x}", tree.3),
        attempt: numbers.0,
        group_jobs: numbers.1,
        sequence: numbers.2,
        emitted: told.0,
        letters: told.1,
        undone: told.2,
    })
}

fn flow() -> impl Strategy<Value = Flow> {
    let stretch = (time(), time(), time(), vec(step(), 0..8))
        .prop_map(|(pause_us, began_us, ended_us, steps)| Stretch { pause_us, began_us, ended_us, steps });
    (text(), time(), time(), vec(stretch, 0..4), vec(text(), 0..2)).prop_map(
        |(trace, began_us, ended_us, stretches, cut)| Flow { trace, began_us, ended_us, stretches, cut },
    )
}

/// Any story.
pub(crate) fn story() -> impl Strategy<Value = Story> {
    let silent = (text(), text()).prop_map(|(service, why)| Silent { service, why });
    (text(), vec(text(), 0..3), vec(flow(), 0..3), vec(silent, 0..2), any::<usize>())
        .prop_map(|(about, facts, flows, silent, left_out)| Story { about, facts, flows, silent, left_out })
}
