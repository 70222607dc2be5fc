//! Keys and samples, as whoever sits in front of the screen meets them.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Answer, State, Tab, Wish};
use crate::top::pane::Content;
use crate::top::shown::{LATE, NEEDY, at, busy, busy_screen, empty, press, screen, story};
use crate::trace::gather::Wanted;

fn types(state: &mut State, text: &str) {
    for character in text.chars() {
        assert!(press(state, KeyCode::Char(character)).is_none());
    }
}

fn on(tab: char) -> State {
    let mut state = busy_screen();
    press(&mut state, KeyCode::Char(tab));
    state
}

fn key_of(wish: Option<Wish>) -> String {
    match wish {
        Some(Wish::Trace(Wanted::Key(key) | Wanted::Trace(key))) => key,
        other => panic!("no trace is asked for: {other:?}"),
    }
}

#[test]
fn the_pages_have_numbers_and_tab_goes_through_them_in_a_ring() {
    let mut state = busy_screen();
    for (digit, tab) in "1234".chars().zip(Tab::ALL) {
        assert!(press(&mut state, KeyCode::Char(digit)).is_none());
        assert_eq!(state.tab, tab);
    }
    press(&mut state, KeyCode::Tab);
    assert_eq!(state.tab, Tab::Flow);
    press(&mut state, KeyCode::BackTab);
    assert_eq!(state.tab, Tab::Stuck);
}

#[test]
fn enter_on_a_stuck_order_asks_for_its_trace_and_esc_comes_back() {
    let mut state = on('4');
    assert_eq!(key_of(press(&mut state, KeyCode::Enter)), NEEDY);
    assert!(matches!(state.pane.as_ref().unwrap().content, Content::Asked(_)));
    state.told(&Wanted::Key(NEEDY.to_owned()), story());
    assert!(matches!(state.pane.as_ref().unwrap().content, Content::Told(..)));
    press(&mut state, KeyCode::Esc);
    assert!(state.pane.is_none());
    assert_eq!(state.tab, Tab::Stuck);
    press(&mut state, KeyCode::Down);
    assert_eq!(key_of(press(&mut state, KeyCode::Enter)), LATE);
}

#[test]
fn a_trace_that_comes_after_esc_is_not_shown() {
    let mut state = on('4');
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Esc);
    state.told(&Wanted::Key(NEEDY.to_owned()), story());
    assert!(state.pane.is_none());
    press(&mut state, KeyCode::Down);
    press(&mut state, KeyCode::Enter);
    state.told(&Wanted::Key(NEEDY.to_owned()), story());
    assert!(matches!(state.pane.as_ref().unwrap().content, Content::Asked(_)), "another one is awaited");
}

#[test]
fn a_trace_can_be_read_to_its_end_and_no_further() {
    let mut state = on('4');
    state.resized(80, 10);
    press(&mut state, KeyCode::Enter);
    state.told(&Wanted::Key(NEEDY.to_owned()), story());
    press(&mut state, KeyCode::End);
    let end = state.pane.as_ref().unwrap().scrolled.0;
    assert!(end > 0);
    press(&mut state, KeyCode::PageDown);
    press(&mut state, KeyCode::Char('j'));
    assert_eq!(state.pane.as_ref().unwrap().scrolled.0, end);
    press(&mut state, KeyCode::Char('k'));
    assert_eq!(state.pane.as_ref().unwrap().scrolled.0, end - 1);
    state.resized(80, 200);
    assert_eq!(state.pane.as_ref().unwrap().scrolled.0, 0, "everything is seen");
}

#[test]
fn what_is_wider_than_the_screen_can_be_moved_sideways() {
    let mut state = on('4');
    state.resized(20, 10);
    press(&mut state, KeyCode::Enter);
    state.told(&Wanted::Key(NEEDY.to_owned()), story());
    for _ in 0..10 {
        press(&mut state, KeyCode::Right);
    }
    assert_eq!(state.pane.as_ref().unwrap().scrolled.1, 20, "a drawing is 40 cells wide at least");
    press(&mut state, KeyCode::Char('h'));
    assert_eq!(state.pane.as_ref().unwrap().scrolled.1, 12);
}

#[test]
fn work_that_was_given_up_is_traced_by_its_flow() {
    let mut state = on('4');
    press(&mut state, KeyCode::End);
    assert_eq!(key_of(press(&mut state, KeyCode::Enter)), "4bf92f3577b34da6a3ce929d0e0e4736");
}

#[test]
fn what_has_no_trace_says_so_until_the_next_key() {
    let mut state = on('4');
    types(&mut state, "jjj");
    assert!(press(&mut state, KeyCode::Enter).is_none());
    assert!(state.pane.is_none() && state.notice.contains("which trace"), "{}", state.notice);
    press(&mut state, KeyCode::Up);
    assert_eq!(state.notice, "");
}

#[test]
fn what_is_chosen_stays_chosen_when_rows_come_and_go() {
    let mut state = on('4');
    types(&mut state, "jj");
    let mut sample = busy(302);
    sample.stuck.items.remove(0);
    state.sampled(sample.clone());
    assert_eq!(state.row(Tab::Stuck), 1);
    sample.stuck.items.truncate(1);
    state.sampled(sample);
    assert_eq!(state.row(Tab::Stuck), 0, "it is gone, and what stands there now is chosen");
    state.sampled(empty(306));
    assert_eq!(state.row(Tab::Stuck), 0);
    assert!(press(&mut state, KeyCode::Enter).is_none(), "there is nothing to trace");
}

#[test]
fn a_row_beyond_the_first_or_the_last_is_not_chosen() {
    let mut state = on('2');
    press(&mut state, KeyCode::Up);
    assert_eq!(state.row(Tab::Services), 0);
    press(&mut state, KeyCode::Char('G'));
    press(&mut state, KeyCode::Down);
    assert_eq!(state.row(Tab::Services), 4);
    press(&mut state, KeyCode::Char('g'));
    assert_eq!(state.row(Tab::Services), 0);
}

#[test]
fn a_filter_is_typed_kept_and_forgotten() {
    let mut state = on('2');
    types(&mut state, "/PAYq");
    assert!(state.typing && state.services().is_empty(), "q is a letter here");
    press(&mut state, KeyCode::Backspace);
    assert_eq!(state.services().len(), 1);
    press(&mut state, KeyCode::Enter);
    assert!(!state.typing);
    assert_eq!((state.filter.as_str(), state.services().len()), ("PAY", 1));
    assert_eq!((state.streams().len(), state.stuck().len()), (3, 4), "also by who hears it, and by why");
    press(&mut state, KeyCode::Esc);
    assert_eq!((state.filter.as_str(), state.services().len()), ("", 5));
    types(&mut state, "/x");
    press(&mut state, KeyCode::Esc);
    assert_eq!((state.typing, state.filter.as_str()), (false, ""));
}

#[test]
fn a_filter_is_not_endless() {
    let mut state = on('2');
    types(&mut state, &format!("/{}", "漢".repeat(500)));
    assert_eq!(state.filter.chars().count(), super::FILTER_CHARS_MAX);
}

#[test]
fn while_the_screen_stands_still_nothing_is_asked_and_nothing_changes() {
    let mut state = on('4');
    assert!(press(&mut state, KeyCode::Char('p')).is_none());
    state.tick(at(400));
    state.sampled(empty(400));
    state.unanswered(at(401), "gone");
    assert_eq!((state.now, state.stuck().len(), state.answer.clone()), (at(300), 5, Answer::Came));
    assert!(press(&mut state, KeyCode::Char('r')).is_none());
    assert!(press(&mut state, KeyCode::Enter).is_none() && state.pane.is_none());
    assert!(state.notice.contains("stands still"));
    assert!(matches!(press(&mut state, KeyCode::Char('p')), Some(Wish::Sample)));
    state.tick(at(402));
    assert_eq!(state.now, at(402));
}

#[test]
fn r_asks_everybody_now_or_for_the_trace_again() {
    let mut state = on('4');
    assert!(matches!(press(&mut state, KeyCode::Char('r')), Some(Wish::Sample)));
    press(&mut state, KeyCode::Enter);
    assert_eq!(key_of(press(&mut state, KeyCode::Char('r'))), NEEDY);
}

#[test]
fn q_and_control_c_end_it_wherever_one_is_but_q_not_in_a_filter() {
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    for keys in ["", "?", "4", "/"] {
        let mut state = busy_screen();
        types(&mut state, keys);
        assert!(matches!(state.press(control_c), Some(Wish::Quit)), "{keys}");
        let quits = matches!(press(&mut state, KeyCode::Char('q')), Some(Wish::Quit));
        assert_eq!(quits, keys != "/", "{keys}");
    }
    let control_z = KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL);
    assert!(busy_screen().press(control_z).is_none());
}

#[test]
fn esc_and_a_key_that_arrive_together_are_esc_and_then_the_key() {
    let mut state = on('4');
    press(&mut state, KeyCode::Enter);
    assert!(state.press(KeyEvent::new(KeyCode::Char('2'), KeyModifiers::ALT)).is_none());
    assert!(state.pane.is_none());
    assert_eq!(state.tab, Tab::Services);
}

#[test]
fn the_keys_are_shown_and_go_away() {
    let mut state = busy_screen();
    press(&mut state, KeyCode::Char('?'));
    assert!(matches!(state.pane.as_ref().unwrap().content, Content::Keys));
    press(&mut state, KeyCode::Esc);
    assert!(state.pane.is_none());
}

#[test]
fn when_nobody_answers_what_was_known_stays_and_since_when_is_remembered() {
    let mut state = busy_screen();
    state.unanswered(at(310), "the broker does not answer");
    state.unanswered(at(320), "still not");
    assert_eq!(state.answer, Answer::Missing { since: at(310), why: "still not".to_owned() });
    assert_eq!((state.services().len(), state.rates.len()), (5, 0));
    state.sampled(busy(330));
    assert_eq!(state.answer, Answer::Came);
}

#[test]
fn rates_are_what_was_added_between_two_samples() {
    let mut state = screen(busy);
    assert_eq!((state.rates["ORDER"], state.rates["CATALOG"], state.asked["payment"]), (1.0, 0.0, 2.0));
    let mut began_anew = busy(302);
    began_anew.status.streams[1].stream.last = 3;
    began_anew.asked.get_mut("payment").unwrap().requests = 0;
    state.sampled(began_anew);
    assert!(!state.rates.contains_key("ORDER") && !state.asked.contains_key("payment"));
    state.sampled(busy(302));
    assert!(state.rates.is_empty(), "between two samples of the same moment nothing is known");
}
