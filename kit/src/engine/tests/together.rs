//! Events that are heard at once.

use super::letter_numbers::{heard, numbers, open_walled, take_away};
use super::*;
use crate::engine::standing::position;

fn stands_at(engine: &Engine) -> u64 {
    position(&engine.sql(), "NOTES", "here").unwrap()
}

#[test]
fn events_that_are_heard_at_once_are_each_acted_on_once_and_in_order() {
    let (mut engine, _folder) = open_walled();
    let group = engine.commit(vec![
        heard(1, "a", "one"),
        job(|tx| note(tx, "asked for between them")),
        heard(2, "b", "two"),
        heard(2, "b", "two"),
        heard(3, "a", "three"),
    ]);
    assert!(group.answers.iter().all(Result::is_ok), "{group:?}");
    let journalled: u32 = engine
        .sql()
        .get("SELECT count(*) FROM journal WHERE kind = 'event' AND outcome = 'ok'", [], |row| row.get(0))
        .unwrap();
    assert_eq!((stands_at(&engine), journalled), (3, 3));
    assert_eq!(texts(&engine), ["asked for between them", "one", "two", "three"]);
}

#[test]
fn one_that_cannot_be_acted_on_among_many_is_a_dead_letter_and_takes_no_other_along() {
    for walled in 0..3_u64 {
        let (mut engine, _folder) = open_walled();
        take_away(&mut engine, "milk");
        let words = ["one", "two", "three"];
        let word = |at: u64| if at == walled { "tea" } else { words[at as usize] };
        let jobs = (0..3).map(|at| heard(at + 1, word(at), word(at))).collect();
        let group = engine.commit(jobs);
        assert!(group.failure.is_none() && group.answers.iter().all(Result::is_ok), "{group:?}");
        let others: Vec<&str> = (0..3).filter(|at| *at != walled).map(word).collect();
        assert_eq!(texts(&engine), others);
        assert_eq!((stands_at(&engine), numbers(&engine)), (3, vec![1]));
    }
}

#[test]
fn an_event_waits_behind_a_dead_letter_of_its_key_also_in_the_same_group() {
    let (mut engine, _folder) = open_walled();
    engine.commit(vec![heard(1, "tea", "tea"), heard(2, "tea", "second"), heard(3, "cake", "cake")]);
    assert_eq!((texts(&engine), numbers(&engine)), (vec!["cake".to_owned()], vec![1, 2]));
    engine.commit(vec![heard(4, "tea", "fourth"), heard(5, "cake", "more cake")]);
    assert_eq!((texts(&engine).len(), numbers(&engine)), (2, vec![1, 2, 3]));
}

#[test]
fn what_comes_before_its_turn_is_not_acted_on_and_what_is_in_turn_is() {
    let (mut engine, _folder) = open_walled();
    let group = engine.commit(vec![heard(1, "a", "one"), heard(3, "a", "three"), heard(2, "a", "two")]);
    let ended: Vec<bool> = group.answers.iter().map(Result::is_ok).collect();
    assert_eq!(ended, [true, false, true]);
    assert_eq!((stands_at(&engine), texts(&engine)), (2, vec!["one".to_owned(), "two".to_owned()]));
}

#[test]
fn the_journal_has_a_row_of_each_of_many_jobs() {
    let (mut engine, _folder) = open_walled();
    let words: Vec<String> = (1..=21).map(|number| format!("word {number}")).collect();
    let jobs = words.iter().zip(1..).map(|(word, number)| heard(number, word, word)).collect();
    assert!(engine.commit(jobs).answers.iter().all(Result::is_ok));
    let rows: Vec<(u64, String)> = engine
        .sql()
        .list("SELECT sequence, outcome FROM journal ORDER BY id", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(rows, (1..=21).map(|number| (number, "ok".to_owned())).collect::<Vec<_>>());
    assert_eq!(texts(&engine), words);
}
