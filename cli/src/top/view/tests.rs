//! What the screen looks like: whole screens in sizes from tiny to large.
//!
//! They stand in `golden/`. With `UPDATE_EXPECT=1` in the environment they are written anew.

use std::path::Path;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyCode;
use ratatui::style::Modifier;

use super::draw;
use crate::top::shown::{NEEDY, at, busy, busy_screen, empty, press, screen, story};
use crate::top::state::{State, Tab};
use crate::trace::gather::Wanted;

const SIZES: [(u16, u16); 5] = [(20, 5), (40, 12), (60, 20), (100, 30), (160, 50)];

pub(super) fn drawn(state: &mut State, columns: u16, lines: u16) -> Buffer {
    state.resized(columns, lines);
    let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
    terminal.draw(|frame| draw(state, frame.area(), frame.buffer_mut())).unwrap();
    terminal.backend().buffer().clone()
}

/// The characters on a screen, without the blanks at the ends of its lines.
pub(super) fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut skip = 0;
        let mut line = String::new();
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                line.push_str(symbol);
            }
            skip = super::paper::width(symbol).max(skip).saturating_sub(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn seen(state: &mut State, columns: u16, lines: u16) -> String {
    text(&drawn(state, columns, lines))
}

#[track_caller]
fn is_drawn_as(name: &str, state: &mut State, sizes: &[(u16, u16)]) {
    for (columns, lines) in sizes {
        let drawn = seen(state, *columns, *lines);
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src/top/view/golden")
            .join(format!("{name}_{columns}x{lines}.txt"));
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, &drawn).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(drawn == golden, "{name} {columns}x{lines} is now drawn as\n{drawn}\nand was\n{golden}");
    }
}

#[test]
fn the_flow_of_orders() {
    is_drawn_as("flow", &mut busy_screen(), &SIZES);
}

#[test]
fn the_services_and_what_is_wrong() {
    let mut state = busy_screen();
    state.tab = Tab::Services;
    is_drawn_as("services", &mut state, &SIZES);
}

#[test]
fn the_streams_and_who_is_behind() {
    let mut state = busy_screen();
    state.tab = Tab::Streams;
    is_drawn_as("streams", &mut state, &SIZES);
}

#[test]
fn what_is_stuck() {
    let mut state = busy_screen();
    state.tab = Tab::Stuck;
    press(&mut state, KeyCode::Down);
    is_drawn_as("stuck", &mut state, &SIZES);
}

#[test]
fn the_trace_of_what_is_stuck() {
    let mut state = busy_screen();
    state.tab = Tab::Stuck;
    press(&mut state, KeyCode::Enter);
    state.told(&Wanted::Key(NEEDY.to_owned()), story());
    for (columns, lines) in SIZES {
        let screen = seen(&mut state, columns, lines);
        let rows: Vec<&str> = screen.lines().collect();
        assert!(rows[1].starts_with("[trace of ord_01h2"), "{screen}");
        assert!(rows[2..].iter().any(|row| row.contains("ord_01h2")), "{screen}");
        assert!(rows[usize::from(lines) - 1].starts_with("Esc back"), "{screen}");
    }
    let whole = seen(&mut state, 160, 50);
    assert!(whole.contains("step0") && whole.contains("step19"), "{whole}");
    seen(&mut state, 60, 12);
    press(&mut state, KeyCode::End);
    let end = seen(&mut state, 60, 12);
    assert!(!end.contains("step0 ") && end.contains("step19"), "{end}");
}

#[test]
fn the_keys() {
    let mut state = busy_screen();
    press(&mut state, KeyCode::Char('?'));
    is_drawn_as("keys", &mut state, &[(40, 12), (100, 30)]);
}

#[test]
fn an_empty_shop_says_so_in_words() {
    let mut state = screen(empty);
    is_drawn_as("empty_flow", &mut state, &[(20, 5), (100, 30)]);
    state.tab = Tab::Stuck;
    assert!(seen(&mut state, 100, 30).contains("\nnothing is stuck: no order, no event and no work"));
    let mut nothing = empty(300);
    nothing.status.streams.clear();
    state.sampled(nothing);
    state.tab = Tab::Streams;
    assert!(seen(&mut state, 100, 30).contains("\nthe broker tells of no stream\n"));
}

#[test]
fn before_the_first_answer_it_says_that_it_asks() {
    let mut state = State::new(at(0), jiff::tz::TimeZone::UTC, true);
    let screen = seen(&mut state, 60, 20);
    assert!(screen.starts_with("asking  14:00:00\n"), "{screen}");
    assert!(screen.contains("\nasking every service ...\n"), "{screen}");
}

#[test]
fn when_the_broker_is_gone_the_screen_stays_and_says_since_when() {
    let mut state = busy_screen();
    state.tab = Tab::Streams;
    state.unanswered(at(305), "the broker does not answer");
    state.tick(at(317));
    let screen = seen(&mut state, 100, 30);
    let header = "✗ no answer for 12 s  since 14:05:05  the broker does not answer  14:05:17  shop  ";
    assert!(screen.starts_with(header), "{screen}");
    assert!(screen.contains("ORDER"), "{screen}");
    let screen = seen(&mut state, 20, 5);
    assert!(screen.starts_with("✗ no answer for 12 s\n"), "{screen}");
    state.sampled(busy(320));
    assert!(seen(&mut state, 100, 30).starts_with("✗ 2 troubles  14:05:17"));
}

#[test]
fn a_shop_in_order_is_well_and_one_that_stands_still_says_so() {
    let mut state = screen(empty);
    assert!(seen(&mut state, 60, 20).starts_with("✓ well  14:05:00  shop  nats-server 2.15.1"));
    press(&mut state, KeyCode::Char('p'));
    assert!(seen(&mut state, 60, 20).starts_with("standing still  ✓ well"));
}

#[test]
fn the_chosen_row_is_seen_however_few_lines_there_are() {
    let mut state = busy_screen();
    state.tab = Tab::Services;
    for name in ["catalog", "order", "inventory", "payment", "notification"] {
        let screen = seen(&mut state, 40, 6);
        assert!(screen.contains(&format!("▸ {name}")), "{screen}");
        press(&mut state, KeyCode::Down);
    }
}

#[test]
fn a_filter_is_seen_while_it_is_typed() {
    let mut state = busy_screen();
    state.tab = Tab::Services;
    for key in "/pay".chars() {
        press(&mut state, KeyCode::Char(key));
    }
    let screen = seen(&mut state, 60, 20);
    assert!(screen.contains("/pay_") && screen.contains("Enter keep"), "{screen}");
    assert!(screen.contains("payment") && !screen.contains("catalog"), "{screen}");
}

#[test]
fn without_colours_nothing_is_coloured_and_the_page_still_stands_out() {
    let mut state = busy_screen();
    state.colour = false;
    let cells = drawn(&mut state, 100, 30);
    assert!(
        cells
            .content()
            .iter()
            .all(|cell| cell.style().fg.is_none_or(|colour| colour == ratatui::style::Color::Reset))
    );
    assert!(cells.content().iter().any(|cell| cell.modifier.contains(Modifier::REVERSED)));
    state.colour = true;
    let cells = drawn(&mut state, 100, 30);
    assert!(
        cells
            .content()
            .iter()
            .any(|cell| cell.style().fg.is_some_and(|colour| colour != ratatui::style::Color::Reset))
    );
}
