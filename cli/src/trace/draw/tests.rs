//! What drawings look like: whole pages, and what must hold for any story and any width.
//!
//! The pages stand in `golden/`. With `UPDATE_EXPECT=1` in the environment they are written anew.

use std::path::Path;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::{Style, WIDTH_MIN, render};
use crate::trace::{Emitted, Flow, Letter, Silent, Step, Story, Stretch, Undone, sample, strategy};

fn style() -> Style {
    Style { ascii: false, colour: false, payloads: false, zone: TimeZone::UTC }
}

fn ascii() -> Style {
    Style { ascii: true, ..style() }
}

/// Compares with what stands in `golden/`.
#[track_caller]
pub(crate) fn is_drawn_as(name: &str, drawn: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/trace/draw/golden").join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, drawn).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(drawn == golden, "{name} is now drawn as\n{drawn}\nand was\n{golden}");
}

#[test]
fn an_order_that_was_paid_at_the_second_try() {
    for width in [40, 60, 100, 200] {
        is_drawn_as(&format!("paid_{width}.txt"), &render(&sample::paid_order(), width, &style()));
    }
}

#[test]
fn a_terminal_without_block_characters() {
    is_drawn_as("paid_ascii_80.txt", &render(&sample::paid_order(), 80, &ascii()));
}

#[test]
fn what_events_say_is_shown_if_asked_for() {
    let payloads = Style { payloads: true, ..style() };
    is_drawn_as("payloads_100.txt", &render(&sample::paid_order(), 100, &payloads));
}

#[test]
fn a_service_that_does_not_answer_is_a_row_that_says_so() {
    is_drawn_as("without_payment_100.txt", &render(&sample::without_payment(), 100, &style()));
    is_drawn_as("without_payment_40.txt", &render(&sample::without_payment(), 40, &ascii()));
}

#[test]
fn what_is_stuck_is_said_where_it_happened_with_what_mends_it() {
    for width in [40, 60, 100, 160] {
        is_drawn_as(&format!("stuck_{width}.txt"), &render(&sample::stuck(), width, &style()));
    }
    is_drawn_as("stuck_ascii_80.txt", &render(&sample::stuck(), 80, &ascii()));
}

#[test]
fn a_request_is_not_called_slow_for_what_it_asked_of_others() {
    let drawn = render(&sample::slow_neighbour(), 100, &style());
    assert!(drawn.contains("slowest: catalog catalog.quote, 40.0 ms"), "{drawn}");
}

#[test]
fn a_long_pause_does_not_press_the_work_into_nothing() {
    is_drawn_as("cancelled_later_100.txt", &render(&sample::cancelled_later(), 100, &style()));
}

#[test]
fn many_events_of_a_kind_are_one_line() {
    is_drawn_as("import_100.txt", &render(&sample::import(), 100, &style()));
}

#[test]
fn clocks_that_disagree_are_called_skewed() {
    let drawn = render(&sample::skewed(), 80, &style());
    assert!(drawn.contains("2 with skewed clocks"), "{drawn}");
    assert!(drawn.contains("  skew  "), "{drawn}");
}

#[test]
fn nothing_found_is_a_heading_and_who_did_not_answer() {
    let mut story = Story { about: "order ord_1".to_owned(), ..Story::default() };
    assert_eq!(render(&story, 80, &style()), "order ord_1\n");
    story.silent.push(Silent { service: "payment".to_owned(), why: "no answer within 2 s".to_owned() });
    let drawn = render(&story, 80, &style());
    assert_eq!(drawn, "order ord_1\npayment  ✗ no answer within 2 s; its steps are missing here\n");
}

#[test]
fn colours_change_nothing_but_colours() {
    let coloured = render(&sample::paid_order(), 100, &Style { colour: true, ..style() });
    let mut plain = coloured.clone();
    while let Some(from) = plain.find('\u{1b}') {
        let to = from + plain[from..].find('m').unwrap();
        plain.replace_range(from..=to, "");
    }
    assert_eq!(plain, render(&sample::paid_order(), 100, &style()));
    assert_eq!(crate::output::harmless(&coloured), coloured, "the output lets every colour through");
}

#[track_caller]
fn fits(drawn: &str, width: usize, ascii: bool) {
    for line in drawn.lines() {
        let cells = line.width();
        assert!(cells <= width.max(WIDTH_MIN), "{cells} cells at width {width}: {line:?}");
        assert!(!ascii || line.is_ascii(), "{line:?}");
        assert!(!line.chars().any(kit::text::is_unprintable), "{line:?}");
    }
}

#[test]
fn no_line_is_ever_wider_than_the_width() {
    let stories = [
        sample::paid_order(),
        sample::without_payment(),
        sample::import(),
        sample::stuck(),
        odd_story(),
        Story::default(),
    ];
    for story in stories {
        for ascii in [false, true] {
            for width in (0..=110).chain([120, 121, 160, 199, 200, 1000]) {
                fits(&render(&story, width, &Style { ascii, payloads: true, ..style() }), width, ascii);
            }
        }
    }
}

proptest! {
    #![proptest_config(crate::trace::strategy::cases(96))]
    #[test]
    fn any_story_fits_any_width(
        story in strategy::story(),
        width in 0_usize..300,
        ascii in any::<bool>(),
        payloads in any::<bool>(),
    ) {
        fits(&render(&story, width, &Style { ascii, payloads, ..style() }), width, ascii);
    }
}

/// Names nobody should have, times that run backwards, and numbers at their ends.
fn odd_story() -> Story {
    let odd = "größe \u{1b}[2J 漢字 \u{202e} \n".repeat(3);
    let told = Emitted {
        stream: odd.clone(),
        sequence: u64::MAX,
        subject: odd.clone(),
        at_us: i64::MIN,
        body: Some(odd.clone().into()),
        ..Emitted::default()
    };
    let step = |began_us, finished_us, committed_us| Step {
        service: odd.clone(),
        kind: odd.clone(),
        subject: odd.clone(),
        outcome: odd.clone(),
        depth: 40,
        attempt: u32::MAX,
        waiting_us: Some(i64::MAX),
        began_us,
        finished_us,
        committed_us: Some(committed_us),
        group_jobs: u32::MAX,
        emitted: vec![told.clone(); 2],
        letters: vec![Letter { message: odd.clone(), reason: odd.clone(), ..Letter::default() }],
        undone: vec![Undone {
            name: odd.clone(),
            reason: odd.clone(),
            due_us: i64::MAX,
            ..Undone::default()
        }],
        ..Step::default()
    };
    let steps = vec![step(0, 0, 0), step(i64::MAX, i64::MIN, 5), step(i64::MIN, i64::MAX, i64::MAX)];
    let stretch =
        |began_us, ended_us| Stretch { pause_us: i64::MIN, began_us, ended_us, steps: steps.clone() };
    let flow = Flow {
        trace: odd.clone(),
        began_us: i64::MAX,
        ended_us: i64::MIN,
        stretches: vec![
            stretch(0, 0),
            stretch(i64::MIN, i64::MAX),
            stretch(i64::MAX, i64::MIN),
            stretch(10, 1000),
        ],
        cut: vec![odd.clone()],
    };
    Story {
        about: odd.clone(),
        facts: vec![odd.clone(); 3],
        flows: vec![flow, Flow::default()],
        silent: vec![Silent { service: odd.clone(), why: odd.clone() }],
        left_out: usize::MAX,
    }
}
