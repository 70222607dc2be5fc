//! First tries that are recorded with what asks for them.

use super::*;
use crate::clock::Clock;
use crate::engine::effects;
use crate::engine::places::Places;

fn open(at_once: usize) -> (Engine, TempDir, Arc<Places>) {
    let folder = tempfile::tempdir().unwrap();
    let service = Arc::new(post_office());
    let path = folder.path().join("notes.db");
    let clock = Arc::new(SystemClock);
    let mut engine = Engine::open(&path, Arc::clone(&service), clock, Box::new(SystemChance)).unwrap();
    let places = Arc::new(Places::of(&service));
    let all = places.free()[0].1;
    for _ in at_once..all {
        std::mem::forget(places.take(Post::NAME));
    }
    engine.offer(Arc::clone(&places));
    (engine, folder, places)
}

fn posted(letter: &'static str) -> Job {
    job(move |tx| tx.perform(&Post { letter: letter.into() }).map(|()| Bytes::new()))
}

fn due_now(engine: &Engine) -> Vec<String> {
    let soon = SystemClock.now() + Duration::from_millis(1);
    let due = effects::due(&engine.sql(), Post::NAME, soon, Duration::from_secs(3600), 10).unwrap();
    due.into_iter().map(|row| row.key).collect()
}

#[test]
fn as_long_as_there_are_places_a_first_try_begins_with_what_asks_for_it_and_the_rest_waits_in_its_row() {
    let (mut engine, _folder, places) = open(1);
    let group = engine.commit(vec![posted("first"), posted("second")]);
    let begun: Vec<&str> = group.begun.iter().map(|begun| begun.row.key.as_str()).collect();
    assert_eq!((begun, due_now(&engine)), (vec!["first"], vec!["second".to_owned()]));
    assert!(group.wakes, "somebody must look at the second");
    assert_eq!(places.free()[0].1, 0);
    drop(group);
    assert_eq!(places.free()[0].1, 1, "a place is free again once its try is over");
}

#[test]
fn a_try_that_has_begun_is_not_taken_back_and_its_key_is_not_asked_for_twice() {
    let (mut engine, _folder, _places) = open(9);
    let group = engine.commit(vec![posted("one"), posted("one")]);
    assert_eq!(group.begun.len(), 1);
    let taken = engine.commit(vec![job(|tx| {
        tx.take_back::<Post>("one").map(|taken| Bytes::copy_from_slice(taken.to_string().as_bytes()))
    })]);
    assert_eq!(answers(taken), [Ok("false".to_owned())]);
}

#[test]
fn what_is_rolled_back_begins_nothing_and_keeps_no_place() {
    let (mut engine, _folder, places) = open(9);
    let before = places.free()[0].1;
    let group = engine.commit(vec![
        job(|tx| {
            tx.perform(&Post { letter: "no".into() })?;
            Err(Error::refused("no", "no"))
        }),
        posted("yes"),
    ]);
    let begun: Vec<&str> = group.begun.iter().map(|begun| begun.row.key.as_str()).collect();
    assert_eq!((begun, places.free()[0].1), (vec!["yes"], before - 1));
}

#[test]
fn what_was_being_tried_when_the_process_ended_is_due_at_the_next_start_and_may_have_been_done() {
    let (mut engine, _folder, _places) = open(9);
    drop(engine.commit(vec![posted("on its way")]));
    assert!(due_now(&engine).is_empty());
    engine.commit(vec![job(|tx| effects::try_again(tx, tx.now()).map(|_| Bytes::new()))]);
    let soon = SystemClock.now() + Duration::from_millis(1);
    let due = effects::due(&engine.sql(), Post::NAME, soon, Duration::ZERO, 10).unwrap();
    assert_eq!(due.len(), 1);
    assert!(due[0].maybe_done && due[0].attempts == 1, "{due:?}");
}
