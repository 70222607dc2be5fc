//! What must hold for a terminal of any size and for any text from others.

use kit::text::is_unprintable;
use proptest::prelude::*;
use ratatui::crossterm::event::KeyCode;

use super::tests::{drawn, text};
use crate::top::sample::Sample;
use crate::top::shown::{busy, press, screen, story};
use crate::top::state::{State, Tab};
use crate::top::stuck::Stuck;
use crate::trace::gather::Wanted;

/// Texts that are wide, long, empty, or would drive a terminal.
fn odd_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m".to_owned()),
        Just("a\nb\tc\r\u{202e}d\u{200f}".to_owned()),
        Just("漢字仮名交じり文".repeat(9)),
        Just("👩‍👩‍👧‍👦e\u{301}\u{200b}\u{fe0f}".repeat(7)),
        ".{0,60}",
    ]
}

fn with_texts(texts: &[String]) -> Sample {
    let mut sample = busy(300);
    let mut texts = texts.iter().cycle().cloned();
    let mut put = |place: &mut String| *place = texts.next().unwrap_or_default();
    put(&mut sample.status.broker.name);
    put(&mut sample.status.broker.version);
    put(&mut sample.status.broker.url);
    for service in &mut sample.status.services {
        put(&mut service.name);
    }
    for lag in &mut sample.status.streams {
        put(&mut lag.stream.name);
        let mut hearer = String::new();
        put(&mut hearer);
        lag.behind.insert(hearer, u64::MAX);
        (lag.stream.messages, lag.stream.bytes, lag.stream.bytes_max) = (u64::MAX, u64::MAX, 1);
    }
    for trouble in &mut sample.status.troubles {
        put(&mut trouble.message);
        put(&mut trouble.mend);
    }
    for stuck in &mut sample.stuck.items {
        match stuck {
            Stuck::NeedsAttention { reason, message, .. } => [reason, message].map(&mut put),
            Stuck::Overdue { .. } => continue,
            Stuck::DeadLetter { service, about, subject, message, .. } => {
                put(service);
                put(about);
                [subject, message].map(&mut put)
            }
            Stuck::GivenUp { work, about, reason, .. } => {
                put(work);
                [about, reason].map(&mut put)
            }
        };
    }
    sample.stuck.unknown.iter_mut().for_each(put);
    sample
}

fn on(state: &State, tab: Tab) -> State {
    let mut state = state.clone();
    state.tab = tab;
    state
}

/// Everything that can be seen, one after the other.
fn views(state: &State) -> Vec<State> {
    let mut views: Vec<State> = Tab::ALL.iter().map(|tab| on(state, *tab)).collect();
    let mut trace = views[3].clone();
    press(&mut trace, KeyCode::Enter);
    views.push(trace.clone());
    if let Some(wanted) = trace.pane.as_ref().and_then(|pane| pane.wanted().cloned()) {
        trace.told(&wanted, story());
    }
    press(&mut trace, KeyCode::Right);
    views.push(trace);
    let mut keys = state.clone();
    press(&mut keys, KeyCode::Char('?'));
    views.push(keys);
    views
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_the_size_and_whatever_others_write_nothing_drives_the_terminal(
        columns in 0_u16..300,
        lines in 0_u16..100,
        texts in proptest::collection::vec(odd_text(), 1..12),
        filter in odd_text(),
        moves in 0_usize..8,
    ) {
        let mut state = screen(|_| with_texts(&texts));
        for _ in 0..moves {
            press(&mut state, KeyCode::Down);
        }
        let mut filtered = state.clone();
        filtered.filter = filter;
        let mut away = state.clone();
        away.unanswered(away.now, &texts[0]);
        away.notice = texts[0].clone();
        for mut view in [state, filtered, away].iter().flat_map(views) {
            let cells = drawn(&mut view, columns, lines);
            prop_assert_eq!((cells.area.width, cells.area.height), (columns, lines));
            let seen = text(&cells);
            prop_assert!(!seen.chars().any(|character| character != '\n' && is_unprintable(character)), "{:?}", seen);
            for line in seen.lines() {
                prop_assert!(super::paper::width(line) <= usize::from(columns), "{:?}", line);
            }
        }
    }

    #[test]
    fn keys_in_any_order_do_no_harm(
        keys in proptest::collection::vec(prop_oneof![
            "[ -~]".prop_map(|text| KeyCode::Char(text.chars().next().unwrap_or(' '))),
            prop::sample::select(vec![
                KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up, KeyCode::Down,
                KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::End, KeyCode::PageUp, KeyCode::PageDown,
                KeyCode::Backspace, KeyCode::Delete, KeyCode::F(5), KeyCode::Null, KeyCode::Char('漢'),
            ]),
        ], 0..60),
        columns in 0_u16..200,
        lines in 0_u16..60,
    ) {
        let mut state = screen(busy);
        state.resized(columns, lines);
        for key in keys {
            if let Some(crate::top::state::Wish::Trace(wanted)) = press(&mut state, key) {
                state.told(&wanted, story());
                state.told(&Wanted::Key("another".to_owned()), story());
            }
            drawn(&mut state, columns, lines);
        }
    }
}
